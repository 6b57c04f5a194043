(** The theorem: what is certified is one sequential run, in the order in which it was processed.

    For every list of entries that a host submits, of any threads, in any order, honest or not: if
    all epochs up to [E] are certified, then the operations of epochs up to [E], in processing
    order, have the very answers of one run of the application's state machine from the memory that
    the root stands for; or a collision is found among what was hashed in this run. *)
From Coq Require Import NArith List Lia Bool Permutation Sorted.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Table.
From zeta Require Import Spec.Entry Spec.Application Spec.Thread Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Collision Thm.Step Thm.Invariant Thm.History.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** ** What a run shows *)

(** The operations that ran, with their answers, in processing order. *)
Definition operations (rs : list (N * reply)) : list ran := flat_map answered (events rs).
(** Those of epochs up to [E]. *)
Definition upto (E : N) (l : list ran) : list ran := filter (fun r => r_epoch r <=? E) l.

(** The records whose hashes were computed, and the keys whose leaves were. *)
Definition hashed_in (rs : list (N * reply)) : list record := flat_map hashed (events rs).
Definition located_in (rs : list (N * reply)) : list key := flat_map located (events rs).

Lemma filter_rev_ A (p : A -> bool) l : filter p (rev l) = rev (filter p l).
Proof.
  induction l as [|x l IH]; cbn; [reflexivity|]. rewrite filter_app, IH. cbn.
  destruct (p x); cbn; [reflexivity|now rewrite app_nil_r].
Qed.

Lemma flat_map_rev A B (f : A -> list B) l : (forall x, rev (f x) = f x) ->
  flat_map f (rev l) = rev (flat_map f l).
Proof.
  intro R. induction l as [|x l IH]; cbn; [reflexivity|].
  rewrite flat_map_app, IH, rev_app_distr, R. cbn. now rewrite app_nil_r.
Qed.

Lemma flat_map_map A B C (f : B -> list C) (g : A -> B) l :
  flat_map f (map g l) = flat_map (fun x => f (g x)) l.
Proof. induction l as [|x l IH]; cbn; [reflexivity|]. now rewrite IH. Qed.

Lemma sorted_prefix E l : StronglySorted (fun r q => r_epoch r <= r_epoch q) l ->
  exists later, l = upto E l ++ later /\ forall r, In r later -> E < r_epoch r.
Proof.
  induction 1 as [|r l S [later [Eq La]] F]; [exists []; cbn; tauto|]. cbn.
  destruct (N.leb_spec (r_epoch r) E) as [Le|Lt].
  - exists later. cbn. now rewrite Eq at 1.
  - exists (r :: l). rewrite Forall_forall in F. split.
    + assert (Nil : upto E l = []).
      { unfold upto. clear - F Lt. induction l as [|q l IH]; cbn; [reflexivity|].
        destruct (N.leb_spec (r_epoch q) E) as [Le|_].
        - specialize (F q (or_introl eq_refl)). lia.
        - apply IH. intros x Hx. apply F. now right. }
      fold (upto E l). now rewrite Nil.
    + intros q [<-|Hq]; [assumption|]. specialize (F q Hq). lia.
Qed.

Lemma sorted_rev A (R : A -> A -> Prop) l :
  StronglySorted R l -> StronglySorted (fun a b => R b a) (rev l).
Proof.
  induction 1 as [|x l S IH F]; cbn; [constructor|].
  enough (App : forall l1, StronglySorted (fun a b => R b a) l1 -> Forall (R x) l1 ->
                StronglySorted (fun a b => R b a) (l1 ++ [x])).
  { apply App; [assumption|]. apply Forall_forall. intros y Hy. rewrite Forall_forall in F.
    apply F. now apply in_rev. }
  induction 1 as [|y l1 S1 IH1 F1]; cbn; intro Fx; [repeat constructor|].
  inversion Fx; subst. constructor; [auto|]. apply Forall_app. auto.
Qed.

Section Soundness.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.

  Notation ids := (ids cfg).
  Notation now := (@now thread event (start cfg)).

  (** Where a collision may be: in two records, two keys, or an epoch's two multisets. [hs] and [ks]
      are those of the adopted tree. *)
  Inductive collision (E : N) (v : verifier) (rs : list (N * reply)) (hs : list record)
      (ks : list key) : Prop :=
  | of_values : value_collision (hashed_in rs ++ hs) -> collision E v rs hs ks
  | of_keys : key_collision (located_in rs ++ ks) -> collision E v rs hs ks
  | of_multisets e : e <= E ->
      multiset_collision (added_in cfg e (thread_at cfg v)) (evicted_in cfg e (thread_at cfg v)) ->
      collision E v rs hs ks.

  Lemma answered_short ev : rev (answered ev) = answered ev.
  Proof. now destruct ev. Qed.

  Lemma operations_runs H rs : map (@i_event _ _) (rev H) = events rs ->
    operations rs = rev (runs H).
  Proof.
    intro Ev. unfold operations. rewrite <- Ev, flat_map_map. unfold runs.
    rewrite flat_map_rev; [reflexivity|]. intro x. apply answered_short.
  Qed.

  Lemma in_events B (f : event -> list B) H rs : map (@i_event _ _) (rev H) = events rs ->
    incl (flat_map (fun x : item thread event => f (i_event x)) H) (flat_map f (events rs)).
  Proof.
    intros Ev b Hin. rewrite <- Ev, flat_map_map. apply in_flat_map in Hin as (x & Hx & Hb).
    apply in_flat_map. exists x. split; [now apply in_rev in Hx|assumption].
  Qed.

  Lemma cut_incl B (f : event -> list B) E (H : list (item thread event)) :
    incl (flat_map (fun x => f (i_event x)) (cut clock E H)) (flat_map (fun x => f (i_event x)) H).
  Proof.
    intros b Hin. apply in_flat_map in Hin as (x & Hx & Hb). apply filter_In in Hx as [Hx _].
    apply in_flat_map. eauto.
  Qed.

  (** The operations of the items that are cut out are those of epochs up to [E]. *)
  Lemma runs_cut E (H : list (item thread event)) :
    (forall x r, In x H -> i_event x = Answered r -> r_epoch r = epoch (clock (i_post x))) ->
    runs (cut clock E H) = upto E (runs H).
  Proof.
    unfold runs, upto, cut. induction H as [|x H IH]; intro An; [reflexivity|]. cbn.
    rewrite filter_app, <- IH by (intros; eapply An; eauto; now right).
    unfold within at 1. destruct (i_event x) as [| | | | | |r] eqn:Ex;
      try (destruct (epoch (clock (i_post x)) <=? E); cbn; rewrite ?Ex; reflexivity).
    pose proof (An x r (or_introl eq_refl) Ex) as Er. cbn. rewrite Er.
    destruct (epoch (clock (i_post x)) <=? E); cbn; rewrite ?Ex; reflexivity.
  Qed.

  Lemma same_elements v H : tracks cfg v H -> forall e,
    added_in cfg e (thread_at cfg v) = added_in cfg e (now H) /\
    evicted_in cfg e (thread_at cfg v) = evicted_in cfg e (now H).
  Proof.
    intros T e. unfold added_in, evicted_in. split; apply flat_map_ext; intro t;
      destruct (tr_thread T t) as [-> | [r ->]]; reflexivity.
  Qed.

  (** Where all epochs up to [E] are certified, their multisets agree or are a collision. *)
  Lemma certified_agree v H E : tracks cfg v H -> E < certified v ->
    agree took gave E H \/ exists e, e <= E /\
      multiset_collision (added_in cfg e (thread_at cfg v)) (evicted_in cfg e (thread_at cfg v)).
  Proof.
    intros T Ce.
    set (bad := fun e => negb (same_bag element_dec (added_in cfg e (now H)) (evicted_in cfg e (now
      H)))).
    destruct (existsb bad (map N.of_nat (seq 0 (N.to_nat (E + 1))))) eqn:Ex.
    - right. apply existsb_exists in Ex as (e & Hin & B). apply in_map_iff in Hin as (n & <- & Hin).
      apply in_seq in Hin. exists (N.of_nat n). split; [lia|].
      destruct (same_elements T (N.of_nat n)) as [-> ->].
      destruct (tr_certified T (e := N.of_nat n)) as (_ & Sums & Counts); [lia|].
      split; [|auto]. intro Pm. apply (same_bag_iff element_dec) in Pm. unfold bad in B.
      now rewrite Pm in B.
    - left. intros e He.
      assert (Same : same_bag element_dec (added_in cfg e (now H)) (evicted_in cfg e (now H)) =
        true).
      { destruct (same_bag _ _ _) eqn:S; [reflexivity|]. exfalso.
        assert (existsb bad (map N.of_nat (seq 0 (N.to_nat (E + 1)))) = true); [|congruence].
        apply existsb_exists. exists e. split; [|unfold bad; now rewrite S].
        apply in_map_iff. exists (N.to_nat e). rewrite N2Nat.id. split; [reflexivity|].
        apply in_seq. lia. }
      apply same_bag_iff in Same. rewrite (perm_filter _ (tr_takes T)),
        (perm_filter _ (tr_gives T)).
      unfold added_in, evicted_in in Same. now rewrite !filter_flat_map.
  Qed.

  (** ** Strict serializability *)
  Theorem strictly_serializable submitted v rs E hs ks m0 :
    adoptable (root cfg) hs ks m0 ->
    run_all cfg initial submitted = (v, rs) -> E < certified v ->
    (exists m, sequential m0 (upto E (operations rs)) m) \/ collision E v rs hs ks.
  Proof.
    intros Ad Run Ce.
    edestruct tracks_all as (H & T & Ev & _); [apply tracks_initial|exact Run|].
    rewrite app_nil_r in T.
    destruct (certified_agree T Ce) as [Ag|(e & He & Co)]; [|right; eapply of_multisets; eauto].
    assert (G : good hs ks m0 (frozen clock (start cfg) E H) (cut clock E H)).
    { apply (certified_induction (@step_clock _ _ cfg) (@step_took _ _ cfg) (@step_gave _ _ cfg)
        one_way (good hs ks m0)).
      - now apply good_start.
      - intros S H0 t ev s G St Took Gave. eapply good_step; eauto.
      - apply (tr_history T).
      - assumption. }
    destruct G as [Cv|[Ck|(g & at_ & mem & _ & R)]].
    - right. apply of_values. eapply value_collision_incl; [|exact Cv].
      apply incl_app; [|apply incl_appr, incl_refl]. apply incl_appl.
      eapply incl_tran; [apply cut_incl|now apply in_events].
    - right. apply of_keys. eapply key_collision_incl; [|exact Ck].
      apply incl_app; [|apply incl_appr, incl_refl]. apply incl_appl.
      eapply incl_tran; [apply cut_incl|now apply in_events].
    - left. exists mem. rewrite (operations_runs _ _ Ev). unfold upto.
      rewrite filter_rev_. fold (upto E (runs H)). rewrite <- runs_cut; [assumption|].
      apply (tr_answers T).
  Qed.

  (** ** What is certified is a prefix of what happened *)
  Theorem certified_is_prefix submitted v rs E :
    run_all cfg initial submitted = (v, rs) ->
    exists later, operations rs = upto E (operations rs) ++ later /\
                  forall r, In r later -> E < r_epoch r.
  Proof.
    intro Run. edestruct tracks_all as (H & T & Ev & _); [apply tracks_initial|exact Run|].
    rewrite app_nil_r in T. rewrite (operations_runs _ _ Ev). apply sorted_prefix.
    apply (sorted_rev (tr_sorted T)).
  Qed.

  (** ** Certified epochs are frozen: whatever is submitted later, they stay certified, and no
      operation is added to them. *)
  Theorem certified_is_frozen l1 l2 v1 v2 rs1 rs2 E :
    run_all cfg initial l1 = (v1, rs1) -> run_all cfg v1 l2 = (v2, rs2) -> E < certified v1 ->
    E < certified v2 /\ upto E (operations (rs1 ++ rs2)) = upto E (operations rs1).
  Proof.
    intros Run1 Run2 Ce.
    edestruct tracks_all as (H1 & T1 & Ev1 & _); [apply tracks_initial|exact Run1|].
    edestruct tracks_all as (H2 & T2 & Ev2 & New & Up); [exact T1|exact Run2|].
    split; [lia|]. unfold operations, events. rewrite !flat_map_app.
    fold (events rs1) (events rs2). fold (operations rs1) (operations rs2).
    unfold upto. rewrite filter_app.
    assert (Nil : filter (fun r => r_epoch r <=? E) (operations rs2) = []).
    { rewrite (operations_runs _ _ Ev2), filter_rev_.
      assert (Nil : filter (fun r => r_epoch r <=? E) (runs H2) = []); [|now rewrite Nil].
      clear - New Ce. induction (runs H2) as [|r l IH]; cbn; [reflexivity|].
      destruct (N.leb_spec (r_epoch r) E) as [Le|_].
      - specialize (New r (or_introl eq_refl)). lia.
      - apply IH. intros q Hq. apply New. now right. }
    now rewrite Nil, app_nil_r.
  Qed.

  (** ** Collisions can be computed *)
  Inductive found := Values (a b : record) | Keys (a b : key) | Multisets (e : N).

  Definition genuine (v : verifier) (f : found) : Prop :=
    match f with
    | Values a b => same_body a b = false /\ record_hash a = record_hash b
    | Keys a b => a <> b /\ leaf a = leaf b
    | Multisets e =>
        multiset_collision (added_in cfg e (thread_at cfg v)) (evicted_in cfg e (thread_at cfg v))
    end.

  Definition multisets_collide (v : verifier) (e : N) : bool :=
    let l1 := added_in cfg e (thread_at cfg v) in
    let l2 := evicted_in cfg e (thread_at cfg v) in
    negb (same_bag element_dec l1 l2) && (sum_of l1 =? sum_of l2) &&
    Nat.eqb (length l1) (length l2).

  Definition find_collision (E : N) (v : verifier) (rs : list (N * reply)) (hs : list record)
      (ks : list key) : option found :=
    match find_value_collision (hashed_in rs ++ hs) with
    | Some (a, b) => Some (Values a b)
    | None =>
        match find_key_collision (located_in rs ++ ks) with
        | Some (a, b) => Some (Keys a b)
        | None =>
            option_map Multisets
              (find (multisets_collide v) (map N.of_nat (seq 0 (N.to_nat (E + 1)))))
        end
    end.

  Lemma multisets_collide_iff v e : multisets_collide v e = true <->
    multiset_collision (added_in cfg e (thread_at cfg v)) (evicted_in cfg e (thread_at cfg v)).
  Proof.
    unfold multisets_collide, multiset_collision.
    rewrite !andb_true_iff, negb_true_iff, N.eqb_eq, PeanoNat.Nat.eqb_eq.
    rewrite <- not_true_iff_false, same_bag_iff. tauto.
  Qed.

  Theorem find_collision_sound E v rs hs ks f :
    find_collision E v rs hs ks = Some f -> genuine v f.
  Proof.
    unfold find_collision, find_value_collision, find_key_collision.
    destruct (find values_collide _) as [[a b]|] eqn:Fv.
    { intros [= <-]. apply find_some in Fv as [_ Fv]. now apply values_collide_iff in Fv. }
    destruct (find keys_collide _) as [[a b]|] eqn:Fk.
    { intros [= <-]. apply find_some in Fk as [_ Fk]. now apply keys_collide_iff in Fk. }
    destruct (find (multisets_collide v) _) as [e|] eqn:Fm; [|discriminate].
    intros [= <-]. apply find_some in Fm as [_ Fm]. now apply multisets_collide_iff.
  Qed.

  Theorem find_collision_complete E v rs hs ks :
    collision E v rs hs ks -> exists f, find_collision E v rs hs ks = Some f.
  Proof.
    unfold find_collision. intros [Cv|Ck|e He Cm].
    - apply find_value_collision_spec in Cv as (a & b & ->). eauto.
    - destruct (find_value_collision _) as [[]|]; eauto.
      apply find_key_collision_spec in Ck as (a & b & ->). eauto.
    - destruct (find_value_collision _) as [[]|]; eauto.
      destruct (find_key_collision _) as [[]|]; eauto.
      destruct (find (multisets_collide v) _) as [f|] eqn:F; [cbn; eauto|]. exfalso.
      apply find_some_or with (x := e) in F.
      + apply multisets_collide_iff in Cm. congruence.
      + apply in_map_iff. exists (N.to_nat e). rewrite N2Nat.id. split; [reflexivity|].
        apply in_seq. lia.
  Qed.

  (** The theorem as it is used: search the logs; where nothing is found, the run is sequential. *)
  Corollary serializable_unless_found submitted v rs E hs ks m0 :
    adoptable (root cfg) hs ks m0 ->
    run_all cfg initial submitted = (v, rs) -> outcome_at cfg v E = Certified ->
    find_collision E v rs hs ks = None ->
    exists m, sequential m0 (upto E (operations rs)) m.
  Proof.
    intros Ad Run Out None_. unfold outcome_at in Out.
    destruct (N.ltb_spec E (certified v)) as [Ce|_].
    - destruct (strictly_serializable submitted Ad Run Ce) as [S|C]; [assumption|].
      apply find_collision_complete in C as [f F]. congruence.
    - exfalso. destruct (mismatch v); [discriminate|]. revert Out. generalize (@nil N).
      induction ids as [|t l IH]; cbn; intros mi Out; [discriminate|].
      destruct (E <? next_epoch (thread_at cfg v t)); eauto.
      destruct (rejection (thread_at cfg v t)); [discriminate|eauto].
  Qed.

  (** ** Without the check of published clocks

      [H] is a history in which every thread took its steps, whatever it was told of the clocks of
      others. The answers are then those of a sequential run in some order of the clocks, which
      keeps each thread's own order, and which real time need not have followed. *)
  Theorem without_published_clocks (H : list (item thread event)) E hs ks m0 :
    adoptable (root cfg) hs ks m0 ->
    history clock took (thread_step cfg) (start cfg) 0 H -> agree took gave E H ->
    exists H', Permutation H' H /\ (forall t, of_thread t H' = of_thread t H) /\
      StronglySorted (not_older clock) H' /\
      ((exists m, sequential m0 (rev (runs (cut clock E H'))) m) \/
       value_collision (hashes H ++ hs) \/ key_collision (keys H ++ ks)).
  Proof.
    intros Ad HH Ag.
    destruct (sorted_history (@step_clock _ _ cfg) (@step_took _ _ cfg) (@step_gave _ _ cfg)
      one_way HH Ag) as [HS AS].
    exists (by_clock clock H). split; [apply by_clock_perm|].
    split; [intro t; eapply by_clock_thread; eauto using step_clock|].
    split; [apply by_clock_sorted|].
    assert (Inc : forall B (f : event -> list B),
      incl (flat_map (fun x => f (i_event x)) (cut clock E (by_clock clock H)))
           (flat_map (fun x => f (i_event x)) H)).
    { intros B f b Hin. apply cut_incl in Hin. apply in_flat_map in Hin as (x & Hx & Hb).
      apply in_flat_map. exists x. split; [|assumption].
      eapply Permutation_in; [apply by_clock_perm|exact Hx]. }
    assert (G : good hs ks m0 (frozen clock (start cfg) E (by_clock clock H))
                  (cut clock E (by_clock clock H))).
    { apply (certified_induction (@step_clock _ _ cfg) (@step_took _ _ cfg) (@step_gave _ _ cfg)
        one_way (good hs ks m0)); auto.
      - now apply good_start.
      - intros S H0 t ev s G St Took Gave. eapply good_step; eauto. }
    destruct G as [Cv|[Ck|(g & at_ & mem & _ & R)]].
    - right. left. eapply value_collision_incl; [|exact Cv].
      apply incl_app; [|apply incl_appr, incl_refl]. apply incl_appl. apply Inc.
    - right. right. eapply key_collision_incl; [|exact Ck].
      apply incl_app; [|apply incl_appr, incl_refl]. apply incl_appl. apply Inc.
    - left. eauto.
  Qed.
End Soundness.
