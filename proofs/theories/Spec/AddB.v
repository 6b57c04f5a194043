(** AddB: a record comes from deferred state into a slot. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds.
Open Scope N_scope.
Open Scope decide_scope.

Record AddBView := {
  slot_in_range : bool;
  is_root : bool;
  slot_empty : bool;
  thread_in_range : bool;
  own_element : bool;        (** The element was evicted by this very thread. *)
  timestamp : Timestamp;
  clock : Timestamp;
  published : Timestamp;     (** Of the element's thread. *)
  next_epoch : Epoch;       (** The first epoch that this thread has not closed. *)
  element_count : u64;       (** Elements added in the timestamp's epoch so far. *)
  bytes : ByteUse
}.

Record AddBUpdate := { clock' : Timestamp; element_count' : u64 }.

(** Fatal checks first, then what may be tried again: a lie is never answered with "not yet". *)
Definition decide_add_b (view : AddBView) : result AddBUpdate :=
  let t := timestamp view in
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  (* Defence in depth: the root is never evicted, so no element is one. *)
  require (negb (is_root view)) (Rejected RootAddedFromDeferred);;
  require (slot_empty view) (Rejected SlotOccupied);;
  require (thread_in_range view) (Rejected ThreadOutOfRange);;
  require (next_epoch view <=? epoch t) (Rejected AddToVerifiedEpoch);;
  require (counter t <? u32_max) (Rejected CounterOverflow);;
  let? count := next_count (element_count view) in
  require (in_window (epoch t) (next_epoch view)) (Retry Window);;
  (* The eviction is past, or can no longer happen: an add never precedes it in real time. *)
  let evicted := own_element view || at_or_before t (published view) in
  require evicted (Retry PublishedClock);;
  require (fits (bytes view)) (Retry ByteBudget);;
  Ok {| clock' := later (clock view) (after t); element_count' := count |}.
