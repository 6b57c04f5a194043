(** The access list: who may ask for what. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Bytes Spec.Record.
Import ListNotations.
Open Scope N_scope.

(** Rows of one relation whose keys begin alike, and what may be done to them. *)
Record grant := Grant {
  g_relation : N;
  g_read : bool;
  g_write : bool;
  g_prefix : bytes
}.

(** A client key and its rights. *)
Record client := Client {
  cl_key : bytes;
  cl_kind : N;               (** 1: the key is in the hands of who asks; 2: of a gateway. *)
  lifetime : u32;            (** Epochs that a session outlives the one in which it was opened. *)
  transitions : list N;
  grants : list grant
}.

Record access_list := AccessList {
  embedded : bool;           (** The host itself may ask for operations, any of them. *)
  embedded_receipts : bool;  (** Those operations have receipts too. *)
  clients : list client      (** In the order of their keys, each once. *)
}.

Fixpoint starts_with (l prefix : bytes) : bool :=
  match prefix, l with
  | [], _ => true
  | b :: prefix, c :: l => (b =? c) && starts_with l prefix
  | _, [] => false
  end.

Definition covers (k : key) (g : grant) : bool :=
  (g_relation g =? relation k) && starts_with (key_bytes k) (g_prefix g).

(** Whose rights an operation runs under: a client's, or the host's, who may do all. *)
Definition rights := option client.

Definition may_call (r : rights) (transition : N) : bool :=
  match r with None => true | Some c => existsb (N.eqb transition) (transitions c) end.
Definition may_read (r : rights) (k : key) : bool :=
  match r with None => true | Some c => existsb (fun g => covers k g && g_read g) (grants c) end.
Definition may_write (r : rights) (k : key) : bool :=
  match r with None => true | Some c => existsb (fun g => covers k g && g_write g) (grants c) end.

Definition find_client (key : bytes) (l : list client) : option client :=
  find (fun c => bytes_eqb (cl_key c) key) l.
