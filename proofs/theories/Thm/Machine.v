(** Real time for free: the order in which threads processed their entries is a sequential run.

    Threads work on one trace. What a thread reads of another is its published clock, in one place:
    an element is taken only if its timestamp is not ahead of the clock of the thread that is said
    to have given it away. Nothing here knows slots, values or trees: what a thread is and what its
    steps do is a parameter.

    [certified_induction]: in a certified trace, whatever holds at the start and is kept by every
    step, given that an element is taken only after it was given away, and not twice, holds after
    the steps of the certified epochs, in the order in which they were processed.

    The argument: clocks never go back, and giving an element away moves the clock strictly, to the
    element's own timestamp. So when a take has passed the check, its eviction has happened, or
    never will, and then the multisets differ. Nothing is sorted. *)
From Coq Require Import NArith List Lia Permutation Sorted Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** ** Lists *)

Lemma perm_filter A (p : A -> bool) l1 l2 :
  Permutation l1 l2 -> Permutation (filter p l1) (filter p l2).
Proof.
  induction 1; cbn; auto.
  - destruct (p x); auto.
  - destruct (p x), (p y); auto. constructor.
  - eapply Permutation_trans; eauto.
Qed.

Lemma NoDup_app_r A (l1 l2 : list A) : NoDup (l1 ++ l2) -> NoDup l2.
Proof. induction l1; cbn; auto. inversion 1; auto. Qed.

Lemma StronglySorted_app_r A (R : A -> A -> Prop) l1 l2 :
  StronglySorted R (l1 ++ l2) -> StronglySorted R l2.
Proof. induction l1; cbn; auto. inversion 1; auto. Qed.

Lemma filter_split A (p : A -> bool) l l1 x l2 : filter p l = l1 ++ x :: l2 ->
  exists k1 k2, l = k1 ++ x :: k2 /\ filter p k2 = l2.
Proof.
  revert l1. induction l as [|y l IH]; intros l1 E; [now destruct l1|]. cbn in E.
  destruct (p y); [destruct l1 as [|z l1]; cbn in E; injection E as -> E|].
  - exists [], l. auto.
  - destruct (IH _ E) as (k1 & k2 & -> & E2). now eexists (_ :: k1), k2.
  - destruct (IH _ E) as (k1 & k2 & -> & E2). now eexists (_ :: k1), k2.
Qed.

(** ** Maps from numbers *)

Definition upd {A} (f : N -> A) (t : N) (a : A) : N -> A := fun u => if u =? t then a else f u.

Lemma upd_eq A (f : N -> A) t a : upd f t a t = a.
Proof. unfold upd. now rewrite N.eqb_refl. Qed.

Lemma upd_neq A (f : N -> A) t a u : u <> t -> upd f t a u = f u.
Proof. intro H. unfold upd. apply N.eqb_neq in H. now rewrite H. Qed.

(** ** Time *)

Ltac order := unfold lt, le in *; lia.

Lemma lt_irrefl a : ~ lt a a. Proof. order. Qed.
Lemma le_refl a : le a a. Proof. order. Qed.
Lemma le_trans a b c : le a b -> le b c -> le a c. Proof. order. Qed.
Lemma le_lt_trans a b c : le a b -> lt b c -> lt a c. Proof. order. Qed.
Lemma lt_le a b : lt a b -> le a b. Proof. order. Qed.
Lemma lt_le_absurd a b : lt a b -> le b a -> False. Proof. order. Qed.
Lemma le_epoch a b : le a b -> epoch a <= epoch b. Proof. order. Qed.

Definition option_list {A} (o : option A) : list A := match o with Some a => [a] | None => [] end.

Section Machine.
  Variables thread event : Type.
  Variable clock : thread -> Timestamp.
  (** The element that an event took from deferred state, or gave to it, if any. *)
  Variables took gave : event -> option element.
  (** [step t s ev s']: thread [t] goes from [s] to [s'] by the event [ev]. *)
  Variable step : N -> thread -> event -> thread -> Prop.
  Variable start : N -> thread.
  Variable clock_mono : forall t s ev s', step t s ev s' -> le (clock s) (clock s').
  Variable took_past : forall t s ev s' m,
    step t s ev s' -> took ev = Some m -> lt (e_time m) (clock s').
  Variable gave_now : forall t s ev s' m, step t s ev s' -> gave ev = Some m ->
    e_time m = clock s' /\ lt (clock s) (e_time m) /\ e_thread m = t.
  Variable one_way : forall ev m, took ev = Some m -> gave ev = None.

  (** The history of all threads, newest item first, is their state. *)
  Record item := Item { i_tid : N; i_event : event; i_post : thread }.

  Fixpoint now (H : list item) : N -> thread :=
    match H with
    | [] => start
    | x :: H => upd (now H) (i_tid x) (i_post x)
    end.

  Definition takes (H : list item) : list element :=
    flat_map (fun x => option_list (took (i_event x))) H.
  Definition gives (H : list item) : list element :=
    flat_map (fun x => option_list (gave (i_event x))) H.

  (** Every item is a step of its thread, and the takes of epochs below [e] passed the check. *)
  Inductive history (e : N) : list item -> Prop :=
  | history_nil : history e []
  | history_cons H t ev s :
      history e H -> step t (now H t) ev s ->
      (forall m, took ev = Some m -> element_epoch m < e ->
                 e_thread m = t \/ le (e_time m) (clock (now H (e_thread m)))) ->
      history e (Item t ev s :: H).

  (** The multisets of every epoch up to [E] agree. *)
  Definition agree (E : N) (H : list item) : Prop := forall e, e <= E ->
    Permutation (filter (in_epoch e) (takes H)) (filter (in_epoch e) (gives H)).

  (** An item belongs to the epoch of its thread's clock after it. *)
  Definition within (E : N) (x : item) : bool := epoch (clock (i_post x)) <=? E.

  Lemma takes_app H1 H2 : takes (H1 ++ H2) = takes H1 ++ takes H2.
  Proof. apply flat_map_app. Qed.
  Lemma gives_app H1 H2 : gives (H1 ++ H2) = gives H1 ++ gives H2.
  Proof. apply flat_map_app. Qed.

  Lemma history_suffix e Q H : history e (Q ++ H) -> history e H.
  Proof. induction Q; cbn; auto. inversion 1; subst; auto. Qed.

  Lemma clock_grows e Q H u : history e (Q ++ H) ->
    le (clock (now H u)) (clock (now (Q ++ H) u)).
  Proof.
    induction Q as [|x Q IH]; cbn; intro HH; [apply le_refl|].
    inversion HH as [|H1 t ev s HQ St Gd]; subst; cbn. specialize (IH HQ).
    destruct (N.eq_dec u t) as [->|N]; [rewrite upd_eq|now rewrite upd_neq].
    eapply le_trans; eauto.
  Qed.

  Lemma given_before e H m : history e H -> In m (gives H) ->
    le (e_time m) (clock (now H (e_thread m))).
  Proof.
    induction 1 as [|H t ev s HH IH St Gd]; cbn; [tauto|]. rewrite in_app_iff.
    intros [Hin|Hin].
    - destruct (gave ev) eqn:G; [|easy]. destruct Hin as [<-|[]].
      destruct (gave_now St G) as (-> & _ & ->). rewrite upd_eq. apply le_refl.
    - specialize (IH Hin). destruct (N.eq_dec (e_thread m) t) as [<-|N].
      + rewrite upd_eq. eapply le_trans; eauto.
      + now rewrite upd_neq.
  Qed.

  (** What was taken is in its thread's past, if it passed the check. *)
  Lemma taken_before e H m : history e H -> In m (takes H) -> element_epoch m < e ->
    le (e_time m) (clock (now H (e_thread m))).
  Proof.
    induction 1 as [|H t ev s HH IH St Gd]; cbn; [tauto|]. rewrite in_app_iff.
    intros Hin Hep. pose proof (clock_mono St) as Mono. destruct Hin as [Hin|Hin].
    - destruct (took ev) eqn:T; [|easy]. destruct Hin as [<-|[]].
      pose proof (took_past St T) as Past. destruct (Gd _ eq_refl Hep) as [->|Le].
      + rewrite upd_eq. now apply lt_le.
      + destruct (N.eq_dec (e_thread e0) t) as [Et|N]; [|now rewrite upd_neq].
        rewrite Et in *. rewrite upd_eq. eapply le_trans; eauto.
    - specialize (IH Hin Hep). destruct (N.eq_dec (e_thread m) t) as [<-|N].
      + rewrite upd_eq. eapply le_trans; eauto.
      + now rewrite upd_neq.
  Qed.

  (** What is given away later has a timestamp ahead of its thread's clock now. *)
  Lemma given_later e Q H m : history e (Q ++ H) -> In m (gives (Q ++ H)) ->
    In m (gives H) \/ lt (clock (now H (e_thread m))) (e_time m).
  Proof.
    induction Q as [|x Q IH]; cbn; intros HH Hin; [auto|].
    inversion HH as [|H1 t ev s HQ St Gd]; subst. cbn in Hin.
    apply in_app_iff in Hin as [Hin|Hin]; [|auto]. right.
    destruct (gave ev) eqn:G; [|easy]. destruct Hin as [<-|[]].
    destruct (gave_now St G) as (_ & Lt & ->).
    eapply le_lt_trans; [|exact Lt]. eapply clock_grows; eauto.
  Qed.

  Lemma gives_nodup e H : history e H -> NoDup (gives H).
  Proof.
    induction 1 as [|H t ev s HH IH St Gd]; cbn; [constructor|].
    destruct (gave ev) as [m|] eqn:G; cbn; auto. constructor; [|assumption].
    intro Hin. apply (given_before _ HH) in Hin. destruct (gave_now St G) as (_ & Lt & E).
    rewrite E in Hin. eapply lt_le_absurd; eauto.
  Qed.

  (** What is given away now was not taken before: for this no certificate is needed. *)
  Lemma give_unused e H t ev s m : history e H -> step t (now H t) ev s -> gave ev = Some m ->
    element_epoch m < e -> ~ In m (takes H).
  Proof.
    intros HH St G Hep Hin. apply (taken_before _ HH) in Hin; [|assumption].
    destruct (gave_now St G) as (_ & Lt & E). rewrite E in Hin. eapply lt_le_absurd; eauto.
  Qed.

  (** The heart: where the multisets agree, what is taken was given away before, and not taken
      before. *)
  Lemma take_matches e Q H t ev m s :
    history e (Q ++ Item t ev s :: H) -> took ev = Some m -> element_epoch m < e ->
    Permutation (filter (in_epoch (element_epoch m)) (takes (Q ++ Item t ev s :: H)))
                (filter (in_epoch (element_epoch m)) (gives (Q ++ Item t ev s :: H))) ->
    In m (gives H) /\ ~ In m (takes H).
  Proof.
    intros HH T Hep Sets. set (L := Q ++ Item t ev s :: H) in *.
    assert (Me : in_epoch (element_epoch m) m = true) by apply N.eqb_refl.
    assert (ET : takes L = takes Q ++ m :: takes H).
    { unfold L. rewrite takes_app. cbn. now rewrite T. }
    pose proof (history_suffix _ _ HH) as H1.
    inversion H1 as [|H2 t2 ev2 s2 HH2 St Gd]; subst. specialize (Gd _ T Hep). split.
    - assert (Hin : In m (gives L)).
      { apply (filter_In (in_epoch (element_epoch m))). apply (Permutation_in _ Sets).
        apply filter_In. split; [|assumption]. rewrite ET. apply in_elt. }
      destruct Gd as [Own|Le].
      + (* An own element: after the take, the thread's clock is past it. *)
        destruct (given_later _ _ _ HH Hin) as [Hg|Lt].
        * cbn in Hg. rewrite (one_way T) in Hg. exact Hg.
        * exfalso. cbn in Lt. rewrite Own, upd_eq in Lt.
          pose proof (took_past St T). order.
      + assert (EL : L = (Q ++ [Item t ev s]) ++ H) by (unfold L; now rewrite <- app_assoc).
        rewrite EL in HH, Hin.
        destruct (given_later _ _ _ HH Hin) as [Hg|Lt]; [assumption|].
        exfalso. exact (lt_le_absurd Lt Le).
    - pose proof (NoDup_filter (in_epoch (element_epoch m)) (gives_nodup HH)) as N.
      apply (Permutation_NoDup (Permutation_sym Sets)) in N.
      rewrite ET, filter_app in N. cbn [filter] in N. rewrite Me in N.
      apply NoDup_app_r in N. inversion N as [|? ? Nin _]; subst. intro Hin.
      apply Nin, filter_In. auto.
  Qed.

  (** ** The cut at an epoch

      The items of epochs up to [E] are a prefix of each thread's items, but memory entries of
      later epochs may be processed before them: a fast thread may be ahead. Other threads never
      notice, as they read nothing of it but its clock. *)

  Fixpoint frozen (E : N) (H : list item) : N -> thread :=
    match H with
    | [] => start
    | x :: H => if within E x then upd (frozen E H) (i_tid x) (i_post x) else frozen E H
    end.

  Definition cut (E : N) (H : list item) : list item := filter (within E) H.

  Lemma frozen_now e E H u : history e H -> epoch (clock (now H u)) <= E ->
    frozen E H u = now H u.
  Proof.
    induction 1 as [|H t ev s HH IH St Gd]; cbn; intro W; [reflexivity|].
    pose proof (le_epoch (clock_mono St)) as Mono.
    unfold within; cbn. destruct (N.eq_dec u t) as [->|N].
    - rewrite upd_eq in *. apply N.leb_le in W as ->. now rewrite upd_eq.
    - rewrite upd_neq in * by assumption. destruct (epoch (clock s) <=? E); [|auto].
      rewrite upd_neq by assumption. auto.
  Qed.

  Lemma cut_takes E H m : In m (takes (cut E H)) -> In m (takes H).
  Proof.
    unfold takes. rewrite !in_flat_map. intros (x & Hx & Hm). apply filter_In in Hx as [Hx _].
    eauto.
  Qed.

  (** A given element's epoch is that of the item. *)
  Lemma cut_gives e E H m : history e H -> In m (gives H) -> element_epoch m <= E ->
    In m (gives (cut E H)).
  Proof.
    induction 1 as [|H t ev s HH IH St Gd]; cbn; [tauto|].
    rewrite in_app_iff. intros [Hin|Hin] Hep.
    - destruct (gave ev) eqn:G; [|easy]. destruct Hin as [<-|[]].
      destruct (gave_now St G) as (Es & _). unfold element_epoch in Hep. rewrite Es in Hep.
      unfold within; cbn. apply N.leb_le in Hep as ->. cbn. rewrite G. cbn. auto.
    - destruct (within E _); cbn; [apply in_app_iff; right|]; auto.
  Qed.

  (** *** The induction

      [I S H]: of the threads and the items so far, newest first. *)
  Variable I : (N -> thread) -> list item -> Prop.
  Variable I_start : I start [].
  Variable I_step : forall S H t ev s, I S H -> step t (S t) ev s ->
    (forall m, took ev = Some m -> In m (gives H) /\ ~ In m (takes H)) ->
    (forall m, gave ev = Some m -> ~ In m (takes H)) ->
    I (upd S t s) (Item t ev s :: H).

  Theorem certified_induction E H : history (E + 1) H -> agree E H -> I (frozen E H) (cut E H).
  Proof.
    enough (Gen : forall P Q, H = Q ++ P -> history (E + 1) H -> agree E H ->
      I (frozen E P) (cut E P)).
    { intros HH Agree. exact (Gen H [] eq_refl HH Agree). }
    intros P. induction P as [|x P IH]; intros Q EH HH Agree; [exact I_start|].
    assert (EH' : H = (Q ++ [x]) ++ P) by (now rewrite <- app_assoc).
    specialize (IH _ EH' HH Agree). clear EH'.
    pose proof HH as HP. rewrite EH in HP. apply history_suffix in HP.
    inversion HP as [|H1 t ev s HH1 St Gd]; subst. clear HP.
    cbn [frozen cut filter]. destruct (within E (Item t ev s)) eqn:W; [|exact IH].
    unfold within in W; cbn [i_post] in W. apply N.leb_le in W.
    pose proof (clock_mono St) as Mono. apply le_epoch in Mono.
    assert (Now : frozen E P t = now P t) by (apply (frozen_now _ HH1); lia).
    cbn [i_tid i_post]. apply I_step; auto.
    - now rewrite Now.
    - intros m T. pose proof (took_past St T) as Past.
      assert (Hep : element_epoch m <= E) by (unfold element_epoch; order).
      edestruct take_matches as [Hg Hn]; [exact HH|exact T| |exact (Agree _ Hep)|]; [lia|].
      split; [eapply cut_gives; eauto|]. intro Hin. apply Hn. eapply cut_takes; eauto.
    - intros m G Hin. destruct (gave_now St G) as (Es & _).
      refine (give_unused HH1 St G _ (cut_takes _ _ _ Hin)). unfold element_epoch. rewrite Es. lia.
  Qed.

  (** ** Without the check: sorted by clock, it holds anyway

      A history without the check is reordered by clock, each thread's own order kept. In a
      certified epoch an element is then taken after it was given away. *)

  Definition of_thread (t : N) (H : list item) : list item := filter (fun x => i_tid x =? t) H.
  Definition i_clock (x : item) : Timestamp := clock (i_post x).

  Fixpoint insert (x : item) (H : list item) : list item :=
    match H with
    | [] => [x]
    | y :: H' => if before (i_clock x) (i_clock y) then y :: insert x H' else x :: H
    end.
  Definition by_clock (H : list item) : list item := fold_right insert [] H.

  (** Newest first: [x] stands before [y] if it is not older. *)
  Definition not_older (x y : item) : Prop := before (i_clock x) (i_clock y) = false.

  Lemma insert_perm x H : Permutation (insert x H) (x :: H).
  Proof.
    induction H as [|y H IH]; cbn; [constructor; constructor|].
    destruct (before _ _); [|reflexivity].
    rewrite IH. apply perm_swap.
  Qed.

  Lemma by_clock_perm H : Permutation (by_clock H) H.
  Proof. induction H as [|x H IH]; cbn; [constructor|]. now rewrite insert_perm, IH. Qed.

  Lemma not_before a b : before a b = false <-> le b a.
  Proof. rewrite <- not_true_iff_false, before_lt. order. Qed.

  Lemma insert_sorted x H : StronglySorted not_older H -> StronglySorted not_older (insert x H).
  Proof.
    unfold not_older. induction 1 as [|y H S IH F]; cbn; [repeat constructor|].
    destruct (before _ _) eqn:T.
    - constructor; [assumption|]. apply Forall_forall. intros z Hz.
      apply (Permutation_in _ (insert_perm x H)) in Hz as [<-|Hz].
      + apply before_lt in T. rewrite not_before. order.
      + rewrite Forall_forall in F. auto.
    - constructor; [now constructor|]. constructor; [assumption|].
      eapply Forall_impl; [|exact F]. cbn. intros z Hz.
      rewrite not_before in *. revert T Hz. order.
  Qed.

  Lemma by_clock_sorted H : StronglySorted not_older (by_clock H).
  Proof. induction H; cbn; [constructor|]. now apply insert_sorted. Qed.

  Lemma insert_thread x H t : (forall y, In y H -> i_tid y = i_tid x -> not_older x y) ->
    of_thread t (insert x H) = of_thread t (x :: H).
  Proof.
    induction H as [|y H IH]; intro Own; [reflexivity|]. cbn [insert].
    destruct (before _ _) eqn:T; [|reflexivity].
    assert (N : i_tid y <> i_tid x).
    { intro Ey. apply Own in Ey; [|now left]. unfold not_older in Ey. congruence. }
    unfold of_thread in *. cbn [filter] in *. rewrite IH by (intros; apply Own; auto; now right).
    destruct (N.eqb_spec (i_tid y) t), (N.eqb_spec (i_tid x) t); congruence.
  Qed.

  Lemma post_before e H y : history e H -> In y H -> le (i_clock y) (clock (now H (i_tid y))).
  Proof.
    induction 1 as [|H t ev s HH IH St Gd]; cbn; [tauto|]. intros [<-|Hin]; cbn.
    - rewrite upd_eq. apply le_refl.
    - specialize (IH Hin). pose proof (clock_mono St) as Mono.
      destruct (N.eq_dec (i_tid y) t) as [<-|N]; [rewrite upd_eq|now rewrite upd_neq].
      eapply le_trans; eauto.
  Qed.

  Lemma by_clock_thread e H t : history e H -> of_thread t (by_clock H) = of_thread t H.
  Proof.
    induction 1 as [|H u ev s HH IH St Gd]; [reflexivity|]. cbn [by_clock fold_right].
    fold (by_clock H). rewrite insert_thread.
    - unfold of_thread in *. cbn [filter]. now rewrite IH.
    - cbn. intros y Hy <-. apply (Permutation_in _ (by_clock_perm H)) in Hy.
      apply (post_before _ HH) in Hy. pose proof (clock_mono St) as Mono.
      unfold not_older. rewrite not_before. eapply le_trans; eauto.
  Qed.

  (** A thread's state is a matter of its own items. *)
  Lemma now_thread H t :
    now H t = match of_thread t H with [] => start t | x :: _ => i_post x end.
  Proof.
    induction H as [|x H IH]; [reflexivity|]. unfold of_thread in *. cbn. unfold upd.
    rewrite N.eqb_sym. destruct (i_tid x =? t); auto.
  Qed.

  Lemma takes_perm H H' : Permutation H H' -> Permutation (takes H) (takes H').
  Proof. intro Pm. unfold takes. now rewrite Pm. Qed.
  Lemma gives_perm H H' : Permutation H H' -> Permutation (gives H) (gives H').
  Proof. intro Pm. unfold gives. now rewrite Pm. Qed.

  Theorem sorted_history E H : history 0 H -> agree E H ->
    history (E + 1) (by_clock H) /\ agree E (by_clock H).
  Proof.
    intros HH Ag. pose proof (by_clock_perm H) as Pm. split.
    2: { intros e He. specialize (Ag e He).
         rewrite (perm_filter _ (takes_perm Pm)), Ag. symmetry. apply perm_filter, gives_perm, Pm. }
    enough (Gen : forall P Q, by_clock H = Q ++ P -> history (E + 1) P) by exact (Gen _ [] eq_refl).
    pose proof (by_clock_sorted H) as Srt.
    induction P as [|x P IH]; intros Q Eq; [constructor|].
    assert (HP : history (E + 1) P).
    { apply (IH (Q ++ [x])). now rewrite <- app_assoc. }
    destruct (@filter_split _ (fun y => i_tid y =? i_tid x) H
                (of_thread (i_tid x) Q) x (of_thread (i_tid x) P)) as (Q0 & P0 & EH & EP).
    { change (of_thread (i_tid x) H = of_thread (i_tid x) Q ++ x :: of_thread (i_tid x) P).
      rewrite <- (by_clock_thread (i_tid x) HH), Eq. unfold of_thread. rewrite filter_app. cbn.
      now rewrite N.eqb_refl. }
    pose proof HH as HH'. rewrite EH in HH'. apply history_suffix in HH'.
    inversion HH' as [|H1 t ev s HH1 St Gd1]; subst. cbn in *.
    assert (EN : now P0 t = now P t).
    { rewrite !now_thread. fold (of_thread t P0) in EP. now rewrite EP. }
    rewrite EN in St. constructor; auto.
    intros m T Hlt. right. apply (given_before _ HP).
    assert (Hep : element_epoch m <= E) by lia.
    assert (Hin : In m (gives (Q0 ++ Item t ev s :: P0))).
    { apply (filter_In (in_epoch (element_epoch m))), (Permutation_in _ (Ag _ Hep)), filter_In.
      split; [|apply N.eqb_refl]. rewrite takes_app. cbn. rewrite T. apply in_elt. }
    apply in_flat_map in Hin as (y & Hy & Hm).
    destruct (in_split _ _ Hy) as (Q1 & P1 & E1).
    pose proof HH as HY. rewrite E1 in HY. apply history_suffix in HY.
    inversion HY as [|H2 u evy sy HH2 Sty Gdy]; subst; cbn in *.
    destruct (gave evy) eqn:G; [|easy]. destruct Hm as [<-|[]].
    destruct (gave_now Sty G) as (Es & _). pose proof (took_past St T) as Past.
    apply (Permutation_in _ (Permutation_sym Pm)) in Hy. rewrite Eq in Hy, Srt.
    apply in_app_iff in Hy as [Hy|[Hy|Hy]].
    - exfalso. apply in_split in Hy as (Qa & Qb & ->). rewrite <- app_assoc in Srt. cbn in Srt.
      apply StronglySorted_app_r in Srt. inversion Srt as [|? ? _ F]; subst.
      rewrite Forall_forall in F. specialize (F _ (in_elt _ _ _)).
      unfold not_older in F. rewrite not_before in F. unfold i_clock in F; cbn in F.
      rewrite Es in Past. exact (lt_le_absurd Past F).
    - exfalso. injection Hy as -> -> ->. rewrite (one_way T) in G. discriminate.
    - apply in_flat_map. eexists. split; [exact Hy|]. cbn. rewrite G. cbn. auto.
  Qed.
End Machine.
