(** The bytes in which a verifier answers: docs/reference/log_format.md has the table. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Entry Spec.Application Spec.Leaf.
From zeta Require Import Spec.Thread Spec.Service Spec.Verifier Codec.Bytes Codec.Log.
Import ListNotations.
Open Scope N_scope.

Definition DONE : N := 0.
Definition FAILED : N := 1.
Definition REFUSED : N := 2.
Definition EVICTED_NULL : N := 3.
Definition EVICTED_SOME : N := 4.
Definition EVICTED_NODE : N := 5.
Definition HASHED_NULL : N := 6.
Definition HASHED_SOME : N := 7.
Definition HASHED_NODE : N := 8.
Definition RECEIPT : N := 9.
Definition RECEIPT_AND_REPLY : N := 10.
Definition STATUS : N := 11.

Section Answer.
Context {P : Primitives}.
Variable cfg : config.

Definition put_done (result : bytes) : bytes := put_u8 DONE ++ put_counted result.

(** A record that left its slot, by the tag of its kind. *)
Definition put_evicted (null some node : N) (r : record) : bytes :=
  match r with
  | App _ None => put_u8 null
  | App _ (Some v) => put_u8 some ++ put_counted v
  | Node _ x y => put_u8 node ++ put_counted (put_node x y)
  end.

Definition put_note (n : note) : bytes :=
  match n, serving_of cfg with
  | Became s mac, _ => put_u8 STATUS ++ status_bytes s ++ mac
  | Receipt l mac, Some sv =>
      put_u8 (match mac with Some _ => RECEIPT_AND_REPLY | None => RECEIPT end)
      ++ put_timestamp (l_at l) ++ leaf_hash (in_scope sv) l
      ++ match mac with Some mac => mac | None => [] end
  | Receipt _ _, None => []        (* Never: who has no clients gives no receipts. *)
  end.
Definition put_notes (n : option note) : bytes :=
  match n with Some n => put_note n | None => [] end.

(** What a reply adds to the outputs of a call. *)
Definition put_reply (r : reply) : bytes :=
  match r with
  | Applied (EvictedTree r) n =>
      put_evicted HASHED_NULL HASHED_SOME HASHED_NODE r ++ record_hash r ++ put_notes n
  | Applied (EvictedDeferred m) n =>
      put_evicted EVICTED_NULL EVICTED_SOME EVICTED_NODE (e_record m) ++ put_notes n
  | Applied (Answered r) n =>
      match r_answer r with
      | Done result => put_done result
      | Failed code => put_u8 FAILED ++ put_u16 code
      end ++ put_notes n
  | Applied _ n => put_notes n
  | Told message => put_done message
  | Asked n => put_note n
  | Refused code n => put_u8 REFUSED ++ put_u16 code ++ put_notes n
  | Stopped _ => []
  end.
End Answer.
