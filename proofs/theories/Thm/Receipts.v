(** Receipts: what leads to the root that was signed of an epoch is the leaf of an operation of that
    run, with that very answer; or two different messages have one hash.

    That roots are signed by the verifier alone is said in the statement: what was signed is a
    [certification_of] a state of the run. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Bounds Spec.Table.
From zeta Require Import Spec.Entry Spec.Application Spec.Access Spec.Window Spec.SessionTable.
From zeta Require Import Spec.Leaf.
From zeta Require Import Spec.ReceiptTree Spec.Thread Spec.Service Spec.Receipt Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Collision Thm.Step Thm.Invariant Thm.History Thm.Soundness.
From zeta Require Import Thm.ReceiptTree Thm.Desk Thm.Sessions.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** ** Bytes *)

Lemma cons_same X (x y : X) l l' : x :: l = y :: l' -> x = y /\ l = l'.
Proof. now intros [= -> ->]. Qed.

Lemma little_endian_length w n : length (little_endian w n) = w.
Proof. revert n. induction w as [|w IH]; intro n; cbn; [|rewrite IH]; reflexivity. Qed.

(** The bytes say the number, as far as they go. *)
Lemma little_endian_mod w : forall a b, little_endian w a = little_endian w b ->
  a mod 256 ^ N.of_nat w = b mod 256 ^ N.of_nat w.
Proof.
  induction w as [|w IH]; intros a b E; cbn [little_endian] in E.
  - now rewrite !N.mod_1_r.
  - injection E as Em E. apply IH in E. rewrite Nat2N.inj_succ, N.pow_succ_r'.
    rewrite !N.mod_mul_r by (try apply N.pow_nonzero; discriminate). congruence.
Qed.

Lemma little_endian_inj w a b : a < 256 ^ N.of_nat w -> b < 256 ^ N.of_nat w ->
  little_endian w a = little_endian w b -> a = b.
Proof.
  intros La Lb E. apply little_endian_mod in E. now rewrite !N.mod_small in E by assumption.
Qed.
#[local] Opaque little_endian.

(** Answers that a receipt does not tell apart: codes have 16 bits. *)
Definition same_ruling (a b : ruling) : Prop :=
  match a, b with
  | Ruled (Done x), Ruled (Done y) => x = y
  | Ruled (Failed c), Ruled (Failed d) | Declined c, Declined d => c mod 65536 = d mod 65536
  | _, _ => False
  end.
Definition same_leaf (l l' : receipt_leaf) : Prop :=
  l_asker l = l_asker l' /\ l_operation l = l_operation l' /\ same_ruling (l_ruling l) (l_ruling l')
  /\ l_thread l = l_thread l' /\ l_at l = l_at l'.

Section Leaves.
  Context {P : Primitives}.

  Definition leaf_fits (l : receipt_leaf) : Prop :=
    asker_fits (l_asker l) /\ transition (l_operation l) <= u16_max /\ in_width (l_at l).

  (** What is hashed for a leaf: itself, the request and the result. *)
  Definition messages_of_leaf (s : scope) (l : receipt_leaf) : list bytes :=
    [leaf_message s l; request_message (l_operation l);
     result_message (ruling_result (l_ruling l))].

  Lemma asker_bytes_length a : asker_fits a -> length (asker_bytes a) = 45%nat.
  Proof.
    destruct a as [|kind key id q]; cbn [asker_fits asker_bytes length].
    - now rewrite !app_length, !little_endian_length.
    - intros (_ & L & _).
    rewrite !app_length, L, !little_endian_length. reflexivity.
  Qed.

  Lemma asker_bytes_inj a b : asker_fits a -> asker_fits b -> asker_bytes a = asker_bytes b ->
    a = b.
  Proof.
    destruct a as [|kind key id q], b as [|kind' key' id' q']; cbn [asker_fits asker_bytes];
      intros Fa Fb E; auto.
    - apply cons_same in E as [E _]. destruct Fb. congruence.
    - apply cons_same in E as [E _]. destruct Fa. congruence.
    - destruct Fa as (_ & La & Ia & Qa), Fb as (_ & Lb & Ib & Qb).
      apply cons_same in E as [-> E].
      apply app_same_length in E as [-> E]; [|congruence].
      apply app_same_length in E as [Ei Eq]; [|now rewrite !little_endian_length].
      unfold u32_max, u64_max in *. apply (@little_endian_inj 4) in Ei; [|lia|lia].
      apply (@little_endian_inj 8) in Eq; [|lia|lia]. congruence.
  Qed.

  (** Equal bytes are equal leaves, or the digests in them show a collision. *)
  Lemma leaf_bytes_inj s l l' hs : leaf_fits l -> leaf_fits l' -> l_thread l = l_thread l' ->
    leaf_bytes s l = leaf_bytes s l' ->
    incl (messages_of_leaf s l) hs -> incl (messages_of_leaf s l') hs ->
    same_leaf l l' \/ message_collision hs.
  Proof.
    intros (Fa & Ft & [Fe Fc]) (Fa' & Ft' & [Fe' Fc']) Th E I I'. unfold leaf_bytes in E.
    apply cons_same in E as [_ E]. apply app_inv_head in E.
    apply app_same_length in E as [Ea E]; [|now rewrite !asker_bytes_length].
    apply asker_bytes_inj in Ea; auto.
    apply app_same_length in E as [Er E]; [|unfold request_digest; now rewrite !sha256_length].
    apply cons_same in E as [Etag E]. rewrite Th in E.
    apply app_same_length in E as [Ecode E]; [|now rewrite !little_endian_length].
    apply app_same_length in E as [Es E]; [|unfold result_digest; now rewrite !sha256_length].
    apply app_inv_head in E.
    apply app_same_length in E as [Ee Ec]; [|now rewrite !little_endian_length].
    unfold u32_max in *. apply (@little_endian_inj 4) in Ee; [|lia|lia].
    apply (@little_endian_inj 4) in Ec; [|lia|lia].
    assert (At : l_at l = l_at l').
    { destruct (l_at l), (l_at l'). cbn in *. congruence. }
    destruct (@same_message _ _ _ hs (I _ (or_intror (or_introl eq_refl)))
      (I' _ (or_intror (or_introl eq_refl))) Er) as [Em|C]; [|now right].
    destruct (@same_message _ _ _ hs (I _ (or_intror (or_intror (or_introl eq_refl))))
      (I' _ (or_intror (or_intror (or_introl eq_refl)))) Es) as [En|C]; [|now right].
    left. assert (Op : l_operation l = l_operation l').
    { unfold request_message in Em. apply cons_same in Em as [_ Em].
      apply app_same_length in Em as [Et Ear]; [|now rewrite !little_endian_length].
      unfold u16_max in *. apply (@little_endian_inj 2) in Et; [|lia|lia].
      destruct (l_operation l), (l_operation l'). cbn in *. congruence. }
    assert (Code : ruling_code (l_ruling l) mod 65536 = ruling_code (l_ruling l') mod 65536).
    { now apply little_endian_mod in Ecode. }
    apply cons_same in En as [_ En]. repeat split; auto.
    destruct (l_ruling l) as [[x|c]|c], (l_ruling l') as [[y|d]|d]; cbn in *; congruence.
  Qed.
End Leaves.

Section Receipts.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Variable sv : serving.
  Notation ids := (ids cfg).
  Notation at_ := (thread_at cfg).

  (** Clients have keys of 32 bytes, and are of a kind: decoding the access list ensures it. *)
  Definition listed_well : Prop :=
    Forall (fun c => cl_kind c <> 0 /\ length (cl_key c) = 32%nat) (clients (access sv)).

  Definition hashes_at (v : verifier) (t : N) (e : u32) : list digest :=
    map (leaf_hash (in_scope sv)) (leaves_at (desk v) t e).

  (** ** What is kept of leaves, and of roots *)

  (** The leaves that a thread's replies gave, in the order of its log. *)
  Definition receipts_by (t : N) (rs : list (N * reply)) : list receipt_leaf :=
    flat_map (fun p => if fst p =? t then leaf_of (snd p) else []) rs.

  Definition roots_kept (v : verifier) : Prop := forall t,
    length (sealed_by (desk v) t) = N.to_nat (next_epoch (at_ v t)) /\
    forall e, e < next_epoch (at_ v t) -> sealed_at (desk v) e t =
      (count (frontier_of (hashes_at v t e)), frontier_root (frontier_of (hashes_at v t e))).

  Lemma roots_same v v' : roots_kept v -> same_lanes cfg v v' ->
    (forall u, sealed_by (desk v') u = sealed_by (desk v) u) ->
    (forall u e, e < next_epoch (at_ v u) -> leaves_at (desk v') u e = leaves_at (desk v) u e) ->
    roots_kept v'.
  Proof.
    intros K L S Lv t. destruct (K t) as [Len Roots]. rewrite (L t), S. split; [exact Len|].
    intros e He. unfold sealed_at, hashes_at in *. rewrite S, Lv by assumption. now apply Roots.
  Qed.

  Lemma leaves_of_keep s t l u :
    leaves_of (keep_leaf s t l) u = (if u =? t then [l] else []) ++ leaves_of s u.
  Proof.
    unfold leaves_of at 1, keep_leaf. cbn [leaves]. destruct (N.eqb_spec u t) as [->|N].
    - now rewrite get_set_eq.
    - now rewrite get_set_neq.
  Qed.

  Lemma leaves_at_keep s t l u e : (u = t -> epoch (l_at l) <> e) ->
    leaves_at (keep_leaf s t l) u e = leaves_at s u e.
  Proof.
    intro Ne. unfold leaves_at. rewrite leaves_of_keep. destruct (N.eqb_spec u t) as [->|]; [|easy].
    cbn [app filter]. destruct (N.eqb_spec (epoch (l_at l)) e); [now destruct (Ne eq_refl)|easy].
  Qed.

  Lemma passed_at v H t : tracks cfg v H -> next_epoch (at_ v t) <= epoch (clock (at_ v t)) /\
    in_width (clock (at_ v t)).
  Proof.
    intro T. pose proof (tr_sound T t) as [W Wc _ Pa _ _].
    destruct (tr_thread T t) as [-> | [r ->]]; repeat split; auto.
  Qed.

  (** What each entry does to leaves and roots. *)
  Lemma receipts_step v H t e v' r used : tracks cfg v H -> is_thread cfg t = true ->
    desk_step cfg sv v t e v' r -> table_sound cfg sv (sessions (desk v)) used -> roots_kept v ->
    roots_kept v' /\
    (forall u, leaves_of (desk v') u = (if u =? t then leaf_of r else []) ++ leaves_of (desk v) u)
      /\
    (forall l, In l (leaf_of r) -> tells r l /\ l_thread l = t).
  Proof.
    intros T It St Ts K. destruct (passed_at t T) as [Pa _].
    assert (None_ : (forall u, leaves_of (desk v') u = leaves_of (desk v) u) -> leaf_of r = [] ->
      (forall u, leaves_of (desk v') u = (if u =? t then leaf_of r else []) ++ leaves_of (desk v) u)
      /\ (forall l, In l (leaf_of r) -> tells r l /\ l_thread l = t)).
    { intros Lv ->. split; [|easy]. intro u. rewrite Lv. now destruct (u =? t). }
    assert (Beside : forall s, leaves s = leaves (desk v) -> sealed s = sealed (desk v) ->
      desk v' = s -> same_lanes cfg v v' -> leaf_of r = [] ->
      roots_kept v' /\
      (forall u, leaves_of (desk v') u = (if u =? t then leaf_of r else []) ++ leaves_of (desk v) u)
      /\ (forall l, In l (leaf_of r) -> tells r l /\ l_thread l = t)).
    { intros s El Es D L Lf.
      assert (Lv : forall u, leaves_of (desk v') u = leaves_of (desk v) u).
      { intro u. unfold leaves_of. now rewrite D, El. }
      split; [|now apply None_]. apply (roots_same K L).
      - intro u. unfold sealed_by. now rewrite D, Es.
      - intros u e' _. unfold leaves_at. now rewrite Lv. }
    assert (Leaf_ : forall l s, s = desk v' -> leaves s = leaves (keep_leaf (desk v) t l) ->
      sealed s = sealed (desk v) -> l_at l = clock (at_ v t) -> l_thread l = t ->
      same_lanes cfg v v' -> leaf_of r = [l] -> tells r l ->
      roots_kept v' /\
      (forall u, leaves_of (desk v') u = (if u =? t then leaf_of r else []) ++ leaves_of (desk v) u)
      /\ (forall l, In l (leaf_of r) -> tells r l /\ l_thread l = t)).
    { intros l s -> El Es At Th L Lf Te.
      assert (Lv : forall u, leaves_of (desk v') u = leaves_of (keep_leaf (desk v) t l) u).
      { intro u. unfold leaves_of at 1. now rewrite El. }
      split; [|split].
      - apply (roots_same K L).
        + intro u. unfold sealed_by. now rewrite Es.
        + intros u e' He. unfold leaves_at at 1. rewrite Lv.
          apply (@leaves_at_keep (desk v) t l u e'). intros ->. rewrite At. lia.
      - intro u. now rewrite Lv, Lf, leaves_of_keep.
      - rewrite Lf. intros l' [<-|[]]. auto. }
    destruct St as [e v' r D L Lf|e v' r D L Lf|o v' r ruled l D L Lf Te
                   |o id q mac x v1 r1 v' r ruled c l By Fo Dec Ru Rul D L Lf Te
                   |e message old s m v' r O D L Lf|id s m v' r O D L Lf|id q mac s n v' r O D L
                     Lf].
    - now apply (Beside (desk v)).
    - assert (Lv : forall u, leaves_of (desk v') u = leaves_of (desk v) u) by
        (intro u; rewrite D; reflexivity).
      split; [|now apply None_]. intro u.
      assert (Hs : forall e', hashes_at v' u e' = hashes_at v u e').
      { intro e'. unfold hashes_at, leaves_at. now rewrite Lv. }
      destruct (K u) as [Len Roots]. rewrite (L u). unfold sealed_at, sealed_by in *. rewrite D.
      unfold seal. cbn [sealed]. destruct (N.eqb_spec u t) as [->|N].
      + rewrite get_set_eq. fold (sealed_by (desk v) t) in *. split.
        * rewrite app_length, Len. cbn. lia.
        * intros e' He. rewrite Hs. destruct (N.eq_dec e' (next_epoch (at_ v t))) as [->|Ne].
          -- rewrite app_nth2 by lia. rewrite Len, PeanoNat.Nat.sub_diag. reflexivity.
          -- rewrite app_nth1 by lia. apply Roots. lia.
      + rewrite get_set_neq by assumption. split; [exact Len|]. intros e' He. rewrite Hs.
        now apply Roots.
    - now apply (Leaf_ l (desk v')); rewrite ?D.
    - now apply (Leaf_ l (desk v')); rewrite ?D.
    - edestruct open_facts as (_ & El & Es); [exact It|exact O|exact Ts|]. now apply (Beside s).
    - unfold revoke in O. destruct (Session.decide_revoke _ _); [|discriminate].
      injection O as <- <-. eapply Beside; [| |exact D|exact L|exact Lf]; reflexivity.
    - unfold question in O. destruct (Session.decide_question _); [|discriminate].
      cbn [and_then] in O. destruct (found_in cfg sv (desk v) id) as [| |x]; try discriminate.
      destruct (stand _ _); injection O as <- <-;
        (eapply Beside; [| |exact D|exact L|exact Lf]; reflexivity).
  Qed.

  (** ** The fields of leaves are within their widths *)

  Lemma leaf_checked v t e v' r : step cfg v t e = (v', r) -> leaf_of r <> [] ->
    check_entry e = Ok tt.
  Proof.
    unfold step. intros E L. destruct (rejection _); [injection E as <- <-; now destruct L|].
    destruct (check_entry e) as [[]|[]]; auto; injection E as <- <-; now destruct L.
  Qed.

  Lemma leaf_fits_step v H t e v' r used : tracks cfg v H -> listed_well ->
    table_sound cfg sv (sessions (desk v)) used -> check_entry e = Ok tt ->
    desk_step cfg sv v t e v' r -> Forall leaf_fits (leaf_of r).
  Proof.
    intros T Well Ts Ce St. destruct (passed_at t T) as [_ W].
    assert (Run_ : forall o, e = RunApp o -> fits_run o = true).
    { intros o ->. unfold check_entry in Ce. destruct (fits_run o); [reflexivity|discriminate]. }
    destruct St as [e v' r D L Lf|e v' r D L Lf|o v' r ruled l D L Lf Te
                   |o id q mac x v1 r1 v' r ruled c l By Fo Dec Ru Rul D L Lf Te
                   |e message old s m v' r O D L Lf|id s m v' r O D L Lf|id q mac s n v' r O D L
                     Lf];
      rewrite Lf; try (constructor; fail); specialize (Run_ o eq_refl); unfold fits_run in Run_;
      apply andb_true_iff in Run_ as [Tr Num]; apply N.leb_le in Tr;
      (constructor; [|constructor]); (split; [|split; [exact Tr|exact W]]); cbn; [exact I|].
    rewrite By in Num. apply andb_true_iff in Num as [Ni Nq]. apply N.leb_le in Ni, Nq.
    destruct (found_open _ _ _ _ Fo) as [G _].
    destruct (ts_opened Ts _ G) as (message & a & answer & _ & Fc & _).
    apply find_some in Fc as [Hin _]. unfold listed_well in Well. rewrite Forall_forall in Well.
    destruct (Well _ Hin) as [Kind Len]. unfold c. auto.
  Qed.

  (** ** A whole run *)

  Lemma rev_leaf r : rev (leaf_of r) = leaf_of r.
  Proof. destruct r as [? [[]|]| | |? [[]|]|]; reflexivity. Qed.

  Definition leaf_said (rs : list (N * reply)) : Prop := forall t r l, In (t, r) rs ->
    In l (leaf_of r) -> tells r l /\ l_thread l = t /\ leaf_fits l.

  Lemma receipts_all l : serving_of cfg = Some sv -> listed_well -> forall v H used v' rs,
    tracks cfg v H -> table_sound cfg sv (sessions (desk v)) used -> NoDup used -> roots_kept v ->
    run_all cfg v l = (v', rs) ->
    roots_kept v' /\ leaf_said rs /\
    forall u, leaves_of (desk v') u = rev (receipts_by u rs) ++ leaves_of (desk v) u.
  Proof.
    intros Sv Well. induction l as [|[t e] l IH]; cbn; intros v H used v' rs T Ts Nd K E.
    { injection E as <- <-. split; [assumption|]. split; [now intros ? ? ? []|reflexivity]. }
    destruct (is_thread cfg t) eqn:It; [|eauto].
    destruct (step cfg v t e) as [v1 r] eqn:St. destruct (run_all cfg v1 l) as [v2 rs2] eqn:Rest.
    injection E as <- <-. pose proof (proj2 (in_ids cfg t) It) as Ht.
    assert (Ds : desk_step cfg sv v t e v1 r) by (eapply step_desk; eassumption).
    destruct (table_step It Ds Ts Nd) as [Ts' Nd'].
    destruct (receipts_step T It Ds Ts K) as (K' & Lv & Te).
    edestruct tracks_entry as (H1 & T1 & _); [exact T|exact Ht|exact St|].
    destruct (IH _ _ _ _ _ T1 Ts' Nd' K' Rest) as (K2 & Said & Lv2). split; [assumption|]. split.
    - intros t' r' l' [[= <- <-]|Hin] Hl; [|now apply (Said t')].
      destruct (Te _ Hl) as [Tells Th]. split; [exact Tells|]. split; [exact Th|].
      assert (Fits : Forall leaf_fits (leaf_of r)).
      { eapply leaf_fits_step; [exact T|exact Well|exact Ts| |exact Ds].
        eapply leaf_checked; [exact St|]. intro None_. now rewrite None_ in Hl. }
      rewrite Forall_forall in Fits. now apply Fits.
    - intro u. rewrite Lv2, Lv. cbn [receipts_by flat_map fst snd]. rewrite rev_app_distr.
      rewrite <- app_assoc. f_equal. f_equal. rewrite (N.eqb_sym u t).
      destruct (t =? u); [symmetry; apply rev_leaf|reflexivity].
  Qed.

  Lemma receipts_run submitted v rs : serving_of cfg = Some sv -> listed_well ->
    run_all cfg initial submitted = (v, rs) ->
    roots_kept v /\ leaf_said rs /\ forall u, leaves_of (desk v) u = rev (receipts_by u rs).
  Proof.
    intros Sv Well Run.
    destruct (@receipts_all submitted Sv Well initial [] [] v rs) as (K & Said & Lv);
      auto using tracks_initial.
    - apply table_initial.
    - constructor.
    - intro t. unfold sealed_by, thread_at. cbn. rewrite !get_empty. cbn. split; [reflexivity|].
    lia.
    - split; [assumption|]. split; [assumption|]. intro u. rewrite Lv. unfold leaves_of. cbn.
      rewrite get_empty. apply app_nil_r.
  Qed.

  (** ** What is hashed *)

  Definition root_at (v : verifier) (e t : N) : digest := tree_root (hashes_at v t e).
  Definition count_at (v : verifier) (e t : N) : N := N.of_nat (length (hashes_at v t e)).
  Definition thread_digests (v : verifier) (e : N) : list digest :=
    map (fun t => thread_hash t (count_at v e t) (root_at v e t)) ids.

  (** For the root of an epoch. *)
  Definition messages_of (v : verifier) (e : N) : list bytes :=
    flat_map (fun t => flat_map (messages_of_leaf (in_scope sv)) (leaves_at (desk v) t e) ++
                       tree_messages (hashes_at v t e)) ids ++
    map (fun t => thread_message t (count_at v e t) (root_at v e t)) ids ++
    tree_messages (thread_digests v e).

  (** By whoever reads a receipt. *)
  Definition messages_shown (r : receipt) : list bytes :=
    let l := r_leaf r in
    let hash := leaf_hash (r_scope r) l in
    messages_of_leaf (r_scope r) l ++
    walk_messages (r_path r) (r_index r) (r_count r - 1) hash ++
    match root_of_path hash (r_index r) (r_count r) (r_path r) with
    | None => []
    | Some root =>
        thread_message (l_thread l) (r_count r) root ::
        walk_messages (r_thread_path r) (l_thread l) (r_threads r - 1)
          (thread_hash (l_thread l) (r_count r) root)
    end.

  Lemma ids_nth t : t < thread_count cfg -> nth (N.to_nat t) ids 0 = t.
  Proof.
    intro Lt. unfold Verifier.ids. change 0 with (N.of_nat 0) at 1. rewrite map_nth, seq_nth by lia.
    cbn. lia.
  Qed.

  Lemma thread_digests_hashes v e : Forall is_hash (thread_digests v e).
  Proof. apply Forall_forall. intros d Hd. apply in_map_iff in Hd as (t & <- & _).
  apply sha256_length. Qed.
  Lemma hashes_at_hashes v t e : Forall is_hash (hashes_at v t e).
  Proof. apply Forall_forall. intros d Hd. apply in_map_iff in Hd as (l & <- & _).
  apply sha256_length. Qed.

  (** Fewer receipts than a count of 64 bits can say. *)
  Definition countable (v : verifier) : Prop :=
    thread_count cfg <= u16_max /\ forall t, N.of_nat (length (leaves_of (desk v) t)) <= u64_max.

  Lemma count_at_small v e t : countable v -> count_at v e t <= u64_max.
  Proof.
    intros [_ C]. specialize (C t). unfold count_at, hashes_at. rewrite map_length.
    unfold leaves_at. rewrite rev_length. set (l := leaves_of (desk v) t) in *.
    assert (length (filter (fun l => epoch (l_at l) =? e) l) <= length l)%nat; [|lia].
    clear. induction l as [|a l IH]; cbn; [lia|]. destruct (_ =? e); cbn; lia.
  Qed.

  (** The root that is signed is the standard's, over what the threads answered. *)
  Lemma certified_root submitted v rs e c : serving_of cfg = Some sv -> listed_well ->
    run_all cfg initial submitted = (v, rs) -> countable v ->
    certification_of cfg v sv e = Some c ->
    e < certified v /\ ce_scope c = in_scope sv /\ ce_epoch c = e /\
    ce_threads c = thread_count cfg /\ ce_root c = tree_root (thread_digests v e).
  Proof.
    intros Sv Well Run Co Ce. unfold certification_of in Ce.
    destruct (N.ltb_spec e (certified v)) as [Lt|]; [|discriminate].
    destruct (_ <=? _); [|discriminate]. injection Ce as <-. repeat split; auto. cbn.
    destruct (receipts_run submitted Sv Well Run) as (K & _).
    edestruct tracks_all as (H & T & _); [apply tracks_initial|exact Run|]. rewrite app_nil_r in T.
    destruct (tr_certified T Lt) as [Cl _].
    assert (Same : map (fun t => let (count, root) := sealed_at (desk v) e t in
                               thread_hash t count root) ids = thread_digests v e).
    { apply map_ext_in. intros t Ht. destruct (K t) as [_ Roots].
      assert (Lt' : e < next_epoch (at_ v t)).
      { destruct (same_lane t T) as (_ & -> & _). now apply Cl. }
      rewrite (Roots _ Lt'). pose proof (count_at_small e t Co) as Small. unfold count_at in Small.
      destruct (frontier_is_tree_root (hashes_at v t e) Small) as [-> ->]. reflexivity. }
    rewrite Same. apply frontier_is_tree_root. unfold thread_digests, Verifier.ids.
    rewrite !map_length, seq_length. destruct Co as [Th _]. unfold u16_max, u64_max in *. lia.
  Qed.

  (** ** The theorem *)
  Theorem receipt_is_of_run submitted v rs r c : serving_of cfg = Some sv -> listed_well ->
    run_all cfg initial submitted = (v, rs) -> countable v -> readable r ->
    certification_of cfg v sv (epoch (l_at (r_leaf r))) = Some c ->
    certification_shown r = Some c ->
    (exists said l, In (l_thread (r_leaf r), said) rs /\ leaf_of said = [l] /\ tells said l /\
       same_leaf l (r_leaf r)) \/
    message_collision (messages_of v (epoch (l_at (r_leaf r))) ++ messages_shown r).
  Proof.
    intros Sv Well Run Co (Fa & Ft & Fw & Fcount & Fh) Ce Sh.
    set (e := epoch (l_at (r_leaf r))) in *. set (l' := r_leaf r) in *.
    destruct (certified_root submitted e Sv Well Run Co Ce) as (Lt & Es & Ee & Eth & Er).
    destruct (receipts_run submitted Sv Well Run) as (_ & Said & Lv).
    apply Forall_app in Fh as [Fp Fp2].
    set (hs := messages_of v e ++ messages_shown r).
    unfold certification_shown in Sh. fold l' in Sh. destruct (_ <=? _); [|discriminate].
    destruct (root_of_path (leaf_hash (r_scope r) l') _ _ _) as [root|] eqn:W1; [|discriminate].
    destruct (root_of_path (thread_hash _ _ _) _ _ _) as [top|] eqn:W2; [|discriminate].
    injection Sh as Ec. rewrite <- Ec in *. cbn in Es, Eth, Er. subst top.
    assert (Shown : incl (messages_shown r) hs) by apply incl_appr, incl_refl.
    assert (Of : incl (messages_of v e) hs) by apply incl_appl, incl_refl.
    assert (M1 : incl (messages_of_leaf (r_scope r) l') hs).
    { eapply incl_tran; [|exact Shown]. apply incl_appl, incl_refl. }
    assert (M2 : incl (walk_messages (r_path r) (r_index r) (r_count r - 1)
                         (leaf_hash (r_scope r) l')) hs).
    { eapply incl_tran; [|exact Shown]. apply incl_appr, incl_appl, incl_refl. }
    assert (M3 : In (thread_message (l_thread l') (r_count r) root) hs /\
      incl (walk_messages (r_thread_path r) (l_thread l') (r_threads r - 1)
              (thread_hash (l_thread l') (r_count r) root)) hs).
    { unfold messages_shown in Shown. fold l' in Shown. rewrite W1 in Shown. split.
      - apply Shown, in_or_app. right. apply in_or_app. right. now left.
      - eapply incl_tran; [|exact Shown]. apply incl_appr, incl_appr, incl_tl, incl_refl. }
    destruct M3 as [M3 M4].
    (* The thread, among the threads. *)
    destruct (@path_sound _ hs _ _ _ _ _ W2) as [[E2 Lt2]|C]; [| | | | | | |now right].
    { unfold thread_digests, Verifier.ids. rewrite !map_length, seq_length, Eth. lia. }
    { apply thread_digests_hashes. }
    { apply sha256_length. }
    { exact Fp2. }
    { eapply incl_tran; [|exact Of]. unfold messages_of. apply incl_appr, incl_appr, incl_refl. }
    { exact M4. }
    rewrite Eth in Lt2. set (t := l_thread l') in *.
    assert (Ht : In t ids) by (apply in_ids; unfold is_thread; now apply N.ltb_lt).
    assert (E2' : thread_hash t (r_count r) root = thread_hash t (count_at v e t) (root_at v e t)).
    { rewrite E2. unfold leaf_at, thread_digests.
      rewrite nth_indep with (d' := thread_hash 0 (count_at v e 0) (root_at v e 0)).
      - rewrite (map_nth (fun t => thread_hash t (count_at v e t) (root_at v e t)) ids 0).
        now rewrite ids_nth.
      - unfold Verifier.ids. rewrite !map_length, seq_length. lia. }
    destruct (@same_message _ _ _ hs M3
      (Of _ (in_or_app _ _ _ (or_intror (in_or_app _ _ _ (or_introl
        (in_map (fun t => thread_message t (count_at v e t) (root_at v e t)) _ _ Ht)))))) E2')
      as [Em|C]; [|now right].
    apply cons_same in Em as [_ Em]. apply app_inv_head in Em.
    apply app_same_length in Em as [Ecount Eroot]; [|now rewrite !little_endian_length].
    apply (@little_endian_inj 8) in Ecount;
      [|unfold u64_max in *; lia|pose proof (count_at_small e t Co); unfold u64_max in *; lia].
    (* The leaf, among those of the thread. *)
    rewrite Eroot in W1. unfold root_at in W1.
    assert (Tree : incl (flat_map (messages_of_leaf (in_scope sv)) (leaves_at (desk v) t e) ++
                         tree_messages (hashes_at v t e)) hs).
    { eapply incl_tran; [|exact Of]. intros m Hm. apply in_or_app. left. apply in_flat_map. eauto. }
    destruct (@path_sound _ hs _ _ _ _ _ W1) as [[E1 Lt1]|C]; [| | | | | | |now right].
    { now rewrite Ecount. }
    { apply hashes_at_hashes. }
    { apply sha256_length. }
    { exact Fp. }
    { eapply incl_tran; [|exact Tree]. apply incl_appr, incl_refl. }
    { exact M2. }
    assert (Nth : exists l, In l (leaves_at (desk v) t e) /\
      leaf_hash (r_scope r) l' = leaf_hash (in_scope sv) l).
    { rewrite Ecount in Lt1. unfold count_at, hashes_at in Lt1. rewrite map_length in Lt1.
      destruct (nth_error (leaves_at (desk v) t e) (N.to_nat (r_index r))) as [l|] eqn:Ne.
      - exists l. split; [eapply nth_error_In; eauto|]. rewrite E1. unfold leaf_at, hashes_at.
        apply nth_error_nth with (d := []). now apply map_nth_error.
      - apply nth_error_None in Ne. lia. }
    destruct Nth as (l & Hl & Eh). rewrite Es in *.
    assert (M5 : incl (messages_of_leaf (in_scope sv) l) hs).
    { eapply incl_tran; [|exact Tree]. intros m Hm. apply in_or_app. left. apply in_flat_map.
    eauto. }
    destruct (@same_message _ _ _ hs (M1 _ (or_introl eq_refl)) (M5 _ (or_introl eq_refl)) Eh)
      as [Em|C]; [|now right].
    apply cons_same in Em as [_ Em].
    unfold leaves_at in Hl. apply in_rev, filter_In in Hl as [Hl _].
    rewrite Lv in Hl. apply in_rev in Hl. apply in_flat_map in Hl as ([t' said] & Hin & Hl).
    cbn [fst snd] in Hl. destruct (N.eqb_spec t' t) as [->|]; [|destruct Hl].
    destruct (Said _ _ _ Hin Hl) as (Te & Th & Fits).
    destruct (leaf_bytes_inj (s := in_scope sv) (hs := hs) Fits (l' := l')) as [Same|C]; auto.
    - split; [exact Fa|]. split; [exact Ft|exact Fw].
    - left. exists said, l. split; [exact Hin|]. split; [|split; [exact Te|exact Same]].
      destruct said as [? [[]|]| | |? [[]|]|]; cbn in Hl |- *; try tauto; destruct Hl as [->|[]];
        reflexivity.
  Qed.
End Receipts.
