(** What every step of a thread keeps: the order of its clock, its elements, the epochs that it has
    closed. What each entry does is in [Entries]. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Export Thm.Entries.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Import Spec.Table Spec.Entry Spec.Application Spec.Access Spec.Thread.
From zeta Require Import Thm.Path Thm.Machine Thm.Tree Thm.Slots Thm.Coherent.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section Step.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Notation thread_step := (thread_step cfg).

  Theorem step_clock t s ev s' : thread_step t s ev s' -> le (clock s) (clock s').
  Proof.
    destruct 1 as [n a r s' ev H|n evictor m s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H].
    - apply add_m_facts in H as (-> & _). apply le_refl.
    - now apply add_b_facts in H as (_ & Le & _).
    - apply evict_m_facts in H as (-> & _). apply le_refl.
    - apply evict_b_facts in H as (m & _ & _ & _ & -> & Lt & _). now apply lt_le.
    - apply evict_bm_facts in H as (m & _ & _ & _ & -> & Lt & _). now apply lt_le.
    - now apply next_epoch_facts in H as (_ & Le & _).
    - apply verify_epoch_facts in H as (_ & -> & _). apply le_refl.
    - apply run_app_facts in H as (-> & _). apply le_refl.
  Qed.

  (** What an element is added to and evicted from, as the thread remembers it. *)
  Theorem step_elements t s ev s' : thread_step t s ev s' ->
    added s' = option_list (took ev) ++ added s /\
    Thread.evicted s' = option_list (gave ev) ++ Thread.evicted s.
  Proof.
    destruct 1 as [n a r s' ev H|n evictor m s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H].
    - apply add_m_facts in H as (_ & -> & -> & named & -> & _). auto.
    - apply add_b_facts in H as (-> & _ & _ & -> & -> & _). auto.
    - apply evict_m_facts in H as (_ & -> & -> & r & ra & d & x & -> & _). auto.
    - apply evict_b_facts in H as (m & -> & _ & _ & _ & _ & -> & -> & _). auto.
    - apply evict_bm_facts in H as (m & -> & _ & _ & _ & _ & -> & -> & _). auto.
    - apply next_epoch_facts in H as (-> & _ & -> & -> & _). auto.
    - apply verify_epoch_facts in H as (-> & _ & -> & -> & _). auto.
    - apply run_app_facts in H as (_ & -> & -> & x & -> & _). auto.
  Qed.

  (** What holds of every thread: of its clocks, and of the epochs that it has closed, whose sums
      stay what they were. *)
  Record sound_thread (s : thread) : Prop := {
    st_width : epoch (clock s) <= u32_max;
    st_counter : counter (clock s) <= u32_max;
    st_published : le (published s) (clock s);
    st_passed : next_epoch s <= epoch (clock s);
    st_length : length (closed s) = N.to_nat (next_epoch s);
    st_frozen : forall e d, e < next_epoch s -> nth (N.to_nat e) (closed s) d = sums_of e s
  }.

  Lemma start_sound t : sound_thread (start cfg t).
  Proof. split; cbn; try (unfold u32_max; lia); try reflexivity. apply le_refl. Qed.

  Definition same_closed (s s' : thread) : Prop :=
    forall e, e < next_epoch s ->
      filter (in_epoch e) (added s') = filter (in_epoch e) (added s) /\
      filter (in_epoch e) (Thread.evicted s') = filter (in_epoch e) (Thread.evicted s).

  Lemma sums_of_same e s s' :
    filter (in_epoch e) (added s') = filter (in_epoch e) (added s) ->
    filter (in_epoch e) (Thread.evicted s') = filter (in_epoch e) (Thread.evicted s) ->
    sums_of e s' = sums_of e s.
  Proof. unfold sums_of, count_in. now intros -> ->. Qed.

  Lemma filter_later e m l : e < element_epoch m ->
    filter (in_epoch e) (m :: l) = filter (in_epoch e) l.
  Proof.
    intro Lt. cbn. unfold in_epoch at 1. destruct (N.eqb_spec (element_epoch m) e);
      [lia|reflexivity].
  Qed.

  (** A step adds and evicts nothing of an epoch that the thread has closed. *)
  Theorem step_same_closed t s ev s' : sound_thread s -> thread_step t s ev s' -> same_closed s s'.
  Proof.
    intros S St e He. pose proof (step_elements St) as [-> ->]. pose proof (st_passed S) as Pa.
    destruct St as [n a r s' ev H|n evictor m s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H].
    - apply add_m_facts in H as (_ & _ & _ & named & -> & _). auto.
    - apply add_b_facts in H as (-> & _ & _ & _ & _ & _ & Op & _). cbn [took gave option_list app].
      rewrite filter_later by lia. auto.
    - apply evict_m_facts in H as (_ & _ & _ & r & ra & d & x & -> & _). auto.
    - apply evict_b_facts in H as (m & -> & Et & _ & _ & Lt & _). cbn [took gave option_list app].
      rewrite (@filter_later e m); [auto|]. unfold element_epoch. rewrite Et. order.
    - apply evict_bm_facts in H as (m & -> & Et & _ & _ & Lt & _). cbn [took gave option_list app].
      rewrite (@filter_later e m); [auto|]. unfold element_epoch. rewrite Et. order.
    - apply next_epoch_facts in H as (-> & _). auto.
    - apply verify_epoch_facts in H as (-> & _). auto.
    - apply run_app_facts in H as (_ & _ & _ & x & -> & _). auto.
  Qed.

  (** What a step does to the clocks and to the closed epochs. *)
  Lemma step_lane t s ev s' : thread_step t s ev s' ->
    (published s' = published s \/ published s' = clock s') /\
    (in_width (clock s) -> in_width (clock s')) /\
    (next_epoch s' = next_epoch s /\ closed s' = closed s \/
     next_epoch s < epoch (clock s) /\ clock s' = clock s /\
     next_epoch s' = saturating_add_u32 (next_epoch s) 1 /\
     closed s' = closed s ++ [sums_of (next_epoch s) s]).
  Proof.
    intro St. pose proof St as St'.
    destruct St as [n a r s' ev H|n evictor m s' ev W H|n a s' ev H|n tm s' ev W H|n a tm s' ev W H
                  |s' ev H|room s' ev H|rt o call s' ev _ H].
    - unfold add_m in H. destruct (AddM.decide_add_m _); [|discriminate]. injection H as <- <-.
      cbn. auto.
    - unfold add_b in H. destruct (AddB.decide_add_b _) as [u|] eqn:Dec; [|discriminate].
      injection H as <- <-. cbn. split; [auto|]. split; [|auto]. intro Wc.
      unfold AddB.decide_add_b in Dec. cbn -[later] in Dec. passed Dec.
      destruct (next_count _); [|discriminate]. cbn [and_then] in Dec. passed Dec.
      injection Dec as <-. cbn [AddB.clock'].
      edestruct later_either as [-> | ->]; [assumption|]. destruct W as [We _].
      split; [exact We|]. unfold after, saturating_add_u32. cbn [counter]. lia.
    - unfold evict_m in H. destruct (EvictM.decide_evict_m _); [|discriminate].
      injection H as <- <-. cbn. auto.
    - unfold evict_b in H. destruct (EvictB.decide_evict_b _); [|discriminate].
      injection H as <- <-. cbn. auto.
    - unfold evict_bm in H. destruct (EvictBM.decide_evict_bm _); [|discriminate].
      injection H as <- <-. cbn. auto.
    - unfold next_epoch_entry, Epoch.decide_next_epoch in H. passed H. injection H as <- <-. cbn.
      split; [auto|]. split; [|auto]. intros _. unfold in_width, next, saturating_add_u32.
      cbn [epoch counter]. lia.
    - unfold verify_epoch, Epoch.decide_verify_epoch in H. cbn in H. passed H. injection H as <- <-.
      cbn. split; [auto|]. split; [auto|]. right. apply N.ltb_lt in Check. auto.
    - pose proof (run_app_lane _ _ _ _ _ H) as (-> & -> & ->).
      apply run_app_facts in H as (-> & _). auto.
  Qed.

  Lemma step_verified t s ev s' : thread_step t s ev s' -> closed s' <> closed s ->
    took ev = None /\ gave ev = None.
  Proof.
    destruct 1 as [n a r s' ev H|n evictor m s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H]; intro Ne.
    - apply add_m_facts in H as (_ & _ & _ & named & -> & _). auto.
    - exfalso. apply Ne. unfold add_b in H. destruct (AddB.decide_add_b _); [|discriminate].
      now injection H as <- <-.
    - apply evict_m_facts in H as (_ & _ & _ & r & ra & d & x & -> & _). auto.
    - exfalso. apply Ne. unfold evict_b in H. destruct (EvictB.decide_evict_b _); [|discriminate].
      now injection H as <- <-.
    - exfalso. apply Ne. unfold evict_bm in H. destruct (EvictBM.decide_evict_bm _);
        [|discriminate].
      now injection H as <- <-.
    - apply next_epoch_facts in H as (-> & _). auto.
    - apply verify_epoch_facts in H as (-> & _). auto.
    - apply run_app_facts in H as (_ & _ & _ & x & -> & _). auto.
  Qed.

  Theorem step_sound t s ev s' : sound_thread s -> thread_step t s ev s' -> sound_thread s'.
  Proof.
    intros S St. pose proof (step_same_closed S St) as Same. pose proof (step_clock St) as Mono.
    pose proof (le_epoch Mono) as Mono'.
    destruct (step_lane St) as (Pub & Wid & Lane). destruct S as [W Wc Pu Pa Len Fr].
    destruct (Wid (conj W Wc)) as [W' Wc']. split; auto.
    - destruct Pub as [-> | ->]; [eapply le_trans; eauto|apply le_refl].
    - destruct Lane as [[-> _]|(Lt & -> & -> & _)]; [lia|]. unfold saturating_add_u32. lia.
    - destruct Lane as [[-> ->]|(Lt & _ & -> & ->)]; [assumption|].
      rewrite saturating_add_u32_exact by lia. rewrite app_length, Len. cbn. lia.
    - intros e d He. destruct Lane as [[En ->]|(Lt & _ & En & Cl)]; rewrite En in He.
      + destruct (Same e He) as [Sa Sg]. rewrite (sums_of_same _ _ _ Sa Sg). auto.
      + rewrite saturating_add_u32_exact in He by lia.
        assert (SumsEq : sums_of e s' = sums_of e s).
        { destruct (step_elements St) as [Ea Eg]. unfold sums_of, count_in.
          destruct (step_verified St) as [T G]; [|now rewrite Ea, Eg, T, G].
          intro E. rewrite E in Cl. apply (f_equal (@length _)) in Cl. rewrite app_length in Cl.
          cbn in Cl. lia. }
        rewrite SumsEq, Cl. destruct (N.eq_dec e (next_epoch s)) as [->|N].
        * rewrite app_nth2 by lia. rewrite Len, PeanoNat.Nat.sub_diag. reflexivity.
        * rewrite app_nth1 by lia. apply Fr. lia.
  Qed.

  Theorem step_took t s ev s' m : thread_step t s ev s' -> took ev = Some m ->
    lt (e_time m) (clock s').
  Proof.
    destruct 1 as [n a r s' ev H|n evictor m' s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H]; intro T.
    - apply add_m_facts in H as (_ & _ & _ & named & -> & _). discriminate.
    - apply add_b_facts in H as (-> & _ & Lt & _). now injection T as <-.
    - apply evict_m_facts in H as (_ & _ & _ & r & ra & d & x & -> & _). discriminate.
    - apply evict_b_facts in H as (m' & -> & _). discriminate.
    - apply evict_bm_facts in H as (m' & -> & _). discriminate.
    - apply next_epoch_facts in H as (-> & _). discriminate.
    - apply verify_epoch_facts in H as (-> & _). discriminate.
    - apply run_app_facts in H as (_ & _ & _ & x & -> & _). discriminate.
  Qed.

  Theorem step_gave t s ev s' m : thread_step t s ev s' -> gave ev = Some m ->
    e_time m = clock s' /\ lt (clock s) (e_time m) /\ e_thread m = t.
  Proof.
    destruct 1 as [n a r s' ev H|n evictor m' s' ev _ H|n a s' ev H|n tm s' ev _ H|n a tm s' ev _ H
                  |s' ev H|room s' ev H|rt o call s' ev _ H]; intro G.
    - apply add_m_facts in H as (_ & _ & _ & named & -> & _). discriminate.
    - apply add_b_facts in H as (-> & _). discriminate.
    - apply evict_m_facts in H as (_ & _ & _ & r & ra & d & x & -> & _). discriminate.
    - apply evict_b_facts in H as (m' & -> & <- & <- & -> & Lt & _). now injection G as <-.
    - apply evict_bm_facts in H as (m' & -> & <- & <- & -> & Lt & _). now injection G as <-.
    - apply next_epoch_facts in H as (-> & _). discriminate.
    - apply verify_epoch_facts in H as (-> & _). discriminate.
    - apply run_app_facts in H as (_ & _ & _ & x & -> & _). discriminate.
  Qed.
End Step.
