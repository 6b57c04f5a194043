(** An honest host of a simple kind is never refused: the theorem is not true of a verifier that
    refuses everything.

    The host brings one record into a slot of thread 0, serves any operations on it, and turns the
    epochs of all threads. Every entry is applied, and every epoch that it turns is certified. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Import Spec.Table Spec.Entry Spec.Application Spec.Access Spec.Thread.
From zeta Require Import Spec.Service Spec.Verifier.
From zeta Require Import Thm.Path Thm.Machine Thm.Step Thm.History.
From zeta Require Spec.AddM Spec.Epoch Spec.RunApp.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section Honest.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Variable k : key.
  Notation ids := (ids cfg).
  Notation at_ := (thread_at cfg).

  Definition zero : sums := Sums 0 0 0 0.
  Definition in_slot (v : value) (s : thread) : Prop :=
    (exists p, get (slots s) 1 = Some (Cell (App k v) EvictB.Tree p None None)) /\
    bytes_used s = byte_len (App k v).

  (** A thread that has nothing to do with deferred state. *)
  Record quiet (e n : N) (s : thread) : Prop := {
    qu_clock : clock s = {| epoch := e; counter := 0 |};
    qu_next : next_epoch s = n;
    qu_added : added s = [];
    qu_evicted : evicted s = [];
    qu_live : rejection s = None;
    qu_closed : forall i, nth i (closed s) zero = zero
  }.

  (** All threads are quiet; [ce] and [ne] are their epochs, and the next ones that they close. *)
  Record serving (ce ne : N -> N) (cert : N) (val : value) (v : verifier) : Prop := {
    se_quiet : forall t, In t ids -> quiet (ce t) (ne t) (at_ v t);
    se_slot : in_slot val (at_ v 0);
    se_certified : certified v = cert;
    se_mismatch : mismatch v = false;
    se_floor : floor v <= ce 0
  }.

  Definition all_applied (rs : list (N * reply)) : Prop :=
    Forall (fun p => exists ev n, snd p = Applied ev n) rs.

  Lemma at_put v t s u : at_ (put v t s) u = upd (at_ v) t s u.
  Proof. apply thread_at_put. Qed.

  (** ** Turning the epochs *)

  Lemma next_epoch_applies ce ne cert val v t : serving ce ne cert val v -> In t ids ->
    ce t < u32_max ->
    exists v', step cfg v t NextEpoch = (v', Applied Turned None) /\
      serving (upd ce t (ce t + 1)) ne cert val v'.
  Proof.
    intros [Q Sl Ce Mi Fl] Ht Lt. pose proof (Q t Ht) as [Ec En Ea Ee El Ecl].
    unfold step. rewrite El. cbn [check_entry require and_then step_entry].
    unfold settle, step_memory, next_epoch_entry, Epoch.decide_next_epoch. rewrite Ec. cbn [epoch].
    change last_epoch with u32_max.
    destruct (N.ltb_spec (ce t) u32_max) as [_|]; [|lia]. cbn [require and_then].
    eexists. split; [reflexivity|]. unfold next. rewrite saturating_add_u32_exact by lia.
    split; auto.
    - intros u Hu. rewrite at_put. unfold upd. destruct (N.eqb_spec u t) as [->|N]; [|auto].
      split; cbn; auto.
    - rewrite at_put. unfold upd. destruct (N.eqb_spec 0 t) as [<-|N]; [|exact Sl]. exact Sl.
    - cbn. unfold upd. destruct (N.eqb_spec 0 t) as [<-|N]; [lia|assumption].
  Qed.

  Lemma all_next_epoch l : forall ce ne cert val v, serving ce ne cert val v -> NoDup l ->
    incl l ids -> (forall t, In t l -> ce t < u32_max) ->
    exists v' rs, run_all cfg v (map (fun t => (t, NextEpoch)) l) = (v', rs) /\ all_applied rs /\
      exists ce', serving ce' ne cert val v' /\
        (forall t, In t l -> ce' t = ce t + 1) /\ (forall t, ~ In t l -> ce' t = ce t).
  Proof.
    induction l as [|t l IH]; intros ce ne cert val v S Nd In_ Lt; cbn.
    - exists v, []. split; [reflexivity|]. split; [constructor|]. exists ce. split; [assumption|].
      split; [easy|auto].
    - inversion Nd as [|? ? Nt Nd']; subst.
      rewrite (proj1 (in_ids cfg t)) by (apply In_; now left).
      destruct (@next_epoch_applies _ _ _ _ _ t S) as (v1 & -> & S1); [apply In_;
        now left|apply Lt; now left|].
      destruct (IH _ _ _ _ _ S1) as (v2 & rs & -> & Ap & ce2 & S2 & On & Off); auto.
      + intros u Hu. apply In_. now right.
      + intros u Hu. rewrite upd_neq by congruence. apply Lt. now right.
      + exists v2, ((t, Applied Turned None) :: rs). split; [reflexivity|].
        split; [constructor; [cbn; eauto|assumption]|]. exists ce2. split; [assumption|]. split.
        * intros u [<-|Hu]; [rewrite Off by assumption; apply upd_eq|].
          rewrite On by assumption. now rewrite upd_neq by congruence.
        * intros u Nu. rewrite Off by tauto. rewrite upd_neq; auto.
  Qed.

  Lemma total_zero (f : sums -> N) l : f zero = 0 -> (forall s, In s l -> s = zero) ->
    total f l = 0.
  Proof.
    intros F. unfold total. induction l as [|s l IH]; intro Z; [reflexivity|]. cbn [fold_right].
    rewrite IH by (intros; apply Z; now right). rewrite (Z s) by now left. lia.
  Qed.

  Lemma verify_epoch_applies ce ne cert val v t : serving ce ne cert val v -> In t ids ->
    ne t < ce t -> ce t <= u32_max -> ne t < cert + EPOCH_WINDOW ->
    exists v', step cfg v t VerifyEpoch = (v', Applied (Verified (ne t)) None) /\
      serving ce (upd ne t (ne t + 1))
        (if forallb (fun u => cert <? upd ne t (ne t + 1) u) ids then cert + 1 else cert) val v'.
  Proof.
    intros [Q Sl Ce Mi Fl] Ht Lt Le Room. pose proof (Q t Ht) as [Ec En Ea Ee El Ecl].
    unfold step. rewrite El. cbn [check_entry require and_then step_entry].
    unfold settle, step_memory, verify_epoch, Epoch.decide_verify_epoch, has_room.
    cbn [Epoch.clock Epoch.next_epoch Epoch.board_has_room]. rewrite Ec, En, Ce. cbn [epoch].
    destruct (N.ltb_spec (ne t) (ce t)) as [_|]; [|lia]. cbn [require and_then].
    destruct (N.ltb_spec (ne t) (cert + EPOCH_WINDOW)) as [_|]; [|lia]. cbn [require and_then].
    eexists. split; [reflexivity|]. unfold next. rewrite saturating_add_u32_exact by lia.
    match goal with
    | |- serving _ _ _ _ (certify _ (sealing _ (put _ _ ?s) _ _)) => set (s' := s)
    end.
    set (w := sealing cfg (put v t s') t (ne t)).
    assert (Wc : certified w = certified v) by (unfold w; now rewrite sealing_certified).
    assert (Wm : mismatch w = mismatch v) by (unfold w, sealing; now destruct (serving_of cfg)).
    assert (Wf : floor w = floor v) by (unfold w, sealing; now destruct (serving_of cfg)).
    assert (Wt : forall u, at_ w u = at_ (put v t s') u) by
      (intro u; unfold w, sealing; now destruct (serving_of cfg)).
    assert (Q' : forall u, In u ids -> quiet (ce u) (upd ne t (ne t + 1) u) (at_ w u)).
    { intros u Hu. rewrite Wt, at_put. unfold upd. destruct (N.eqb_spec u t) as [->|N]; [|auto].
      split; cbn; auto. intro i. unfold sums_of, count_in. rewrite Ea, Ee. cbn.
      destruct (PeanoNat.Nat.lt_ge_cases i (length (closed (at_ v t)))) as [Li|Li].
      - rewrite app_nth1 by assumption. apply Ecl.
      - rewrite app_nth2 by assumption.
        destruct (i - length (closed (at_ v t)))%nat as [|[|j]]; reflexivity. }
    assert (Sl' : in_slot val (at_ w 0)).
    { rewrite Wt, at_put. unfold upd. destruct (N.eqb_spec 0 t) as [<-|N]; exact Sl. }
    assert (All : forallb (fun u => cert <? next_epoch (at_ w u)) ids =
                  forallb (fun u => cert <? upd ne t (ne t + 1) u) ids).
    { clear - Q'. assert (Sub : incl ids ids) by apply incl_refl. revert Sub.
      generalize ids at 1 3 4. induction l as [|u l IH]; intro Sub; [reflexivity|]. cbn.
      rewrite IH by (intros x Hx; apply Sub; now right).
      now rewrite (qu_next (Q' u (Sub u (or_introl eq_refl)))). }
    unfold certify. rewrite Wc, Wm, Mi, Ce. rewrite All.
    destruct (forallb (fun u => cert <? upd ne t (ne t + 1) u) ids) eqn:Closed;
      [|split; auto; [congruence|now rewrite Wm|now rewrite Wf]].
    assert (Zero : forall s, In s (map (sums_at cfg w cert) ids) -> s = zero).
    { intros s Hs. apply in_map_iff in Hs as (u & <- & Hu). apply (qu_closed (Q' u Hu)). }
    assert (Ba : balance (map (sums_at cfg w cert) ids) = true).
    { unfold balance. rewrite !total_zero by (auto; reflexivity). reflexivity. }
    rewrite Ba. split; auto. cbn. now rewrite Wf.
  Qed.

  Lemma all_verify_epoch e l : forall ce ne cert val v, serving ce ne cert val v -> NoDup l ->
    incl l ids -> (forall t, In t l -> ce t = e + 1 /\ ne t = e) ->
    (forall t, In t ids -> ~ In t l -> ne t = e + 1) -> cert = e -> e + 1 <= u32_max -> l <> [] ->
    exists v' rs, run_all cfg v (map (fun t => (t, VerifyEpoch)) l) = (v', rs) /\ all_applied rs /\
      exists ne', serving ce ne' (e + 1) val v' /\ (forall t, In t ids -> ne' t = e + 1).
  Proof.
    induction l as [|t l IH]; intros ce ne cert val v S Nd In_ Todo Done_ Ec Max Ne; [congruence|].
    cbn. inversion Nd as [|? ? Nt Nd']; subst. destruct (Todo t) as [Et En]; [now left|].
    assert (Ht : In t ids) by (apply In_; now left).
    rewrite (proj1 (in_ids cfg t)) by assumption.
    destruct (@verify_epoch_applies _ _ _ _ _ t S Ht) as (v1 & -> & S1);
      [lia|lia|unfold EPOCH_WINDOW; lia|].
    destruct l as [|u l].
    - exists v1. eexists. split; [reflexivity|]. split; [constructor; [cbn; eauto|constructor]|].
      exists (upd ne t (ne t + 1)).
      assert (Up : forall u, In u ids -> upd ne t (ne t + 1) u = e + 1).
      { intros u Hu. unfold upd. destruct (N.eqb_spec u t) as [->|N]; [lia|].
        apply Done_; [assumption|]. intros [->|[]]. congruence. }
      replace (forallb _ ids) with true in S1; [auto|]. symmetry. apply forallb_forall.
      intros u Hu. rewrite (Up u Hu). apply N.ltb_lt. lia.
    - assert (Stay : forallb (fun u => e <? upd ne t (ne t + 1) u) ids = false).
      { apply not_true_iff_false. rewrite forallb_forall. intro All.
        specialize (All u (In_ u (or_intror (or_introl eq_refl)))). apply N.ltb_lt in All.
        rewrite upd_neq in All by (intros ->; apply Nt; now left).
        destruct (Todo u) as [_ Eu]; [right; now left|]. lia. }
      rewrite Stay in S1.
      destruct (IH _ _ _ _ _ S1) as (v2 & rs & -> & Ap & ne2 & S2 & Up2); auto; try discriminate.
      + intros x Hx. apply In_. now right.
      + intros x Hx. rewrite upd_neq by congruence. apply Todo. now right.
      + intros x Hx Nx. unfold upd. destruct (N.eqb_spec x t) as [->|N]; [lia|].
        apply Done_; [assumption|]. intros [->|H]; [congruence|contradiction].
      + exists v2. eexists. split; [reflexivity|]. split; [constructor; [cbn; eauto|assumption]|].
        eauto.
  Qed.

  Definition turn : list (N * entry) :=
    map (fun t => (t, NextEpoch)) ids ++ map (fun t => (t, VerifyEpoch)) ids.

  Lemma run_all_app l1 : forall l2 v v1 rs1 v2 rs2, run_all cfg v l1 = (v1, rs1) ->
    run_all cfg v1 l2 = (v2, rs2) -> run_all cfg v (l1 ++ l2) = (v2, rs1 ++ rs2).
  Proof.
    induction l1 as [|[t e] l1 IH]; cbn; intros l2 v v1 rs1 v2 rs2 R1 R2.
    - injection R1 as <- <-. assumption.
    - destruct (is_thread cfg t); [|eauto]. destruct (step cfg v t e) as [v0 r].
      destruct (run_all cfg v0 l1) as [v3 rs3] eqn:R. injection R1 as <- <-.
      now rewrite (IH _ _ _ _ _ _ R R2).
  Qed.

  (** ** Serving *)

  (** Between two turns: all threads in epoch [e], all epochs before it certified. *)
  Definition ready (e : N) (val : value) (v : verifier) : Prop :=
    exists ce ne, serving ce ne e val v /\ In 0 ids /\
      forall t, In t ids -> ce t = e /\ ne t = e.

  Theorem turn_applies e val v : ready e val v -> e + 1 <= u32_max ->
    exists v' rs, run_all cfg v turn = (v', rs) /\ all_applied rs /\ ready (e + 1) val v'.
  Proof.
    intros (ce & ne & S & Z & Eq) Max. unfold turn.
    destruct (@all_next_epoch ids _ _ _ _ _ S (ids_nodup cfg) (incl_refl _))
      as (v1 & rs1 & R1 & Ap1 & ce1 & S1 & On & _).
    { intros t Ht. destruct (Eq t Ht). lia. }
    destruct (@all_verify_epoch e ids _ _ _ _ _ S1 (ids_nodup cfg) (incl_refl _))
      as (v2 & rs2 & R2 & Ap2 & ne2 & S2 & Up); auto.
    { intros t Ht. rewrite On by assumption. destruct (Eq t Ht) as [-> ->]. auto. }
    { intros t Ht Nt. contradiction. }
    { intro E. rewrite E in Z. contradiction. }
    exists v2, (rs1 ++ rs2). split; [eapply run_all_app; eauto|].
    split; [apply Forall_app; auto|]. exists ce1, ne2. split; [assumption|]. split; [assumption|].
    intros t Ht. rewrite On by assumption. destruct (Eq t Ht) as [-> _]. auto.
  Qed.

  (** The operation asks for [k] alone; over [val] it leaves [val'], which fits into the budget. *)
  Definition serves (o : operation) (e : N) (val val' : value) : Prop :=
    transition o <= u16_max /\ at_most ARGUMENTS_LEN_MAX (arguments o) = true /\
    byte_len (App k val') <= byte_budget cfg /\ byte_len (App k val') <= u64_max /\
    exists c next, begin_call o = inr c /\ c e = Bind k (Read 0 next) /\
      ((exists res, next val = Return res [(0%nat, val')]) \/
       (val' = val /\ ((exists res, next val = Return res []) \/ exists code,
         next val = Fail code))).

  Lemma key_eqb_refl a : key_eqb a a = true.
  Proof. unfold key_eqb. destruct (key_dec a a); congruence. Qed.

  Lemma byte_len_split v : byte_len (App k v) = byte_len (App k None) + value_len v.
  Proof. destruct v; cbn; lia. Qed.

  (** The host itself may ask. *)
  Definition free : Prop :=
    match serving_of cfg with Some sv => embedded (access sv) = true | None => True end.

  Lemma ready_desk e val v s : ready e val v -> ready e val (with_desk v s).
  Proof.
    intros (ce & ne & S & Rest). exists ce, ne. split; [|exact Rest]. destruct S; split; auto.
  Qed.

  Lemma ready_fits e val v : ready e val v -> receipts_fit (at_ v 0) = true.
  Proof.
    intros (ce & ne & [Q _ _ _ _] & Z & Eq). destruct (Eq 0 Z) as [Ec En].
    destruct (Q 0 Z) as [Ck Nx _ _ _ _]. unfold receipts_fit, in_window, since. rewrite Ck, Nx. cbn.
    apply N.ltb_lt. unfold EPOCH_WINDOW. lia.
  Qed.

  (** What runs with all rights is applied, with a receipt or without. *)
  Lemma host_applies o e val val' v v1 ran : free -> ready e val v ->
    step_run cfg v 0 None o = (v1, Applied (Answered ran) None) -> ready e val' v1 ->
    exists v2 n, step_host cfg v 0 o = (v2, Applied (Answered ran) n) /\ ready e val' v2.
  Proof.
    unfold free, step_host. intros Fr R St R1. destruct (serving_of cfg) as [sv|]; [|eauto].
    rewrite Fr. destruct (embedded_receipts (access sv)); cbn [andb negb]; [|eauto].
    rewrite (ready_fits R). cbn [Session.decide_embedded Session.decide_receipts require and_then].
    rewrite St. cbn [ruling_of with_note]. do 2 eexists. split; [reflexivity|].
    now apply ready_desk.
  Qed.

  (** Rights that the operation stays within. *)
  Definition lets (rt : rights) (o : operation) : Prop :=
    may_call rt (transition o) = true /\ may_read rt k = true /\ may_write rt k = true.

  Lemma run_applies rt by_ o e val val' v : lets rt o -> ready e val v -> serves o e val val' ->
    1 < slot_count cfg ->
    exists s ran, step_run cfg v 0 rt (Run o by_ [1]) =
      (put (raise_floor v e) 0 s, Applied (Answered ran) None) /\
      ready e val' (put (raise_floor v e) 0 s).
  Proof.
    intros (Lc & Lr & Lw) (ce & ne & [Q [[p G] B] Ce Mi Fl] & Z & Eq)
      (_ & _ & Bud & Max & c & next & Be & Ca & Does) Two.
    destruct (Eq 0 Z) as [E0 N0]. pose proof (Q 0 Z) as [Ec En Ea Ee El Ecl]. rewrite E0 in *.
    assert (Run_ : exists s ran, run_app cfg rt (at_ v 0) (Run o by_ [1]) (c e) = Ok (s,
      Answered ran) /\
      in_slot val' s /\ quiet e e s).
    { unfold run_app. rewrite Ca, Ec. cbn [listed asked epoch].
      assert (Run1 : execute cfg rt (slots (at_ v 0)) [1] [] false (Bind k (Read 0 next)) =
        execute cfg rt (slots (at_ v 0)) [] [1] false (next val)).
      { cbn -[key_eqb N.ltb get may_read may_write]. rewrite G, Lr.
        cbn -[key_eqb N.ltb get may_read may_write]. unfold in_range.
        destruct (N.ltb_spec 1 (slot_count cfg)) as [_|]; [|lia]. now rewrite key_eqb_refl. }
      rewrite Run1.
      rewrite byte_len_split in Bud, Max. rewrite byte_len_split in B.
      assert (Fits : forall old new, bytes_used (at_ v 0) = byte_len (App k None) + old ->
        byte_len (App k None) + new <= byte_budget cfg ->
        fits (Build_ByteUse (bytes_used (at_ v 0) - old) (if old <? new then new else 0)
               (byte_budget cfg)) = true).
      { intros old new Eu Le. unfold fits. cbn. rewrite Eu.
        destruct (N.ltb_spec old new); apply N.leb_le; lia. }
      assert (Same : forall a, val' = val -> exists s ran,
        (let x := Execution a [] [1] false in
         lift (RunApp.decide_commit {|
           RunApp.slots_listed := N.of_nat (length [1]);
           RunApp.slots_used := N.of_nat (length (x_used x));
           RunApp.bytes := Build_ByteUse (bytes_used (at_ v 0) - replaced_len (slots (at_ v 0)) [])
             (if replaced_len (slots (at_ v 0)) [] <? written_len [] then written_len [] else 0)
             (byte_budget cfg)
         |});;
         Session.decide_access (granted rt (slots (at_ v 0)) x);;
         Ok (with_slots (at_ v 0) (write_slots (slots (at_ v 0)) (x_writes x))
               (saturating_add_u64 (bytes_used (at_ v 0) - replaced_len (slots (at_ v 0)) [])
                 (written_len [])), Answered (Ran o e (x_answer x)))) = Ok (s, Answered ran) /\
        in_slot val s /\ quiet e e s).
      { intros a ->. cbn [x_used x_writes x_answer written_len replaced_len fold_right write_slots
          fold_left]. unfold RunApp.decide_commit. cbn [length RunApp.slots_used
          RunApp.slots_listed RunApp.bytes]. rewrite N.eqb_refl. cbn [require and_then].
        assert (F : fits (Build_ByteUse (bytes_used (at_ v 0) - 0) (if 0 <? 0 then 0 else 0)
                      (byte_budget cfg)) = true) by (unfold fits; cbn; apply N.leb_le; lia).
        rewrite F. cbn [require and_then lift granted x_overread x_writes forallb negb andb
          Session.decide_access]. eexists. eexists. split; [reflexivity|]. split.
        + split; [exists p; exact G|]. cbn [bytes_used with_slots]. rewrite byte_len_split, B.
          rewrite saturating_add_u64_exact by lia. lia.
        + split; cbn; auto; congruence. }
      destruct Does as [(res & Ret)|(-> & [(res & Ret)|(code_ & Ret)])]; rewrite Ret;
        cbn [execute resolve flat_map fst snd nth_error app and_then x_writes x_used];
        [|now apply Same|now apply Same].
      cbn [written_len replaced_len fold_right fst snd].
      rewrite G. rewrite !N.add_0_r. unfold RunApp.decide_commit. cbn [length].
      cbn [RunApp.slots_used RunApp.slots_listed RunApp.bytes]. rewrite N.eqb_refl.
      cbn [require and_then]. rewrite Fits by (unfold value_len in *; assumption).
      cbn [require and_then lift]. unfold granted. cbn [x_overread x_writes forallb fst negb].
      unfold row_in. rewrite G. cbn [holds fst]. rewrite Lw.
      cbn [andb Session.decide_access require and_then].
      eexists. eexists. split; [reflexivity|]. split.
      - split.
        + exists p. change (get (write_slot (slots (at_ v 0)) (1, val')) 1 =
            Some (Cell (App k val') EvictB.Tree p None None)).
          unfold write_slot. cbn [fst snd]. rewrite get_change_eq, G. reflexivity.
        + cbn [bytes_used with_slots]. rewrite byte_len_split, B.
          rewrite saturating_add_u64_exact by lia. lia.
      - split; cbn; auto; congruence. }
    destruct Run_ as (s & ran & Run_ & Slot' & Quiet').
    assert (St : step_run cfg v 0 rt (Run o by_ [1]) =
      (put (raise_floor v e) 0 s, Applied (Answered ran) None)).
    { unfold step_run, attempt. cbn [asked]. rewrite Be, Lc.
      cbn [Session.decide_right require].
      cbv zeta. rewrite Ec. cbn [epoch]. unfold RunApp.decide_floor.
      destruct (N.leb_spec (floor v) e) as [_|]; [|lia]. cbn [require and_then lift].
      rewrite Run_. reflexivity. }
    assert (R1 : ready e val' (put (raise_floor v e) 0 s)).
    { exists ce, ne. split; [|auto]. split; auto.
      - intros t Ht. rewrite at_put. unfold upd. destruct (N.eqb_spec t 0) as [->|N];
          [|exact (Q t Ht)].
        now rewrite E0, N0.
      - rewrite at_put. unfold upd. cbn [N.eqb]. exact Slot'.
      - cbn. rewrite E0. lia. }
    eauto.
  Qed.

  (** An entry of a thread that serves, once its bytes are right. *)
  Lemma ready_step e val v en : ready e val v -> check_entry en = Ok tt ->
    step cfg v 0 en = step_entry cfg v 0 en.
  Proof.
    intros (ce & ne & [Q _ _ _ _] & Z & Eq) Ce. unfold step.
    now rewrite (qu_live (Q 0 Z)), Ce.
  Qed.

  Lemma serves_fits o by_ e val val' : serves o e val val' ->
    match by_ with Embedded => true | Session id q _ => fits_number id q end = true ->
    check_entry (RunApp (Run o by_ [1])) = Ok tt.
  Proof.
    intros (Tr & Len & _) Fit. unfold check_entry, fits_run. cbn [asked asked_by].
    apply N.leb_le in Tr. rewrite Tr, Fit, Len. reflexivity.
  Qed.

  Theorem operation_applies o e val val' v : free -> ready e val v -> serves o e val val' ->
    1 < slot_count cfg ->
    exists v' ran n, step cfg v 0 (RunApp (Run o Embedded [1])) = (v', Applied (Answered ran) n) /\
      ready e val' v'.
  Proof.
    intros Fr R Sv Two. rewrite (ready_step _ R) by (eapply serves_fits; eauto).
    destruct (@run_applies None Embedded _ _ _ _ _ (conj eq_refl (conj eq_refl eq_refl)) R Sv Two)
      as (s & ran & St & R1).
    edestruct host_applies as (v2 & n & H2 & R2); [exact Fr|exact R|exact St|exact R1|].
    cbn [step_entry asked_by]. eauto.
  Qed.

  (** ** The whole life of such a host *)

  (** The empty root, and room for one record. *)
  Definition roomy : Prop :=
    root cfg = Node ROOT None None /\ 0 < thread_count cfg /\ 1 < slot_count cfg /\
    at_most KEY_LEN_MAX (key_bytes k) = true /\
    byte_len (App k None) <= byte_budget cfg /\ byte_len (App k None) <= u64_max.

  Definition bring : N * entry := (0, AddM 1 0 (App k None)).

  Lemma new_edge_is_decided view :
    AddM.slot_in_range view = true -> AddM.ancestor_in_range view = true ->
    AddM.ancestor_occupied view = true -> AddM.slot_empty view = true ->
    is_below (AddM.path view) (AddM.ancestor_path view) = true -> AddM.pointer view = None ->
    AddM.child view = None -> AddM.value_is_initial view = true -> fits (AddM.bytes view) = true ->
    AddM.decide_add_m view = Ok AddM.NewEdge.
  Proof.
    intros H1 H2 H3 H4 H5 H6 H7 H8 H9.
    unfold AddM.decide_add_m, AddM.decide_edge, AddM.decide_new_edge.
    now rewrite H1, H2, H3, H4, H5, H6, H7, H8, H9.
  Qed.

  Theorem bring_applies : roomy -> exists v ev,
    step cfg initial 0 (AddM 1 0 (App k None)) = (v, Applied ev None) /\ ready 0 None v.
  Proof.
    intros (Root & Threads & Two & Len & Bud & Max).
    assert (At : forall t, at_ initial t = start cfg t).
    { intro t. unfold thread_at. cbn. now rewrite get_empty. }
    unfold step. rewrite At. cbn [start rejection check_entry check_record require and_then
      step_entry].
    rewrite Len. cbn [require and_then step_entry]. unfold settle, step_memory. rewrite At.
    assert (G0 : get (slots (start cfg 0)) 0 = Some (Cell (root cfg) EvictB.Tree None None None))
      by (cbn [start slots N.eqb]; apply get_set_eq).
    assert (G1 : get (slots (start cfg 0)) 1 = None).
    { cbn [start slots N.eqb]. rewrite get_set_neq by discriminate. apply get_empty. }
    assert (Side : exists d rest, leaf k = d :: rest).
    { pose proof (leaf_length k) as L. pose proof path_bits_positive.
      destruct (leaf k) as [|d rest]; [cbn in L; lia|eauto]. }
    destruct Side as (d & rest & Leaf).
    assert (Add : exists d, add_m cfg (start cfg 0) 1 0 (App k None) =
      Ok (with_slots (start cfg 0)
            (slots_after_add_m (slots (start cfg 0)) 1 0 d (App k None) AddM.NewEdge)
            (bytes_with (start cfg 0) (App k None)), AddedTree (App k None) false)).
    { unfold add_m. rewrite G0, G1, Root, new_edge_is_decided; try reflexivity.
      - eexists. reflexivity.
      - now apply N.ltb_lt.
      - apply N.ltb_lt. cbn. lia.
      - cbn [AddM.path AddM.ancestor_path ancestor_path c_record path_of]. unfold is_below.
        apply andb_true_iff. split.
        + apply PeanoNat.Nat.ltb_lt. exact path_bits_positive.
        + now rewrite Leaf.
      - cbn [AddM.pointer]. unfold pointer_above. cbn [c_record pointer_of].
        now destruct (side _ _).
      - cbn [AddM.child]. unfold child_above. now destruct (side _ _).
      - cbn [AddM.bytes]. unfold fits, byte_use. cbn [used added budget bytes_used start].
        rewrite N.sub_0_r. now apply N.leb_le. }
    destruct Add as (dir & ->).
    eexists. eexists. split; [reflexivity|].
    assert (Zero : In 0 ids) by (apply in_ids; unfold is_thread; now apply N.ltb_lt).
    exists (fun _ => 0), (fun _ => 0). split; [|split; auto]. split; auto; [| |cbn; lia].
    - intros t Ht. rewrite at_put. unfold upd. destruct (N.eqb_spec t 0) as [->|N].
      + split; cbn; auto. now intros [|].
      + rewrite At. split; cbn; auto. now intros [|].
    - rewrite at_put. unfold upd. cbn [N.eqb]. split.
      + exists (Some (0, dir)). unfold slots_after_add_m. cbn [slots with_slots].
        rewrite get_change_neq by discriminate. rewrite get_set_eq. reflexivity.
      + cbn [bytes_used with_slots]. unfold bytes_with. cbn [bytes_used start].
        rewrite saturating_add_u64_exact by lia. lia.
  Qed.

  Inductive act := Ask (o : operation) | Turn.
  Definition entries (a : act) : list (N * entry) :=
    match a with Ask o => [(0, RunApp (Run o Embedded [1]))] | Turn => turn end.
  Definition turns (l : list act) : N :=
    N.of_nat (length (filter (fun a => match a with Turn => true | Ask _ => false end) l)).

  (** Operations that ask for the record alone, within the bounds of the machine. *)
  Inductive simple : N -> value -> list act -> Prop :=
  | simple_nil e val : simple e val []
  | simple_ask e val val' o l : serves o e val val' -> simple e val' l -> simple e val (Ask o :: l)
  | simple_turn e val l : e + 1 <= u32_max -> simple (e + 1) val l -> simple e val (Turn :: l).

  Lemma simple_applies l : free -> forall e val v, ready e val v -> simple e val l ->
    1 < slot_count cfg ->
    exists v' rs, run_all cfg v (flat_map entries l) = (v', rs) /\ all_applied rs /\
      certified v' = e + turns l.
  Proof.
    unfold turns. intro Fr. induction l as [|a l IH]; intros e val v R Si Two;
      inversion Si as [|? ? ? ? ? Sv Rest|? ? ? Max Rest]; subst; cbn [flat_map entries].
    - exists v, []. split; [reflexivity|]. split; [constructor|].
      destruct R as (ce & ne & [_ _ Ce _ _] & _). cbn. lia.
    - destruct (operation_applies Fr R Sv Two) as (v1 & r & n & St & R1).
      destruct (IH _ _ _ R1 Rest Two) as (v2 & rs & Run_ & Ap & Ce).
      exists v2, ((0, Applied (Answered r) n) :: rs). split; [|split; [constructor; cbn;
        eauto|assumption]].
      destruct R as (ce & ne & _ & Z & _). apply in_ids in Z. cbn [app run_all].
      now rewrite Z, St, Run_.
    - destruct (turn_applies R Max) as (v1 & rs1 & Run1 & Ap1 & R1).
      destruct (IH _ _ _ R1 Rest Two) as (v2 & rs & Run_ & Ap & Ce).
      exists v2, (rs1 ++ rs). split; [eapply run_all_app; eauto|]. split; [apply Forall_app; auto|].
      rewrite Ce. cbn [filter length]. lia.
  Qed.

  (** From the first entry on, all are applied, and every epoch that was turned is certified. *)
  Theorem honest_host_is_never_refused l : free -> roomy -> simple 0 None l ->
    exists v rs, run_all cfg initial (bring :: flat_map entries l) = (v, rs) /\ all_applied rs /\
      forall e, e < turns l -> outcome_at cfg v e = Certified.
  Proof.
    intros Fr Ro Si. destruct (bring_applies Ro) as (v1 & ev & St & R1).
    destruct Ro as (_ & Th & Two & _).
    destruct (simple_applies Fr R1 Si Two) as (v2 & rs & Run_ & Ap & Ce).
    exists v2, ((0, Applied ev None) :: rs). split; [|split].
    - unfold bring. cbn [run_all]. unfold is_thread. destruct (N.ltb_spec 0 (thread_count cfg));
        [|lia].
      now rewrite St, Run_.
    - constructor; cbn; eauto.
    - intros e He. unfold outcome_at. destruct (N.ltb_spec e (certified v2)); [reflexivity|lia].
  Qed.
End Honest.
