(** Records: an application's key and value, or a node of the tree; elements, which sums count. *)
From Coq Require Import NArith List Bool.
From zeta Require Export Spec.Bytes.
From zeta Require Import Spec.Width Spec.Time Spec.Path.
Import ListNotations.
Open Scope N_scope.

Record key := Key { relation : N; key_bytes : bytes }.
Definition key_dec : forall a b : key, {a = b} + {a <> b}.
Proof. decide equality; [apply bytes_dec | apply N.eq_dec]. Defined.
Definition key_eqb (a b : key) : bool := if key_dec a b then true else false.

(** [None] is null: the key is absent. Every key begins so, unless it is adopted. *)
Definition value := option bytes.
Definition value_dec : forall a b : value, {a = b} + {a <> b}.
Proof. decide equality. apply bytes_dec. Defined.

Definition is_none {A} (o : option A) : bool := match o with None => true | Some _ => false end.

(** For the hash of a record that is in a slot: not known until it leaves through the tree. *)
Definition unknown_digest : digest := zeros 32.

(** What a node knows of the nearest node or leaf below it on one side. *)
Record link := Link {
  l_path : path;
  l_hash : digest;     (** Of its value when it last left through the tree; else stale. *)
  l_deferred : bool    (** It is protected by the sums, not by this hash. *)
}.
Definition pointer := option link.
Definition pointer_dec : forall a b : pointer, {a = b} + {a <> b}.
Proof. repeat decide equality. Defined.

Inductive record :=
| App (k : key) (v : value)
| Node (p : path) (left right : pointer).
Definition record_dec : forall a b : record, {a = b} + {a <> b}.
Proof. decide equality; auto using key_dec, value_dec, path_dec, pointer_dec. Defined.

(** A record as it was evicted, when, and by which thread. *)
Record element := Element { e_record : record; e_time : Timestamp; e_thread : N }.
Definition element_dec : forall a b : element, {a = b} + {a <> b}.
Proof. decide equality; [apply N.eq_dec | repeat decide equality | apply record_dec]. Defined.

(** What a client asks for in the first message of a handshake, where it can be read. *)
Record ask := Ask {
  client_key : bytes;
  strict_order : bool;       (** A request runs only after the one before it is settled. *)
  replaces : u32             (** The session that this one takes the place of; 0 for none. *)
}.

(** What it is told in the second. *)
Record welcome := Welcome { w_session : u32; w_last_epoch : u32 }.

(** A session's keys: of what the client says, and of what it is told. *)
Record keys := Keys { request_key : bytes; reply_key : bytes }.

(** The cryptography, which Rust takes from crates; what it is is the user's choice. *)
Class Primitives := {
  (** The leaf of a key: 256 bits of a hash. *)
  leaf : key -> path;
  leaf_length : forall k, length (leaf k) = PATH_BITS;
  (** The hash that the tree holds of a value, and of a node. *)
  value_hash : value -> digest;
  node_hash : pointer -> pointer -> digest;
  (** The pseudo-random number of an element, under the secret key of its epoch. *)
  element_hash : element -> N;
  (** The hash of requests, results and receipts. *)
  sha256 : bytes -> digest;
  sha256_length : forall m, length (sha256 m) = 32%nat;
  (** The code under a key that authenticates a message. *)
  hmac : bytes -> bytes -> bytes;
  (** A client's first message, read with the verifier's secret; nothing where it is not one. *)
  read_ask : bytes -> option ask;
  (** The second message and the keys that both sides then have. What is drawn for it is drawn once
      for each session: a function of the session's number can say it. *)
  accept : bytes -> welcome -> option (bytes * keys)
}.

Section Record.
Context {P : Primitives}.

Definition path_of (r : record) : path :=
  match r with App k _ => leaf k | Node p _ _ => p end.

Definition record_hash (r : record) : digest :=
  match r with App _ v => value_hash v | Node _ l r => node_hash l r end.

Definition is_initial (r : record) : bool :=
  match r with App _ None | Node _ None None => true | _ => false end.

(** An application's record points nowhere. *)
Definition pointer_of (r : record) (d : bool) : pointer :=
  match r with App _ _ => None | Node _ l r => if d then r else l end.

Definition set_pointer (r : record) (d : bool) (x : link) : record :=
  match r with
  | App _ _ => r
  | Node p l r => if d then Node p l (Some x) else Node p (Some x) r
  end.

(** Bytes that a record in a slot takes of the budget. *)
Definition byte_len (r : record) : N :=
  match r with
  | App k v => N.of_nat (length (key_bytes k)) +
               N.of_nat (length (match v with Some b => b | None => [] end))
  | Node _ _ _ => 0
  end.

(** An element's place is its timestamp's epoch. *)
Definition element_epoch (m : element) : u32 := epoch (e_time m).
Definition in_epoch (e : u32) (m : element) : bool := element_epoch m =? e.
End Record.
