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
  let evict := evict view in
  require (slot_in_range evict) (Rejected SlotOutOfRange);;
  require (ancestor_in_range view) (Rejected AncestorOutOfRange);;
  require (slot_occupied evict) (Rejected SlotEmpty);;
  require (ancestor_occupied view) (Rejected AncestorEmpty);;
  (* Defence in depth: nothing lies above the root. *)
  require (negb (is_root evict)) (Rejected RootEvicted);;
  require (before (clock evict) (timestamp evict)) (Rejected EvictNotAfterClock);;
  require (negb (has_children evict)) (Rejected ChildrenInStore);;
  (* Defence in depth: the pointer to what came from deferred state says so already. *)
  require (add_method_eqb (added evict) Tree) (Rejected NotAddedFromTree);;
  let below := is_below (path view) (ancestor_path view) in
  require below (Rejected NotDescendant);;
  require (pointer_names_key view) (Rejected PointerNotKey);;
  (* Defence in depth: a record that came through the tree has this parent. *)
  require (parent_is_ancestor view) (Rejected ParentMismatch);;
  (* Defence in depth: the pointer to it has been clear since. *)
  require (negb (pointer_deferred view)) (Rejected PointerDeferred);;
  let? count := next_count (element_count evict) in
  require (in_window (epoch (timestamp evict)) (next_epoch evict)) (Retry Window);;
  Ok count.
