(** The verifier: all threads and what they share; entries in, replies out; outcomes of epochs.

    Entries are processed one at a time, whichever thread they belong to: that real threads refine
    this is a matter of the order of their atomic operations, of RunApps that of the floor. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Import Spec.Table Spec.Entry Spec.Application Spec.Thread.
From zeta Require Spec.RunApp.
Import ListNotations.
Open Scope N_scope.
Open Scope decide_scope.

Record verifier := Verifier {
  threads : table thread;    (** Those that have changed since the start. *)
  floor : u32;               (** The latest epoch in which an operation was let in. *)
  certified : N;             (** How many epochs are certified, from the first. *)
  mismatch : bool            (** The next one's sums do not agree: nothing later certifies. *)
}.

(** The four answers to an entry. *)
Inductive reply :=
| Applied (e : event)
| Refused (code : N)         (** The request is at fault: answered, nothing changes. *)
| Stopped (stop : Stop).      (** Retry: nothing changes, the same entry may come again. Rejected:
                                 the host lied, and the thread accepts nothing more. *)

Inductive outcome :=
| Pending (missing : list N)
| Certified
| Mismatch (first : N)
| Poisoned (thread : N) (r : Reason).

(** The number of a refusal that is not the program's: no session vouches for the request. *)
Definition UNKNOWN_SESSION : N := 256.

Section Verifier.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

Definition initial : verifier := Verifier empty 0 0 false.

Definition thread_at (v : verifier) (t : N) : thread :=
  match get (threads v) t with Some s => s | None => start cfg t end.

Definition ids : list N := map N.of_nat (seq 0 (N.to_nat (thread_count cfg))).
Definition is_thread (t : N) : bool := t <? thread_count cfg.

Definition put (v : verifier) (t : N) (s : thread) : verifier :=
  Verifier (set (threads v) t s) (floor v) (certified v) (mismatch v).

(** Whether what was added is what was evicted, over all threads. *)
Definition total (f : sums -> N) (l : list sums) : N := fold_right (fun s n => f s + n) 0 l.
Definition balance (l : list sums) : bool :=
  (total added_sum l mod 2 ^ 128 =? total evicted_sum l mod 2 ^ 128) &&
  (total add_count l =? total evict_count l) &&
  (total add_count l <=? u64_max).

Definition sums_at (v : verifier) (e : N) (t : N) : sums :=
  nth (N.to_nat e) (closed (thread_at v t)) (Sums 0 0 0 0).

(** Certifies the next epoch, if all threads have closed it. Whoever closes last calls this; one
    closing completes one epoch at most, that of the thread that was behind. *)
Definition certify (v : verifier) : verifier :=
  let e := certified v in
  if mismatch v then v else
  if forallb (fun t => e <? next_epoch (thread_at v t)) ids then
    if balance (map (sums_at v e) ids) then Verifier (threads v) (floor v) (e + 1) false
    else Verifier (threads v) (floor v) e true
  else v.

(** The cell of an epoch is free when the epoch one window before is certified. *)
Definition has_room (v : verifier) (e : u32) : bool := e <? certified v + EPOCH_WINDOW.

(** All entries but operations. *)
Definition step_memory (v : verifier) (t : N) (e : entry) : result (thread * event) :=
  let s := thread_at v t in
  match e with
  | AddM slot ancestor r => add_m cfg s slot ancestor r
  | AddB slot j tm r =>
      let evictor := if is_thread j then Some (thread_at v j) else None in
      add_b cfg t s slot evictor (Element r tm j)
  | EvictM slot ancestor => evict_m cfg s slot ancestor
  | EvictB slot tm => evict_b cfg t s slot tm
  | EvictBM slot ancestor tm => evict_bm cfg t s slot ancestor tm
  | NextEpoch => next_epoch_entry s
  | VerifyEpoch => verify_epoch s (has_room v (next_epoch s))
  | RunApp _ => Err (Rejected UnknownTag)   (* Never asked: [step] takes operations away. *)
  end.

(** Commits what was decided, or notes the rejection. *)
Definition settle (v : verifier) (t : N) (r : result (thread * event)) : verifier * reply :=
  match r with
  | Ok (s, ev) =>
      let v := put v t s in
      (match ev with Verified _ => certify v | _ => v end, Applied ev)
  | Err (Retry n) => (v, Stopped (Retry n))
  | Err (Rejected r) => (put v t (reject (thread_at v t) r), Stopped (Rejected r))
  end.

(** An operation raises the floor to its epoch before anything else of it is looked at. *)
Definition step_run (v : verifier) (t : N) (o : run) : verifier * reply :=
  if negb (authentic o) then (v, Refused UNKNOWN_SESSION) else
  match begin_call (asked o) with
  | inl code => (v, Refused code)
  | inr call =>
      let s := thread_at v t in
      let now := epoch (clock s) in
      let raised := Verifier (threads v) (N.max (floor v) now) (certified v) (mismatch v) in
      settle raised t (RunApp.decide_floor now (floor v);; run_app cfg s o (call now))
  end.

Definition step (v : verifier) (t : N) (e : entry) : verifier * reply :=
  match rejection (thread_at v t) with
  | Some _ => (v, Stopped (Rejected ThreadPoisoned))
  | None =>
      match check_entry e with
      | Err stop => settle v t (Err stop)
      | Ok _ => match e with RunApp o => step_run v t o | _ => settle v t (step_memory v t e) end
      end
  end.

(** Processes what the host submits, in the order in which it is processed; a thread that does not
    exist has no log. *)
Fixpoint run_all (v : verifier) (l : list (N * entry)) : verifier * list (N * reply) :=
  match l with
  | [] => (v, [])
  | (t, e) :: l =>
      if is_thread t then
        let (v, r) := step v t e in
        let (v, rs) := run_all v l in
        (v, (t, r) :: rs)
      else run_all v l
  end.

(** What became of an epoch. *)
Fixpoint outcome_of (v : verifier) (e : N) (l missing : list N) : outcome :=
  match l with
  | [] => Pending (rev missing)
  | t :: l =>
      if e <? next_epoch (thread_at v t) then outcome_of v e l missing
      else match rejection (thread_at v t) with
           | Some r => Poisoned t r
           | None => outcome_of v e l (t :: missing)
           end
  end.
Definition outcome_at (v : verifier) (e : N) : outcome :=
  if e <? certified v then Certified
  else if mismatch v then Mismatch (certified v)
  else outcome_of v e ids [].
End Verifier.
