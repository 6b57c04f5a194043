(** Checked arithmetic with Python's meaning, comparisons, hashes. *)
From Coq Require Import NArith ZArith List Bool.
From zeta Require Import Spec.Record.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Error Program.ValueType Program.Instruction Program.ValueList.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** SHA-256: that it gives 32 bytes is all that the proofs ask of it. *)
Class Hash := {
  sha256 : bytes -> bytes;
  sha256_length : forall b, length (sha256 b) = 32%nat
}.

(** A result that is no integer of the type is a failure. *)
Definition in_type (i : Integer) (z : Z) : Failure + Z :=
  require (has_integer i z) Overflow;;
  inr z.

(** Coq's division rounds down, and its remainder has the divisor's sign, as in Python. *)
Definition apply_arithmetic (o : Arithmetic) (i : Integer) (x y : Z) : Failure + Z :=
  match o with
  | Add => in_type i (x + y)
  | Subtract => in_type i (x - y)
  | Multiply => in_type i (x * y)
  | FloorDivide => require (negb (y =? 0)%Z) DivisionByZero;; in_type i (x / y)
  | Modulo => require (negb (y =? 0)%Z) DivisionByZero;; in_type i (x mod y)
  end.

Definition compare_numbers (how : Comparison) (x y : Z) : bool :=
  match how with
  | Equal => (x =? y)%Z
  | Less => (x <? y)%Z
  | LessOrEqual => (x <=? y)%Z
  end.

(** Lexicographic. *)
Fixpoint compare_bytes (x y : bytes) : comparison :=
  match x, y with
  | [], [] => Eq
  | [], _ => Lt
  | _, [] => Gt
  | a :: x, b :: y => match a ?= b with Eq => compare_bytes x y | c => c end
  end.

Definition compare_strings (how : Comparison) (x y : bytes) : bool :=
  match how, compare_bytes x y with
  | Equal, Eq | Less, Lt | LessOrEqual, (Lt | Eq) => true
  | _, _ => false
  end.

(** HMAC, as RFC 2104 defines it for blocks of 64 bytes. *)
Definition hmac_sha256 {H : Hash} (key message : bytes) : bytes :=
  let key := if 64 <? Bytes.size key then sha256 key else key in
  let block := key ++ zeros (64 - Bytes.size key) in
  let padded pad := map (N.lxor pad) block in
  sha256 (padded 92 ++ sha256 (padded 54 ++ message)).
