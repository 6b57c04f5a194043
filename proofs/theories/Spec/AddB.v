(** AddB: a record comes from deferred state into a slot. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason.
Open Scope N_scope.
Open Scope decide_scope.

(** How many epochs from the first unverified one a thread keeps sums for. *)
Definition EPOCH_WINDOW : u32 := 64.

Record AddBView := {
  slot_in_range : bool;
  is_root : bool;
  slot_empty : bool;
  thread_in_range : bool;
  own_element : bool;        (** The element was evicted by this very thread. *)
  timestamp : Timestamp;     (** Of the element. *)
  clock : Timestamp;         (** Of this thread. *)
  published : Timestamp;     (** The published clock of the element's thread. *)
  next_epoch : u32;          (** The first epoch that this thread has not verified. *)
  element_count : u64;       (** Of the timestamp's epoch, so far. *)
  bytes_used : u64;
  record_bytes : u64;
  byte_budget : u64
}.

Record AddBUpdate := { new_clock : Timestamp; new_element_count : u64 }.

(** Fatal checks first, then what may be tried again: a lie is never answered with "not yet". *)
Definition decide_add_b (view : AddBView) : result AddBUpdate :=
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (negb (is_root view)) (Rejected RootAddedFromDeferred);;
  require (slot_empty view) (Rejected SlotOccupied);;
  require (thread_in_range view) (Rejected ThreadOutOfRange);;
  require (next_epoch view <=? epoch (timestamp view)) (Rejected AddToVerifiedEpoch);;
  let? after := ok_or (next (timestamp view)) (Rejected CounterOverflow) in
  let? count := ok_or (checked_add_u64 (element_count view) 1) (Rejected ElementCountOverflow) in
  require (epoch (timestamp view) - next_epoch view <? EPOCH_WINDOW) (Retry Window);;
  require (own_element view || at_or_before (timestamp view) (published view))
    (Retry PublishedClock);;
  let? bytes := ok_or (checked_add_u64 (bytes_used view) (record_bytes view))
                  (Retry ByteBudget) in
  require (bytes <=? byte_budget view) (Retry ByteBudget);;
  Ok {| new_clock := later (clock view) after; new_element_count := count |}.
