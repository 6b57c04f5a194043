(** Why an entry is not applied, and the one shape in which a check is written.

    Only the reasons that an [AddB] can meet are listed so far; the names are those of the
    verifier. *)

(** The host lied: the thread that saw it is poisoned. *)
Inductive Reason :=
| SlotOutOfRange
| SlotOccupied
| RootAddedFromDeferred
| ThreadOutOfRange
| AddToVerifiedEpoch
| CounterOverflow
| ElementCountOverflow.

(** Not now: nothing changed, and the same bytes may be submitted again. *)
Inductive NotYet :=
| PublishedClock
| Window
| ByteBudget.

(** Why an entry is not applied. *)
Inductive Stop :=
| Rejected (reason : Reason)
| Retry (not_yet : NotYet).

Inductive result (A : Type) :=
| Ok (a : A)
| Err (stop : Stop).
Arguments Ok {A} a.
Arguments Err {A} stop.

(** The only shape in which a check is written. *)
Definition require (holds : bool) (stop : Stop) : result unit :=
  if holds then Ok tt else Err stop.

(** Rust's [?]: go on with the value, or stop here. *)
Definition and_then {A B} (r : result A) (k : A -> result B) : result B :=
  match r with Ok a => k a | Err stop => Err stop end.

Declare Scope decide_scope.
Notation "r ;; k" := (and_then r (fun _ => k))
  (at level 100, k at level 200, right associativity) : decide_scope.
Notation "'let?' x := r 'in' k" := (and_then r (fun x => k))
  (at level 200, x name, r at level 100, k at level 200) : decide_scope.
