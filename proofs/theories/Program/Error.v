(** What can go wrong: bytes that are no program, arguments that do not fit, transitions that fail.

    The names and numbers are those of the Rust crate. *)
From Coq Require Import NArith.
Open Scope N_scope.

(** Why some bytes are not a program: one constructor a check. *)
Inductive LoadError :=
| ProgramTooLong | Truncated | TrailingBytes | BadMagic | UnknownVersion | UnknownType
| BadPresence | UnknownOpcode | UnknownOperation | BadText | BadName | BadReason | SameName
| TooManyRelations | TooManyFields | TooManyConstants | TooManyReasons | TooManyTransitions
| TooManyArguments | TooManyResults | TooManyRegisters | TooManyInstructions | TooManyOperands
| KeyTooLong | RowTooLong | BytesTooLong | FixedTooLong | CaseCount | UnknownRelation
| RowInSignature | ArgumentsTooLong | ResultTooLong | UnknownRegister | Unassigned | Unreachable
| FallsOffEnd | JumpNotForward | JumpTooFar | NotBool | NotInteger | NotBytes | NotText | NotRow
| NotLength | NotEpoch | NotHash | NotWord | RowPacked | Unordered | TypesDiffer | TooNarrow
| Inconvertible | WordOutOfRange | UnknownConstant | UnknownReason | CountMismatch | TooManyRows
| TooMuchScratch | TooCostly.

Definition load_error_code (e : LoadError) : N :=
  match e with
  | ProgramTooLong => 1 | Truncated => 2 | TrailingBytes => 3 | BadMagic => 4
  | UnknownVersion => 5 | UnknownType => 6 | BadPresence => 7 | UnknownOpcode => 8
  | UnknownOperation => 9 | BadText => 10 | BadName => 11 | BadReason => 12 | SameName => 13
  | TooManyRelations => 14 | TooManyFields => 15 | TooManyConstants => 16
  | TooManyReasons => 17 | TooManyTransitions => 18 | TooManyArguments => 19
  | TooManyResults => 20 | TooManyRegisters => 21 | TooManyInstructions => 22
  | TooManyOperands => 23 | KeyTooLong => 24 | RowTooLong => 25 | BytesTooLong => 26
  | FixedTooLong => 27 | CaseCount => 28 | UnknownRelation => 29 | RowInSignature => 30
  | ArgumentsTooLong => 31 | ResultTooLong => 32 | UnknownRegister => 33 | Unassigned => 34
  | Unreachable => 35 | FallsOffEnd => 36 | JumpNotForward => 37 | JumpTooFar => 38
  | NotBool => 39 | NotInteger => 40 | NotBytes => 41 | NotText => 42 | NotRow => 43
  | NotLength => 44 | NotEpoch => 45 | NotHash => 46 | NotWord => 47 | RowPacked => 48
  | Unordered => 49 | TypesDiffer => 50 | TooNarrow => 51 | Inconvertible => 52
  | WordOutOfRange => 53 | UnknownConstant => 54 | UnknownReason => 55 | CountMismatch => 56
  | TooManyRows => 57 | TooMuchScratch => 58 | TooCostly => 59
  end.

(** Why a call does not begin: the client's fault. *)
Definition UNKNOWN_TRANSITION : N := 1.
Definition ILL_TYPED_ARGUMENTS : N := 2.

(** Why a transition failed. [Internal]: the loader let through what it should have refused; that
    no loaded program answers it is proved. *)
Inductive Failure :=
| Overflow | DivisionByZero | AbsentRow | Bounds | Malformed | TooLong | Internal
| Reason (index : N).

(** The code of the first reason of a program's own. *)
Definition REASON_BASE : N := 256.

Definition failure_code (f : Failure) : N :=
  match f with
  | Overflow => 1 | DivisionByZero => 2 | AbsentRow => 3 | Bounds => 4 | Malformed => 5
  | TooLong => 6 | Internal => 255
  | Reason index => REASON_BASE + index
  end.

(** The failure that a program may name. *)
Definition failure_of_code (code : N) : option Failure :=
  match code with
  | 1 => Some Overflow
  | 2 => Some DivisionByZero
  | 3 => Some AbsentRow
  | 4 => Some Bounds
  | 5 => Some Malformed
  | 6 => Some TooLong
  | _ => if REASON_BASE <=? code then Some (Reason (code - REASON_BASE)) else None
  end.

(** ** The shape of every check: an error, or go on *)

Definition require {E} (holds : bool) (e : E) : E + unit := if holds then inr tt else inl e.

Definition and_then {E A B} (r : E + A) (k : A -> E + B) : E + B :=
  match r with inr a => k a | inl e => inl e end.

(** What must be there. *)
Definition expect {E A} (found : option A) (e : E) : E + A :=
  match found with Some a => inr a | None => inl e end.

Declare Scope program_scope.
Notation "r ;; k" := (and_then r (fun _ => k))
  (at level 100, k at level 200, right associativity) : program_scope.
Notation "'let^' x := r 'in' k" := (and_then r (fun x => k))
  (at level 200, x pattern, r at level 100, k at level 200) : program_scope.
