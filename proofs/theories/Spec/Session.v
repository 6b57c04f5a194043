(** The checks of sessions: who may ask, and whether a request is new.

    What is refused is the client's fault, or nobody's; none of these checks poisons a thread. *)
From Coq Require Import NArith Bool.
From zeta Require Import Spec.Width Spec.Reason.
Open Scope N_scope.
Open Scope decide_scope.

(** The highest sequence number of a session. *)
Definition SEQUENCE_MAX : u64 := 8589934591.

(** Where a number stands. *)
Inductive Number :=
| Free
| Used
| Below.                     (** Below the window: whether it was used is forgotten. *)

Definition is_used (number : Number) : bool := match number with Used => true | _ => false end.
Definition is_below (number : Number) : bool := match number with Below => true | _ => false end.

(** A request of a session, before anything is run. *)
Record RequestView := {
  known : bool;
  revoked : bool;
  mac_matches : bool;
  expired : bool;            (** The thread's clock is beyond the session's last epoch. *)
  sequence : u64;
  number : Number;           (** Where the number stands. *)
  in_order : bool;           (** The number before it is settled, or order was not asked for. *)
  receipts_fit : bool        (** The thread keeps receipts of its clock's epoch. *)
}.

Definition decide_sequence (sequence : u64) : verdict unit :=
  let is_number := negb (sequence =? 0) && (sequence <=? SEQUENCE_MAX) in
  require is_number (Refused NoSuchNumber).

(** Whether a number is free: asked before the run, and told by the claim after it. *)
Definition decide_number (number : Number) : verdict unit :=
  require (negb (is_used number)) (Refused Replayed);;
  require (negb (is_below number)) (Refused TooOld).

Definition decide_order (in_order : bool) : verdict unit :=
  require in_order (Stopped (Retry Order)).

Definition decide_receipts (fit : bool) : verdict unit :=
  require fit (Stopped (Retry Window)).

Definition decide_request (view : RequestView) : verdict unit :=
  require (known view) (Refused UnknownSession);;
  require (negb (revoked view)) (Refused Revoked);;
  require (mac_matches view) (Refused WrongMac);;
  require (negb (expired view)) (Refused Expired);;
  decide_sequence (sequence view);;
  decide_number (number view);;
  decide_order (in_order view);;
  decide_receipts (receipts_fit view).

(** A question what became of a number. *)
Record QuestionView := {
  known' : bool;
  revoked' : bool;
  mac_matches' : bool;
  sequence' : u64;
  in_order' : bool           (** The number is used already, or its turn has come. *)
}.

Definition decide_question (view : QuestionView) : verdict unit :=
  require (known' view) (Refused UnknownSession);;
  require (negb (revoked' view)) (Refused Revoked);;
  require (mac_matches' view) (Refused WrongMac);;
  decide_sequence (sequence' view);;
  decide_order (in_order' view).

(** Whether the host itself may ask. *)
Definition decide_embedded (allowed receipts_fit : bool) : verdict unit :=
  require allowed (Refused NotEmbedded);;
  decide_receipts receipts_fit.

(** Whether whoever asks may call the transition. *)
Definition decide_right (may_call : bool) : verdict unit :=
  require may_call (Refused MissingRight).

(** Whether whoever asks may do to the rows what the run does. *)
Definition decide_access (granted : bool) : verdict unit :=
  require granted (Refused MissingRight).

(** A handshake: of a client that opens a session, or has one take the place of another. *)
Record HandshakeView := {
  for_this_entry : bool;     (** It is for this verifier, and names the entry's session. *)
  client_listed : bool;
  replaces_one : bool;       (** It is to take the place of a session: of the old one. *)
  old_known : bool;
  old_revoked : bool;
  same_client : bool         (** The old one is a session of this client. *)
}.

Definition decide_handshake (view : HandshakeView) : verdict unit :=
  require (for_this_entry view) (Refused BadHandshake);;
  require (client_listed view) (Refused UnknownClient);;
  require (negb (replaces_one view) || old_known view) (Refused UnknownSession);;
  require (negb (replaces_one view) || negb (old_revoked view)) (Refused Revoked);;
  require (negb (replaces_one view) || same_client view) (Refused UnknownClient).

(** Whether there is a place for one session more. *)
Definition decide_room (room : bool) : verdict unit :=
  require room (Refused NoRoom).

(** Whether there is a session to end. *)
Definition decide_revoke (known revoked : bool) : verdict unit :=
  require known (Refused UnknownSession);;
  require (negb revoked) (Refused Revoked).
