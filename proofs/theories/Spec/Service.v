(** What the threads share in order to serve clients, and what is done to it: sessions that are
    opened, ended and asked about, receipts that are kept and sealed, and what signs an epoch.

    Entries are atomic here, so a number that was free before the run is free when it is claimed
    after it: in Rust another thread may be faster, and the claim's answer is decided on again. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Bounds Spec.Table.
From zeta Require Import Spec.Entry Spec.Access Spec.Session Spec.Window Spec.SessionTable.
From zeta Require Import Spec.Leaf Spec.ReceiptTree Spec.Thread.
Import ListNotations.
Open Scope N_scope.
Open Scope decide_scope.

Record service := Service {
  sessions : places;
  leaves : table (list receipt_leaf);    (** Of each thread, newest first. *)
  sealed : table (list (u64 * digest))   (** By epoch: how many leaves, and their root. *)
}.

(** What an answer comes with. *)
Inductive note :=
| Receipt (l : receipt_leaf) (mac : option bytes)   (** With a code where a client asked. *)
| Became (s : status) (mac : bytes).        (** What became of a number of a session. *)

Section Service.
Context {P : Primitives}.
Variable cfg : config.
Variable sv : serving.

Definition place_count : N := thread_count cfg * sessions_per_thread sv.
Definition found_in (s : service) (id : u32) : found := find_session place_count (sessions s) id.

Definition with_sessions (s : service) (m : places) : service := Service m (leaves s) (sealed s).
Definition with_session (s : service) (x : session) : service :=
  with_sessions s (put_session place_count (sessions s) x).

Definition receipts_fit (t : thread) : bool := in_window (epoch (clock t)) (next_epoch t).

Definition is_known (f : found) : bool := match f with NotFound => false | _ => true end.
Definition is_ended (f : found) : bool := match f with FoundEnded => true | _ => false end.
Definition is_open_and (f : found) (p : session -> bool) : bool :=
  match f with FoundOpen x => p x | _ => false end.

(** ** Requests *)

Definition request_view (f : found) (t : thread) (o : operation) (id : u32) (sequence : u64)
    (mac : bytes) : RequestView := {|
  Session.known := is_known f;
  Session.revoked := is_ended f;
  Session.mac_matches :=
    is_open_and f (fun x => bytes_eqb mac (request_mac (s_keys x) id sequence (request_digest o)));
  Session.expired := is_open_and f (fun x => s_last_epoch x <? epoch (clock t));
  Session.sequence := sequence;
  Session.number := match f with FoundOpen x => stand (s_window x) sequence | _ => Free end;
  Session.in_order := is_open_and f (fun x => is_in_order x sequence);
  Session.receipts_fit := receipts_fit t
|}.

(** The leaf that stands for a number which was claimed so that it never runs. *)
Definition NEVER : digest := zeros 32.

Definition status_of (x : session) (sequence : u64) : status :=
  match recall (s_settled x) sequence with
  | None => Unclear
  | Some leaf => if digest_eqb leaf NEVER then NotExecuted else Executed leaf
  end.

(** A refusal says what became of the number, where it is for the number, or the session's age. *)
Definition refusal_note (x : session) (sequence : u64) (r : Refusal) : option note :=
  match r with
  | Replayed | TooOld | Expired =>
      let s := status_of x sequence in
      Some (Became s (status_mac (s_keys x) (s_id x) sequence (refusal_code r) s))
  | _ => None
  end.

(** ** Receipts *)

Definition leaves_of (s : service) (t : N) : list receipt_leaf :=
  match get (leaves s) t with Some l => l | None => [] end.
Definition keep_leaf (s : service) (t : N) (l : receipt_leaf) : service :=
  Service (sessions s) (set (leaves s) t (l :: leaves_of s t)) (sealed s).

(** The leaves of a thread in an epoch, in the order of its log. *)
Definition leaves_at (s : service) (t : N) (e : u32) : list receipt_leaf :=
  rev (filter (fun l => epoch (l_at l) =? e) (leaves_of s t)).

Definition sealed_by (s : service) (t : N) : list (u64 * digest) :=
  match get (sealed s) t with Some l => l | None => [] end.
(** The thread closes the epoch. *)
Definition seal (s : service) (t : N) (e : u32) : service :=
  let f := frontier_of (map (leaf_hash (in_scope sv)) (leaves_at s t e)) in
  Service (sessions s) (leaves s)
    (set (sealed s) t (sealed_by s t ++ [(count f, frontier_root f)])).

(** ** Handshakes *)

(** Opens a session, in place of another where [old] names one; gives what is answered. *)
Definition open (s : service) (t : N) (now : u32) (message : bytes) (old : option u32)
    : verdict (service * bytes) :=
  let read := read_ask message in
  let listed := match read with
                | Some a => find_client (client_key a) (clients (access sv))
                | None => None
                end in
  let before := match old with Some id => found_in s id | None => NotFound end in
  decide_handshake {|
    for_this_entry :=
      holds read (fun a => replaces a =? match old with Some id => id | None => 0 end);
    client_listed := is_some listed;
    replaces_one := is_some old;
    old_known := is_known before;
    old_revoked := is_ended before;
    same_client := is_open_and before
      (fun x => holds listed (fun c => bytes_eqb (cl_key (s_client x)) (cl_key c)))
  |};;
  let per := sessions_per_thread sv in
  let own := map (fun i => t * per + N.of_nat i) (seq 0 (N.to_nat per)) in
  let room := vacancy place_count (sessions s) now own in
  decide_room (is_some room);;
  match room, listed, read with
  | Some (at_, id), Some c, Some a =>
      let last_epoch := saturating_add_u32 now (lifetime c) in
      match accept message (Welcome id last_epoch) with
      | Some (answer, ks) =>
          let x := Opened id c (strict_order a) last_epoch ks empty empty 0 in
          let m := open_session (sessions s) at_ x in
          let m := match old with Some id => end_session place_count m id | None => m end in
          Ok (with_sessions s m, answer)
      | None => Err (Refused BadHandshake)
      end
  | _, _, _ => Err (Refused BadHandshake)   (* Never: the checks above say so. *)
  end.

(** The host may end any session: it can fall silent anyway. *)
Definition revoke (s : service) (id : u32) : verdict (service * bytes) :=
  let f := found_in s id in
  decide_revoke (is_known f) (is_ended f);;
  let mac := match f with FoundOpen x => revoked_mac (s_keys x) id | _ => [] end in
  Ok (with_sessions s (end_session place_count (sessions s) id), mac).

(** ** Questions *)

Definition question_view (f : found) (id : u32) (sequence : u64) (mac : bytes) : QuestionView := {|
  known' := is_known f;
  revoked' := is_ended f;
  mac_matches' := is_open_and f (fun x => bytes_eqb mac (question_mac (s_keys x) id sequence));
  sequence' := sequence;
  in_order' := is_open_and f (fun x =>
    match stand (s_window x) sequence with Free => is_in_order x sequence | _ => true end)
|}.

(** Says what became of a number; one that is free is claimed, so that it never runs. *)
Definition question (s : service) (id : u32) (sequence : u64) (mac : bytes)
    : verdict (service * note) :=
  let f := found_in s id in
  decide_question (question_view f id sequence mac);;
  match f with
  | FoundOpen x =>
      let said st := Became st (status_mac (s_keys x) id sequence 0 st) in
      match stand (s_window x) sequence with
      | Free => Ok (with_session s (settle_number x sequence NEVER), said NotExecuted)
      | _ => Ok (s, said (status_of x sequence))
      end
  | _ => Err (Refused UnknownSession)       (* Never: the checks above say so. *)
  end.

(** ** What is signed of a certified epoch *)

Record certification := Certification {
  ce_scope : scope;
  ce_epoch : u32;
  ce_threads : N;
  ce_receipts : u64;         (** Leaves in all threads. *)
  ce_root : digest
}.

Definition sealed_at (s : service) (e : u32) (t : N) : u64 * digest :=
  nth (N.to_nat e) (sealed_by s t) (0, []).

(** The certification of an epoch of these threads. *)
Definition certification_at (s : service) (ids : list N) (e : u32) : certification := {|
  ce_scope := in_scope sv;
  ce_epoch := e;
  ce_threads := thread_count cfg;
  ce_receipts :=
    fold_left (fun n t => saturating_add_u64 n (fst (sealed_at s e t))) ids 0;
  ce_root := frontier_root (frontier_of
    (map (fun t => let (count, root) := sealed_at s e t in thread_hash t count root) ids))
|}.

(** ["zeta certification v1"] and a zero. *)
Definition CERTIFICATION_NAME : bytes :=
  [122; 101; 116; 97; 32; 99; 101; 114; 116; 105; 102; 105; 99; 97; 116; 105; 111; 110; 32; 118;
   49; 0].

(** The incarnation began from the instance's initial state. *)
Definition ORIGIN_INITIAL : N := 0.

(** What the verifier's identity signs. *)
Definition certification_message (c : certification) : bytes :=
  CERTIFICATION_NAME ++ scope_bytes (ce_scope c) ++ ORIGIN_INITIAL ::
  little_endian 4 (ce_epoch c) ++ little_endian 2 (ce_threads c) ++
  little_endian 8 (ce_receipts c) ++ ce_root c.
End Service.
