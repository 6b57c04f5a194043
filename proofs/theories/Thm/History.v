(** A run of the verifier is a history of the machine: what is kept from reply to reply. *)
From Coq Require Import NArith List Lia Bool Permutation Sorted.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Table.
From zeta Require Import Spec.Entry Spec.Application Spec.Access Spec.SessionTable Spec.Thread.
From zeta Require Import Spec.Service Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Collision Thm.Step Thm.Invariant.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Definition event_of (r : reply) : list event := match r with Applied ev _ => [ev] | _ => [] end.
(** What the applied entries did, in processing order. *)
Definition events (rs : list (N * reply)) : list event := flat_map (fun p => event_of (snd p)) rs.

(** ** Sums over threads *)

Lemma filter_flat_map A (p : A -> bool) (f : N -> list A) l :
  filter p (flat_map f l) = flat_map (fun t => filter p (f t)) l.
Proof. induction l as [|t l IH]; cbn; [reflexivity|]. now rewrite filter_app, IH. Qed.

(** One summand of a sum over the threads grows by [x]. *)
Lemma flat_map_grow A (f f' : N -> list A) x t ts :
  NoDup ts -> In t ts -> (forall u, u <> t -> f' u = f u) -> f' t = x ++ f t ->
  Permutation (flat_map f' ts) (x ++ flat_map f ts).
Proof.
  intros N Hin Other Ht. destruct (in_split _ _ Hin) as (l1 & l2 & ->).
  assert (Same : forall l, ~ In t l -> flat_map f' l = flat_map f l).
  { intros l H. rewrite !flat_map_concat_map. f_equal. apply map_ext_in.
    intros u Hu. apply Other. congruence. }
  apply NoDup_remove in N as [_ N]. rewrite in_app_iff in N.
  rewrite !flat_map_app. cbn. rewrite !Same by tauto. rewrite Ht.
  rewrite <- app_assoc, !(Permutation_app_swap_app x). reflexivity.
Qed.

Section History.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Notation ids := (ids cfg).
  Notation thread_at := (thread_at cfg).

  Lemma in_ids t : In t ids <-> is_thread cfg t = true.
  Proof.
    unfold Verifier.ids, is_thread. rewrite in_map_iff, N.ltb_lt. split.
    - intros (n & <- & Hin). apply in_seq in Hin. lia.
    - intro Lt. exists (N.to_nat t). rewrite N2Nat.id. split; [reflexivity|]. apply in_seq. lia.
  Qed.

  Lemma ids_nodup : NoDup ids.
  Proof.
    unfold Verifier.ids. apply FinFun.Injective_map_NoDup; [|apply seq_NoDup].
    intros a b. apply Nat2N.inj.
  Qed.

  (** ** Sums *)

  Lemma sum_of_small l : sum_of l < 2 ^ 128.
  Proof. destruct l; cbn; [reflexivity|]. now apply N.mod_lt. Qed.

  Lemma sum_of_cons m l : sum_of (m :: l) = (element_hash m + sum_of l) mod 2 ^ 128.
  Proof. reflexivity. Qed.

  (** Sums may be taken part by part: aggregation is a homomorphism... *)
  Theorem sum_of_app l1 l2 : sum_of (l1 ++ l2) = (sum_of l1 + sum_of l2) mod 2 ^ 128.
  Proof.
    induction l1 as [|m l1 IH]; cbn [app].
    - symmetry. apply N.mod_small, sum_of_small.
    - rewrite !sum_of_cons, IH.
      rewrite N.add_mod_idemp_r, N.add_mod_idemp_l by discriminate. f_equal. lia.
  Qed.

  (** ... and in any order. *)
  Theorem sum_of_perm l1 l2 : Permutation l1 l2 -> sum_of l1 = sum_of l2.
  Proof.
    induction 1 as [|m l1 l2 Pm IH|m m' l|l1 l2 l3 P1 IH1 P2 IH2]; auto; [| |congruence].
    - now rewrite !sum_of_cons, IH.
    - rewrite !sum_of_cons.
      rewrite !N.add_mod_idemp_r by discriminate. f_equal. lia.
  Qed.

  (** What all threads added in an epoch, and evicted. *)
  Definition added_in (e : N) (S : N -> thread) : list element :=
    flat_map (fun t => filter (in_epoch e) (added (S t))) ids.
  Definition evicted_in (e : N) (S : N -> thread) : list element :=
    flat_map (fun t => filter (in_epoch e) (evicted (S t))) ids.

  (** The sums of all threads, totalled, are the sums of all elements. *)
  Lemma total_sums (f : sums -> N) (g : N -> list element) (sm : N -> sums) l :
    (forall t, In t l -> f (sm t) = sum_of (g t)) ->
    total f (map sm l) mod 2 ^ 128 = sum_of (flat_map g l).
  Proof.
    unfold total. induction l as [|t l IH]; intro E; [reflexivity|].
    cbn [map fold_right flat_map]. rewrite sum_of_app, <- IH by (intros; apply E; now right).
    rewrite (E t) by now left. rewrite N.add_mod_idemp_r by discriminate. reflexivity.
  Qed.

  Lemma total_counts (f : sums -> N) (g : N -> list element) (sm : N -> sums) l :
    (forall t, In t l -> f (sm t) = N.of_nat (length (g t))) ->
    total f (map sm l) = N.of_nat (length (flat_map g l)).
  Proof.
    unfold total. induction l as [|t l IH]; intro E; [reflexivity|].
    cbn [map fold_right flat_map]. rewrite app_length, IH by (intros; apply E; now right).
    rewrite (E t) by now left. lia.
  Qed.

  (** ** What holds after any number of entries *)

  Notation item := (item thread event).
  Notation now := (@now thread event (start cfg)).

  Definition closed_by_all (e : N) (S : N -> thread) : Prop :=
    forall t, In t ids -> e < next_epoch (S t).
  Definition balanced (e : N) (S : N -> thread) : Prop :=
    sum_of (added_in e S) = sum_of (evicted_in e S) /\
    length (added_in e S) = length (evicted_in e S).

  Record tracks (v : verifier) (H : list item) : Prop := {
    (** Threads are what their last items say, but for rejections. *)
    tr_thread : forall t, thread_at v t = now H t \/ exists r, thread_at v t = reject (now H t) r;
    tr_sound : forall t, sound_thread (now H t);
    tr_history : forall e, history clock took (thread_step cfg) (start cfg) e H;
    tr_takes : Permutation (takes took H) (flat_map (fun t => added (now H t)) ids);
    tr_gives : Permutation (gives gave H) (flat_map (fun t => evicted (now H t)) ids);
    tr_certified : forall e, e < certified v -> closed_by_all e (now H) /\ balanced e (now H);
    (** Operations stand in the order of their epochs, none ahead of the floor. *)
    tr_floor : forall r, In r (runs H) -> r_epoch r <= floor v;
    tr_sorted : StronglySorted (fun r q => r_epoch q <= r_epoch r) (runs H);
    tr_answers : forall x r, In x H -> i_event x = Answered r ->
      r_epoch r = epoch (clock (i_post x))
  }.

  Lemma tracks_initial : tracks initial [].
  Proof.
    split; cbn; try (intros; lia); try tauto.
    - intro t. left. unfold Verifier.thread_at. cbn. now rewrite get_empty.
    - intro t. apply start_sound.
    - constructor.
    - induction ids; cbn; auto.
    - induction ids; cbn; auto.
    - constructor.
  Qed.

  Lemma thread_at_put v t s u : thread_at (put v t s) u = upd (thread_at v) t s u.
  Proof.
    unfold Verifier.thread_at, put, upd. cbn. destruct (N.eqb_spec u t) as [->|N].
    - now rewrite get_set_eq.
    - now rewrite get_set_neq.
  Qed.

  (** A thread that is not rejected is what its last item says. *)
  Lemma live_thread v H t : tracks v H -> rejection (thread_at v t) = None ->
    thread_at v t = now H t.
  Proof. intros T L. destruct (tr_thread T t) as [E|[r E]]; [assumption|]. now rewrite E in L. Qed.

  Lemma same_lane v H u : tracks v H ->
    published (thread_at v u) = published (now H u) /\ next_epoch (thread_at v u) = next_epoch (now
      H u)
    /\ closed (thread_at v u) = closed (now H u).
  Proof. intro T. destruct (tr_thread T u) as [-> | [r ->]]; auto. Qed.

  Lemma tracks_reject v H t r : tracks v H -> tracks (put v t (reject (thread_at v t) r)) H.
  Proof.
    intros T. destruct T as [Th So Hi Ta Gi Ce Fl Sr An] eqn:Eq. split; auto.
    intro u. rewrite thread_at_put. unfold upd. destruct (N.eqb_spec u t) as [->|]; [|auto].
    right. destruct (Th t) as [-> | [r' ->]]; exists r; reflexivity.
  Qed.

  Lemma tracks_floor v H e : tracks v H -> tracks (raise_floor v e) H.
  Proof.
    intros [Th So Hi Ta Gi Ce Fl Sr An]. split; auto. cbn. intros r Hin. specialize (Fl r Hin).
    lia.
  Qed.

  (** Sessions and receipts are beside all this. *)
  Lemma tracks_desk v H s : tracks v H -> tracks (with_desk v s) H.
  Proof. intros [Th So Hi Ta Gi Ce Fl Sr An]. split; auto. Qed.

  Lemma balanced_same e S S' :
    (forall t, In t ids -> filter (in_epoch e) (added (S' t)) = filter (in_epoch e) (added (S t)) /\
       filter (in_epoch e) (evicted (S' t)) = filter (in_epoch e) (evicted (S t))) ->
    balanced e S -> balanced e S'.
  Proof.
    intro Same. unfold balanced, added_in, evicted_in.
    assert (Ext : forall (f f' : N -> list element) l, (forall t, In t l -> f' t = f t) ->
                  flat_map f' l = flat_map f l).
    { intros f f' l E. rewrite !flat_map_concat_map. f_equal. now apply map_ext_in. }
    rewrite (Ext (fun t => filter (in_epoch e) (added (S t)))
                 (fun t => filter (in_epoch e) (added (S' t)))) by (intros; now apply Same).
    rewrite (Ext (fun t => filter (in_epoch e) (evicted (S t)))
                 (fun t => filter (in_epoch e) (evicted (S' t)))) by (intros; now apply Same).
    auto.
  Qed.

  (** A thread goes a step. *)
  Lemma tracks_step v H t s ev : tracks v H -> In t ids -> thread_step cfg t (now H t) ev s ->
    (forall m, took ev = Some m ->
       e_thread m = t \/ le (e_time m) (clock (now H (e_thread m)))) ->
    (forall r, ev = Answered r -> r_epoch r = epoch (clock s) /\ r_epoch r <= floor v /\
       forall q, In q (runs H) -> r_epoch q <= r_epoch r) ->
    tracks (put v t s) (Item t ev s :: H).
  Proof.
    intros T Ht St Guard Ran. destruct T as [Th So Hi Ta Gi Ce Fl Sr An] eqn:Eq.
    destruct (step_elements St) as [Ea Ee]. split.
    - intro u. rewrite thread_at_put. cbn. unfold upd. destruct (u =? t); auto.
    - intro u. cbn. destruct (N.eq_dec u t) as [->|N]; [rewrite upd_eq|now rewrite upd_neq].
      eapply step_sound; eauto.
    - intro e. constructor; auto.
    - cbn. symmetry. etransitivity.
      + apply flat_map_grow with (f := fun t => added (now H t)) (x := option_list (took ev)) (t :=
          t);
          [apply ids_nodup|assumption| |].
        * intros u N. now rewrite upd_neq.
        * now rewrite upd_eq.
      + apply Permutation_app_head. now symmetry.
    - cbn. symmetry. etransitivity.
      + apply flat_map_grow with (f := fun t => evicted (now H t)) (x := option_list (gave ev)) (t
          := t);
          [apply ids_nodup|assumption| |].
        * intros u N. now rewrite upd_neq.
        * now rewrite upd_eq.
      + apply Permutation_app_head. now symmetry.
    - intros e He. destruct (Ce e He) as [Cl Ba].
      pose proof (step_same_closed (So t) St) as Same. split.
      + intros u Hu. cbn. destruct (N.eq_dec u t) as [->|N]; [rewrite upd_eq|rewrite upd_neq; auto].
        specialize (Cl t Hu). destruct (step_lane St) as (_ & _ & [[-> _]|(_ & _ & -> & _)]);
          [lia|].
        unfold next, saturating_add_u32.
        pose proof (st_passed (So t)). pose proof (st_width (So t)). lia.
      + eapply balanced_same; [|exact Ba]. intros u Hu. cbn.
        destruct (N.eq_dec u t) as [->|N]; [rewrite upd_eq|now rewrite upd_neq]. apply Same, Cl, Hu.
    - cbn. intros r Hin. apply in_app_iff in Hin as [Hin|Hin]; [|auto].
      destruct ev; cbn in Hin; try tauto. destruct Hin as [<-|[]]. now apply Ran.
    - cbn. destruct ev; cbn; auto. constructor; [assumption|]. apply Forall_forall. now apply Ran.
    - cbn. intros x r [<-|Hin] E; [|eauto]. cbn in *. now apply Ran.
  Qed.

  Lemma tracks_certify v H : tracks v H -> tracks (certify cfg v) H.
  Proof.
    intro T. unfold certify. destruct (mismatch v); [assumption|].
    destruct (forallb _ ids) eqn:All; [|assumption].
    destruct (balance _) eqn:Ba.
    2: { destruct T as [Th So Hi Ta Gi Ce Fl Sr An]. split; auto. }
    assert (Cl : closed_by_all (certified v) (now H)).
    { intros t Ht. rewrite forallb_forall in All. specialize (All t Ht). apply N.ltb_lt in All.
      destruct (same_lane t T) as (_ & E & _). now rewrite <- E. }
    assert (Eq : forall t, In t ids -> sums_at cfg v (certified v) t = sums_of (certified v) (now H
      t)).
    { intros t Ht. unfold sums_at. destruct (same_lane t T) as (_ & _ & ->).
      apply (st_frozen (tr_sound T t)). now apply Cl. }
    assert (Bal : balanced (certified v) (now H)).
    { unfold balance in Ba. rewrite !andb_true_iff, !N.eqb_eq in Ba.
      destruct Ba as [[Sums Counts] _].
      unfold balanced, added_in, evicted_in. split.
      - rewrite <- (total_sums added_sum _ (sums_at cfg v (certified v))) by (intros t Ht;
          now rewrite Eq).
        rewrite <- (total_sums evicted_sum _ (sums_at cfg v (certified v))) by (intros t Ht;
          now rewrite Eq).
        assumption.
      - apply Nat2N.inj.
        rewrite <- (total_counts add_count _ (sums_at cfg v (certified v))) by (intros t Ht;
          now rewrite Eq).
        rewrite <- (total_counts evict_count _ (sums_at cfg v (certified v))) by (intros t Ht;
          now rewrite Eq).
        assumption. }
    destruct T as [Th So Hi Ta Gi Ce Fl Sr An]. split; auto. cbn. intros e He.
    destruct (N.eq_dec e (certified v)) as [->|N]; [auto|]. apply Ce. lia.
  Qed.

  Lemma is_thread_in t : is_thread cfg t = true -> In t ids.
  Proof. apply in_ids. Qed.

  (** What a memory entry does is a step, and its element has passed the check. *)
  Lemma step_memory_step v H t e s ev : tracks v H -> rejection (thread_at v t) = None ->
    check_entry e = Ok tt -> step_memory cfg v t e = Ok (s, ev) ->
    thread_step cfg t (now H t) ev s /\
    (forall m, took ev = Some m -> e_thread m = t \/ le (e_time m) (clock (now H (e_thread m)))) /\
    (forall r, ev <> Answered r).
  Proof.
    intros T Live Ok_ E. unfold step_memory in E. rewrite (live_thread t T Live) in E.
    unfold check_entry in Ok_.
    destruct e as [n a r|n j tm r|n a|n tm|n a tm| | |o|g|i|i g|i q c]; try discriminate;
      cbn in Ok_.
    - split; [eapply step_add_m; eauto|]. apply add_m_facts in E as (_ & _ & _ & named & -> & _).
      split; [discriminate|discriminate].
    - passed Ok_. unfold fits_fields in Check. apply andb_true_iff in Check as [W Wc].
      apply N.leb_le in W, Wc. pose proof E as E'.
      apply add_b_facts in E as (-> & _ & _ & _ & _ & _ & _ & Own & _).
      split; [eapply step_add_b; [|exact E']; now split|]. split; [|discriminate].
      cbn. intros m [= <-]. cbn. destruct Own as [Own|(o & Eo & Le)]; [auto|right].
      destruct (is_thread cfg j); [|discriminate]. injection Eo as <-. cbn in Le.
      destruct (same_lane j T) as (Pub & _). rewrite Pub in Le.
      eapply le_trans; [exact Le|]. apply (st_published (tr_sound T j)).
    - split; [eapply step_evict_m; eauto|]. apply evict_m_facts in E
        as (_ & _ & _ & r & ra & d & x & -> & _).
      split; [discriminate|discriminate].
    - passed Ok_. unfold fits_fields in Check. apply andb_true_iff in Check as [W Wc].
      apply N.leb_le in W, Wc. split; [eapply step_evict_b; [|exact E]; now split|].
      apply evict_b_facts in E as (m & -> & _). split; discriminate.
    - passed Ok_. unfold fits_fields in Check. apply andb_true_iff in Check as [W Wc].
      apply N.leb_le in W, Wc. split; [eapply step_evict_bm; [|exact E]; now split|].
      apply evict_bm_facts in E as (m & -> & _). split; discriminate.
    - split; [eapply step_next_epoch; eauto|]. apply next_epoch_facts in E as (-> & _).
      split; discriminate.
    - split; [eapply step_verify_epoch; eauto|]. apply verify_epoch_facts in E as (-> & _).
      split; discriminate.
  Qed.

  (** All threads have closed what is certified. *)
  Lemma certified_closed v H t : tracks v H -> In t ids -> certified v <= next_epoch (now H t).
  Proof.
    intros T Ht. destruct (N.eq_dec (certified v) 0) as [->|N]; [apply N.le_0_l|].
    destruct (tr_certified T (e := certified v - 1)) as [Cl _]; [lia|]. specialize (Cl t Ht). lia.
  Qed.

  (** What an entry makes of a history: an item more, if it was applied, and no operation of an
      epoch that was certified before. *)
  Definition follows (v : verifier) (H : list item) (v' : verifier) (r : reply) : Prop :=
    exists H', tracks v' (H' ++ H) /\ map (@i_event _ _) H' = event_of r /\
      (forall ran, In ran (runs H') -> certified v <= r_epoch ran) /\ certified v <= certified v'.

  (** The entry changed no thread. *)
  Lemma no_item v v' H r : tracks v' H -> event_of r = [] -> certified v <= certified v' ->
    follows v H v' r.
  Proof. intros T E F. exists []. rewrite E. cbn. split; [assumption|]. repeat split; tauto. Qed.

  (** Sessions and receipts change nothing of it. *)
  Lemma follows_desk v H v' r s : follows v H v' r -> follows v H (with_desk v' s) r.
  Proof.
    intros (H' & T & Rest). exists H'. split; [now apply tracks_desk|exact Rest].
  Qed.
  Lemma follows_note v H v' r n : follows v H v' r -> follows v H v' (with_note r n).
  Proof.
    intros (H' & T & E & Rest). exists H'. split; [exact T|]. split; [|exact Rest]. now destruct r.
  Qed.

  Lemma stop_follows v H t stop v' r : tracks v H -> settle cfg v t (Err stop) = (v', r) ->
    follows v H v' r.
  Proof.
    intros T E. destruct stop as [r0|n]; injection E as <- <-; apply no_item;
      auto using tracks_reject; apply N.le_refl.
  Qed.

  Lemma halt_follows v H t halt v' r : tracks v H -> settle_verdict cfg v t (Err halt) = (v', r) ->
    follows v H v' r.
  Proof.
    intros T E. destruct halt as [r0|stop]; cbn [settle_verdict] in E.
    - injection E as <- <-. apply no_item; auto. apply N.le_refl.
    - eapply stop_follows; eauto.
  Qed.

  Lemma sealing_certified v t e : certified (sealing cfg v t e) = certified v.
  Proof. unfold sealing. now destruct (serving_of cfg). Qed.

  Lemma certify_up v : certified v <= certified (certify cfg v).
  Proof.
    unfold certify. destruct (mismatch v); [lia|]. destruct (forallb _ _); [|lia].
    destruct (balance _); cbn; lia.
  Qed.

  Lemma memory_follows v H t e v' r : tracks v H -> In t ids -> rejection (thread_at v t) = None ->
    check_entry e = Ok tt -> settle cfg v t (step_memory cfg v t e) = (v', r) -> follows v H v' r.
  Proof.
    intros T Ht Live Ce E. unfold settle in E.
    destruct (step_memory cfg v t e) as [[s ev]|stop] eqn:M;
      [|eapply stop_follows; [exact T|]; exact E].
    edestruct step_memory_step as (St & Guard & NoRun); [exact T|exact Live|exact Ce|exact M|].
    injection E as <- <-. exists [Item t ev s]. cbn [app map i_event event_of].
    assert (T' : tracks (put v t s) (Item t ev s :: H)).
    { apply tracks_step; auto. intros r0 ->. now destruct (NoRun r0). }
    split; [|split; [reflexivity|split]].
    - destruct ev; auto. apply tracks_certify. unfold sealing.
      destruct (serving_of cfg); [now apply tracks_desk|assumption].
    - cbn. intros r0 Hin. rewrite app_nil_r in Hin. destruct ev; cbn in Hin; try tauto.
      now destruct (NoRun r).
    - destruct ev; cbn; try lia. eapply N.le_trans; [|apply certify_up].
      rewrite sealing_certified. cbn. lia.
  Qed.

  Lemma run_follows v H t rt o v' r : tracks v H -> In t ids -> rejection (thread_at v t) = None ->
    step_run cfg v t rt o = (v', r) -> follows v H v' r.
  Proof.
    intros T Ht Live E. unfold step_run, attempt in E.
    destruct (begin_call (asked o)) as [code|call] eqn:B; [eapply halt_follows; eassumption|].
    destruct (Session.decide_right _); [|eapply halt_follows; eassumption].
    set (now_ := epoch (clock (thread_at v t))) in *.
    assert (T' : tracks (raise_floor v now_) H) by now apply tracks_floor.
    assert (Halted : forall halt, settle_verdict cfg (raise_floor v now_) t (Err halt) = (v', r) ->
      follows v H v' r).
    { intros halt E'. destruct (halt_follows _ _ T' E') as (H' & Rest). now exists H'. }
    unfold RunApp.decide_floor in E. destruct (N.leb_spec (floor v) now_) as [Le|Lt];
      [|eapply Halted; exact E].
    cbn [require and_then lift] in E.
    destruct (run_app cfg rt (thread_at v t) o (call now_)) as [[s ev]|halt] eqn:R;
      [|eapply Halted; exact E].
    pose proof (live_thread t T Live) as Lv. rewrite Lv in R.
    assert (En : now_ = epoch (clock (now H t))) by (unfold now_; now rewrite Lv).
    rewrite En in R.
    assert (St : thread_step cfg t (now H t) ev s) by (eapply step_run_app; eauto).
    pose proof R as R'. apply run_app_facts in R' as (Ec & _ & _ & x & -> & _).
    injection E as <- <-. eexists [Item t _ s]. cbn [app map i_event event_of].
    split; [|split; [reflexivity|split]].
    - apply tracks_step; auto; [discriminate|]. intros r0 [= <-]. cbn. rewrite Ec, <- En.
      split; [reflexivity|]. split; [lia|]. intros q Hq. apply (tr_floor T) in Hq. lia.
    - cbn. intros r0 [<-|[]]. cbn. rewrite <- En, En.
      eapply N.le_trans; [apply certified_closed; eauto|]. apply (st_passed (tr_sound T t)).
    - cbn. lia.
  Qed.

  Lemma host_follows v H t o v' r : tracks v H -> In t ids -> rejection (thread_at v t) = None ->
    step_host cfg v t o = (v', r) -> follows v H v' r.
  Proof.
    intros T Ht Live E. unfold step_host in E.
    destruct (serving_of cfg) as [sv|]; [|eapply run_follows; eassumption].
    destruct (_ && _); [eapply run_follows; eassumption|].
    destruct (Session.decide_embedded _ _); [|eapply halt_follows; eassumption].
    destruct (step_run cfg v t None o) as [v1 r1] eqn:R.
    assert (F : follows v H v1 r1) by (eapply run_follows; eassumption).
    destruct (ruling_of r1); injection E as <- <-; [|assumption].
    now apply follows_desk, follows_note.
  Qed.

  Lemma client_follows v H t o sv id q mac v' r : tracks v H -> In t ids ->
    rejection (thread_at v t) = None -> step_client cfg v t o sv id q mac = (v', r) ->
    follows v H v' r.
  Proof.
    intros T Ht Live E. unfold step_client in E.
    assert (None_ : forall code n, (v, Refused code n) = (v', r) -> follows v H v' r).
    { intros code n [= <- <-]. apply no_item; auto. apply N.le_refl. }
    destruct (Session.decide_request _) as [u|[f|stop]].
    - destruct (found_in _ _ _ _) as [| |x]; eauto.
      destruct (step_run cfg v t (Some (s_client x)) o) as [v1 r1] eqn:R.
      assert (F : follows v H v1 r1) by (eapply run_follows; eassumption).
      destruct (ruling_of r1); injection E as <- <-; [|assumption].
      now apply follows_desk, follows_note.
    - destruct (found_in _ _ _ _) as [| |x]; eauto; eapply halt_follows; eassumption.
    - eapply halt_follows; eassumption.
  Qed.

  Lemma session_follows v H t sv e v' r : tracks v H -> step_session cfg v t sv e = (v', r) ->
    follows v H v' r.
  Proof.
    intros T E. unfold step_session in E.
    assert (Said : forall s r0, event_of r0 = [] -> (with_desk v s, r0) = (v', r) ->
      follows v H v' r).
    { intros s r0 Ev [= <- <-]. apply no_item; [now apply tracks_desk|assumption|apply N.le_refl]. }
    destruct e;
      try (injection E as <- <-; apply no_item; [assumption|reflexivity|apply N.le_refl]).
    - destruct (open _ _ _ _ _ _ _) as [[s m]|halt]; [eapply Said; [|exact E]; reflexivity|].
      eapply halt_follows; eassumption.
    - destruct (revoke _ _ _ _) as [[s m]|halt]; [eapply Said; [|exact E]; reflexivity|].
      eapply halt_follows; eassumption.
    - destruct (open _ _ _ _ _ _ _) as [[s m]|halt]; [eapply Said; [|exact E]; reflexivity|].
      eapply halt_follows; eassumption.
    - destruct (question _ _ _ _ _ _) as [[s m]|halt]; [eapply Said; [|exact E]; reflexivity|].
      eapply halt_follows; eassumption.
  Qed.

  (** One entry: an item more, if it was applied. *)
  Lemma tracks_entry v H t e v' r : tracks v H -> In t ids -> step cfg v t e = (v', r) ->
    follows v H v' r.
  Proof.
    intros T Ht E. unfold step in E.
    destruct (rejection (thread_at v t)) as [r0|] eqn:Live.
    { injection E as <- <-. apply no_item; auto. apply N.le_refl. }
    destruct (check_entry e) as [[]|stop] eqn:Ce; [|eapply stop_follows; eassumption].
    assert (Refused_ : forall code n, (v, Refused code n) = (v', r) -> follows v H v' r).
    { intros code n [= <- <-]. apply no_item; auto. apply N.le_refl. }
    destruct e; cbn [step_entry] in E; try (eapply memory_follows; eassumption).
    - destruct (asked_by r0); [eapply host_follows; eassumption|].
      destruct (serving_of cfg); [eapply client_follows; eassumption|eauto].
    - destruct (serving_of cfg); [eapply session_follows; eassumption|eauto].
    - destruct (serving_of cfg); [eapply session_follows; eassumption|eauto].
    - destruct (serving_of cfg); [eapply session_follows; eassumption|eauto].
    - destruct (serving_of cfg); [eapply session_follows; eassumption|eauto].
  Qed.

  (** All entries. No operation is added to an epoch that is certified. *)
  Lemma tracks_all l : forall v H v' rs, tracks v H -> run_all cfg v l = (v', rs) ->
    exists H', tracks v' (H' ++ H) /\ map (@i_event _ _) (rev H') = events rs /\
      (forall ran, In ran (runs H') -> certified v <= r_epoch ran) /\ certified v <= certified v'.
  Proof.
    induction l as [|[t e] l IH]; cbn; intros v H v' rs T E.
    { injection E as <- <-. exists []. cbn. split; [assumption|]. split; [reflexivity|].
      split; [tauto|apply N.le_refl]. }
    destruct (is_thread cfg t) eqn:It; [|eauto].
    destruct (step cfg v t e) as [v1 r] eqn:St. destruct (run_all cfg v1 l) as [v2 rs2] eqn:Rest.
    injection E as <- <-.
    edestruct tracks_entry as (H1 & T1 & Ev1 & Fl1 & Up); [exact T|exact (is_thread_in _ It)|exact
      St|].
    destruct (IH _ _ _ _ T1 Rest) as (H2 & T2 & Ev2 & Fl2 & Up2).
    exists (H2 ++ H1). rewrite <- app_assoc. split; [assumption|].
    rewrite rev_app_distr, map_app, Ev2. split; [|split; [|lia]].
    - unfold events. cbn. f_equal. rewrite <- Ev1.
      assert (Short : rev H1 = H1).
      { destruct H1 as [|x [|y H1]]; try reflexivity.
        apply (f_equal (@length _)) in Ev1. rewrite map_length in Ev1.
        destruct r; cbn in Ev1; lia. }
      now rewrite Short.
    - intros ran Hin. unfold runs in Hin. rewrite flat_map_app in Hin.
      apply in_app_iff in Hin as [Hin|Hin]; [|auto]. apply Fl2 in Hin. lia.
  Qed.
End History.
