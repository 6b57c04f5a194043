(** RunApp: what the verifier decides about an operation, its slots and its writes. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds.
Open Scope N_scope.
Open Scope decide_scope.

(** Whether an operation may run: [floor] is where the floor stood when it was raised to [epoch]. *)
Definition decide_floor (epoch floor : Epoch) : result unit :=
  require (floor <=? epoch) (Retry Floor).

Record BindView := {
  slot_listed : bool;
  slot_in_range : bool;
  slot_occupied : bool;
  key_matches : bool
}.

(** Whether the next listed slot holds the record that an operation asks for. *)
Definition decide_bind (view : BindView) : result unit :=
  require (slot_listed view) (Rejected SlotNotListed);;
  require (slot_in_range view) (Rejected SlotOutOfRange);;
  require (slot_occupied view) (Rejected SlotEmpty);;
  require (key_matches view) (Rejected SlotKeyMismatch).

Record CommitView := {
  slots_listed : usize;
  slots_used : usize;
  bytes : ByteUse
}.

(** Whether what an operation wrote may be committed. *)
Definition decide_commit (view : CommitView) : result unit :=
  (* Defence in depth: a slot that no call uses keeps its value. *)
  require (slots_used view =? slots_listed view) (Rejected SlotUnused);;
  require (fits (bytes view)) (Retry ByteBudget).
