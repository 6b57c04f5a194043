(** Collisions, located: two different values among those that were hashed in this very run.

    "There is a collision" is true of every hash that compresses, and says nothing. What is stated
    and found here is two entries of a finite list that can be read off the logs. *)
From Coq Require Import NArith List Bool Permutation.
From zeta Require Import Spec.Path Spec.Record Spec.Thread.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** Multiset equality, decided by counting. *)
Definition same_bag A (dec : forall a b : A, {a = b} + {a <> b}) (l1 l2 : list A) : bool :=
  forallb (fun x => Nat.eqb (count_occ dec l1 x) (count_occ dec l2 x)) (l1 ++ l2).

Lemma same_bag_iff A dec (l1 l2 : list A) : same_bag dec l1 l2 = true <-> Permutation l1 l2.
Proof.
  unfold same_bag. rewrite forallb_forall, (Permutation_count_occ dec). split; intros H x.
  - destruct (in_dec dec x (l1 ++ l2)) as [Hin|Nin]; [now apply PeanoNat.Nat.eqb_eq, H|].
    rewrite in_app_iff in Nin.
    rewrite !(proj1 (count_occ_not_In dec _ x)) by tauto. reflexivity.
  - intros _. apply PeanoNat.Nat.eqb_eq, H.
Qed.

Lemma find_some_or A (p : A -> bool) l : find p l = None -> forall x, In x l -> p x = false.
Proof.
  induction l as [|y l IH]; cbn; [tauto|]. destruct (p y) eqn:E; [discriminate|].
  intros F x [<-|Hin]; auto.
Qed.

Section Collision.
  Context {P : Primitives}.

  (** What of a record goes into its hash: all but the key. *)
  Definition same_body (v w : record) : bool :=
    match v, w with
    | App _ a, App _ b => if value_dec a b then true else false
    | Node _ l r, Node _ l' r' =>
        (if pointer_dec l l' then true else false) && (if pointer_dec r r' then true else false)
    | _, _ => false
    end.

  Definition values_collide (p : record * record) : bool :=
    negb (same_body (fst p) (snd p)) && digest_eqb (record_hash (fst p)) (record_hash (snd p)).
  Definition keys_collide (p : key * key) : bool :=
    negb (key_eqb (fst p) (snd p)) && path_eqb (leaf (fst p)) (leaf (snd p)).

  (** Two records of the list with different contents and one hash. *)
  Definition value_collision (l : list record) : Prop :=
    exists v w, In v l /\ In w l /\ same_body v w = false /\ record_hash v = record_hash w.
  (** Two different keys of the list with one leaf. *)
  Definition key_collision (l : list key) : Prop :=
    exists a b, In a l /\ In b l /\ a <> b /\ leaf a = leaf b.
  (** Two different multisets with one sum and one count. *)
  Definition multiset_collision (l1 l2 : list element) : Prop :=
    ~ Permutation l1 l2 /\ sum_of l1 = sum_of l2 /\ length l1 = length l2.

  Definition find_value_collision (l : list record) : option (record * record) :=
    find values_collide (list_prod l l).
  Definition find_key_collision (l : list key) : option (key * key) :=
    find keys_collide (list_prod l l).

  Lemma values_collide_iff p : values_collide p = true <->
    same_body (fst p) (snd p) = false /\ record_hash (fst p) = record_hash (snd p).
  Proof.
    unfold values_collide, digest_eqb. rewrite andb_true_iff, negb_true_iff.
    destruct (bytes_dec _ _); intuition discriminate.
  Qed.

  Lemma keys_collide_iff p : keys_collide p = true <->
    fst p <> snd p /\ leaf (fst p) = leaf (snd p).
  Proof.
    unfold keys_collide, key_eqb, path_eqb. rewrite andb_true_iff, negb_true_iff.
    destruct (key_dec _ _), (path_dec _ _); intuition discriminate.
  Qed.

  (** The finders find exactly what there is. *)
  Lemma find_value_collision_spec l :
    value_collision l <-> exists v w, find_value_collision l = Some (v, w).
  Proof.
    split.
    - intros (v & w & Hv & Hw & Nb & Eh). destruct (find_value_collision l) as [[a b]|] eqn:F;
        eauto.
      apply find_some_or with (x := (v, w)) in F; [|now apply in_prod].
      assert (values_collide (v, w) = true) by (apply values_collide_iff; auto). congruence.
    - intros (v & w & F). apply find_some in F as [Hin F]. apply values_collide_iff in F as [? ?].
      apply in_prod_iff in Hin as [? ?]. exists v, w. auto.
  Qed.

  Lemma find_key_collision_spec l :
    key_collision l <-> exists a b, find_key_collision l = Some (a, b).
  Proof.
    split.
    - intros (a & b & Ha & Hb & N & E). destruct (find_key_collision l) as [[c d]|] eqn:F; eauto.
      apply find_some_or with (x := (a, b)) in F; [|now apply in_prod].
      assert (keys_collide (a, b) = true) by (apply keys_collide_iff; auto). congruence.
    - intros (a & b & F). apply find_some in F as [Hin F]. apply keys_collide_iff in F as [? ?].
      apply in_prod_iff in Hin as [? ?]. exists a, b. auto.
  Qed.

  Lemma value_collision_incl l l' : incl l l' -> value_collision l -> value_collision l'.
  Proof. intros I (v & w & ? & ? & ?). exists v, w. auto. Qed.
  Lemma key_collision_incl l l' : incl l l' -> key_collision l -> key_collision l'.
  Proof. intros I (a & b & ? & ? & ?). exists a, b. auto. Qed.

  (** Two records at one path with one hash are the same, or show a collision. *)
  Lemma same_or_collision v w hs ks :
    path_of v = path_of w -> record_hash v = record_hash w -> In v hs -> In w hs ->
    (forall a b, v = App a b -> In a ks) -> (forall a b, w = App a b -> In a ks) ->
    v = w \/ value_collision hs \/ key_collision ks.
  Proof.
    intros Ep Eh Hv Hw Kv Kw. destruct (same_body v w) eqn:B.
    - destruct v as [a x|p l r], w as [b y|q l' r']; cbn in *; try discriminate.
      + destruct (value_dec x y) as [->|]; [|discriminate].
        destruct (key_dec a b) as [->|N]; [auto|]. right. right. exists a, b. eauto 10.
      + destruct (pointer_dec l l') as [->|], (pointer_dec r r') as [->|]; try discriminate.
        left. congruence.
    - right. left. exists v, w. auto.
  Qed.
End Collision.
