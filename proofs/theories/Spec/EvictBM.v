(** EvictBM: a record of the tree leaves for deferred state. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Reason Spec.Bounds Spec.EvictB.
Open Scope decide_scope.

Record EvictBMView := {
  ancestor_in_range : bool;
  ancestor_occupied : bool;
  path : Path.path;
  ancestor_path : Path.path;
  pointer_names_key : bool;  (** The ancestor points to the record, on the side where it lies. *)
  pointer_deferred : bool;
  parent_is_ancestor : bool; (** The record's parent is the ancestor. *)
  evict : EvictBView         (** What holds of every eviction to deferred state. *)
}.

(** Gives the new element count; the clock becomes the timestamp, and the ancestor's pointer becomes
    deferred and keeps its stale hash. *)
Definition decide_evict_bm (view : EvictBMView) : result u64 :=
  let e := evict view in
  require (slot_in_range e) (Rejected SlotOutOfRange);;
  require (ancestor_in_range view) (Rejected AncestorOutOfRange);;
  require (slot_occupied e) (Rejected SlotEmpty);;
  require (ancestor_occupied view) (Rejected AncestorEmpty);;
  require (negb (is_root e)) (Rejected RootEvicted);;
  require (before (clock e) (timestamp e)) (Rejected EvictNotAfterClock);;
  require (negb (has_children e)) (Rejected ChildrenInStore);;
  require (match added e with Tree => true | Deferred => false end) (Rejected NotAddedFromTree);;
  require (is_below (path view) (ancestor_path view)) (Rejected NotDescendant);;
  require (pointer_names_key view) (Rejected PointerNotKey);;
  (* Defence in depth: a record that came through the tree has this parent and a clear pointer. *)
  require (parent_is_ancestor view) (Rejected ParentMismatch);;
  require (negb (pointer_deferred view)) (Rejected PointerDeferred);;
  let? count := next_count (element_count e) in
  require (in_window (epoch (timestamp e)) (next_epoch e)) (Retry Window);;
  Ok count.
