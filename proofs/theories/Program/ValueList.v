(** Values, and lists of them as bytes: arguments and results, keys and rows. *)
From Coq Require Import NArith ZArith List Bool.
From zeta Require Import Spec.Record Spec.Reason.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Utf8 Program.ValueType.
Import ListNotations.
Open Scope N_scope.

(** What a register holds: a bool (0 or 1), an integer or a case of an enum; a byte string; or a
    row, by its place among those that the call has bound. *)
Inductive Value :=
| Number (z : Z)
| String (b : bytes)
| BoundRow (place : nat).

Definition of_bool (b : bool) : Value := Number (if b then 1 else 0).

Definition zeros (n : N) : bytes := repeat 0 (N.to_nat n).

(** The payload of an absent value, or of a value in a null row. *)
Definition absent (t : RegisterType) : Value :=
  match t with
  | Fixed n => String (zeros n)
  | Bytes _ | Text _ => String []
  | _ => Number 0
  end.

Definition obtain {A B} (found : option A) (k : A -> option B) : option B :=
  match found with Some a => k a | None => None end.
Notation "'let+' x := r 'in' k" := (obtain r (fun x => k))
  (at level 200, x pattern, r at level 100, k at level 200).
Definition provided (holds : bool) : option unit := if holds then Some tt else None.

(** A number or a byte string from the front of some bytes. *)
Definition front {A} (r : Bytes.reader A) (b : bytes) : option (A * bytes) :=
  match r b with Ok found => Some found | Err _ => None end.

(** ** Numbers *)

(** Two's complement, where the integer is negative. *)
Definition number_bytes (w : nat) (z : Z) : bytes := Bytes.put_number w (Z.to_N (z mod modulus w)).

(** What so many bytes say at a type. *)
Definition number_at (t : RegisterType) (w : nat) (n : N) : Z :=
  let z := Z.of_N n in
  if signed_type t && (modulus w / 2 <=? z)%Z then (z - modulus w)%Z else z.

(** ** Payloads. [measured]: the length of a byte string stands before it. *)

Definition encode_payload (measured : bool) (t : RegisterType) (v : Value) : option bytes :=
  match v, word_width t with
  | Number z, Some w => Some (number_bytes w z)
  | String b, None => Some (if measured && has_length t then Bytes.put_counted b else b)
  | _, _ => None
  end.

Definition is_string_of (t : RegisterType) (b : bytes) : bool :=
  match t with
  | Bytes max => Bytes.size b <=? max
  | Fixed n => Bytes.size b =? n
  | Text max => (Bytes.size b <=? max) && is_utf8 b
  | _ => false
  end.

Definition decode_payload (measured : bool) (t : RegisterType) (b : bytes)
    : option (Value * bytes) :=
  match word_width t with
  | Some w =>
      let+ (n, rest) := front (Bytes.number w) b in
      let z := number_at t w n in
      let+ _ := provided (has_number t z) in
      Some (Number z, rest)
  | None =>
      let+ max := bytes_max t in
      let+ (length, b) :=
        if negb (has_length t) then Some (max, b)
        else if measured then front Bytes.u32 b
        else Some (Bytes.size b, b) in
      let+ _ := provided (length <=? max) in
      let+ (found, rest) := front (Bytes.take length) b in
      let+ _ := provided (is_string_of t found) in
      Some (String found, rest)
  end.

(** ** Lists. [None] is an absent value. [open]: the last one takes what remains. *)

Definition measured_at (open : bool) (later : list ValueType) : bool :=
  negb (open && match later with [] => true | _ => false end).

Fixpoint encode_values (open : bool) (l : list ValueType) (vs : list (option Value))
    : option bytes :=
  match l, vs with
  | [], [] => Some []
  | t :: l, v :: vs =>
      let+ rest := encode_values open l vs in
      match v with
      | None => if optional t then Some (0 :: rest) else None
      | Some v =>
          let+ b := encode_payload (measured_at open l) (payload t) v in
          Some ((if optional t then [1] else []) ++ b ++ rest)
      end
  | _, _ => None
  end.

(** All of some bytes: nothing follows. *)
Fixpoint decode_values (open : bool) (l : list ValueType) (b : bytes)
    : option (list (option Value)) :=
  match l with
  | [] => match b with [] => Some [] | _ => None end
  | t :: l =>
      let+ (present, b) := if optional t then
                             match b with
                             | 0 :: b => Some (false, b)
                             | 1 :: b => Some (true, b)
                             | _ => None
                             end
                           else Some (true, b) in
      let+ (v, b) := if present then
                       let+ (v, b) := decode_payload (measured_at open l) (payload t) b in
                       Some (Some v, b)
                     else Some (None, b) in
      let+ vs := decode_values open l b in
      Some (v :: vs)
  end.
