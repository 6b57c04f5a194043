(** What the machine's bounds ask of an entry: window of epochs, counts of elements, byte budget. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Reason.
Open Scope N_scope.
Open Scope decide_scope.

(** How many epochs from the first unverified one a thread keeps sums for. *)
Definition EPOCH_WINDOW : u32 := 32.

(** Bytes of keys and values in a thread's slots, and what the entry would add to them. *)
Record ByteUse := { used : u64; added : u64; budget : u64 }.

(** One element more, in an epoch of a thread. *)
Definition next_count (count : u64) : result u64 :=
  require (count <? u64_max) (Rejected ElementCountOverflow);;
  Ok (saturating_add_u64 count 1).

(** Whether the thread keeps sums for [epoch]; it is never before [next_epoch]. *)
Definition in_window (epoch next_epoch : Epoch) : bool := since epoch next_epoch <? EPOCH_WINDOW.

Definition fits (bytes : ByteUse) : bool := added bytes <=? budget bytes - used bytes.
