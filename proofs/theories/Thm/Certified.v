(** A receipt in a third party's hands: if the verifier alone signs, what verifies was answered so
    in the one sequential run; and where that fails, a collision can be computed. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Entry Spec.Application Spec.Leaf.
From zeta Require Import Spec.ReceiptTree Spec.Thread Spec.Service Spec.Receipt Spec.Verifier.
From zeta Require Import Thm.Collision Thm.Step Thm.Invariant Thm.History Thm.Soundness.
From zeta Require Thm.Honest.
From zeta Require Import Thm.ReceiptTree Thm.Desk Thm.Sessions Thm.Receipts.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section Certified.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Variable sv : serving.

  (** ** What is signed says which epoch, and all of it *)

  Definition scope_fits (s : scope) : Prop :=
    length (instance s) = 16%nat /\ length (incarnation s) = 16%nat /\ length (program s) = 32%nat.
  Definition certification_fits (c : certification) : Prop :=
    scope_fits (ce_scope c) /\ ce_epoch c <= u32_max /\ ce_threads c <= u16_max /\
    ce_receipts c <= u64_max.

  Theorem certification_message_inj c c' : certification_fits c -> certification_fits c' ->
    certification_message c = certification_message c' -> c = c'.
  Proof.
    intros ((I & J & K) & Fe & Ft & Fr) ((I' & J' & K') & Fe' & Ft' & Fr') E.
    unfold certification_message in E. apply app_inv_head in E.
    apply app_same_length in E as [Es E];
      [|unfold scope_bytes; rewrite !app_length; lia].
    unfold scope_bytes in Es. apply app_same_length in Es as [Ei Es]; [|lia].
    apply app_same_length in Es as [Ej Ek]; [|lia].
    apply cons_same in E as [_ E].
    apply app_same_length in E as [Ee E]; [|now rewrite !little_endian_length].
    apply app_same_length in E as [Et E]; [|now rewrite !little_endian_length].
    apply app_same_length in E as [Er Ero]; [|now rewrite !little_endian_length].
    unfold u32_max, u16_max, u64_max in *.
    apply (@little_endian_inj 4) in Ee; [|lia|lia]. apply (@little_endian_inj 2) in Et; [|lia|lia].
    apply (@little_endian_inj 8) in Er; [|lia|lia].
    destruct c as [[] ? ? ? ?], c' as [[] ? ? ? ?]; cbn in *; congruence.
  Qed.

  (** ** The theorem, for whoever trusts a signature *)

  (** Only the verifier has signed, and what it signs of the epochs of this run. *)
  Definition signed_by_verifier (signed : certification -> Prop) (submitted : list (N * entry))
      : Prop := forall c, signed c -> exists before after, submitted = before ++ after /\
    certification_of cfg (fst (run_all cfg initial before)) sv (ce_epoch c) = Some c.

  Lemma run_all_length l : forall v v' rs, run_all cfg v l = (v', rs) ->
    (length rs <= length l)%nat.
  Proof.
    induction l as [|[t e] l IH]; cbn; intros v v' rs E; [injection E as <- <-; reflexivity|].
    destruct (is_thread cfg t); [|specialize (IH _ _ _ E); lia].
    destruct (step cfg v t e). destruct (run_all cfg v0 l) eqn:R. injection E as <- <-.
    specialize (IH _ _ _ R). cbn. lia.
  Qed.

  Lemma countable_run submitted v rs : serving_of cfg = Some sv -> listed_well sv ->
    run_all cfg initial submitted = (v, rs) -> thread_count cfg <= u16_max ->
    N.of_nat (length submitted) <= u64_max -> countable cfg v.
  Proof.
    intros Sv Well Run Th Len. split; [exact Th|]. intro t.
    destruct (receipts_run cfg submitted Sv Well Run) as (_ & _ & Lv).
    rewrite Lv, rev_length. pose proof (run_all_length _ _ Run) as L.
    assert (length (receipts_by t rs) <= length rs)%nat; [|lia].
    clear. induction rs as [|[u r] rs IH]; [reflexivity|].
    cbn [receipts_by flat_map fst snd length]. fold (receipts_by t rs). rewrite app_length.
    assert (length (if u =? t then leaf_of r else []) <= 1)%nat; [|lia].
    destruct (u =? t); [|cbn; lia].
    destruct r as [? [[]|]| | |? [[]|]|]; cbn; lia.
  Qed.

  (** What a receipt says of the run. *)
  Definition is_of (run : list ran) (r : receipt) : Prop :=
    match l_ruling (r_leaf r) with
    | Ruled a => exists a',
        In (Ran (l_operation (r_leaf r)) (epoch (l_at (r_leaf r))) a') run /\
        same_ruling (Ruled a') (Ruled a)
    | Declined _ => True
    end.

  (** Where the receipt's words may hide a collision. *)
  Definition receipt_collision (v : verifier) (rs : list (N * reply)) (hs : list record)
      (ks : list key) (r : receipt) : Prop :=
    let E := epoch (l_at (r_leaf r)) in
    collision cfg E v rs hs ks \/ message_collision (messages_of cfg sv v E ++ messages_shown r).

  Theorem receipt_is_of_the_sequential_run submitted v rs signed r c hs ks m0 :
    adoptable (root cfg) hs ks m0 -> serving_of cfg = Some sv -> listed_well sv ->
    thread_count cfg <= u16_max -> N.of_nat (length submitted) <= u64_max ->
    run_all cfg initial submitted = (v, rs) -> signed_by_verifier signed submitted ->
    readable r -> certification_shown r = Some c -> signed c ->
    let run := upto (epoch (l_at (r_leaf r))) (operations rs) in
    ((exists m, sequential m0 run m) /\ is_of run r) \/
    exists before after v1 rs1, submitted = before ++ after /\
      run_all cfg initial before = (v1, rs1) /\ receipt_collision v1 rs1 hs ks r.
  Proof.
    intros Ad Sv Well Th Len Run Only Re Sh Signed. set (E := epoch (l_at (r_leaf r))). cbv zeta.
    destruct (Only _ Signed) as (before & after & -> & Ce).
    destruct (run_all cfg initial before) as [v1 rs1] eqn:Run1. cbn [fst] in Ce.
    destruct (run_all cfg v1 after) as [v2 rs2] eqn:Run2.
    pose proof (Honest.run_all_app cfg before after initial Run1 Run2) as Run12.
    rewrite Run in Run12. injection Run12 as -> ->.
    assert (Ee : ce_epoch c = E).
    { unfold certification_shown in Sh. destruct (_ <=? _); [|discriminate].
      destruct (root_of_path _ _ _ _); [|discriminate].
      destruct (root_of_path _ _ _ _); [|discriminate]. now injection Sh as <-. }
    rewrite Ee in Ce. rewrite app_length in Len.
    assert (Co : countable cfg v1) by (eapply countable_run; eauto; lia).
    destruct (certified_root before E Sv Well Run1 Co Ce) as (Lt & _).
    assert (Coll : receipt_collision v1 rs1 hs ks r -> exists before0 after0 v0 rs0,
      before ++ after = before0 ++ after0 /\ run_all cfg initial before0 = (v0, rs0) /\
      receipt_collision v0 rs0 hs ks r).
    { intro C. exists before, after, v1, rs1. auto. }
    destruct (strictly_serializable cfg before Ad Run1 Lt) as [S|C];
      [|right; apply Coll; now left].
    destruct (receipt_is_of_run before Sv Well Run1 Co Re Ce Sh) as
      [(said & l & Hin & _ & Te & Same)|C]; [|right; apply Coll; now right].
    destruct (certified_is_frozen cfg before after Run1 Run2 Lt) as [_ ->]. left. split; [exact S|].
    unfold is_of. destruct Same as (_ & Eo & Er & _ & Et).
    destruct (l_ruling (r_leaf r)) as [a|code]; [|exact I]. unfold tells in Te.
    destruct said as [[]| | | |]; try contradiction; [|rewrite Te in Er; now destruct a].
    destruct Te as (To & Tt & Tr). exists (r_answer r0). rewrite Tr in Er. split; [|exact Er].
    apply filter_In. split.
    - unfold operations, events. apply in_flat_map. exists (Answered r0). split.
      + apply in_flat_map. eexists. split; [exact Hin|]. now left.
      + left. destruct r0. cbn in *. congruence.
    - cbn. apply N.leb_le. subst E. reflexivity.
  Qed.

  (** ** Such collisions can be computed *)

  Definition messages_collide (p : bytes * bytes) : bool :=
    negb (bytes_eqb (fst p) (snd p)) && digest_eqb (sha256 (fst p)) (sha256 (snd p)).
  Definition find_message_collision (l : list bytes) : option (bytes * bytes) :=
    find messages_collide (list_prod l l).

  Lemma messages_collide_iff p : messages_collide p = true <->
    fst p <> snd p /\ sha256 (fst p) = sha256 (snd p).
  Proof.
    unfold messages_collide, bytes_eqb, digest_eqb. rewrite andb_true_iff, negb_true_iff.
    destruct (bytes_dec (fst p) (snd p)), (bytes_dec (sha256 _) (sha256 _));
      intuition discriminate.
  Qed.

  Lemma find_message_collision_spec l :
    message_collision l <-> exists a b, find_message_collision l = Some (a, b).
  Proof.
    split.
    - intros (a & b & Ha & Hb & N & E). destruct (find_message_collision l) as [[c d]|] eqn:F;
        eauto.
      apply find_some_or with (x := (a, b)) in F; [|now apply in_prod].
      assert (messages_collide (a, b) = true) by (apply messages_collide_iff; auto). congruence.
    - intros (a & b & F). apply find_some in F as [Hin F]. apply messages_collide_iff in F as [? ?].
      apply in_prod_iff in Hin as [? ?]. exists a, b. auto.
  Qed.

  Inductive found := InRun (f : Soundness.found) | Messages (a b : bytes).

  Definition genuine (v : verifier) (f : found) : Prop :=
    match f with
    | InRun f => Soundness.genuine cfg v f
    | Messages a b => a <> b /\ sha256 a = sha256 b
    end.

  (** Looks through what the run hashed until the epoch was signed, and the receipt. *)
  Definition find_receipt_collision (v : verifier) (rs : list (N * reply)) (hs : list record)
      (ks : list key) (r : receipt) : option found :=
    let E := epoch (l_at (r_leaf r)) in
    match find_collision cfg E v rs hs ks with
    | Some f => Some (InRun f)
    | None => option_map (fun p => Messages (fst p) (snd p))
                (find_message_collision (messages_of cfg sv v E ++ messages_shown r))
    end.

  Theorem find_receipt_collision_sound v rs hs ks r f :
    find_receipt_collision v rs hs ks r = Some f -> genuine v f.
  Proof.
    unfold find_receipt_collision. destruct (find_collision _ _ _ _ _ _) as [g|] eqn:F.
    - intros [= <-]. eapply find_collision_sound; exact F.
    - unfold find_message_collision. destruct (find _ _) as [p|] eqn:Fm; [|discriminate].
      intros [= <-]. apply find_some in Fm as [_ Fm]. now apply messages_collide_iff in Fm.
  Qed.

  Theorem find_receipt_collision_complete v rs hs ks r :
    receipt_collision v rs hs ks r -> exists f, find_receipt_collision v rs hs ks r = Some f.
  Proof.
    unfold find_receipt_collision. intros [C|C].
    - apply find_collision_complete in C as [f ->]. eauto.
    - destruct (find_collision _ _ _ _ _ _); [eauto|].
      apply find_message_collision_spec in C as (a & b & ->). cbn. eauto.
  Qed.
End Certified.
