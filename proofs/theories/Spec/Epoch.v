(** NextEpoch and VerifyEpoch: what the verifier decides about the turn and the end of an epoch. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason.
Open Scope N_scope.
Open Scope decide_scope.

(** Gives the clock in the next epoch. *)
Definition decide_next_epoch (clock : Timestamp) : result Timestamp :=
  require (epoch clock <? u32_max) (Rejected EpochOverflow);;
  Ok {| epoch := saturating_add_u32 (epoch clock) 1; counter := 0 |}.

Record VerifyEpochView := {
  clock : Timestamp;
  next_epoch : u32;
  board_has_room : bool      (** The board's cell for the epoch is free. *)
}.

(** Closes [next_epoch]; gives the next one to close. *)
Definition decide_verify_epoch (view : VerifyEpochView) : result u32 :=
  require (next_epoch view <? epoch (clock view)) (Rejected EpochNotPassed);;
  require (board_has_room view) (Retry Window);;
  Ok (saturating_add_u32 (next_epoch view) 1).
