(** A receipt's leaf: what one operation was, who asked, and what was answered; and the codes under
    a session's keys. Each is a hash, or a code, of bytes that are fixed here. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Width Spec.Time Spec.Bytes Spec.Record Spec.Entry Spec.Application.
Import ListNotations.
Open Scope N_scope.

(** The names that stand in everything a verifier vouches for. *)
Record scope := Scope { instance : bytes; incarnation : bytes; program : digest }.
Definition scope_bytes (s : scope) : bytes := instance s ++ incarnation s ++ program s.

(** Who asked for an operation. *)
Inductive asker :=
| ByHost
| ByClient (kind : N) (key : bytes) (id : u32) (sequence : u64).

(** How it ended. *)
Inductive ruling :=
| Ruled (a : answer)
| Declined (code : N).

Record receipt_leaf := Leaf {
  l_asker : asker;
  l_operation : operation;
  l_ruling : ruling;
  l_thread : N;
  l_at : Timestamp           (** The thread's clock when it ran. *)
}.

(** What became of a number. *)
Inductive status :=
| Unclear                    (** It may have been answered. *)
| Executed (leaf : digest)
| NotExecuted.               (** And never will be. *)

Section Leaf.
Context {P : Primitives}.

Definition request_message (o : operation) : bytes :=
  32 :: little_endian 2 (transition o) ++ arguments o.
Definition result_message (r : bytes) : bytes := 33 :: r.
Definition request_digest (o : operation) : digest := sha256 (request_message o).
Definition result_digest (r : bytes) : digest := sha256 (result_message r).

(** The way of authentication, client key, session and sequence number. *)
Definition asker_bytes (a : asker) : bytes :=
  match a with
  | ByHost => 0 :: zeros 32 ++ little_endian 4 0 ++ little_endian 8 0
  | ByClient kind key id sequence =>
      kind :: key ++ little_endian 4 id ++ little_endian 8 sequence
  end.

(** The answer's tag, its code, and the bytes whose digest stands for the result. *)
Definition ruling_tag (r : ruling) : N :=
  match r with Ruled (Done _) => 0 | Ruled (Failed _) => 1 | Declined _ => 2 end.
Definition ruling_code (r : ruling) : N :=
  match r with Ruled (Done _) => 0 | Ruled (Failed code) | Declined code => code end.
Definition ruling_result (r : ruling) : bytes :=
  match r with Ruled (Done result) => result | _ => [] end.

Definition LEAF_VERSION : N := 1.

(** The 187 bytes of a leaf. *)
Definition leaf_bytes (s : scope) (l : receipt_leaf) : bytes :=
  LEAF_VERSION :: scope_bytes s ++
  asker_bytes (l_asker l) ++ request_digest (l_operation l) ++
  ruling_tag (l_ruling l) :: little_endian 2 (ruling_code (l_ruling l)) ++
  result_digest (ruling_result (l_ruling l)) ++
  little_endian 2 (l_thread l) ++
  little_endian 4 (epoch (l_at l)) ++ little_endian 4 (counter (l_at l)).

Definition leaf_message (s : scope) (l : receipt_leaf) : bytes := 0 :: leaf_bytes s l.
Definition leaf_hash (s : scope) (l : receipt_leaf) : digest := sha256 (leaf_message s l).

(** ** Codes under a session's keys *)

Definition request_mac (k : keys) (id : u32) (sequence : u64) (request : digest) : bytes :=
  hmac (request_key k) (1 :: little_endian 4 id ++ little_endian 8 sequence ++ request).
Definition question_mac (k : keys) (id : u32) (sequence : u64) : bytes :=
  hmac (request_key k) (2 :: little_endian 4 id ++ little_endian 8 sequence).
Definition reply_mac (k : keys) (leaf : digest) : bytes := hmac (reply_key k) (3 :: leaf).

Definition status_bytes (s : status) : bytes :=
  match s with
  | Unclear => 0 :: zeros 32
  | Executed leaf => 1 :: leaf
  | NotExecuted => 2 :: zeros 32
  end.
(** [code] is that of the refusal; 0 in the answer to a question. *)
Definition status_mac (k : keys) (id : u32) (sequence : u64) (code : N) (s : status) : bytes :=
  hmac (reply_key k)
    (4 :: little_endian 4 id ++ little_endian 8 sequence ++ little_endian 2 code ++
     status_bytes s).
Definition revoked_mac (k : keys) (id : u32) : bytes :=
  hmac (reply_key k) (5 :: little_endian 4 id).
End Leaf.
