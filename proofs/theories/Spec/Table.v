(** Finite maps from numbers: slots of a thread, threads of a verifier. *)
From Coq Require Import NArith FMapPositive.

Definition table (A : Type) := PositiveMap.t A.
Definition empty {A} : table A := PositiveMap.empty A.
Definition get {A} (m : table A) (n : N) : option A := PositiveMap.find (N.succ_pos n) m.
Definition set {A} (m : table A) (n : N) (a : A) : table A := PositiveMap.add (N.succ_pos n) a m.
Definition unset {A} (m : table A) (n : N) : table A := PositiveMap.remove (N.succ_pos n) m.

(** Changes what is there, if anything is. *)
Definition change {A} (m : table A) (n : N) (f : A -> A) : table A :=
  match get m n with Some a => set m n (f a) | None => m end.

Lemma succ_pos_neq a b : a <> b -> N.succ_pos a <> N.succ_pos b.
Proof.
  intros differ same. apply differ. apply (f_equal N.pos) in same.
  rewrite !N.succ_pos_spec in same. now apply N.succ_inj.
Qed.

Lemma get_empty A n : get (@empty A) n = None.
Proof. apply PositiveMap.gempty. Qed.
Lemma get_set_eq A (m : table A) n a : get (set m n a) n = Some a.
Proof. apply PositiveMap.gss. Qed.
Lemma get_set_neq A (m : table A) n a n' : n' <> n -> get (set m n a) n' = get m n'.
Proof. intro. apply PositiveMap.gso. now apply succ_pos_neq. Qed.
Lemma get_unset_eq A (m : table A) n : get (unset m n) n = None.
Proof. apply PositiveMap.grs. Qed.
Lemma get_unset_neq A (m : table A) n n' : n' <> n -> get (unset m n) n' = get m n'.
Proof. intro. apply PositiveMap.gro. now apply succ_pos_neq. Qed.
Lemma get_change_eq A (m : table A) n f : get (change m n f) n = option_map f (get m n).
Proof. unfold change. destruct (get m n) eqn:E; cbn; [apply get_set_eq | assumption]. Qed.
Lemma get_change_neq A (m : table A) n f n' : n' <> n -> get (change m n f) n' = get m n'.
Proof. intro. unfold change. destruct (get m n); [now apply get_set_neq | reflexivity]. Qed.
