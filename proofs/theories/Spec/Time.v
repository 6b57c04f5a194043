(** Timestamps: an epoch and a counter within it, ordered lexicographically. *)
From Coq Require Import NArith Bool Lia.
From zeta Require Import Spec.Width.
Open Scope N_scope.

(** The number of an epoch: a type of its own in Rust. *)
Definition Epoch := u32.
Definition last_epoch : Epoch := u32_max.

(** The epoch after this one; the last stays itself. *)
Definition next (e : Epoch) : Epoch := saturating_add_u32 e 1.

(** How many epochs later than [first] this one is; none where it is not later. *)
Definition since (e first : Epoch) : u32 := e - first.

Record Timestamp := { epoch : Epoch; counter : u32 }.

Definition at_or_before (a b : Timestamp) : bool :=
  (epoch a <? epoch b) || ((epoch a =? epoch b) && (counter a <=? counter b)).

Definition before (a b : Timestamp) : bool :=
  (epoch a <? epoch b) || ((epoch a =? epoch b) && (counter a <? counter b)).

Definition later (a b : Timestamp) : Timestamp :=
  if at_or_before a b then b else a.

(** The next timestamp of the same epoch; the last stays itself. *)
Definition after (t : Timestamp) : Timestamp :=
  {| epoch := epoch t; counter := saturating_add_u32 (counter t) 1 |}.

Definition in_width (t : Timestamp) : Prop :=
  epoch t <= u32_max /\ counter t <= u32_max.

(** The order as a relation, for statements. *)
Definition le (a b : Timestamp) : Prop :=
  epoch a < epoch b \/ (epoch a = epoch b /\ counter a <= counter b).

Definition lt (a b : Timestamp) : Prop :=
  epoch a < epoch b \/ (epoch a = epoch b /\ counter a < counter b).

Lemma at_or_before_le a b : at_or_before a b = true <-> le a b.
Proof.
  unfold at_or_before, le.
  rewrite orb_true_iff, andb_true_iff, N.ltb_lt, N.eqb_eq, N.leb_le. reflexivity.
Qed.

Lemma before_lt a b : before a b = true <-> lt a b.
Proof.
  unfold before, lt.
  rewrite orb_true_iff, andb_true_iff, !N.ltb_lt, N.eqb_eq. reflexivity.
Qed.

Lemma le_total a b : at_or_before a b = false -> le b a.
Proof.
  intros late. destruct (N.lt_trichotomy (epoch a) (epoch b)) as [before | [same | after]].
  - assert (le a b) as contra by (left; auto). apply at_or_before_le in contra. congruence.
  - destruct (N.le_gt_cases (counter a) (counter b)).
    + assert (le a b) as contra by (right; auto). apply at_or_before_le in contra. congruence.
    + right. lia.
  - left. assumption.
Qed.

Lemma later_left a b : le a (later a b).
Proof.
  unfold later. destruct (at_or_before a b) eqn:order.
  - apply at_or_before_le, order.
  - right. lia.
Qed.

Lemma later_right a b : le b (later a b).
Proof.
  unfold later. destruct (at_or_before a b) eqn:order.
  - right. lia.
  - apply le_total, order.
Qed.

Lemma later_either a b : later a b = a \/ later a b = b.
Proof. unfold later. destruct (at_or_before a b); auto. Qed.

Lemma after_exact t :
  counter t < u32_max -> after t = {| epoch := epoch t; counter := counter t + 1 |}.
Proof. intros. unfold after. rewrite saturating_add_u32_exact by lia. reflexivity. Qed.

Lemma before_after t : counter t < u32_max -> lt t (after t).
Proof. intros. rewrite after_exact by assumption. right; cbn; lia. Qed.

Lemma lt_le_trans a b c : lt a b -> le b c -> lt a c.
Proof. unfold lt, le. lia. Qed.
