(** AddM: a record comes through the tree into a slot. What the verifier decides about it. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Path Spec.Record Spec.Reason Spec.Bounds.
Open Scope decide_scope.

Record AddMView := {
  slot_in_range : bool;
  ancestor_in_range : bool;
  ancestor_occupied : bool;
  slot_empty : bool;
  path : Path.path;
  ancestor_path : Path.path;
  pointer : option link;     (** Of the ancestor, on the side where the record lies. *)
  child : option SlotId;     (** The slot of the ancestor's child on that side. *)
  value_is_initial : bool;
  value_hash : digest;       (** Of what the entry brings; Rust computes it where it is needed. *)
  bytes : ByteUse
}.

(** A new node between the ancestor and what it pointed to. *)
Record Cut := {
  direction : Path.direction; (** The side of the new node on which the old descendant lies. *)
  link' : link;              (** What the new node points to on that side, as the ancestor did. *)
  child' : option SlotId     (** The old descendant's slot, where it is in one. *)
}.

(** The three ways in which a record is added through the tree. *)
Inductive AddMUpdate :=
| NewEdge                    (** The tree had nothing there: the ancestor now points to it. *)
| PointerNamesKey            (** The ancestor's hash vouches for the value. *)
| CutEdge (cut : Cut).

Definition decide_new_edge (view : AddMView) : result AddMUpdate :=
  require (value_is_initial view) (Rejected ValueNotInitial);;
  (* Defence in depth: a side that points nowhere has no child. *)
  require (is_none (child view)) (Rejected ChildInStore);;
  Ok NewEdge.

Definition decide_named (view : AddMView) (link : link) : result AddMUpdate :=
  require (negb (l_deferred link)) (Rejected PointerDeferred);;
  require (is_none (child view)) (Rejected ChildInStore);;
  require (digest_eqb (l_hash link) (value_hash view)) (Rejected HashMismatch);;
  Ok PointerNamesKey.

Definition decide_cut (view : AddMView) (link : link) : result AddMUpdate :=
  let between := is_below (l_path link) (path view) in
  require between (Rejected PointerElsewhere);;
  require (value_is_initial view) (Rejected ValueNotInitial);;
  Ok (CutEdge {|
    direction := direction_at (l_path link) (len (path view));
    link' := link;
    child' := child view
  |}).

(** Which of the three ways it is, from where the ancestor points. *)
Definition decide_edge (view : AddMView) : result AddMUpdate :=
  match pointer view with
  | None => decide_new_edge view
  | Some link =>
      if path_eqb (l_path link) (path view) then decide_named view link else decide_cut view link
  end.

Definition decide_add_m (view : AddMView) : result AddMUpdate :=
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (ancestor_in_range view) (Rejected AncestorOutOfRange);;
  require (ancestor_occupied view) (Rejected AncestorEmpty);;
  let below := is_below (path view) (ancestor_path view) in
  require below (Rejected NotDescendant);;
  require (slot_empty view) (Rejected SlotOccupied);;
  let? update := decide_edge view in
  require (fits (bytes view)) (Retry ByteBudget);;
  Ok update.
