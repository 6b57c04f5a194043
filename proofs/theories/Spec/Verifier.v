(** The verifier: all threads and what they share; entries in, replies out; outcomes of epochs.

    Entries are processed one at a time, whichever thread they belong to: that real threads refine
    this is a matter of the order of their atomic operations, of RunApps that of the floor. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Import Spec.Table Spec.Entry Spec.Application Spec.Access Spec.Leaf.
From zeta Require Import Spec.SessionTable Spec.Thread Spec.Service.
From zeta Require Spec.Session Spec.RunApp.
Import ListNotations.
Open Scope N_scope.
Open Scope decide_scope.

Record verifier := Verifier {
  threads : table thread;    (** Those that have changed since the start. *)
  floor : u32;               (** The latest epoch in which an operation was let in. *)
  certified : N;             (** How many epochs are certified, from the first. *)
  mismatch : bool;           (** The next one's sums do not agree: nothing later certifies. *)
  desk : service             (** Sessions and receipts. *)
}.

(** The four answers to an entry; those of sessions are told by what they answer. *)
Inductive reply :=
| Applied (e : event) (n : option note)
| Told (message : bytes)     (** To a session that was opened or ended. *)
| Asked (n : note)
| Refused (code : N) (n : option note)
                             (** The request is at fault: answered, nothing changes. *)
| Stopped (stop : Stop).     (** Retry: nothing changes, the same entry may come again. Rejected:
                                 the host lied, and the thread accepts nothing more. *)

Inductive outcome :=
| Pending (missing : list N)
| Certified
| Mismatch (first : N)
| Poisoned (thread : N) (r : Reason).

Section Verifier.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

Definition initial : verifier := Verifier empty 0 0 false (Service empty empty empty).

Definition thread_at (v : verifier) (t : N) : thread :=
  match get (threads v) t with Some s => s | None => start cfg t end.

Definition ids : list N := map N.of_nat (seq 0 (N.to_nat (thread_count cfg))).
Definition is_thread (t : N) : bool := t <? thread_count cfg.

Definition put (v : verifier) (t : N) (s : thread) : verifier :=
  Verifier (set (threads v) t s) (floor v) (certified v) (mismatch v) (desk v).
Definition raise_floor (v : verifier) (e : u32) : verifier :=
  Verifier (threads v) (N.max (floor v) e) (certified v) (mismatch v) (desk v).
Definition with_desk (v : verifier) (s : service) : verifier :=
  Verifier (threads v) (floor v) (certified v) (mismatch v) s.

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
    if balance (map (sums_at v e) ids) then Verifier (threads v) (floor v) (e + 1) false (desk v)
    else Verifier (threads v) (floor v) e true (desk v)
  else v.

(** The cell of an epoch is free when the epoch one window before is certified. *)
Definition has_room (v : verifier) (e : u32) : bool := e <? certified v + EPOCH_WINDOW.

(** The entries that bring records in and out, and turn and close epochs. *)
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
  | _ => Err (Rejected UnknownTag)   (* Never asked: [step] takes the others away. *)
  end.

(** The receipts of an epoch are written down before it is closed. *)
Definition sealing (v : verifier) (t : N) (e : u32) : verifier :=
  match serving_of cfg with Some sv => with_desk v (seal sv (desk v) t e) | None => v end.

(** Commits what was decided, or notes the rejection. *)
Definition settle (v : verifier) (t : N) (r : result (thread * event)) : verifier * reply :=
  match r with
  | Ok (s, ev) =>
      let v := put v t s in
      (match ev with Verified e => certify (sealing v t e) | _ => v end, Applied ev None)
  | Err (Retry n) => (v, Stopped (Retry n))
  | Err (Rejected r) => (put v t (reject (thread_at v t) r), Stopped (Rejected r))
  end.

(** The same for a request, which may also be at fault. *)
Definition settle_verdict (v : verifier) (t : N) (r : verdict (thread * event))
    : verifier * reply :=
  match r with
  | Ok done => settle v t (Ok done)
  | Err (Reason.Stopped stop) => settle v t (Err stop)
  | Err (Reason.Refused r) => (v, Refused (refusal_code r) None)
  end.

(** Runs an operation under rights. It raises the floor to its epoch before its slots are looked
    at. *)
Definition attempt (v : verifier) (t : N) (r : rights) (o : run)
    : verifier * verdict (thread * event) :=
  match begin_call (asked o) with
  | inl code => (v, Err (Reason.Refused (Program code)))
  | inr call =>
      match Session.decide_right (may_call r (transition (asked o))) with
      | Err halt => (v, Err halt)
      | Ok _ =>
          let s := thread_at v t in
          let now := epoch (clock s) in
          (raise_floor v now,
           lift (RunApp.decide_floor now (floor v));; run_app cfg r s o (call now))
      end
  end.
Definition step_run (v : verifier) (t : N) (r : rights) (o : run) : verifier * reply :=
  let (v, done) := attempt v t r o in settle_verdict v t done.

(** What a receipt says of a reply; nothing where the entry stopped. *)
Definition ruling_of (r : reply) : option ruling :=
  match r with
  | Applied (Answered r) _ => Some (Ruled (r_answer r))
  | Refused code _ => Some (Declined code)
  | _ => None
  end.
Definition with_note (r : reply) (n : note) : reply :=
  match r with
  | Applied e _ => Applied e (Some n)
  | Refused code _ => Refused code (Some n)
  | r => r
  end.

(** RunApp of the host itself. *)
Definition step_host (v : verifier) (t : N) (o : run) : verifier * reply :=
  match serving_of cfg with
  | None => step_run v t None o
  | Some sv =>
      let a := access sv in
      if embedded a && negb (embedded_receipts a) then step_run v t None o else
      match Session.decide_embedded (embedded a) (receipts_fit (thread_at v t)) with
      | Err halt => settle_verdict v t (Err halt)
      | Ok _ =>
          let (v, r) := step_run v t None o in
          match ruling_of r with
          | Some ruled =>
              let l := Leaf ByHost (asked o) ruled t (clock (thread_at v t)) in
              (with_desk v (keep_leaf (desk v) t l), with_note r (Receipt l None))
          | None => (v, r)
          end
      end
  end.

(** RunApp of a client. What stopped has claimed no number. *)
Definition step_client (v : verifier) (t : N) (o : run) (sv : serving) (id : u32)
    (sequence : u64) (mac : bytes) : verifier * reply :=
  let f := found_in cfg sv (desk v) id in
  match Session.decide_request (request_view f (thread_at v t) (asked o) id sequence mac), f with
  | Err (Reason.Refused r), FoundOpen x =>
      (v, Refused (refusal_code r) (refusal_note x sequence r))
  | Err halt, _ => settle_verdict v t (Err halt)
  | Ok _, FoundOpen x =>
      let c := s_client x in
      let (v, r) := step_run v t (Some c) o in
      match ruling_of r with
      | Some ruled =>
          let by_ := ByClient (cl_kind c) (cl_key c) id sequence in
          let l := Leaf by_ (asked o) ruled t (clock (thread_at v t)) in
          let hash := leaf_hash (in_scope sv) l in
          let s := with_session cfg sv (keep_leaf (desk v) t l) (settle_number x sequence hash) in
          (with_desk v s, with_note r (Receipt l (Some (reply_mac (s_keys x) hash))))
      | None => (v, r)
      end
  | Ok _, _ => (v, Refused (refusal_code UnknownSession) None)   (* Never. *)
  end.

(** The control entries. *)
Definition step_session (v : verifier) (t : N) (sv : serving) (e : entry) : verifier * reply :=
  let s := desk v in
  let now := epoch (clock (thread_at v t)) in
  let told (r : verdict (service * bytes)) :=
    match r with
    | Ok (s, message) => (with_desk v s, Told message)
    | Err halt => settle_verdict v t (Err halt)
    end in
  match e with
  | SessionOpen message => told (open cfg sv s t now message None)
  | SessionRotate id message => told (open cfg sv s t now message (Some id))
  | SessionRevoke id => told (revoke cfg sv s id)
  | SessionAsk id sequence mac =>
      match question cfg sv s id sequence mac with
      | Ok (s, n) => (with_desk v s, Asked n)
      | Err halt => settle_verdict v t (Err halt)
      end
  | _ => (v, Stopped (Rejected UnknownTag))   (* Never asked: [step] takes the others away. *)
  end.

(** An entry that its bytes do not condemn. *)
Definition step_entry (v : verifier) (t : N) (e : entry) : verifier * reply :=
  match e with
  | RunApp o =>
      match asked_by o, serving_of cfg with
      | Embedded, _ => step_host v t o
      | Session id sequence mac, Some sv => step_client v t o sv id sequence mac
      | Session _ _ _, None => (v, Refused (refusal_code UnknownSession) None)
      end
  | SessionOpen _ | SessionRotate _ _ | SessionRevoke _ | SessionAsk _ _ _ =>
      match serving_of cfg with
      | Some sv => step_session v t sv e
      | None => (v, Refused (refusal_code UnknownSession) None)
      end
  | _ => settle v t (step_memory v t e)
  end.

Definition step (v : verifier) (t : N) (e : entry) : verifier * reply :=
  match rejection (thread_at v t) with
  | Some _ => (v, Stopped (Rejected ThreadPoisoned))
  | None =>
      match check_entry e with
      | Err stop => settle v t (Err stop)
      | Ok _ => step_entry v t e
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

(** What is signed of an epoch: nothing, unless it is certified and its receipts' roots are kept. *)
Definition certification_of (v : verifier) (sv : serving) (e : N) : option certification :=
  if (e <? certified v) && (certified v <=? e + EPOCH_WINDOW)
  then Some (certification_at cfg sv (desk v) ids e)
  else None.
End Verifier.
