(** What holds of [decide_add_b]: it says yes exactly when every check holds, and so on. *)
From Coq Require Import NArith Bool Lia.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds Spec.AddB.
Open Scope N_scope.

(** The checks that only a lie fails, and those that waiting may cure. *)
Definition fatal_checks (v : AddBView) : Prop :=
  slot_in_range v = true /\ is_root v = false /\ slot_empty v = true /\ thread_in_range v = true /\
  next_epoch v <= epoch (timestamp v) /\ counter (timestamp v) < u32_max /\
  element_count v < u64_max.

Definition retry_checks (v : AddBView) : Prop :=
  since (epoch (timestamp v)) (next_epoch v) < EPOCH_WINDOW /\
  (own_element v = true \/ le (timestamp v) (published v)) /\
  fits (bytes v) = true.

Definition update_of (v : AddBView) : AddBUpdate := {|
  clock' := later (clock v)
    {| epoch := epoch (timestamp v); counter := counter (timestamp v) + 1 |};
  element_count' := element_count v + 1
|}.

(** Goes through the checks one by one, and says of each what it means. *)
Ltac each_check :=
  cbv zeta; unfold next_count;
  repeat match goal with
  | |- context [require ?holds _] => destruct holds eqn:?; cbn [require and_then]
  end.

Ltac meanings :=
  unfold in_window, since in *;
  repeat match goal with
  | H : negb _ = true |- _ => apply negb_true_iff in H
  | H : negb _ = false |- _ => apply negb_false_iff in H
  | H : (_ <=? _) = true |- _ => apply N.leb_le in H
  | H : (_ <=? _) = false |- _ => apply N.leb_gt in H
  | H : (_ <? _) = true |- _ => apply N.ltb_lt in H
  | H : (_ <? _) = false |- _ => apply N.ltb_ge in H
  | H : _ || at_or_before _ _ = true |- _ => rewrite orb_true_iff, at_or_before_le in H
  | H : _ || _ = false |- _ => apply orb_false_iff in H as [? ?]
  end.

(** AddB is applied exactly when every check holds, and the update is this one. *)
Theorem decide_add_b_ok v u :
  decide_add_b v = Ok u <-> fatal_checks v /\ retry_checks v /\ u = update_of v.
Proof.
  unfold decide_add_b, fatal_checks, retry_checks, update_of.
  each_check; meanings; try rewrite after_exact by assumption;
    try rewrite saturating_add_u64_exact by lia; split; try discriminate;
    [intros [= <-]; intuition | intros (_ & _ & ->); reflexivity | ..];
    (* What is left: a check failed, and yet all hold. *)
    intros ((? & ? & ? & ? & ? & ? & ?) & (? & [? | ?%at_or_before_le] & ?) & _);
    exfalso; (lia || congruence).
Qed.

(** The byte budget holds after the entry, where the entry adds a byte at all. *)
Theorem within_budget v u :
  decide_add_b v = Ok u -> 0 < added (bytes v) ->
  used (bytes v) + added (bytes v) <= budget (bytes v).
Proof.
  intros (_ & (_ & _ & room) & _)%decide_add_b_ok. unfold fits in room.
  rewrite N.leb_le in room. lia.
Qed.

(** The clock is then past the element's timestamp. *)
Theorem added_before_clock v u : decide_add_b v = Ok u -> lt (timestamp v) (clock' u).
Proof.
  intros (_ & _ & ->)%decide_add_b_ok. eapply lt_le_trans; [| apply later_right].
  right; cbn; lia.
Qed.

(** The clock never goes back. *)
Theorem clock_never_decreases v u : decide_add_b v = Ok u -> le (clock v) (clock' u).
Proof. intros (_ & _ & ->)%decide_add_b_ok. apply later_left. Qed.

(** An element of another thread is let in only if its eviction is published. *)
Theorem other_element_is_published v u :
  decide_add_b v = Ok u -> own_element v = false -> le (timestamp v) (published v).
Proof. intros (_ & (_ & [own | ?] & _) & _)%decide_add_b_ok other; [congruence | assumption]. Qed.

(** Numbers within their widths stay so. *)
Theorem update_in_width v u :
  decide_add_b v = Ok u -> in_width (timestamp v) -> in_width (clock v) ->
  in_width (clock' u) /\ element_count' u <= u64_max.
Proof.
  intros ((_ & _ & _ & _ & _ & fits & counted) & _ & ->)%decide_add_b_ok stamp now.
  unfold update_of; cbn. split; [| lia].
  edestruct later_either as [-> | ->]; [assumption |].
  unfold in_width in *; cbn. lia.
Qed.

(** A lie is never answered with "not yet". *)
Theorem retry_after_fatal_checks v not_yet :
  decide_add_b v = Err (Retry not_yet) -> fatal_checks v.
Proof.
  unfold decide_add_b, fatal_checks. each_check; try discriminate; intros _; meanings; auto 10.
Qed.

(** The same view with other memory of other threads. *)
Definition with_published (v : AddBView) (p : Timestamp) : AddBView := {|
  slot_in_range := slot_in_range v; is_root := is_root v; slot_empty := slot_empty v;
  thread_in_range := thread_in_range v; own_element := own_element v; timestamp := timestamp v;
  clock := clock v; published := p; next_epoch := next_epoch v; element_count := element_count v;
  bytes := bytes v
|}.

(** A rejection is the same whenever it is decided: other threads have no part in it. *)
Theorem rejection_ignores_published v p reason :
  decide_add_b v = Err (Rejected reason) ->
  decide_add_b (with_published v p) = Err (Rejected reason).
Proof. unfold decide_add_b; cbn. each_check; congruence. Qed.

(** Nothing above is vacuous: one view is accepted, and each answer is met by changing a field. *)
Module Examples.
  Definition at_ (e c : N) : Timestamp := {| epoch := e; counter := c |}.

  Definition view (bools : bool * bool * bool * bool * bool) (t now seen : Timestamp)
      (verified count in_use : N) : AddBView :=
    let '(slot, root, empty, thread, own) := bools in {|
      slot_in_range := slot; is_root := root; slot_empty := empty; thread_in_range := thread;
      own_element := own; timestamp := t; clock := now; published := seen; next_epoch := verified;
      element_count := count; bytes := {| used := in_use; added := 10; budget := 100 |}
    |}.

  Definition good := (true, false, true, true, false).

  Example accepted : decide_add_b (view good (at_ 3 7) (at_ 3 2) (at_ 3 7) 3 0 90)
    = Ok {| clock' := at_ 3 8; element_count' := 1 |}.
  Proof. reflexivity. Qed.

  Definition answer bools t seen verified count in_use :=
    match decide_add_b (view bools t (at_ 3 2) seen verified count in_use) with
    | Ok _ => None
    | Err stop => Some stop
    end.

  Example slot_out_of_range : answer (false, false, true, true, false) (at_ 3 7) (at_ 3 7) 3 0 90
    = Some (Rejected SlotOutOfRange). Proof. reflexivity. Qed.
  Example root_added : answer (true, true, true, true, false) (at_ 3 7) (at_ 3 7) 3 0 90
    = Some (Rejected RootAddedFromDeferred). Proof. reflexivity. Qed.
  Example slot_occupied : answer (true, false, false, true, false) (at_ 3 7) (at_ 3 7) 3 0 90
    = Some (Rejected SlotOccupied). Proof. reflexivity. Qed.
  Example thread_out_of_range : answer (true, false, true, false, false) (at_ 3 7) (at_ 3 7) 3 0 90
    = Some (Rejected ThreadOutOfRange). Proof. reflexivity. Qed.
  Example verified_epoch : answer good (at_ 3 7) (at_ 3 7) 4 0 90
    = Some (Rejected AddToVerifiedEpoch). Proof. reflexivity. Qed.
  Example counter_overflow : answer good (at_ 3 u32_max) (at_ 4 0) 3 0 90
    = Some (Rejected CounterOverflow). Proof. reflexivity. Qed.
  Example count_overflow : answer good (at_ 3 7) (at_ 3 7) 3 u64_max 90
    = Some (Rejected ElementCountOverflow). Proof. reflexivity. Qed.
  Example beyond_window : answer good (at_ 35 7) (at_ 35 7) 3 0 90
    = Some (Retry Window). Proof. reflexivity. Qed.
  Example not_published : answer good (at_ 3 7) (at_ 3 6) 3 0 90
    = Some (Retry PublishedClock). Proof. reflexivity. Qed.
  Example over_budget : answer good (at_ 3 7) (at_ 3 7) 3 0 91
    = Some (Retry ByteBudget). Proof. reflexivity. Qed.
End Examples.
