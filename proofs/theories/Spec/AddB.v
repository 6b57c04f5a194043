(** AddB: a record comes from deferred state into a slot. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason.
Open Scope N_scope.
Open Scope decide_scope.

(** How many epochs from the first unverified one a thread keeps sums for. *)
Definition EPOCH_WINDOW : u32 := 32.

(** Bytes of keys and values in a thread's slots, and what the entry would add to them. *)
Record ByteUse := { used : u64; added : u64; budget : u64 }.

Record AddBView := {
  slot_in_range : bool;
  is_root : bool;
  slot_empty : bool;
  thread_in_range : bool;
  own_element : bool;        (** The element was evicted by this very thread. *)
  timestamp : Timestamp;
  clock : Timestamp;
  published : Timestamp;     (** Of the element's thread. *)
  next_epoch : u32;          (** The first epoch that this thread has not closed. *)
  element_count : u64;       (** Elements added in the timestamp's epoch so far. *)
  bytes : ByteUse
}.

Record AddBUpdate := { clock' : Timestamp; element_count' : u64 }.

(** One element more, in an epoch of a thread. *)
Definition next_count (count : u64) : result u64 :=
  require (count <? u64_max) (Rejected ElementCountOverflow);;
  Ok (saturating_add_u64 count 1).

(** Whether the thread keeps sums for an epoch; it is never before the first unverified one. *)
Definition in_window (e first : u32) : bool := e - first <? EPOCH_WINDOW.

Definition fits (b : ByteUse) : bool := added b <=? budget b - used b.

(** Fatal checks first, then what may be tried again: a lie is never answered with "not yet". *)
Definition decide_add_b (view : AddBView) : result AddBUpdate :=
  let t := timestamp view in
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (negb (is_root view)) (Rejected RootAddedFromDeferred);;
  require (slot_empty view) (Rejected SlotOccupied);;
  require (thread_in_range view) (Rejected ThreadOutOfRange);;
  require (next_epoch view <=? epoch t) (Rejected AddToVerifiedEpoch);;
  require (counter t <? u32_max) (Rejected CounterOverflow);;
  let? count := next_count (element_count view) in
  require (in_window (epoch t) (next_epoch view)) (Retry Window);;
  require (own_element view || at_or_before t (published view)) (Retry PublishedClock);;
  require (fits (bytes view)) (Retry ByteBudget);;
  Ok {| clock' := later (clock view) (after t); element_count' := count |}.
