(** The oracle: records in, replies out, as proofs/oracle/FORMAT.md says. What is around it, reads
    and writes them, and has the cryptography. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Bytes Spec.Path Spec.Time Spec.Record Spec.Reason Spec.Table.
From zeta Require Import Spec.Entry Spec.Application Spec.Access Spec.Leaf Spec.Thread.
From zeta Require Import Spec.Service Spec.Verifier Spec.Summary.
From zeta Require Import Codec.Bytes Codec.Log Codec.Answer Codec.Hashed Codec.AccessList.
From zeta Require Import Exec.Machine Exec.Call Thm.Soundness.
From zeta Require Program.Instruction Program.Arithmetic Program.Program.
Import ListNotations.
Open Scope N_scope.
Open Scope codec_scope.

(** ** The record that makes a verifier *)

Record service_setup := ServiceSetup {
  access_bytes : bytes;
  entropy : bytes;
  places_each : N
}.

Record setup := Setup {
  setup_threads : N;
  setup_slots : N;
  setup_budget : N;
  tree_hash : N;
  element_kind : N;
  nonce : bytes;
  setup_incarnation : bytes;
  root_bytes : bytes;
  program_bytes : bytes;
  setup_service : option service_setup
}.

Definition read_service : reader (option service_setup) :=
  let* tag := u8 in
  if tag =? 0 then give_back None else
  let* _ := must (tag =? 1) in
  let* access := counted in
  let* seed := take 32 in
  let* places := u16 in
  give_back (Some (ServiceSetup access seed places)).

Definition oracle_setup : reader setup :=
  let* threads := u16 in
  let* slots := u16 in
  let* budget := u64 in
  let* tree := u8 in
  let* elements := u8 in
  let* _ := must ((tree <=? 1) && (elements <=? 1)) in
  let* n := take 16 in
  let* i := take 16 in
  let* r := counted in
  let* p := counted in
  let* s := read_service in
  give_back (Setup threads slots budget tree elements n i r p s).

(** A node's value, to the end of the bytes. *)
Definition whole_node (b : bytes) : option record :=
  match (let* x := read_pointer in let* y := read_pointer in give_back (Node ROOT x y)) b with
  | Ok (r, []) => Some r
  | _ => None
  end.

(** ["zeta instance v1"] and a zero. *)
Definition INSTANCE_NAME : bytes :=
  [122; 101; 116; 97; 32; 105; 110; 115; 116; 97; 110; 99; 101; 32; 118; 49; 0].

(** The names of an incarnation, as SHA-256 makes them. *)
Definition scope_of (sha : bytes -> digest) (program_digest : digest) (s : setup) : scope :=
  let access := match setup_service s with Some c => access_bytes c | None => EMBEDDED_ONLY end in
  let name := sha (INSTANCE_NAME ++ nonce s ++ program_digest ++ sha (root_bytes s)
                   ++ sha access) in
  Scope (firstn 16 name) (setup_incarnation s) program_digest.

(** What a verifier runs on. *)
Record prepared := Prepared {
  of_config : config;
  of_primitives : Primitives;
  of_application : Application
}.

Section Oracle.
(** The cryptography, for the names and the setup that it depends on. *)
Variable crypto : setup -> scope -> hashes.
Variable sha : bytes -> digest.
Variable sha_length : forall m, length (sha m) = 32%nat.

Definition program_hash : Arithmetic.Hash :=
  {| Arithmetic.sha256 := sha; Arithmetic.sha256_length := sha_length |}.

(** None where the Rust verifier cannot be made either. *)
Definition oracle_make (s : setup) : option prepared :=
  match whole_node (root_bytes s), Program.load (program_bytes s) with
  | Some root, inr (program, _) =>
      let names := scope_of sha (@Program.program_digest program_hash (program_bytes s)) s in
      let transition_count := N.of_nat (length (Instruction.transitions program)) in
      let relation_count := N.of_nat (length (Instruction.relations program)) in
      let served : option (option serving) :=
        match setup_service s with
        | None => Some None
        | Some c =>
            match access_of (access_bytes c) transition_count relation_count with
            | Some a => Some (Some (Serving names a (places_each c)))
            | None => None
            end
        end in
      match served with
      | Some sv =>
          if (setup_threads s =? 0) || (setup_slots s =? 0) then None
          else Some (Prepared
            (Config (setup_threads s) (setup_slots s) (setup_budget s) root sv)
            (primitives (crypto s names)) (@Program.application program_hash program))
      | None => None
      end
  | _, _ => None
  end.

(** ** Replies *)

Section Replies.
Context {P : Primitives}.
Variable cfg : config.
Variable m : monitor.

Definition state : verifier := core (made m).
Definition thread_of (t : N) : thread := thread_at cfg state t.

Definition not_yet_code (n : NotYet) : N :=
  match n with PublishedClock => 1 | Floor => 2 | Window => 3 | ByteBudget => 4 | Order => 5 end.

Definition put_stop (t : N) (stop : option Stop) : bytes :=
  match stop with
  | None => put_u8 0 ++ put_u16 0 ++ put_u64 0
  | Some (Retry n) => put_u8 1 ++ put_u16 (not_yet_code n) ++ put_u64 0
  | Some (Rejected r) => put_u8 2 ++ put_u16 (code r) ++ put_u64 (position m t)
  end.

Definition put_clock (t : N) : bytes :=
  put_timestamp (clock (thread_of t)) ++ put_u32 (next_epoch (thread_of t)).

(** In pieces, for the outputs may be long. *)
Definition call_reply (t : N) (p : progress) : list bytes :=
  (put_u32 (consumed p) ++ put_stop t (stopped p) ++ put_clock t) :: rev (outputs p).

Definition put_outcome (o : outcome) : bytes :=
  match o with
  | Certified => put_u8 0
  | Pending missing =>
      put_u8 1 ++ put_u16 (N.of_nat (length missing)) ++ flat_map put_u16 missing
  | Mismatch first => put_u8 2 ++ put_u32 first
  | Poisoned t r => put_u8 3 ++ put_u16 t ++ put_u64 (position m t) ++ put_u16 (code r)
  end.

Definition put_certification (e : N) : bytes :=
  match serving_of cfg with
  | Some sv =>
      match certification_of cfg state sv e with
      | Some c => put_u8 1 ++ put_u64 (ce_receipts c) ++ ce_root c
      | None => put_u8 0
      end
  | None => []
  end.

Definition put_epoch (e : N) : bytes :=
  let o := outcome_at cfg state e in
  put_outcome o ++ match o with Certified => put_certification e | _ => [] end.

Definition epoch_count : N :=
  fold_left (fun n t => N.max n (next_epoch (thread_of t))) (ids cfg) 0 + 1.

Definition end_reply : list bytes :=
  (put_u32 (floor state) ++ put_u32 (certified state) ++ flat_map put_clock (ids cfg)
   ++ put_u32 epoch_count)
  :: map (fun e => put_epoch (N.of_nat e)) (seq 0 (N.to_nat epoch_count)).
End Replies.

(** ** Calls *)

Definition oracle_call (i : prepared) (m : monitor) (t : N) (log : bytes) : monitor * list bytes :=
  let (m, p) := @verify_log (of_primitives i) (of_application i) (of_config i) m t log in
  (m, call_reply (of_config i) m t p).

Definition oracle_end (i : prepared) (m : monitor) : list bytes :=
  @end_reply (of_primitives i) (of_config i) m.

(** ** The canonical tree of a data set *)

(** Records of the application, to the end of the bytes. *)
Fixpoint read_data (fuel b : bytes) : option (list (key * value)) :=
  match b, fuel with
  | [], _ | _, [] => Some []
  | _, _ :: fuel =>
      match read_record b with
      | Ok (App k v, rest) => option_map (cons (k, v)) (read_data fuel rest)
      | _ => None
      end
  end.

Definition oracle_summary (h : hashes) (b : bytes) : option bytes :=
  match read_data b b with
  | Some data =>
      match @summary (primitives h) data with
      | Node _ x y => Some (put_node x y)
      | App _ _ => None
      end
  | None => None
  end.

(** ** Collisions: the calls again, through the verifier of Spec, which keeps what it hashed *)

Section Replay.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

Fixpoint replay_entries (fuel : bytes) (v : verifier) (t : N) (log : bytes) (rs : list (N * reply))
    : verifier * list (N * reply) :=
  match log, fuel with
  | [], _ | _, [] => (v, rs)
  | _, _ :: fuel =>
      match parse log with
      | Err stop => let (v, r) := settle cfg v t (Err stop) in (v, (t, r) :: rs)
      | Ok (e, rest) =>
          let (v, r) := step cfg v t e in
          match r with
          | Stopped _ => (v, (t, r) :: rs)
          | _ => replay_entries fuel v t rest ((t, r) :: rs)
          end
      end
  end.

Definition put_found (f : option found) : bytes :=
  match f with
  | None => put_u8 0
  | Some (Values a b) => put_u8 1 ++ put_counted (put_record a) ++ put_counted (put_record b)
  | Some (Keys _ _) => put_u8 2
  | Some (Multisets e) => put_u8 3 ++ put_u32 e
  end.

Definition collision_reply (v : verifier) (rs : list (N * reply)) : bytes :=
  let last := fold_left (fun n t => N.max n (next_epoch (thread_at cfg v t))) (ids cfg) 0 in
  put_found (find_collision cfg last v rs [] []).
End Replay.

(** What Spec's verifier is and said, last reply first. *)
Definition replayed : Type := verifier * list (N * reply).
Definition oracle_replay_start : replayed := (initial, []).
Definition oracle_replay (i : prepared) (r : replayed) (t : N) (log : bytes) : replayed :=
  let (v, rs) := r in
  @replay_entries (of_primitives i) (of_application i) (of_config i) log v t log rs.
Definition oracle_found (i : prepared) (r : replayed) : bytes :=
  let (v, rs) := r in @collision_reply (of_primitives i) (of_config i) v (rev rs).
End Oracle.
