(** EvictM: a record leaves its slot into the tree. What the verifier decides about it. *)
From Coq Require Import Bool.
From zeta Require Import Spec.Path Spec.Reason.
Open Scope decide_scope.

Record EvictMView := {
  slot_in_range : bool;
  ancestor_in_range : bool;
  slot_occupied : bool;
  ancestor_occupied : bool;
  path : Path.path;
  ancestor_path : Path.path;
  has_children : bool;
  pointer_names_key : bool;  (** The ancestor points to the record, on the side where it lies. *)
  ancestor_has_child : bool; (** The ancestor has a child on that side. *)
  has_parent : bool;
  parent_is_ancestor : bool  (** The record's parent is the ancestor. *)
}.

Definition decide_evict_m (view : EvictMView) : result unit :=
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (ancestor_in_range view) (Rejected AncestorOutOfRange);;
  require (slot_occupied view) (Rejected SlotEmpty);;
  require (ancestor_occupied view) (Rejected AncestorEmpty);;
  let below := is_below (path view) (ancestor_path view) in
  require below (Rejected NotDescendant);;
  require (negb (has_children view)) (Rejected ChildrenInStore);;
  require (pointer_names_key view) (Rejected PointerNotKey);;
  (* Defence in depth: a record that came through the tree has this parent. *)
  let parent_agrees := negb (has_parent view) || parent_is_ancestor view in
  require parent_agrees (Rejected ParentMismatch);;
  (* Defence in depth: where it came from deferred state, nothing here is the ancestor's child. *)
  let link_agrees := has_parent view || negb (ancestor_has_child view) in
  require link_agrees (Rejected ChildInStore).
