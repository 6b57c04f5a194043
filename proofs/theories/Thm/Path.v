(** Paths: what it means that one lies below another. *)
From Coq Require Import List Bool Lia.
From zeta Require Import Spec.Path.
Import ListNotations.
Set Implicit Arguments.

Lemma dir_length a k d : side_of a k = Some d -> length a < length k.
Proof.
  revert k. induction a as [|x a IH]; intros [|y k]; cbn; try discriminate; [lia|].
  destruct (Bool.eqb x y); [|discriminate]. intro H. apply IH in H. lia.
Qed.

Lemma dir_irrefl a : side_of a a = None.
Proof. induction a as [|x a IH]; cbn; [reflexivity|]. now rewrite eqb_reflx. Qed.

Lemma dir_trans a b c d d' : side_of a b = Some d -> side_of b c = Some d' -> side_of a c = Some d.
Proof.
  revert b c. induction a as [|x a IH]; intros [|y b] [|z c]; cbn; try discriminate.
  - destruct (Bool.eqb y z) eqn:E; [|discriminate]. apply eqb_prop in E. congruence.
  - destruct (Bool.eqb x y) eqn:E1, (Bool.eqb y z) eqn:E2; try discriminate.
    apply eqb_prop in E1, E2. subst. rewrite eqb_reflx. apply IH.
Qed.

Lemma dir_comparable a b k d d' :
  side_of a k = Some d -> side_of b k = Some d' -> a = b \/ side_of a b = Some d \/ side_of b a =
    Some d'.
Proof.
  revert b k. induction a as [|x a IH]; intros [|y b] [|z k]; cbn; try discriminate; auto.
  - destruct (Bool.eqb y z) eqn:E; [|discriminate]. apply eqb_prop in E. intros [= ->] _.
    subst. auto.
  - destruct (Bool.eqb x z) eqn:E; [|discriminate]. apply eqb_prop in E. intros _ [= ->].
    subst. auto.
  - destruct (Bool.eqb x z) eqn:E1, (Bool.eqb y z) eqn:E2; try discriminate.
    apply eqb_prop in E1, E2. subst. rewrite eqb_reflx. intros H1 H2.
    destruct (IH _ _ H1 H2) as [->|[H|H]]; auto.
Qed.

Lemma dir_asym a b d : side_of a b = Some d -> side_of b a = None.
Proof.
  intro H. destruct (side_of b a) eqn:E; [|reflexivity].
  apply dir_length in H, E. lia.
Qed.

Lemma dir_neq a b d : side_of a b = Some d -> a <> b.
Proof. intros H ->. now rewrite dir_irrefl in H. Qed.

Lemma dir_not_root a b d : side_of a b = Some d -> b <> [].
Proof. intros H ->. destruct a; discriminate. Qed.


Lemma path_bits_positive : 0 < PATH_BITS.
Proof. unfold PATH_BITS. lia. Qed.

Global Opaque PATH_BITS.

Lemma is_below_side p a : is_below p a = true ->
  length a < PATH_BITS /\ exists d, side_of a p = Some d.
Proof.
  unfold is_below. rewrite andb_true_iff, PeanoNat.Nat.ltb_lt.
  destruct (side_of a p); intros [? H]; [eauto|discriminate].
Qed.

(** The side is the next bit. *)
Lemma side_direction a p d : side_of a p = Some d -> direction_at p (length a) = d.
Proof.
  unfold direction_at. revert p. induction a as [|x a IH]; intros [|y p]; cbn; try discriminate.
  - congruence.
  - destruct (Bool.eqb x y); [apply IH|discriminate].
Qed.

Lemma path_eqb_eq a b : path_eqb a b = true <-> a = b.
Proof. unfold path_eqb. destruct (path_dec a b); split; congruence. Qed.
