(** EvictB: a record leaves its slot for deferred state. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds.
Open Scope decide_scope.

(** How a record came into its slot. *)
Inductive AddMethod := Tree | Deferred.

Record EvictBView := {
  slot_in_range : bool;
  slot_occupied : bool;
  is_root : bool;
  timestamp : Timestamp;
  clock : Timestamp;
  has_children : bool;
  added : AddMethod;
  next_epoch : u32;
  element_count : u64        (** Elements evicted in the timestamp's epoch so far. *)
}.

(** Gives the new element count; the clock becomes the timestamp. *)
Definition decide_evict_b (view : EvictBView) : result u64 :=
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (slot_occupied view) (Rejected SlotEmpty);;
  require (negb (is_root view)) (Rejected RootEvicted);;
  require (before (clock view) (timestamp view)) (Rejected EvictNotAfterClock);;
  require (negb (has_children view)) (Rejected ChildrenInStore);;
  require (match added view with Deferred => true | Tree => false end)
    (Rejected NotAddedFromDeferred);;
  let? count := next_count (element_count view) in
  require (in_window (epoch (timestamp view)) (next_epoch view)) (Retry Window);;
  Ok count.
