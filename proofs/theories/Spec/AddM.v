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
  pointer : Record.pointer;  (** Of the ancestor, on the side where the record lies. *)
  child : option N;          (** The slot of the ancestor's child on that side. *)
  value_is_initial : bool;
  value_hash : digest;       (** Of what the entry brings; Rust computes it where it is needed. *)
  bytes : ByteUse
}.

(** The three ways in which a record is added through the tree. *)
Inductive AddMUpdate :=
| NewEdge                    (** The tree had nothing there: the ancestor now points to it. *)
| PointerNamesKey            (** The ancestor's hash vouches for the value. *)
| CutEdge (direction : bool) (l : link) (child : option N).
                             (** A new node between the ancestor and what it pointed to. *)

Definition decide_new_edge (view : AddMView) : result AddMUpdate :=
  require (value_is_initial view) (Rejected ValueNotInitial);;
  require (match child view with None => true | _ => false end) (Rejected ChildInStore);;
  Ok NewEdge.

Definition decide_named (view : AddMView) (l : link) : result AddMUpdate :=
  require (negb (l_deferred l)) (Rejected PointerDeferred);;
  require (match child view with None => true | _ => false end) (Rejected ChildInStore);;
  require (digest_eqb (l_hash l) (value_hash view)) (Rejected HashMismatch);;
  Ok PointerNamesKey.

Definition decide_cut (view : AddMView) (l : link) : result AddMUpdate :=
  require (is_below (l_path l) (path view)) (Rejected PointerElsewhere);;
  require (value_is_initial view) (Rejected ValueNotInitial);;
  Ok (CutEdge (direction_at (l_path l) (length (path view))) l (child view)).

(** Which of the three ways it is, from where the ancestor points. *)
Definition decide_edge (view : AddMView) : result AddMUpdate :=
  match pointer view with
  | None => decide_new_edge view
  | Some l => if path_eqb (l_path l) (path view) then decide_named view l else decide_cut view l
  end.

Definition decide_add_m (view : AddMView) : result AddMUpdate :=
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (ancestor_in_range view) (Rejected AncestorOutOfRange);;
  require (ancestor_occupied view) (Rejected AncestorEmpty);;
  require (is_below (path view) (ancestor_path view)) (Rejected NotDescendant);;
  require (slot_empty view) (Rejected SlotOccupied);;
  let? update := decide_edge view in
  require (fits (bytes view)) (Retry ByteBudget);;
  Ok update.
