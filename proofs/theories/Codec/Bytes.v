(** Readers of bytes: numbers of fixed width, little-endian, and byte strings; and their encodings.

    A reader takes what it needs from the front of the bytes and leaves the rest; it is a function,
    so it gives something or a reason on any bytes. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Record Spec.Reason.
Import ListNotations.
Open Scope N_scope.

Definition reader (A : Type) := bytes -> result (A * bytes).

Definition give_back {A} (a : A) : reader A := fun bs => Ok (a, bs).
Definition fail {A} (r : Reason) : reader A := fun _ => Err (Rejected r).

(** Reads one thing, then what depends on it. *)
Definition and_read {A B} (r : reader A) (k : A -> reader B) : reader B :=
  fun bs => match r bs with Ok (a, rest) => k a rest | Err stop => Err stop end.

Declare Scope codec_scope.
Notation "'let*' x := r 'in' k" := (and_read r (fun x => k))
  (at level 200, x name, r at level 100, k at level 200) : codec_scope.
Open Scope codec_scope.

(** A check on what was read so far. *)
Definition check (holds : bool) (r : Reason) : reader unit :=
  if holds then give_back tt else fail r.

(** ** Numbers *)

Fixpoint number (width : nat) : reader N :=
  match width with
  | O => give_back 0
  | S width => fun bs =>
      match bs with
      | [] => Err (Rejected Truncated)
      | b :: bs => (let* n := number width in give_back (b + 256 * n)) bs
      end
  end.

(** The encoding of a number, as what is hashed has it too. *)
Notation put_number := little_endian.

Definition u8 : reader N := number 1.
Definition u16 : reader N := number 2.
Definition u32 : reader N := number 4.
Definition u64 : reader N := number 8.
Definition put_u8 : N -> bytes := put_number 1.
Definition put_u16 : N -> bytes := put_number 2.
Definition put_u32 : N -> bytes := put_number 4.
Definition put_u64 : N -> bytes := put_number 8.

(** ** Byte strings *)

(** Bytes as long as a list may be: the length is a number, for it is read from a log. *)
Definition size (bs : bytes) : N := N.of_nat (length bs).

(** The first [n] bytes, in front of what is in [taken], last byte first. *)
Fixpoint take_onto (taken bs : bytes) (n : N) : result (bytes * bytes) :=
  if n =? 0 then Ok (rev_append taken [], bs)
  else match bs with
       | [] => Err (Rejected Truncated)
       | b :: bs => take_onto (b :: taken) bs (n - 1)
       end.
Definition take (n : N) : reader bytes := fun bs => take_onto [] bs n.

(** Bytes after their number. *)
Definition counted : reader bytes := let* n := u32 in take n.
Definition put_counted (b : bytes) : bytes := put_u32 (size b) ++ b.
