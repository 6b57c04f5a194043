(** The verifier, fast: running sums by epoch in place of lists of elements.

    A machine is the verifier of Spec with those lists empty, and beside it each thread's books: the
    sums that the lists would give. Every entry goes through Spec's own functions; what is new here
    is how elements are counted, closed and compared. [Exec.Refines] proves that nobody can tell. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Table Spec.Entry.
From zeta Require Import Spec.Application Spec.Leaf Spec.Thread Spec.Service Spec.Verifier.
Import ListNotations.
Open Scope N_scope.

Definition no_sums : sums := Sums 0 0 0 0.
Definition sums_in (l : table sums) (e : N) : sums :=
  match get l e with Some s => s | None => no_sums end.

(** A thread's sums: of what it added and evicted so far, and of the epochs that it has closed. *)
Record books := Books {
  running : table sums;
  written : table sums;
  written_count : N
}.
Definition no_books : books := Books empty empty 0.

Record machine := Machine { core : verifier; ledger : table books }.

Definition books_of (m : machine) (t : N) : books :=
  match get (ledger m) t with Some b => b | None => no_books end.

(** A thread without its lists. *)
Definition bare (t : thread) : thread :=
  Thread (slots t) (bytes_used t) (clock t) (next_epoch t) [] [] (published t) [] (rejection t).

Section Machine.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

Definition begin : machine := Machine initial empty.

(** ** Books *)

Definition SUM_MODULUS : N := 2 ^ 128.
Definition sum_one (m : element) (s : N) : N := (element_hash m + s) mod SUM_MODULUS.

Definition book_added (b : books) (m : element) : books :=
  let s := sums_in (running b) (element_epoch m) in
  Books (set (running b) (element_epoch m)
           (Sums (sum_one m (added_sum s)) (evicted_sum s) (add_count s + 1) (evict_count s)))
    (written b) (written_count b).
Definition book_evicted (b : books) (m : element) : books :=
  let s := sums_in (running b) (element_epoch m) in
  Books (set (running b) (element_epoch m)
           (Sums (added_sum s) (sum_one m (evicted_sum s)) (add_count s) (evict_count s + 1)))
    (written b) (written_count b).
Definition book_closed (b : books) (e : u32) : books :=
  Books (running b) (set (written b) (written_count b) (sums_in (running b) e))
    (written_count b + 1).

Definition book (b : books) (ev : event) : books :=
  match ev with
  | AddedDeferred m => book_added b m
  | EvictedDeferred m => book_evicted b m
  | Verified e => book_closed b e
  | _ => b
  end.

(** Elements in the sum to which an entry would add one. *)
Definition count_before (b : books) (e : entry) : u64 :=
  match e with
  | AddB _ _ t _ => add_count (sums_in (running b) (epoch t))
  | EvictB _ t | EvictBM _ _ t => evict_count (sums_in (running b) (epoch t))
  | _ => 0
  end.

(** What was decided with no elements counted, where there are [n]: the check of the count comes
    after all other rejections, and before every retry. *)
Definition with_count (n : u64) (r : result (thread * event)) : result (thread * event) :=
  if n <? u64_max then r
  else match r with
       | Err (Rejected reason) => Err (Rejected reason)
       | _ => Err (Rejected ElementCountOverflow)
       end.

(** ** Steps *)

Definition written_at (m : machine) (e : N) (t : N) : sums :=
  sums_in (written (books_of m t)) e.

(** As [Verifier.certify], over what is written. *)
Definition certify_written (m : machine) : machine :=
  let v := core m in
  let e := certified v in
  if mismatch v then m else
  if forallb (fun t => e <? next_epoch (thread_at cfg v t)) (ids cfg) then
    if balance (map (written_at m e) (ids cfg))
    then Machine (Verifier (threads v) (floor v) (e + 1) false (desk v)) (ledger m)
    else Machine (Verifier (threads v) (floor v) e true (desk v)) (ledger m)
  else m.

Definition settle_books (m : machine) (t : N) (r : result (thread * event)) : machine * reply :=
  match r with
  | Ok (s, ev) =>
      let v := put (core m) t (bare s) in
      let l := set (ledger m) t (book (books_of m t) ev) in
      (match ev with
       | Verified e => certify_written (Machine (sealing cfg v t e) l)
       | _ => Machine v l
       end, Applied ev None)
  | Err stop => let (v, r) := settle cfg (core m) t (Err stop) in (Machine v (ledger m), r)
  end.

(** Entries that take in elements or give them away, and those that close epochs. *)
Definition keeps_books (e : entry) : bool :=
  match e with AddB _ _ _ _ | EvictB _ _ | EvictBM _ _ _ | VerifyEpoch => true | _ => false end.

Definition step_machine (m : machine) (t : N) (e : entry) : machine * reply :=
  let v := core m in
  let on_core (done : verifier * reply) :=
    let (v, r) := done in (Machine v (ledger m), r) in
  if keeps_books e then
    match rejection (thread_at cfg v t), check_entry e with
    | None, Ok _ =>
        settle_books m t (with_count (count_before (books_of m t) e) (step_memory cfg v t e))
    | _, _ => on_core (step cfg v t e)
    end
  else on_core (step cfg v t e).

(** As [Verifier.run_all]. *)
Fixpoint run_machine (m : machine) (l : list (N * entry)) : machine * list (N * reply) :=
  match l with
  | [] => (m, [])
  | (t, e) :: l =>
      if is_thread cfg t then
        let (m, r) := step_machine m t e in
        let (m, rs) := run_machine m l in
        (m, (t, r) :: rs)
      else run_machine m l
  end.
End Machine.
