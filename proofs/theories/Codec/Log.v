(** The log's bytes: every entry has one encoding, and any bytes give an entry or a reason.

    Tags, widths and the order of checks are those of docs/reference/log_format.md. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Entry.
From zeta Require Import Codec.Bytes.
Import ListNotations.
Open Scope N_scope.
Open Scope codec_scope.

Definition ADD_M : N := 1.
Definition ADD_B : N := 2.
Definition EVICT_M : N := 3.
Definition EVICT_B : N := 4.
Definition EVICT_BM : N := 5.
Definition NEXT_EPOCH : N := 6.
Definition VERIFY_EPOCH : N := 7.
Definition RUN_APP : N := 8.
Definition SESSION_OPEN : N := 9.
Definition SESSION_REVOKE : N := 10.
Definition SESSION_ROTATE : N := 11.
Definition SESSION_ASK : N := 12.

Definition RECORD_NODE : N := 0.
Definition RECORD_NULL : N := 1.
Definition RECORD_SOME : N := 2.

Definition POINTER_EMPTY : N := 0.
Definition POINTER_TO : N := 1.
Definition POINTER_TO_DEFERRED : N := 2.

Definition AUTHENTICATION_EMBEDDED : N := 0.
Definition AUTHENTICATION_SESSION : N := 1.

Definition HASH_LEN : N := 32.
Definition MAC_LEN : N := 16.

(** ** Paths: 256 bits, the first the most significant of byte 0, and how many of them count *)

Definition bits_of_byte (b : N) : list bool :=
  let b1 := N.div2 b in let b2 := N.div2 b1 in let b3 := N.div2 b2 in let b4 := N.div2 b3 in
  let b5 := N.div2 b4 in let b6 := N.div2 b5 in let b7 := N.div2 b6 in
  map N.odd [b7; b6; b5; b4; b3; b2; b1; b].
Definition bits_of (bs : bytes) : list bool := flat_map bits_of_byte bs.

(** One bit more, at the end. *)
Definition and_bit (n : N) (b : bool) : N := if b then N.succ_double n else N.double n.

(** Whole bytes; zeros fill the last one. *)
Fixpoint bytes_of (bits : list bool) : bytes :=
  match bits with
  | [] => []
  | b7 :: b6 :: b5 :: b4 :: b3 :: b2 :: b1 :: b0 :: bits =>
      and_bit (and_bit (and_bit (and_bit (and_bit (and_bit (and_bit (and_bit 0
        b7) b6) b5) b4) b3) b2) b1) b0 :: bytes_of bits
  | bits => [fold_left and_bit (firstn 8 (bits ++ repeat false 8)) 0]
  end.

(** The first [n] bits, where those beyond are zero. *)
Fixpoint cut (n : N) (bits : list bool) : option path :=
  match bits with
  | [] => if n =? 0 then Some [] else None
  | b :: rest =>
      if n =? 0 then (if forallb negb bits then Some [] else None)
      else option_map (cons b) (cut (n - 1) rest)
  end.

(** The same of bytes: those beyond are looked at as a whole. *)
Fixpoint cut_bytes (n : N) (bs : bytes) : option path :=
  match bs with
  | [] => if n =? 0 then Some [] else None
  | b :: rest =>
      if n <? 8 then (if forallb (N.eqb 0) rest then cut n (bits_of_byte b) else None)
      else option_map (app (bits_of_byte b)) (cut_bytes (n - 8) rest)
  end.

Definition read_path : reader path :=
  let* bits := take HASH_LEN in
  let* n := u16 in
  match cut_bytes n bits with
  | Some p => give_back p
  | None => fail PathNotCanonical
  end.

(** Zeros up to so many bytes. *)
Definition filled_to (n : nat) (bs : bytes) : bytes := bs ++ repeat 0 (n - length bs).

Definition put_path (p : path) : bytes :=
  filled_to 32 (bytes_of p) ++ put_u16 (N.of_nat (length p)).

(** ** Records *)

Definition read_timestamp : reader Timestamp :=
  let* e := u32 in
  let* c := u32 in
  give_back {| epoch := e; counter := c |}.
Definition put_timestamp (t : Timestamp) : bytes := put_u32 (epoch t) ++ put_u32 (counter t).

Definition read_link (deferred : bool) : reader pointer :=
  let* p := read_path in
  let* h := take HASH_LEN in
  give_back (Some (Link p h deferred)).

Definition read_pointer : reader pointer :=
  let* tag := u8 in
  if tag =? POINTER_EMPTY then give_back None else
  if tag =? POINTER_TO then read_link false else
  if tag =? POINTER_TO_DEFERRED then read_link true else
  fail UnknownPointerTag.

Definition put_pointer (x : pointer) : bytes :=
  match x with
  | None => put_u8 POINTER_EMPTY
  | Some l => put_u8 (if l_deferred l then POINTER_TO_DEFERRED else POINTER_TO)
              ++ put_path (l_path l) ++ l_hash l
  end.

(** A node's value. *)
Definition put_node (x y : pointer) : bytes := put_pointer x ++ put_pointer y.

Definition read_node : reader record :=
  let* p := read_path in
  let* _ := check (negb (Nat.eqb (length p) PATH_BITS)) NodePathIsLeaf in
  let* x := read_pointer in
  let* y := read_pointer in
  give_back (Node p x y).

Definition read_key : reader key :=
  let* r := u16 in
  let* n := u16 in
  let* _ := check (n <=? KEY_LEN_MAX) KeyTooLong in
  let* k := take n in
  give_back (Key r k).

Definition read_some : reader record :=
  let* k := read_key in
  let* n := u32 in
  let* _ := check (n <=? VALUE_LEN_MAX) ValueTooLong in
  let* v := take n in
  give_back (App k (Some v)).

Definition read_record : reader record :=
  let* kind := u8 in
  if kind =? RECORD_NODE then read_node else
  if kind =? RECORD_NULL then let* k := read_key in give_back (App k None) else
  if kind =? RECORD_SOME then read_some else
  fail UnknownRecordKind.

Definition put_key (k : key) : bytes :=
  put_u16 (relation k) ++ put_u16 (size (key_bytes k)) ++ key_bytes k.

Definition put_record (r : record) : bytes :=
  match r with
  | Node p x y => put_u8 RECORD_NODE ++ put_path p ++ put_node x y
  | App k None => put_u8 RECORD_NULL ++ put_key k
  | App k (Some v) => put_u8 RECORD_SOME ++ put_key k ++ put_counted v
  end.

(** ** Operations *)

Definition read_session : reader authentication :=
  let* s := u32 in
  let* n := u64 in
  let* mac := take MAC_LEN in
  give_back (Session s n mac).

Definition read_authentication : reader authentication :=
  let* tag := u8 in
  if tag =? AUTHENTICATION_EMBEDDED then give_back Embedded else
  if tag =? AUTHENTICATION_SESSION then read_session else
  fail UnknownAuthentication.

Definition put_authentication (a : authentication) : bytes :=
  match a with
  | Embedded => put_u8 AUTHENTICATION_EMBEDDED
  | Session s n mac => put_u8 AUTHENTICATION_SESSION ++ put_u32 s ++ put_u64 n ++ mac
  end.

(** The numbers that pairs of bytes are. *)
Fixpoint pairs (bs : bytes) : list N :=
  match bs with
  | low :: high :: bs => low + 256 * high :: pairs bs
  | _ => []
  end.

Definition read_slots : reader (list N) :=
  let* n := u16 in
  let* slots := take (2 * n) in
  give_back (pairs slots).

Definition put_slots (slots : list N) : bytes :=
  put_u16 (N.of_nat (length slots)) ++ flat_map put_u16 slots.

Definition read_arguments : reader bytes :=
  let* n := u32 in
  let* _ := check (n <=? ARGUMENTS_LEN_MAX) ArgumentsTooLong in
  take n.

Definition read_run_app : reader entry :=
  let* t := u16 in
  let* who := read_authentication in
  let* arguments := read_arguments in
  let* slots := read_slots in
  give_back (RunApp (Run (Operation t arguments) who slots)).

(** ** Entries *)

Definition read_add_m : reader entry :=
  let* s := u16 in let* a := u16 in let* r := read_record in give_back (AddM s a r).
Definition read_add_b : reader entry :=
  let* s := u16 in let* j := u16 in let* t := read_timestamp in let* r := read_record in
  give_back (AddB s j t r).
Definition read_evict_m : reader entry :=
  let* s := u16 in let* a := u16 in give_back (EvictM s a).
Definition read_evict_b : reader entry :=
  let* s := u16 in let* t := read_timestamp in give_back (EvictB s t).
Definition read_evict_bm : reader entry :=
  let* s := u16 in let* a := u16 in let* t := read_timestamp in give_back (EvictBM s a t).
Definition read_open : reader entry :=
  let* m := counted in give_back (SessionOpen m).
Definition read_revoke : reader entry :=
  let* s := u32 in give_back (SessionRevoke s).
Definition read_rotate : reader entry :=
  let* s := u32 in let* m := counted in give_back (SessionRotate s m).
Definition read_question : reader entry :=
  let* s := u32 in let* n := u64 in let* mac := take MAC_LEN in give_back (SessionAsk s n mac).

(** The first entry of a log, and the bytes after it. *)
Definition parse : reader entry :=
  let* tag := u8 in
  if tag =? ADD_M then read_add_m else
  if tag =? ADD_B then read_add_b else
  if tag =? EVICT_M then read_evict_m else
  if tag =? EVICT_B then read_evict_b else
  if tag =? EVICT_BM then read_evict_bm else
  if tag =? NEXT_EPOCH then give_back NextEpoch else
  if tag =? VERIFY_EPOCH then give_back VerifyEpoch else
  if tag =? RUN_APP then read_run_app else
  if tag =? SESSION_OPEN then read_open else
  if tag =? SESSION_REVOKE then read_revoke else
  if tag =? SESSION_ROTATE then read_rotate else
  if tag =? SESSION_ASK then read_question else
  fail UnknownTag.

Definition encode (e : entry) : bytes :=
  match e with
  | AddM s a r => put_u8 ADD_M ++ put_u16 s ++ put_u16 a ++ put_record r
  | AddB s j t r => put_u8 ADD_B ++ put_u16 s ++ put_u16 j ++ put_timestamp t ++ put_record r
  | EvictM s a => put_u8 EVICT_M ++ put_u16 s ++ put_u16 a
  | EvictB s t => put_u8 EVICT_B ++ put_u16 s ++ put_timestamp t
  | EvictBM s a t => put_u8 EVICT_BM ++ put_u16 s ++ put_u16 a ++ put_timestamp t
  | NextEpoch => put_u8 NEXT_EPOCH
  | VerifyEpoch => put_u8 VERIFY_EPOCH
  | RunApp (Run o who slots) =>
      put_u8 RUN_APP ++ put_u16 (transition o) ++ put_authentication who
      ++ put_counted (arguments o) ++ put_slots slots
  | SessionOpen m => put_u8 SESSION_OPEN ++ put_counted m
  | SessionRevoke s => put_u8 SESSION_REVOKE ++ put_u32 s
  | SessionRotate s m => put_u8 SESSION_ROTATE ++ put_u32 s ++ put_counted m
  | SessionAsk s n mac => put_u8 SESSION_ASK ++ put_u32 s ++ put_u64 n ++ mac
  end.
