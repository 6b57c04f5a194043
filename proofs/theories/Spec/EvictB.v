(** EvictB: a record leaves its slot for deferred state. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds.
Open Scope decide_scope.

(** How a record came into its slot. *)
Inductive AddMethod := Tree | Deferred.
Definition add_method_eqb (a b : AddMethod) : bool :=
  match a, b with Tree, Tree | Deferred, Deferred => true | _, _ => false end.

Record EvictBView := {
  slot_in_range : bool;
  slot_occupied : bool;
  is_root : bool;
  timestamp : Timestamp;
  clock : Timestamp;
  has_children : bool;
  added : AddMethod;
  next_epoch : Epoch;
  element_count : u64        (** Elements evicted in the timestamp's epoch so far. *)
}.

(** Gives the new element count; the clock becomes the timestamp. *)
Definition decide_evict_b (view : EvictBView) : result u64 :=
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (slot_occupied view) (Rejected SlotEmpty);;
  (* Defence in depth: the root came through the tree, and keeps its method. *)
  require (negb (is_root view)) (Rejected RootEvicted);;
  require (before (clock view) (timestamp view)) (Rejected EvictNotAfterClock);;
  require (negb (has_children view)) (Rejected ChildrenInStore);;
  require (add_method_eqb (added view) Deferred) (Rejected NotAddedFromDeferred);;
  let? count := next_count (element_count view) in
  require (in_window (epoch (timestamp view)) (next_epoch view)) (Retry Window);;
  Ok count.
