(** Bytes of what is hashed and authenticated: numbers are little-endian, of fixed width. *)
From Coq Require Import NArith List.
Import ListNotations.
Open Scope N_scope.

Definition bytes := list N.
Definition bytes_dec : forall a b : bytes, {a = b} + {a <> b} := list_eq_dec N.eq_dec.
Definition bytes_eqb (a b : bytes) : bool := if bytes_dec a b then true else false.

Fixpoint little_endian (width : nat) (n : N) : bytes :=
  match width with
  | O => []
  | S width => n mod 256 :: little_endian width (n / 256)
  end.

(** A digest of 256 bits. *)
Definition digest := bytes.
Definition digest_eqb (a b : digest) : bool := if bytes_dec a b then true else false.
Definition zeros (n : nat) : bytes := repeat 0 n.
