(** Types of registers, and of the values in signatures. *)
From Coq Require Import NArith ZArith List Bool.
From zeta Require Import Spec.Record.
Import ListNotations.
Open Scope N_scope.

Inductive Integer := U8 | U16 | U32 | U64 | I8 | I16 | I32 | I64.

(** In bytes. *)
Definition width (i : Integer) : nat :=
  match i with U8 | I8 => 1 | U16 | I16 => 2 | U32 | I32 => 4 | U64 | I64 => 8 end.

Definition is_signed (i : Integer) : bool :=
  match i with I8 | I16 | I32 | I64 => true | _ => false end.

(** How many numbers so many bytes have. *)
Definition modulus (width : nat) : Z :=
  match width with
  | 1%nat => 256 | 2%nat => 65536 | 4%nat => 4294967296 | _ => 18446744073709551616
  end.

(** The integers of a type: from [lowest] up to, not including, [bound]. *)
Definition lowest (i : Integer) : Z := if is_signed i then (- (modulus (width i) / 2))%Z else 0%Z.
Definition bound (i : Integer) : Z := (modulus (width i) + lowest i)%Z.
Definition has_integer (i : Integer) (z : Z) : bool := ((lowest i <=? z) && (z <? bound i))%Z.

(** The type of a register. Numbers are lengths in bytes; of an enum, its cases; of a row, its
    relation. *)
Inductive RegisterType :=
| Bool
| Int (i : Integer)
| Bytes (max : N)
| Fixed (length : N)
| Text (max : N)
| Enum (count : N)
| Row (relation : N).

Scheme Equality for Integer.
Definition type_dec : forall a b : RegisterType, {a = b} + {a <> b}.
Proof. decide equality; auto using N.eq_dec, Integer_eq_dec. Defined.
Definition type_eqb (a b : RegisterType) : bool := if type_dec a b then true else false.

(** The most bytes of a byte string of this type. *)
Definition bytes_max (t : RegisterType) : option N :=
  match t with Bytes n | Fixed n | Text n => Some n | _ => None end.
Definition is_bytes (t : RegisterType) : bool :=
  match bytes_max t with Some _ => true | None => false end.
Definition is_text (t : RegisterType) : bool := match t with Text _ => true | _ => false end.
Definition is_row (t : RegisterType) : bool := match t with Row _ => true | _ => false end.
Definition is_integer (t : RegisterType) : bool := match t with Int _ => true | _ => false end.

(** The width of a value that is a number. *)
Definition word_width (t : RegisterType) : option nat :=
  match t with Bool | Enum _ => Some 1%nat | Int i => Some (width i) | _ => None end.
Definition is_word (t : RegisterType) : bool :=
  match word_width t with Some _ => true | None => false end.
Definition signed_type (t : RegisterType) : bool :=
  match t with Int i => is_signed i | _ => false end.

(** Whether a number is a value of this type. *)
Definition has_number (t : RegisterType) (z : Z) : bool :=
  match t with
  | Bool => ((0 <=? z) && (z <? 2))%Z
  | Int i => has_integer i z
  | Enum count => ((0 <=? z) && (z <? Z.of_N count))%Z
  | _ => false
  end.

(** Whether the encoding begins with the length, unless the value takes all that remains. *)
Definition has_length (t : RegisterType) : bool :=
  match t with Bytes _ | Text _ => true | _ => false end.

(** Whether each value of [t] is, without a check, a value of [target]. *)
Definition fits (t target : RegisterType) : bool :=
  match t, target with
  | Bytes n, Bytes max | Fixed n, Bytes max | Text n, Text max => n <=? max
  | _, _ => type_eqb t target
  end.

(** The most bytes that the encoding of a value takes. *)
Definition encoded_max_type (t : RegisterType) : N :=
  match word_width t, bytes_max t with
  | Some w, _ => N.of_nat w
  | None, Some n => n
  | None, None => 0
  end + (if has_length t then 4 else 0).

(** The type of an argument, a result, or a part of a key or a row. An optional one takes two
    registers: its presence, a bool, and its payload. *)
Record ValueType := { optional : bool; payload : RegisterType }.

Definition value_registers (v : ValueType) : nat := if optional v then 2 else 1.
Fixpoint register_count (l : list ValueType) : nat :=
  match l with [] => 0 | v :: l => value_registers v + register_count l end%nat.

Definition encoded_max_value (v : ValueType) : N :=
  encoded_max_type (payload v) + (if optional v then 1 else 0).
Definition encoded_max (l : list ValueType) : N :=
  fold_right (fun v n => encoded_max_value v + n) 0 l.

(** The same of a key or a row, whose last value takes what remains. *)
Definition record_max (l : list ValueType) : N :=
  match rev l with
  | last :: _ => if has_length (payload last) then encoded_max l - 4 else encoded_max l
  | [] => 0
  end.
