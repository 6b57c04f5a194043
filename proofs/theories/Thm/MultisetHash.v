(** What a mismatch that goes unnoticed means: an equation between outputs of the pseudo-random
    function in which one evicted element stands alone.

    The argument that such an equation is improbable is in docs/security.md; its first step, that
    some evicted element has coefficient exactly one, is proved here, for any commutative group. *)
From Coq Require Import NArith ZArith List Lia Permutation.
From zeta Require Import Spec.Record Spec.Entry Spec.Application Spec.Thread Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Collision Thm.Step Thm.History.
Import ListNotations.
Set Implicit Arguments.

Section Group.
  Variables (G E : Type) (zero : G) (add : G -> G -> G) (neg : G -> G).
  Variable add_assoc : forall a b c, add a (add b c) = add (add a b) c.
  Variable add_comm : forall a b, add a b = add b a.
  Variable add_zero : forall a, add zero a = a.
  Variable add_neg : forall a, add a (neg a) = zero.
  Variable dec : forall a b : E, {a = b} + {a <> b}.
  (** The pseudo-random function. *)
  Variable F : E -> G.

  Definition sum (l : list E) : G := fold_right (fun x s => add (F x) s) zero l.

  Lemma sum_perm l1 l2 : Permutation l1 l2 -> sum l1 = sum l2.
  Proof.
    induction 1 as [|x l1 l2 Pm IH|x y l|l1 l2 l3 P1 IH1 P2 IH2]; try congruence; cbn.
    - f_equal. exact IH.
    - rewrite !add_assoc. f_equal. apply add_comm.
  Qed.

  (** How often more an element was evicted than added. *)
  Definition coefficient (evicted added : list E) (x : E) : Z :=
    Z.of_nat (count_occ dec evicted x) - Z.of_nat (count_occ dec added x).

  Theorem unnoticed_mismatch evicted added :
    NoDup evicted -> length evicted = length added -> ~ Permutation evicted added ->
    sum evicted = sum added ->
    exists x rest, Permutation evicted (x :: rest) /\ ~ In x rest /\ ~ In x added /\
      coefficient evicted added x = 1%Z /\ F x = add (sum added) (neg (sum rest)).
  Proof.
    intros Nd Len Np Eq.
    destruct (Forall_Exists_dec (fun x => In x added) (fun x => in_dec dec x added) evicted)
      as [All|Ex].
    - exfalso. apply Np, NoDup_Permutation_bis; [assumption|lia|].
      intros x Hx. rewrite Forall_forall in All. auto.
    - apply Exists_exists in Ex as (x & Hin & Nin).
      destruct (in_split _ _ Hin) as (l1 & l2 & ->).
      assert (Pm : Permutation (l1 ++ x :: l2) (x :: l1 ++ l2)) by
        (symmetry; apply Permutation_middle).
      exists x, (l1 ++ l2). split; [assumption|]. split; [now apply NoDup_remove_2 in Nd|].
      split; [assumption|]. split.
      + unfold coefficient. rewrite (proj1 (count_occ_not_In dec added x) Nin).
        rewrite (proj1 (NoDup_count_occ' dec (l1 ++ x :: l2)) Nd x Hin). reflexivity.
      + rewrite <- Eq, (sum_perm Pm). cbn. now rewrite <- add_assoc, add_neg, add_comm, add_zero.
  Qed.
End Group.

(** ** In the verifier: what is evicted in an epoch is a set *)
Section Verifier.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.

  Theorem evicted_once submitted v rs e : run_all cfg initial submitted = (v, rs) ->
    NoDup (evicted_in cfg e (thread_at cfg v)).
  Proof.
    intro Run. edestruct tracks_all as (H & T & _); [apply tracks_initial|exact Run|].
    rewrite app_nil_r in T.
    assert (Nd : NoDup (gives gave H)).
    { eapply gives_nodup; [apply step_clock|apply step_gave|exact (tr_history T 0%N)]. }
    apply (Permutation_NoDup (tr_gives T)), (NoDup_filter (in_epoch e)) in Nd.
    rewrite filter_flat_map in Nd. unfold evicted_in.
    erewrite flat_map_ext; [exact Nd|]. intro t. cbn.
    destruct (tr_thread T t) as [-> | [r ->]]; reflexivity.
  Qed.

  (** A multiset collision in a run is such an equation, modulo 2^128. *)
  Theorem collision_is_equation submitted v rs e : run_all cfg initial submitted = (v, rs) ->
    multiset_collision (added_in cfg e (thread_at cfg v)) (evicted_in cfg e (thread_at cfg v)) ->
    exists x rest, Permutation (evicted_in cfg e (thread_at cfg v)) (x :: rest) /\
      ~ In x rest /\ ~ In x (added_in cfg e (thread_at cfg v)) /\
      ((element_hash x + sum_of rest) mod 2 ^ 128 = sum_of (added_in cfg e (thread_at cfg v)))%N.
  Proof.
    intros Run (Np & Sums & Len). pose proof (evicted_once submitted e Run) as Nd.
    set (ad := added_in cfg e (thread_at cfg v)) in *.
    set (ev := evicted_in cfg e (thread_at cfg v)) in *.
    destruct (Forall_Exists_dec (fun x => In x ad) (fun x => in_dec element_dec x ad) ev)
      as [All|Ex].
    - exfalso. apply Np. symmetry. apply NoDup_Permutation_bis; [assumption|lia|].
      intros x Hx. rewrite Forall_forall in All. auto.
    - apply Exists_exists in Ex as (x & Hin & Nin).
      destruct (in_split _ _ Hin) as (l1 & l2 & Eq).
      assert (Pm : Permutation ev (x :: l1 ++ l2)) by (rewrite Eq; symmetry;
        apply Permutation_middle).
      exists x, (l1 ++ l2). split; [assumption|]. rewrite Eq in Nd.
      split; [now apply NoDup_remove_2 in Nd|]. split; [assumption|].
      rewrite Sums, (sum_of_perm Pm). reflexivity.
  Qed.
End Verifier.
