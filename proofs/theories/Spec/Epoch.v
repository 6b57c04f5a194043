(** NextEpoch and VerifyEpoch: what the verifier decides about the turn and the end of an epoch. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason.
Open Scope N_scope.
Open Scope decide_scope.

(** Gives the clock in the next epoch. *)
Definition decide_next_epoch (clock : Timestamp) : result Timestamp :=
  require (epoch clock <? last_epoch) (Rejected EpochOverflow);;
  Ok {| epoch := next (epoch clock); counter := 0 |}.

Record VerifyEpochView := {
  clock : Timestamp;
  next_epoch : Epoch;
  board_has_room : bool      (** The board's cell for the epoch is free. *)
}.

(** Closes [next_epoch]; gives the next one to close. *)
Definition decide_verify_epoch (view : VerifyEpochView) : result Epoch :=
  require (next_epoch view <? epoch (clock view)) (Rejected EpochNotPassed);;
  require (board_has_room view) (Retry Window);;
  Ok (next (next_epoch view)).
