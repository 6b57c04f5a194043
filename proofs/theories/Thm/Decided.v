(** An epoch that all threads have closed is decided: nobody needs to ask for it. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Table Spec.Entry.
From zeta Require Import Spec.Application Spec.SessionTable Spec.Thread Spec.Service.
From zeta Require Import Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Step Thm.History.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section Decided.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Notation ids := (ids cfg).
  Notation at_ := (thread_at cfg).

  (** Some thread has not closed the first epoch that is not certified; or all is over. *)
  Definition decided (v : verifier) : Prop :=
    mismatch v = true \/ exists t, In t ids /\ next_epoch (at_ v t) <= certified v.

  Lemma decided_same v v' : decided v -> mismatch v' = mismatch v -> certified v' = certified v ->
    (forall t, next_epoch (at_ v' t) = next_epoch (at_ v t)) -> decided v'.
  Proof.
    intros [M|(t & Ht & Le)] Em Ec En; [left; congruence|]. right. exists t. split; [assumption|].
    now rewrite En, Ec.
  Qed.

  Lemma next_put v t s u : next_epoch s = next_epoch (at_ v t) ->
    next_epoch (at_ (put v t s) u) = next_epoch (at_ v u).
  Proof.
    intro E. rewrite thread_at_put. unfold upd. now destruct (N.eqb_spec u t) as [->|].
  Qed.

  (** Only VerifyEpoch closes an epoch: the next one. *)
  Lemma step_next t s ev s' : thread_step cfg t s ev s' -> epoch (clock s) <= u32_max ->
    (ev = Verified (next_epoch s) /\ next_epoch s' = next_epoch s + 1) \/
    ((forall e, ev <> Verified e) /\ next_epoch s' = next_epoch s).
  Proof.
    destruct 1 as [n a r s' ev H|n evictor m s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H]; intro W.
    - right. unfold add_m in H. destruct (AddM.decide_add_m _); [|discriminate].
      injection H as <- <-. now split.
    - right. unfold add_b in H. destruct (AddB.decide_add_b _); [|discriminate].
      injection H as <- <-. now split.
    - right. unfold evict_m in H. destruct (EvictM.decide_evict_m _); [|discriminate].
      injection H as <- <-. now split.
    - right. unfold evict_b in H. destruct (EvictB.decide_evict_b _); [|discriminate].
      injection H as <- <-. now split.
    - right. unfold evict_bm in H. destruct (EvictBM.decide_evict_bm _); [|discriminate].
      injection H as <- <-. now split.
    - right. unfold next_epoch_entry in H. destruct (Epoch.decide_next_epoch _); [|discriminate].
      injection H as <- <-. now split.
    - left. unfold verify_epoch, Epoch.decide_verify_epoch in H. cbn in H. passed H.
      injection H as <- <-. split; [reflexivity|]. cbn. apply N.ltb_lt in Check. unfold next.
      rewrite saturating_add_u32_exact by lia. reflexivity.
    - right. pose proof (run_app_lane _ _ _ _ _ H) as (_ & -> & _).
      apply run_app_facts in H as (_ & _ & _ & x & -> & _). now split.
  Qed.

  Lemma decided_certify v H t s : tracks cfg v H -> In t ids -> rejection (at_ v t) = None ->
    thread_step cfg t (now (start cfg) H t) (Verified (next_epoch (at_ v t))) s ->
    decided v -> decided (certify cfg (sealing cfg (put v t s) t (next_epoch (at_ v t)))).
  Proof.
    intros T Ht Live St D. pose proof (live_thread t T Live) as Lv.
    pose proof (tr_sound T t) as So. pose proof (certified_closed t T Ht) as Cc.
    assert (Next : next_epoch s <= next_epoch (at_ v t) + 1).
    { rewrite Lv. destruct (step_lane St) as (_ & _ & [[-> _]|(_ & _ & -> & _)]); [lia|].
      unfold next, saturating_add_u32. lia. }
    set (w := sealing cfg (put v t s) t (next_epoch (at_ v t))).
    assert (Wc : certified w = certified v) by (unfold w; now rewrite sealing_certified).
    assert (Wm : mismatch w = mismatch v) by (unfold w, sealing; now destruct (serving_of cfg)).
    assert (Wt : forall u, at_ w u = at_ (put v t s) u) by
      (intro u; unfold w, sealing; now destruct (serving_of cfg)).
    unfold certify. rewrite Wc, Wm.
    destruct (mismatch v) eqn:M; [left; now rewrite Wm|].
    destruct (forallb _ ids) eqn:All.
    - destruct (balance _); [|now left]. right. destruct D as [D|(u & Hu & Le)]; [congruence|].
      exists t. split; [assumption|].
      change (next_epoch (at_ w t) <= certified v + 1).
      rewrite forallb_forall in All. pose proof (All u Hu) as Lt. apply N.ltb_lt in Lt.
      rewrite Wt, thread_at_put in *. rewrite upd_eq. unfold upd in Lt.
      destruct (N.eqb_spec u t) as [->|N]; lia.
    - right. assert (Ex : exists u, In u ids /\ (certified v <? next_epoch (at_ w u)) = false).
      { clear - All. induction ids as [|u l IH]; [discriminate|]. cbn in All.
        destruct (certified v <? next_epoch (at_ w u)) eqn:E.
        - destruct (IH All) as (x & Hx & Ex). exists x. split; [now right|assumption].
        - exists u. split; [now left|assumption]. }
      destruct Ex as (u & Hu & E). exists u. split; [assumption|]. rewrite Wc.
      now apply N.ltb_ge in E.
  Qed.

  Lemma decided_stop v t stop v' r : settle cfg v t (Err stop) = (v', r) -> decided v -> decided v'.
  Proof.
    intros E D. destruct stop as [r0|n]; injection E as <- <-; [|assumption].
    eapply decided_same; [exact D|reflexivity|reflexivity|]. intro u. now apply next_put.
  Qed.

  Lemma decided_halt v t halt v' r : settle_verdict cfg v t (Err halt) = (v', r) ->
    decided v -> decided v'.
  Proof.
    destruct halt as [r0|stop]; [|apply decided_stop]. intros E D. cbn in E.
    now injection E as <- <-.
  Qed.

  (** Sessions and receipts decide nothing. *)
  Lemma decided_desk v s : decided v -> decided (with_desk v s).
  Proof. intro D. eapply decided_same; [exact D|reflexivity|reflexivity|reflexivity]. Qed.

  Lemma decided_memory v H t e v' r : tracks cfg v H -> In t ids -> rejection (at_ v t) = None ->
    check_entry e = Ok tt -> settle cfg v t (step_memory cfg v t e) = (v', r) ->
    decided v -> decided v'.
  Proof.
    intros T Ht Live Ce E D. unfold settle in E.
    destruct (step_memory cfg v t e) as [[s ev]|stop] eqn:M;
      [|eapply decided_stop; [exact E|exact D]].
    edestruct step_memory_step as (St & _ & _); [exact T|exact Live|exact Ce|exact M|].
    injection E as <- <-. pose proof (live_thread t T Live) as Lv.
    pose proof (st_width (tr_sound T t)) as W.
    destruct (step_next St W) as [[-> _]|[NoV Same]].
    - rewrite <- Lv. rewrite <- Lv in St. eapply decided_certify; eauto. rewrite <- Lv. exact St.
    - assert (Dp : decided (put v t s)).
      { eapply decided_same; [exact D|reflexivity|reflexivity|]. intro u. apply next_put.
        congruence. }
      destruct ev; auto. now destruct (NoV e0).
  Qed.

  Lemma decided_run v t rt o v' r : step_run cfg v t rt o = (v', r) -> decided v -> decided v'.
  Proof.
    intros E D. unfold step_run, attempt in E.
    destruct (begin_call (asked o)) as [code|call]; [eapply decided_halt; eassumption|].
    destruct (Session.decide_right _); [|eapply decided_halt; eassumption].
    set (now_ := epoch (clock (at_ v t))) in *.
    assert (Raised : decided (raise_floor v now_)).
    { eapply decided_same; [exact D|reflexivity|reflexivity|reflexivity]. }
    destruct (and_then _ _) as [[s ev]|halt] eqn:R; [|eapply decided_halt; eassumption].
    destruct (lift _) in R; [|discriminate]. cbn [and_then] in R.
    assert (Next : next_epoch s = next_epoch (at_ v t)) by
      now apply run_app_lane in R as (_ & -> & _).
    apply run_app_facts in R as (_ & _ & _ & x & -> & _). injection E as <- <-.
    eapply decided_same; [exact Raised|reflexivity|reflexivity|]. intro u. now apply next_put.
  Qed.

  Lemma decided_step v H t e v' r : tracks cfg v H -> In t ids -> step cfg v t e = (v', r) ->
    decided v -> decided v'.
  Proof.
    intros T Ht E D. unfold step in E.
    destruct (rejection (at_ v t)) as [r0|] eqn:Live; [injection E as <- <-; assumption|].
    destruct (check_entry e) as [[]|stop] eqn:Ce; [|eapply decided_stop; eassumption].
    destruct e as [n a q|n j tm q|n a|n tm|n a tm| | |o|g|i|i g|i q c]; cbn [step_entry] in E;
      try (eapply decided_memory; eassumption).
    - destruct (asked_by o) as [|i q c].
      + unfold step_host in E.
        destruct (serving_of cfg) as [sv|]; [|eapply decided_run; eassumption].
        destruct (_ && _); [eapply decided_run; eassumption|].
        destruct (Session.decide_embedded _ _); [|eapply decided_halt; eassumption].
        destruct (step_run cfg v t None o) as [v1 r1] eqn:R.
        assert (D1 : decided v1) by (eapply decided_run; eassumption).
        destruct (ruling_of r1); injection E as <- <-; auto using decided_desk.
      + destruct (serving_of cfg) as [sv|]; [|injection E as <- <-; assumption].
        unfold step_client in E. destruct (Session.decide_request _) as [u|[f|stop]].
        * destruct (found_in _ _ _ _) as [| |x]; try (injection E as <- <-; assumption).
          destruct (step_run cfg v t (Some (s_client x)) o) as [v1 r1] eqn:R.
          assert (D1 : decided v1) by (eapply decided_run; eassumption).
          destruct (ruling_of r1); injection E as <- <-; auto using decided_desk.
        * destruct (found_in _ _ _ _) as [| |x]; injection E as <- <-; assumption.
        * eapply decided_halt; eassumption.
    - destruct (serving_of cfg) as [sv|]; [|injection E as <- <-; assumption]. cbn in E.
      destruct (open _ _ _ _ _ _ _) as [[s m]|halt]; [|eapply decided_halt; eassumption].
      injection E as <- <-. now apply decided_desk.
    - destruct (serving_of cfg) as [sv|]; [|injection E as <- <-; assumption]. cbn in E.
      destruct (revoke _ _ _ _) as [[s m]|halt]; [|eapply decided_halt; eassumption].
      injection E as <- <-. now apply decided_desk.
    - destruct (serving_of cfg) as [sv|]; [|injection E as <- <-; assumption]. cbn in E.
      destruct (open _ _ _ _ _ _ _) as [[s m]|halt]; [|eapply decided_halt; eassumption].
      injection E as <- <-. now apply decided_desk.
    - destruct (serving_of cfg) as [sv|]; [|injection E as <- <-; assumption]. cbn in E.
      destruct (question _ _ _ _ _ _) as [[s m]|halt]; [|eapply decided_halt; eassumption].
      injection E as <- <-. now apply decided_desk.
  Qed.

  Lemma decided_all l : forall v H v' rs, tracks cfg v H -> decided v ->
    run_all cfg v l = (v', rs) -> decided v'.
  Proof.
    induction l as [|[t e] l IH]; cbn; intros v H v' rs T D E; [now injection E as <- <-|].
    destruct (is_thread cfg t) eqn:It; [|eauto].
    destruct (step cfg v t e) as [v1 r] eqn:St. destruct (run_all cfg v1 l) as [v2 rs2] eqn:Rest.
    injection E as <- <-. apply in_ids in It.
    edestruct tracks_entry as (H1 & T1 & _); [exact T|exact It|exact St|].
    eapply IH; [exact T1| |exact Rest].
    eapply decided_step; [exact T|exact It|exact St|exact D].
  Qed.

  (** An epoch that every thread has closed is certified, or it or one before it is a mismatch. *)
  Theorem closed_epoch_is_decided submitted v rs e :
    0 < thread_count cfg -> run_all cfg initial submitted = (v, rs) ->
    (forall t, In t ids -> e < next_epoch (at_ v t)) ->
    outcome_at cfg v e = Certified \/ exists first, outcome_at cfg v e = Mismatch first /\
      first <= e.
  Proof.
    intros Pos Run Closed. unfold outcome_at.
    destruct (N.ltb_spec e (certified v)) as [_|Le]; [now left|]. right.
    assert (D : decided v).
    { eapply decided_all; [apply tracks_initial| |exact Run]. right. exists 0. split.
      - apply in_ids. unfold is_thread. now apply N.ltb_lt.
      - apply N.le_refl. }
    destruct D as [->|(t & Ht & Lt)]; [eauto|]. specialize (Closed t Ht). lia.
  Qed.
End Decided.
