(** Paths in the tree: strings of bits from the root. In Rust they are 256-bit words and a length;
    the functions of this file are what is asked of them. *)
From Coq Require Import List Bool.
Import ListNotations.

Definition path := list bool.
Definition ROOT : path := [].
Definition len (p : path) : nat := length p.

(** Which way from a node: false is left. *)
Definition direction := bool.

(** Bits of a leaf's path. *)
Definition PATH_BITS : nat := 256.

Definition path_dec : forall a b : path, {a = b} + {a <> b} := list_eq_dec bool_dec.
Definition path_eqb (a b : path) : bool := if path_dec a b then true else false.

(** The side of node [a] on which [p] lies, where it lies strictly below: false is left. *)
Fixpoint side_of (a p : path) : option bool :=
  match a, p with
  | [], d :: _ => Some d
  | x :: a, y :: p => if Bool.eqb x y then side_of a p else None
  | _, _ => None
  end.

(** Whether [p] lies strictly below [a]; nothing lies below a leaf, for no path is longer. *)
Definition is_below (p a : path) : bool :=
  Nat.ltb (length a) PATH_BITS && match side_of a p with Some _ => true | None => false end.

(** The bit of [p] at [depth]; left where the path ends before. *)
Definition direction_at (p : path) (depth : nat) : direction := nth depth p false.
