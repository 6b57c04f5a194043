(** The access list's bytes: what they say, or nothing where the verifier refuses them. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Bytes Spec.Record Spec.Reason Spec.Entry Spec.Access Codec.Bytes.
Import ListNotations.
Open Scope N_scope.
Open Scope codec_scope.

(** ["zeta access v1"] and a zero. *)
Definition ACCESS_MAGIC : bytes :=
  [122; 101; 116; 97; 32; 97; 99; 99; 101; 115; 115; 32; 118; 49; 0].

Definition CLIENT_KEY_LEN : N := 32.

(** Which of its errors Rust names is not said here: all are this one. *)
Definition must (holds : bool) : reader unit := check holds Truncated.

(** So many things, one after the other. *)
Fixpoint repeatedly {A} (n : nat) (item : reader A) : reader (list A) :=
  match n with
  | O => give_back []
  | S n => let* a := item in let* l := repeatedly n item in give_back (a :: l)
  end.
Definition list_of {A} (item : reader A) : reader (list A) :=
  let* n := u16 in repeatedly (N.to_nat n) item.

Fixpoint ascending {A} (less : A -> A -> bool) (l : list A) : bool :=
  match l with
  | a :: (b :: _) as rest => less a b && ascending less rest
  | _ => true
  end.

(** Byte strings as in a dictionary. *)
Fixpoint bytes_less (a b : bytes) : bool :=
  match a, b with
  | [], _ :: _ => true
  | x :: a, y :: b => (x <? y) || ((x =? y) && bytes_less a b)
  | _, [] => false
  end.

Definition grant_less (a b : grant) : bool :=
  (g_relation a <? g_relation b) ||
  ((g_relation a =? g_relation b) && bytes_less (g_prefix a) (g_prefix b)).

Definition read_grant : reader grant :=
  let* r := u16 in
  let* a := u8 in
  let* _ := must ((1 <=? a) && (a <=? 3)) in
  let* n := u16 in
  let* _ := must (n <=? KEY_LEN_MAX) in
  let* prefix := take n in
  give_back (Grant r (N.testbit a 0) (N.testbit a 1) prefix).

Definition read_client : reader client :=
  let* k := take CLIENT_KEY_LEN in
  let* _ := must (existsb (fun b => negb (b =? 0)) k) in
  let* kind := u8 in
  let* _ := must ((kind =? 1) || (kind =? 2)) in
  let* epochs := u32 in
  let* ts := list_of u16 in
  let* _ := must (ascending N.ltb ts) in
  let* gs := list_of read_grant in
  let* _ := must (ascending grant_less gs) in
  give_back (Client k kind epochs ts gs).

Definition read_access : reader access_list :=
  let* magic := take (size ACCESS_MAGIC) in
  let* _ := must (bytes_eqb magic ACCESS_MAGIC) in
  let* flags := u8 in
  let* _ := must (flags <=? 3) in
  let host := N.testbit flags 0 in
  let receipts := N.testbit flags 1 in
  let* _ := must (host || negb receipts) in
  let* l := list_of read_client in
  let* _ := must (ascending (fun a b => bytes_less (cl_key a) (cl_key b)) l) in
  give_back (AccessList host receipts l).

(** Whether a program has every transition and relation that a client may use. *)
Definition names_exist (transition_count relation_count : N) (c : client) : bool :=
  forallb (fun t => t <? transition_count) (transitions c) &&
  forallb (fun g => g_relation g <? relation_count) (grants c).

(** The list of a program with so many transitions and relations. *)
Definition access_of (b : bytes) (transition_count relation_count : N) : option access_list :=
  match read_access b with
  | Ok (a, []) =>
      if forallb (names_exist transition_count relation_count) (clients a) then Some a else None
  | _ => None
  end.

(** The list of an instance that serves its own host alone, without receipts. *)
Definition EMBEDDED_ONLY : bytes := ACCESS_MAGIC ++ [1; 0; 0].
