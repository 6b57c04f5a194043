(** What [decide_add_b] answers to a grid of views about every bound, as counts and one checksum.
    [grid.rs] walks the same grid in the same order: the printed Rust must agree. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds Spec.AddB.
Import ListNotations.
Open Scope N_scope.

Definition flags := [false; true].
Definition stamps : list Timestamp := map (fun '(e, c) => {| epoch := e; counter := c |})
  [(4, 7); (5, 6); (5, 7); (5, u32_max); (36, u32_max - 1); (37, 0); (u32_max, u32_max)].
Definition counts := [0; u64_max - 1; u64_max].
Definition uses : list ByteUse :=
  map (fun '(u, a, b) => {| used := u; added := a; budget := b |})
  [(11, 0, 10); (5, 5, 10); (5, 6, 10); (u64_max, 1, u64_max - 1); (u64_max, 1, u64_max)].

Definition answer_code (r : result AddBUpdate) : N :=
  match r with
  | Ok _ => 0
  | Err (Rejected SlotOutOfRange) => 1
  | Err (Rejected RootAddedFromDeferred) => 2
  | Err (Rejected SlotOccupied) => 3
  | Err (Rejected ThreadOutOfRange) => 4
  | Err (Rejected AddToVerifiedEpoch) => 5
  | Err (Rejected CounterOverflow) => 6
  | Err (Rejected ElementCountOverflow) => 7
  | Err (Retry Window) => 8
  | Err (Retry PublishedClock) => 9
  | Err (Retry ByteBudget) => 10
  | Err _ => 11
  end.

Definition numbers (r : result AddBUpdate) : list N :=
  match r with
  | Ok u => [epoch (clock' u); counter (clock' u); element_count' u]
  | Err _ => []
  end.

(** The checksum is modulo 2^32. *)
Definition mix (sum n : N) : N := N.land (sum * 33 + n) u32_max.

Fixpoint increment (index : nat) (tally : list N) : list N :=
  match index, tally with
  | O, n :: rest => n + 1 :: rest
  | S index, n :: rest => n :: increment index rest
  | _, [] => []
  end.

Definition visit (state : list N * N) (view : AddBView) : list N * N :=
  let answer := decide_add_b view in
  let code := answer_code answer in
  (increment (N.to_nat code) (fst state), fold_left mix (code :: numbers answer) (snd state)).

(** [for_each values body] threads the state through the body of each value, in order. *)
Definition for_each {A S} (values : list A) (body : A -> S -> S) (state : S) : S :=
  fold_left (fun state value => body value state) values state.

Definition sweep : list N * N :=
  (for_each flags (fun slot => for_each flags (fun root => for_each flags (fun empty =>
   for_each flags (fun thread => for_each flags (fun own =>
   for_each stamps (fun stamp => for_each stamps (fun now => for_each stamps (fun seen =>
   for_each counts (fun count => for_each uses (fun use state =>
     visit state {|
       slot_in_range := slot; is_root := root; slot_empty := empty; thread_in_range := thread;
       own_element := own; timestamp := stamp; clock := now; published := seen; next_epoch := 5;
       element_count := count; bytes := use
     |})))))))))))%function (repeat 0 11, 0).

Eval vm_compute in (fst sweep ++ [snd sweep]).
