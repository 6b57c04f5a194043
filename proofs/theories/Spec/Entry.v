(** The entries of a log, and what their bytes alone must satisfy.

    Tags, kinds and truncation are the codec's matter; here an entry has been read, and what is left
    are the checks on the sizes of what was read. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason.
Import ListNotations.
Open Scope N_scope.
Open Scope decide_scope.

Definition KEY_LEN_MAX : N := 4096.
Definition VALUE_LEN_MAX : N := 1048576.
Definition ARGUMENTS_LEN_MAX : N := 4194304.

(** What a client asks for. *)
Record operation := Operation { transition : N; arguments : bytes }.

(** Who asks: the host itself, or a client's session, under a number and a code over both. *)
Inductive authentication :=
| Embedded
| Session (id : u32) (sequence : u64) (mac : bytes).

Record run := Run {
  asked : operation;
  asked_by : authentication;
  listed : list N            (** Slots, in the order in which the operation asks for records. *)
}.

Inductive entry :=
| AddM (slot ancestor : N) (r : record)
| AddB (slot thread : N) (t : Timestamp) (r : record)
| EvictM (slot ancestor : N)
| EvictB (slot : N) (t : Timestamp)
| EvictBM (slot ancestor : N) (t : Timestamp)
| NextEpoch
| VerifyEpoch
| RunApp (r : run)
| SessionOpen (message : bytes)               (** A client's first handshake message. *)
| SessionRevoke (id : u32)
| SessionRotate (id : u32) (message : bytes)  (** A handshake in place of a session. *)
| SessionAsk (id : u32) (sequence : u64) (mac : bytes).  (** What became of a number? *)

Definition at_most (max : N) (b : bytes) : bool := N.of_nat (length b) <=? max.

Definition pointer_canonical (p : pointer) : bool :=
  match p with None => true | Some l => Nat.leb (length (l_path l)) PATH_BITS end.

Definition check_record (r : record) : result unit :=
  match r with
  | Node p l r =>
      require (Nat.leb (length p) PATH_BITS) (Rejected PathNotCanonical);;
      (* Defence in depth: nothing lies below a path of that length. *)
      require (negb (Nat.eqb (length p) PATH_BITS)) (Rejected NodePathIsLeaf);;
      require (pointer_canonical l && pointer_canonical r) (Rejected PathNotCanonical)
  | App k v =>
      require (at_most KEY_LEN_MAX (key_bytes k)) (Rejected KeyTooLong);;
      require (match v with Some b => at_most VALUE_LEN_MAX b | None => true end)
        (Rejected ValueTooLong)
  end.

(** Fields of the log have widths: the codec reads nothing else. *)
Definition fits_fields (t : Timestamp) : bool := (epoch t <=? u32_max) && (counter t <=? u32_max).
Definition fits_number (id : u32) (sequence : u64) : bool :=
  (id <=? u32_max) && (sequence <=? u64_max).
Definition fits_run (r : run) : bool :=
  (transition (asked r) <=? u16_max) &&
  match asked_by r with Embedded => true | Session id sequence _ => fits_number id sequence end.

Definition check_entry (e : entry) : result unit :=
  require (match e with
           | AddB _ _ t _ | EvictB _ t | EvictBM _ _ t => fits_fields t
           | RunApp r => fits_run r
           | SessionRevoke id | SessionRotate id _ => id <=? u32_max
           | SessionAsk id sequence _ => fits_number id sequence
           | _ => true
           end) (Rejected Truncated);;
  match e with
  | AddM _ _ r | AddB _ _ _ r => check_record r
  | RunApp r => require (at_most ARGUMENTS_LEN_MAX (arguments (asked r)))
                  (Rejected ArgumentsTooLong)
  | _ => Ok tt
  end.
