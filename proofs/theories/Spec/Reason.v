(** Why an entry is not applied, and the one shape in which a check is written.

    The names are those of the verifier; [code] is the number that its answers carry. *)
From Coq Require Import NArith.

(** The host lied: the thread that saw it is poisoned. *)
Inductive Reason :=
| Truncated
| UnknownTag
| UnknownRecordKind
| UnknownPointerTag
| PathNotCanonical
| NodePathIsLeaf
| KeyTooLong
| ValueTooLong
| UnknownAuthentication
| ArgumentsTooLong
| SlotOutOfRange
| AncestorOutOfRange
| SlotEmpty
| AncestorEmpty
| SlotOccupied
| NotDescendant
| ValueNotInitial
| HashMismatch
| PointerDeferred
| ChildInStore
| PointerElsewhere
| ChildrenInStore
| PointerNotKey
| ParentMismatch
| RootAddedFromDeferred
| RootEvicted
| ThreadOutOfRange
| AddToVerifiedEpoch
| EvictNotAfterClock
| NotAddedFromDeferred
| NotAddedFromTree
| CounterOverflow
| ElementCountOverflow
| EpochOverflow
| EpochNotPassed
| SlotNotListed
| SlotKeyMismatch
| SlotUnused
| ThreadPoisoned.

Definition code (r : Reason) : N :=
  match r with
  | Truncated => 1 | UnknownTag => 2 | UnknownRecordKind => 3 | UnknownPointerTag => 4
  | PathNotCanonical => 5 | NodePathIsLeaf => 6 | KeyTooLong => 7 | ValueTooLong => 8
  | UnknownAuthentication => 9 | ArgumentsTooLong => 10
  | SlotOutOfRange => 20 | AncestorOutOfRange => 21 | SlotEmpty => 22 | AncestorEmpty => 23
  | SlotOccupied => 24
  | NotDescendant => 30 | ValueNotInitial => 31 | HashMismatch => 32 | PointerDeferred => 33
  | ChildInStore => 34 | PointerElsewhere => 35 | ChildrenInStore => 36 | PointerNotKey => 37
  | ParentMismatch => 38
  | RootAddedFromDeferred => 50 | RootEvicted => 51 | ThreadOutOfRange => 52
  | AddToVerifiedEpoch => 53 | EvictNotAfterClock => 54 | NotAddedFromDeferred => 55
  | NotAddedFromTree => 56 | CounterOverflow => 57 | ElementCountOverflow => 58
  | EpochOverflow => 70 | EpochNotPassed => 71
  | SlotNotListed => 80 | SlotKeyMismatch => 81 | SlotUnused => 82
  | ThreadPoisoned => 90
  end.

(** Not now: nothing changed, and the same bytes may be submitted again. *)
Inductive NotYet :=
| PublishedClock
| Floor
| Window
| ByteBudget
| Order.

(** Why an entry is not applied. *)
Inductive Stop :=
| Rejected (reason : Reason)
| Retry (not_yet : NotYet).

(** The client or the application is at fault: the entry is answered, and nothing changes. *)
Inductive Refusal :=
| Program (code : N)         (** No such transition, or arguments that are not of its types. *)
| UnknownSession
| WrongMac
| Replayed
| TooOld
| Expired
| Revoked
| MissingRight
| NoSuchNumber
| NotEmbedded
| BadHandshake
| UnknownClient
| NoRoom.

(** The program's refusals keep their own numbers, below 256. *)
Definition refusal_code (r : Refusal) : N :=
  match r with
  | Program code => code
  | UnknownSession => 256 | WrongMac => 257 | Replayed => 258 | TooOld => 259 | Expired => 260
  | Revoked => 261 | MissingRight => 262 | NoSuchNumber => 263 | NotEmbedded => 264
  | BadHandshake => 265 | UnknownClient => 266 | NoRoom => 267
  end.

(** Why a request was not run: it is at fault, or the entry stops here. *)
Inductive Halt :=
| Refused (refusal : Refusal)
| Stopped (stop : Stop).

Inductive Result (A E : Type) :=
| Ok (a : A)
| Err (e : E).
Arguments Ok {A E} a.
Arguments Err {A E} e.

(** What is decided of an entry, and of a request. *)
Notation result A := (Result A Stop).
Notation verdict A := (Result A Halt).

(** The only shape in which a check is written. *)
Definition require {E} (holds : bool) (error : E) : Result unit E :=
  if holds then Ok tt else Err error.

(** Rust's [?]: go on with the value, or stop here. *)
Definition and_then {A B E} (r : Result A E) (k : A -> Result B E) : Result B E :=
  match r with Ok a => k a | Err e => Err e end.

(** The same, from an entry to a request: [From<Stop> for Halt]. *)
Definition lift {A} (r : result A) : verdict A :=
  match r with Ok a => Ok a | Err stop => Err (Stopped stop) end.

Declare Scope decide_scope.
Notation "r ;; k" := (and_then r (fun _ => k))
  (at level 100, k at level 200, right associativity) : decide_scope.
Notation "'let?' x := r 'in' k" := (and_then r (fun x => k))
  (at level 200, x name, r at level 100, k at level 200) : decide_scope.
