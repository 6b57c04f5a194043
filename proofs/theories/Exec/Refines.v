(** The fast verifier answers as the verifier of Spec does, to every entry, and epochs end alike. *)
From Coq Require Import NArith List Bool Lia FMapPositive.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Bounds Spec.Table.
From zeta Require Import Spec.Entry Spec.Application Spec.Access Spec.Leaf Spec.Thread.
From zeta Require Import Spec.SessionTable Spec.Service Spec.Verifier Exec.Machine.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
From zeta Require Spec.Session.
Import ListNotations.
Open Scope N_scope.

(** ** A verifier without its lists *)

Definition bare_table (m : table thread) : table thread := PositiveMap.map bare m.
Definition bare_verifier (v : verifier) : verifier :=
  Verifier (bare_table (threads v)) (floor v) (certified v) (mismatch v) (desk v).

Lemma get_bare m t : get (bare_table m) t = option_map bare (get m t).
Proof. exact (PositiveMap.gmapi (fun _ => bare) (N.succ_pos t) m). Qed.

Lemma map_add {X Y} (f : X -> Y) i x m :
  PositiveMap.map f (PositiveMap.add i x m) = PositiveMap.add i (f x) (PositiveMap.map f m).
Proof.
  unfold PositiveMap.map, PositiveMap.mapi. generalize xH as j.
  revert m. induction i as [i IH | i IH |]; intros [| l o r] j; cbn; try reflexivity;
    rewrite IH; reflexivity.
Qed.

Lemma set_bare m t s : bare_table (set m t s) = set (bare_table m) t (bare s).
Proof. apply map_add. Qed.

(** The lists of two threads are the same. *)
Definition same_lists (s s' : thread) : Prop :=
  added s = added s' /\ evicted s = evicted s' /\ closed s = closed s'.

Section Refines.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

Lemma bare_start t : bare (start cfg t) = start cfg t.
Proof. reflexivity. Qed.

Lemma thread_at_bare v t : thread_at cfg (bare_verifier v) t = bare (thread_at cfg v t).
Proof.
  unfold thread_at. cbn [threads bare_verifier]. rewrite get_bare.
  destruct (get (threads v) t); reflexivity.
Qed.

Lemma put_bare v t s : put (bare_verifier v) t (bare s) = bare_verifier (put v t s).
Proof.
  unfold put, bare_verifier. cbn [threads floor certified mismatch desk]. now rewrite set_bare.
Qed.

Lemma thread_at_put v t s t' :
  thread_at cfg (put v t s) t' = if t' =? t then s else thread_at cfg v t'.
Proof.
  unfold thread_at, put. cbn [threads]. destruct (N.eqb_spec t' t) as [-> | differ].
  - now rewrite get_set_eq.
  - now rewrite get_set_neq.
Qed.

(** What a step of one thread gave, without its lists. *)
Definition bare_result {E} (r : Result (thread * event) E) : Result (thread * event) E :=
  match r with Ok (s, ev) => Ok (bare s, ev) | Err e => Err e end.

(** A step of a thread that has no lists, gives what it gives one with lists, and leaves them. *)
Definition ignores_lists {E} (s : thread) (f : thread -> Result (thread * event) E) : Prop :=
  f (bare s) = bare_result (f s) /\ forall s' ev, f s = Ok (s', ev) -> same_lists s s'.

Ltac ignoring := split; [| intros s' ev found];
  unfold and_then, lift, byte_use, bytes_with, bytes_without, record_in, with_slots, with_clock
    in *;
  cbn [bare slots bytes_used clock next_epoch published rejection] in *; cbv zeta in *;
  repeat match goal with
  | |- context [match ?r with Ok _ => _ | Err _ => _ end] => destruct r
  | H : context [match ?r with Ok _ => _ | Err _ => _ end] |- _ => destruct r
  end; try reflexivity; try discriminate;
  try match goal with H : Ok (_, _) = Ok (_, _) |- _ => injection H as <- <-; repeat split end.

Lemma add_m_ignores s slot a r : ignores_lists s (fun s => add_m cfg s slot a r).
Proof. unfold add_m, ignores_lists. ignoring. Qed.

Lemma evict_m_ignores s slot a : ignores_lists s (fun s => evict_m cfg s slot a).
Proof. unfold evict_m, ignores_lists. ignoring. Qed.

Lemma next_epoch_ignores s : ignores_lists s next_epoch_entry.
Proof. unfold next_epoch_entry, ignores_lists. ignoring. Qed.

Lemma run_app_ignores r s o c : ignores_lists s (fun s => run_app cfg r s o c).
Proof. unfold run_app, ignores_lists. ignoring. Qed.

(** ** Steps that keep no books *)

(** A step of the verifier that gives the same without lists, and leaves all lists. *)
Definition blind (v : verifier) (f : verifier -> verifier * reply) : Prop :=
  f (bare_verifier v) = (bare_verifier (fst (f v)), snd (f v)) /\
  forall t, same_lists (thread_at cfg v t) (thread_at cfg (fst (f v)) t).

Lemma same_lists_refl s : same_lists s s.
Proof. repeat split. Qed.

Definition closes (r : result (thread * event)) : Prop :=
  exists s e, r = Ok (s, Verified e).

Lemma settle_blind v t f :
  ignores_lists (thread_at cfg v t) f -> (forall s, ~ closes (f s)) ->
  blind v (fun v => settle cfg v t (f (thread_at cfg v t))).
Proof.
  intros [same keeps] open_. unfold blind. rewrite thread_at_bare, same. unfold settle.
  destruct (f (thread_at cfg v t)) as [[s ev] | [reason | n]] eqn:found; cbn [bare_result].
  - assert (forall e, ev <> Verified e) as not_closed.
    { intros e ->. apply (open_ (thread_at cfg v t)). exists s, e. exact found. }
    specialize (keeps _ _ eq_refl).
    destruct ev; try (now exfalso; eapply not_closed); cbn [fst snd]; rewrite put_bare;
      (split; [reflexivity |]); intros t'; rewrite thread_at_put;
      (destruct (N.eqb_spec t' t) as [-> |]; [exact keeps | apply same_lists_refl]).
  - cbn [fst snd]. rewrite thread_at_bare. split.
    + now rewrite <- put_bare.
    + intros t'. rewrite thread_at_put. destruct (N.eqb_spec t' t) as [-> |]; repeat split.
  - split; [reflexivity | intros; apply same_lists_refl].
Qed.

Lemma settle_err_blind v t stop : blind v (fun v => settle cfg v t (Err stop)).
Proof.
  apply (settle_blind v t (fun _ => Err stop)).
  - split; [reflexivity | discriminate].
  - intros s (? & ? & [=]).
Qed.

(** Steps that are blind, one after the other. *)
Lemma same_lists_trans s s' s'' : same_lists s s' -> same_lists s' s'' -> same_lists s s''.
Proof. unfold same_lists. intuition congruence. Qed.

Definition blind_after (g : verifier -> reply -> verifier * reply) : Prop :=
  forall v r, blind v (fun v => g v r).

Lemma blind_then v f g :
  blind v f -> blind_after g -> blind v (fun v => let (v, r) := f v in g v r).
Proof.
  intros [same keeps] after. unfold blind. rewrite same.
  destruct (f v) as [v' r] eqn:found. cbn [fst snd] in *.
  destruct (after v' r) as [same' keeps']. split; [exact same' |].
  intros t. eapply same_lists_trans; eauto.
Qed.

(** What is done to a verifier but not to its threads. *)
Definition beside (h : verifier -> verifier) : Prop :=
  (forall v, h (bare_verifier v) = bare_verifier (h v)) /\ forall v, threads (h v) = threads v.

Lemma thread_at_beside h v t : beside h -> thread_at cfg (h v) t = thread_at cfg v t.
Proof. intros [_ same]. unfold thread_at. now rewrite same. Qed.

Lemma blind_beside v h f : beside h -> blind (h v) f -> blind v (fun v => f (h v)).
Proof.
  intros aside [same keeps]. unfold blind. rewrite (proj1 aside). split; [exact same |].
  intros t. specialize (keeps t). now rewrite (thread_at_beside h) in keeps.
Qed.

Lemma blind_done v h r : beside h -> blind v (fun v => (h v, r)).
Proof.
  intros aside. split; cbn; [now rewrite (proj1 aside) |].
  intros t. rewrite thread_at_beside by assumption. apply same_lists_refl.
Qed.

Lemma beside_id : beside (fun v => v).
Proof. now split. Qed.
Lemma beside_raise e : beside (fun v => raise_floor v e).
Proof. now split. Qed.
Lemma beside_desk s : beside (fun v => with_desk v s).
Proof. now split. Qed.

Definition closes_verdict (r : verdict (thread * event)) : Prop :=
  exists s e, r = Ok (s, Verified e).

Lemma settle_verdict_blind v t f :
  ignores_lists (thread_at cfg v t) f -> (forall s, ~ closes_verdict (f s)) ->
  blind v (fun v => settle_verdict cfg v t (f (thread_at cfg v t))).
Proof.
  intros [same keeps] open_.
  pose (g := fun s => match f s with
                      | Ok done => Ok done
                      | Err (Reason.Stopped stop) => Err stop
                      | Err (Reason.Refused _) => Err (Rejected UnknownTag)
                      end).
  assert (blind v (fun v => settle cfg v t (g (thread_at cfg v t)))) as settled.
  { apply settle_blind.
    - unfold g. split.
      + rewrite same. destruct (f (thread_at cfg v t)) as [[] | [] ]; reflexivity.
      + intros s' ev. destruct (f (thread_at cfg v t)) as [[] | [] ] eqn:found; try discriminate.
        intros [= <- <-]. exact (keeps _ _ eq_refl).
    - intros s (s' & e & found). apply (open_ s). exists s', e. unfold g in found.
      destruct (f s) as [[] | [] ]; congruence. }
  unfold blind in *. unfold settle_verdict. rewrite thread_at_bare, same in *. unfold g in settled.
  rewrite same in settled.
  destruct (f (thread_at cfg v t)) as [[s ev] | [r | stop] ]; cbn [bare_result] in *;
    [exact settled | | exact settled].
  split; [reflexivity | intros; apply same_lists_refl].
Qed.

Lemma settle_verdict_err_blind v t halt : blind v (fun v => settle_verdict cfg v t (Err halt)).
Proof.
  apply (settle_verdict_blind v t (fun _ => Err halt)).
  - split; [reflexivity | discriminate].
  - intros s (? & ? & [=]).
Qed.

Lemma run_app_open r s o c : ~ closes_verdict (run_app cfg r s o c).
Proof.
  unfold run_app. intros (s' & e & found). unfold and_then, lift in found.
  repeat match type of found with
  | context [match ?r with Ok _ => _ | Err _ => _ end] => destruct r
  end; try discriminate.
Qed.

Lemma step_run_blind v t r o : blind v (fun v => step_run cfg v t r o).
Proof.
  unfold step_run, attempt. destruct (begin_call (asked o)) as [code | call].
  { apply settle_verdict_err_blind. }
  destruct (Session.decide_right _) as [u | halt]; [| apply settle_verdict_err_blind].
  set (now := epoch (clock (thread_at cfg v t))).
  pose (f := fun s => and_then (lift (RunApp.decide_floor now (floor v)))
                        (fun _ => run_app cfg r s o (call now))).
  assert (blind v (fun w => settle_verdict cfg (raise_floor w now) t
                              (f (thread_at cfg (raise_floor w now) t)))) as ran.
  { apply (blind_beside v (fun w => raise_floor w now)
             (fun w => settle_verdict cfg w t (f (thread_at cfg w t))) (beside_raise now)),
      settle_verdict_blind.
    - unfold f. destruct (lift _); [apply run_app_ignores |].
      split; [reflexivity | discriminate].
    - intros s (s' & e & found). unfold f in found. destruct (lift _); [| discriminate].
      apply (run_app_open r s o (call now)). now exists s', e. }
  unfold blind in *. rewrite thread_at_bare.
  change (raise_floor (bare_verifier v) now) with (bare_verifier (raise_floor v now)) in ran.
  rewrite thread_at_bare in ran. exact ran.
Qed.

Lemma blind_same v f g : (forall w, f w = g w) -> blind v g -> blind v f.
Proof. intros same. unfold blind. now rewrite !same. Qed.

(** The receipt of an operation that has just been answered. *)
Lemma host_receipt_blind t o v r :
  blind v (fun v =>
    match ruling_of r with
    | Some ruled =>
        let l := Leaf ByHost (asked o) ruled t (clock (thread_at cfg v t)) in
        (with_desk v (keep_leaf (desk v) t l), with_note r (Receipt l None))
    | None => (v, r)
    end).
Proof.
  destruct (ruling_of r) as [ruled |]; [| apply (blind_done v (fun v => v)), beside_id].
  cbv zeta. unfold blind. rewrite thread_at_bare. split; [reflexivity | repeat split].
Qed.

Lemma step_host_blind v t o : blind v (fun v => step_host cfg v t o).
Proof.
  unfold step_host. destruct (serving_of cfg) as [sv |]; [| apply step_run_blind].
  cbv zeta. destruct (embedded (access sv) && _); [apply step_run_blind |].
  unfold blind. rewrite thread_at_bare.
  change (receipts_fit (bare (thread_at cfg v t))) with (receipts_fit (thread_at cfg v t)).
  destruct (Session.decide_embedded _ _) as [u | halt]; [| apply settle_verdict_err_blind].
  apply (blind_then v (fun v => step_run cfg v t None o)); [apply step_run_blind |].
  intros w r. apply host_receipt_blind.
Qed.

Lemma step_client_blind v t o sv id sequence mac :
  blind v (fun v => step_client cfg v t o sv id sequence mac).
Proof.
  unfold step_client. cbv zeta. unfold blind. rewrite thread_at_bare.
  change (request_view (found_in cfg sv (desk (bare_verifier v)) id)
            (bare (thread_at cfg v t)) (asked o) id sequence mac)
    with (request_view (found_in cfg sv (desk v) id)
            (thread_at cfg v t) (asked o) id sequence mac).
  change (desk (bare_verifier v)) with (desk v).
  destruct (Session.decide_request _) as [u | [r | stop] ].
  - destruct (found_in cfg sv (desk v) id) as [| | x];
      try exact (blind_done v (fun v => v) _ beside_id).
    apply (blind_then v (fun v => step_run cfg v t (Some (s_client x)) o));
      [apply step_run_blind |].
    intros w r.
    destruct (ruling_of r) as [ruled |]; [| apply (blind_done w (fun v => v)), beside_id].
    cbv zeta. unfold blind. rewrite thread_at_bare. split; [reflexivity | repeat split].
  - destruct (found_in cfg sv (desk v) id) as [| | x];
      try exact (settle_verdict_err_blind v t _).
    exact (blind_done v (fun v => v) _ beside_id).
  - destruct (found_in cfg sv (desk v) id) as [| | x];
      exact (settle_verdict_err_blind v t _).
Qed.

Lemma step_session_blind v t sv e : blind v (fun v => step_session cfg v t sv e).
Proof.
  unfold step_session. cbv zeta. unfold blind. rewrite thread_at_bare.
  change (desk (bare_verifier v)) with (desk v).
  cbn [bare clock].
  destruct e; try exact (blind_done v (fun v => v) _ beside_id);
    match goal with |- context [match ?r with Ok _ => _ | Err _ => _ end] =>
      destruct r as [[s said] | halt] end;
    solve [exact (settle_verdict_err_blind v t _)
          | exact (blind_done v (fun v => with_desk v s) _ (beside_desk s))].
Qed.

Lemma step_blind v t e : keeps_books e = false -> blind v (fun v => step cfg v t e).
Proof.
  intros keeps. unfold step, blind. rewrite thread_at_bare. cbn [bare rejection].
  destruct (rejection (thread_at cfg v t)); [exact (blind_done v (fun v => v) _ beside_id) |].
  destruct (check_entry e) as [u | stop]; [| apply settle_err_blind].
  unfold step_entry. destruct e; try discriminate keeps.
  - apply (settle_blind v t (fun s => add_m cfg s slot ancestor r)); [apply add_m_ignores |].
    intros s (? & ? & found). unfold add_m, and_then in found.
    destruct (AddM.decide_add_m _); discriminate.
  - apply (settle_blind v t (fun s => evict_m cfg s slot ancestor)); [apply evict_m_ignores |].
    intros s (? & ? & found). unfold evict_m, and_then in found.
    destruct (EvictM.decide_evict_m _); discriminate.
  - apply (settle_blind v t next_epoch_entry); [apply next_epoch_ignores |].
    intros s (? & ? & found). unfold next_epoch_entry, and_then in found.
    destruct (Epoch.decide_next_epoch _); discriminate.
  - destruct (asked_by r) as [| id sequence mac]; [apply step_host_blind |].
    destruct (serving_of cfg) as [sv |]; [apply step_client_blind |].
    exact (blind_done v (fun v => v) _ beside_id).
  - destruct (serving_of cfg) as [sv |]; [apply step_session_blind |].
    exact (blind_done v (fun v => v) _ beside_id).
  - destruct (serving_of cfg) as [sv |]; [apply step_session_blind |].
    exact (blind_done v (fun v => v) _ beside_id).
  - destruct (serving_of cfg) as [sv |]; [apply step_session_blind |].
    exact (blind_done v (fun v => v) _ beside_id).
  - destruct (serving_of cfg) as [sv |]; [apply step_session_blind |].
    exact (blind_done v (fun v => v) _ beside_id).
Qed.

(** ** Books *)

(** The books of a thread say what its lists would. *)
Definition books_ok (s : thread) (b : books) : Prop :=
  (forall e, sums_in (running b) e = sums_of e s) /\
  (forall e, sums_in (written b) e = nth (N.to_nat e) (closed s) no_sums) /\
  written_count b = N.of_nat (length (closed s)).

Lemma books_ok_same s s' b : same_lists s s' -> books_ok s b -> books_ok s' b.
Proof.
  intros (same_added & same_evicted & same_closed). unfold books_ok, sums_of.
  now rewrite same_added, same_evicted, same_closed.
Qed.

(** What an event does to a thread's lists. *)
Definition lists_after (s s' : thread) (ev : event) : Prop :=
  added s' = match ev with AddedDeferred m => m :: added s | _ => added s end /\
  evicted s' = match ev with EvictedDeferred m => m :: evicted s | _ => evicted s end /\
  closed s' = match ev with Verified e => closed s ++ [sums_of e s] | _ => closed s end.

Lemma sums_in_set l e s e' :
  sums_in (set l e s) e' = if e' =? e then s else sums_in l e'.
Proof.
  unfold sums_in. destruct (N.eqb_spec e' e) as [-> | differ].
  - now rewrite get_set_eq.
  - now rewrite get_set_neq.
Qed.

Lemma sum_of_cons e m l :
  sum_of (filter (in_epoch e) (m :: l)) =
  if e =? element_epoch m then sum_one m (sum_of (filter (in_epoch e) l))
  else sum_of (filter (in_epoch e) l).
Proof.
  cbn [filter]. unfold in_epoch at 1. rewrite N.eqb_sym.
  destruct (e =? element_epoch m); reflexivity.
Qed.

Lemma count_in_cons e m l :
  count_in e (m :: l) = if e =? element_epoch m then count_in e l + 1 else count_in e l.
Proof.
  unfold count_in. cbn [filter]. unfold in_epoch at 1. rewrite N.eqb_sym.
  destruct (e =? element_epoch m); [cbn [length]; lia | reflexivity].
Qed.

Lemma nth_snoc {X} (l : list X) x e d :
  nth (N.to_nat e) (l ++ [x]) d =
  if e =? N.of_nat (length l) then x else nth (N.to_nat e) l d.
Proof.
  destruct (N.eqb_spec e (N.of_nat (length l))) as [-> | differ].
  - rewrite Nat2N.id, app_nth2, PeanoNat.Nat.sub_diag by lia. reflexivity.
  - destruct (PeanoNat.Nat.lt_ge_cases (N.to_nat e) (length l)) as [less | more].
    + now apply app_nth1.
    + rewrite app_nth2, (nth_overflow l) by lia.
      destruct (N.to_nat e - length l)%nat as [| [| n]] eqn:at_; [lia | reflexivity | reflexivity].
Qed.

Lemma book_ok s s' b ev : books_ok s b -> lists_after s s' ev -> books_ok s' (book b ev).
Proof.
  intros (run_ok & written_ok & count_ok) (after_added & after_evicted & after_closed).
  unfold books_ok, sums_of in *. rewrite after_added, after_evicted, after_closed.
  destruct ev; cbn [book]; try (repeat split; assumption).
  - split; [| split; assumption]. intros e. cbn [book_added running]. rewrite sums_in_set.
    rewrite sum_of_cons, count_in_cons, run_ok.
    destruct (N.eqb_spec e (element_epoch m)) as [-> | differ]; reflexivity || apply run_ok.
  - split; [| split; assumption]. intros e. cbn [book_evicted running]. rewrite sums_in_set.
    rewrite sum_of_cons, count_in_cons, run_ok.
    destruct (N.eqb_spec e (element_epoch m)) as [-> | differ]; reflexivity || apply run_ok.
  - split; [exact run_ok |]. cbn [book_closed written written_count]. split.
    + intros e'. rewrite sums_in_set, nth_snoc, <- count_ok, written_ok.
      destruct (e' =? written_count b); [apply run_ok | reflexivity].
    + rewrite app_length, count_ok. cbn [length]. lia.
Qed.

(** ** Steps that keep books *)

Lemma no_count e : count_in e [] = 0.
Proof. reflexivity. Qed.

(** [with_count] puts the check of the count where [decide] has it: after what else is rejected. *)
Ltac counted :=
  unfold with_count, byte_use, bytes_with, bytes_without, record_in, evict_view, next_count;
  unfold and_then, require;
  cbn [bare slots bytes_used clock next_epoch published added evicted rejection];
  cbn [AddB.slot_in_range AddB.is_root AddB.slot_empty AddB.thread_in_range AddB.own_element
       AddB.timestamp AddB.clock AddB.published AddB.next_epoch AddB.element_count AddB.bytes
       EvictB.slot_in_range EvictB.slot_occupied EvictB.is_root EvictB.timestamp EvictB.clock
       EvictB.has_children EvictB.added EvictB.next_epoch EvictB.element_count
       EvictBM.ancestor_in_range EvictBM.ancestor_occupied EvictBM.path EvictBM.ancestor_path
       EvictBM.pointer_names_key EvictBM.pointer_deferred EvictBM.parent_is_ancestor
       EvictBM.evict];
  rewrite ?no_count; change (0 <? u64_max) with true;
  repeat match goal with
  | |- context [if ?c then _ else _] =>
      match c with context [if _ then _ else _] => fail 1 | _ => destruct c end
  end; try reflexivity.

Lemma add_b_counted t s slot o m :
  bare_result (with_count (count_in (element_epoch m) (added s))
                 (add_b cfg t (bare s) slot (option_map bare o) m)) =
  bare_result (add_b cfg t s slot o m).
Proof.
  unfold add_b, AddB.decide_add_b. destruct o as [o |]; cbn [option_map is_some]; counted.
Qed.

Lemma evict_b_counted t s slot tm :
  bare_result (with_count (count_in (epoch tm) (evicted s)) (evict_b cfg t (bare s) slot tm)) =
  bare_result (evict_b cfg t s slot tm).
Proof. unfold evict_b, EvictB.decide_evict_b. counted. Qed.

Lemma evict_bm_counted t s slot a tm :
  bare_result (with_count (count_in (epoch tm) (evicted s)) (evict_bm cfg t (bare s) slot a tm)) =
  bare_result (evict_bm cfg t s slot a tm).
Proof. unfold evict_bm, EvictBM.decide_evict_bm. counted. Qed.

Lemma verify_epoch_bare s room :
  bare_result (verify_epoch (bare s) room) = bare_result (verify_epoch s room).
Proof.
  unfold verify_epoch. cbn [bare clock next_epoch].
  destruct (Epoch.decide_verify_epoch _); reflexivity.
Qed.

Lemma memory_counted v t e b :
  keeps_books e = true -> books_ok (thread_at cfg v t) b ->
  bare_result (with_count (count_before b e) (step_memory cfg (bare_verifier v) t e)) =
  bare_result (step_memory cfg v t e).
Proof.
  intros keeps (run_ok & _ & _). unfold step_memory. rewrite thread_at_bare.
  destruct e; try discriminate keeps; cbn [count_before].
  - rewrite run_ok, thread_at_bare.
    rewrite <- (add_b_counted t (thread_at cfg v t) slot
                  (if is_thread cfg thread then Some (thread_at cfg v thread) else None)).
    destruct (is_thread cfg thread); reflexivity.
  - rewrite run_ok. apply evict_b_counted.
  - rewrite run_ok. apply evict_bm_counted.
  - apply verify_epoch_bare.
Qed.

Lemma memory_lists v t e s' ev :
  keeps_books e = true -> step_memory cfg v t e = Ok (s', ev) ->
  lists_after (thread_at cfg v t) s' ev.
Proof.
  intros keeps. unfold step_memory, add_b, evict_b, evict_bm, verify_epoch, and_then.
  destruct e; try discriminate keeps;
    match goal with |- context [match ?r with Ok _ => _ | Err _ => _ end] => destruct r end;
    try discriminate; intros [= <- <-]; repeat split.
Qed.

(** ** The two verifiers *)

(** The machine is the verifier without its lists, and its books say what they would. *)
Definition agrees (v : verifier) (m : machine) : Prop :=
  core m = bare_verifier v /\ forall t, books_ok (thread_at cfg v t) (books_of m t).

Lemma initial_agrees : agrees initial begin.
Proof.
  split; [reflexivity |]. intros t. unfold thread_at, books_of, begin, initial.
  cbn [threads ledger]. rewrite !get_empty. split; [| split; [| reflexivity]]; intros e;
    unfold sums_in; cbn [running written no_books]; rewrite get_empty; [reflexivity |].
  cbn [start closed]. now destruct (N.to_nat e).
Qed.

Lemma forallb_same {X} (f g : X -> bool) l :
  (forall x, f x = g x) -> forallb f l = forallb g l.
Proof. intros same. induction l as [| x l IH]; [reflexivity |]. cbn. now rewrite same, IH. Qed.

Lemma certify_agrees v m : agrees v m -> agrees (certify cfg v) (certify_written cfg m).
Proof.
  intros [same books]. unfold certify, certify_written. rewrite same.
  cbn [mismatch certified bare_verifier].
  destruct (mismatch v); [now split |].
  assert (forallb (fun t => certified v <? next_epoch (thread_at cfg (bare_verifier v) t)) (ids cfg)
          = forallb (fun t => certified v <? next_epoch (thread_at cfg v t)) (ids cfg)) as ->
    by (apply forallb_same; intros; now rewrite thread_at_bare).
  destruct (forallb _ (ids cfg)); [| now split].
  assert (map (written_at m (certified v)) (ids cfg) = map (sums_at cfg v (certified v)) (ids cfg))
    as ->.
  { apply map_ext. intros t. apply books. }
  destruct (balance _); (split; [reflexivity | exact books]).
Qed.

Lemma books_of_set v l t b t' :
  books_of (Machine v (set l t b)) t' =
  if t' =? t then b else match get l t' with Some b => b | None => no_books end.
Proof.
  unfold books_of. cbn [ledger]. destruct (N.eqb_spec t' t) as [-> | differ].
  - now rewrite get_set_eq.
  - now rewrite get_set_neq.
Qed.

Lemma put_agrees v m t s' b :
  agrees v m -> books_ok s' b ->
  agrees (put v t s') (Machine (put (core m) t (bare s')) (set (ledger m) t b)).
Proof.
  intros [same books] ok. split.
  - cbn [core]. now rewrite same, put_bare.
  - intros t'. rewrite thread_at_put, books_of_set. destruct (t' =? t); [exact ok | apply books].
Qed.

Lemma sealing_agrees v m t e :
  agrees v m -> agrees (sealing cfg v t e) (Machine (sealing cfg (core m) t e) (ledger m)).
Proof.
  intros [same books]. rewrite same. unfold sealing.
  destruct (serving_of cfg); (split; [reflexivity | exact books]).
Qed.

Lemma settle_agrees v m t e :
  agrees v m -> keeps_books e = true ->
  let r := step_memory cfg v t e in
  let r' := with_count (count_before (books_of m t) e) (step_memory cfg (core m) t e) in
  snd (settle_books cfg m t r') = snd (settle cfg v t r) /\
  agrees (fst (settle cfg v t r)) (fst (settle_books cfg m t r')).
Proof.
  intros agree keeps r r'. pose proof agree as [same books].
  pose proof (memory_counted v t e _ keeps (books t)) as bared.
  pose proof (memory_lists v t e) as lists. rewrite <- same in bared. fold r r' in bared.
  fold r in lists. destruct r as [[s ev] | stop], r' as [[s' ev'] | stop'];
    cbn [bare_result] in bared; try discriminate.
  - assert (bare s' = bare s) as same_s by congruence.
    assert (ev' = ev) as -> by congruence. specialize (lists _ _ keeps eq_refl).
    cbn [settle settle_books]. rewrite same_s.
    pose proof (put_agrees v m t s _ agree (book_ok _ _ _ _ (books t) lists)) as placed.
    split; [now destruct ev |]. destruct ev; try exact placed.
    apply certify_agrees. exact (sealing_agrees _ _ t e0 placed).
  - injection bared as ->. cbn [settle_books].
    pose proof (settle_err_blind v t stop) as [blind_same blind_lists].
    rewrite same, blind_same. cbn [fst snd]. split; [reflexivity |]. split; [reflexivity |].
    intros t'. cbn [ledger]. exact (books_ok_same _ _ _ (blind_lists t') (books t')).
Qed.

Theorem step_agrees v m t e :
  agrees v m ->
  snd (step_machine cfg m t e) = snd (step cfg v t e) /\
  agrees (fst (step cfg v t e)) (fst (step_machine cfg m t e)).
Proof.
  intros agree. pose proof agree as [same books].
  assert (blind v (fun v => step cfg v t e) ->
          let done := let (v, r) := step cfg (core m) t e in (Machine v (ledger m), r) in
          snd done = snd (step cfg v t e) /\ agrees (fst (step cfg v t e)) (fst done)) as on_core.
  { intros [blind_same blind_lists]. rewrite same, blind_same. cbn [fst snd].
    split; [reflexivity |]. split; [reflexivity |].
    intros t'. exact (books_ok_same _ _ _ (blind_lists t') (books t')). }
  unfold step_machine. destruct (keeps_books e) eqn:keeps; [| apply on_core, step_blind, keeps].
  assert (rejection (thread_at cfg (core m) t) = rejection (thread_at cfg v t)) as ->
    by now rewrite same, thread_at_bare.
  destruct (rejection (thread_at cfg v t)) as [reason |] eqn:rejected.
  { apply on_core. unfold step, blind. rewrite thread_at_bare. cbn [bare rejection].
    rewrite rejected. exact (blind_done v (fun v => v) _ beside_id). }
  destruct (check_entry e) as [u | stop] eqn:checked.
  - pose proof (settle_agrees v m t e agree keeps) as [reply_same after].
    unfold step. rewrite rejected, checked.
    unfold step_entry. destruct e; try discriminate keeps; split; assumption.
  - apply on_core. unfold step, blind. rewrite thread_at_bare. cbn [bare rejection].
    rewrite rejected, checked. exact (settle_err_blind v t stop).
Qed.

(** Whatever is submitted, every reply is the same. *)
Theorem run_agrees l v m :
  agrees v m ->
  snd (run_machine cfg m l) = snd (run_all cfg v l) /\
  agrees (fst (run_all cfg v l)) (fst (run_machine cfg m l)).
Proof.
  revert v m. induction l as [| [t e] l IH]; intros v m agree; [now split |].
  cbn [run_machine run_all]. destruct (is_thread cfg t); [| now apply IH].
  destruct (step_agrees v m t e agree) as [reply_same after].
  destruct (step cfg v t e) as [v' r], (step_machine cfg m t e) as [m' r'].
  cbn [fst snd] in *. subst r'. specialize (IH _ _ after) as [replies_same end_].
  destruct (run_all cfg v' l) as [v'' rs], (run_machine cfg m' l) as [m'' rs'].
  cbn [fst snd] in *. split; congruence || assumption.
Qed.

Lemma outcome_of_bare v e l missing :
  outcome_of cfg (bare_verifier v) e l missing = outcome_of cfg v e l missing.
Proof.
  revert missing. induction l as [| t l IH]; intros missing; [reflexivity |].
  cbn [outcome_of]. rewrite thread_at_bare. cbn [bare next_epoch rejection]. now rewrite !IH.
Qed.

(** And so are the outcomes of epochs, what is signed of them, the floor and the clocks. *)
Theorem machine_ends_alike v m :
  agrees v m ->
  (forall e, outcome_at cfg (core m) e = outcome_at cfg v e) /\
  (forall sv e, certification_of cfg (core m) sv e = certification_of cfg v sv e) /\
  floor (core m) = floor v /\ certified (core m) = certified v /\
  forall t, let s := thread_at cfg (core m) t in let s' := thread_at cfg v t in
    clock s = clock s' /\ next_epoch s = next_epoch s' /\ rejection s = rejection s'.
Proof.
  intros [-> _]. split; [| repeat split; intros; now rewrite thread_at_bare].
  intros e. unfold outcome_at. cbn [bare_verifier certified mismatch].
  destruct (_ <? _); [reflexivity |]. destruct (mismatch v); [reflexivity |].
  apply outcome_of_bare.
Qed.

(** The refinement: the fast verifier, from the start, over any logs in any order. *)
Corollary machine_refines l :
  snd (run_machine cfg begin l) = snd (run_all cfg initial l) /\
  agrees (fst (run_all cfg initial l)) (fst (run_machine cfg begin l)).
Proof. apply run_agrees, initial_agrees. Qed.
End Refines.
