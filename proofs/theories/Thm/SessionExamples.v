(** Sessions and receipts by example: who asks is let in or refused as it should be, and a receipt
    verifies, but none that was forged. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Entry.
From zeta Require Import Spec.Application Spec.Access Spec.Leaf Spec.ReceiptTree Spec.Thread.
From zeta Require Import Spec.Service Spec.Receipt Spec.Verifier.
From zeta Require Import Thm.Examples Thm.Receipts Thm.Certified.
Import ListNotations.
Open Scope N_scope.

(** ** A verifier with clients *)

Definition names := Scope (repeat 1 16) (repeat 2 16) (repeat 3 32).
(** Alice may do all to keys that begin with 0; Bob may write any row, and read none. *)
Definition alice := Access.Client (7 :: zeros 31) 1 1 [0; 1] [Grant 0 true true [0]].
Definition bob := Access.Client (8 :: zeros 31) 2 0 [0; 1] [Grant 0 false true []].
Definition desk := Serving names (AccessList true true [alice; bob]) 2.
Definition cfg := Config 2 8 1000 (Node ROOT None None) (Some desk).

Definition run_of (l : list (N * entry)) := run_all cfg initial l.
Definition last_reply (l : list (N * entry)) := last (map snd (snd (run_of l))) (Told []).

(** The first four ids are never given: places have the numbers 0 to 3, and ids rise by four. *)
Definition keys_of (id : N) := Record.Keys [id; 1] [id; 2].
Definition ask t id q o ss : N * entry :=
  let mac := request_mac (keys_of id) id q (request_digest o) in
  (t, RunApp (Run o (Session id q mac) ss)).
Definition forged_ask t id q o ss : N * entry :=
  (t, RunApp (Run o (Session id q [0]) ss)).
Definition question t id q : N * entry := (t, SessionAsk id q (question_mac (keys_of id) id q)).

Definition rows : list (N * entry) := [ (0, AddM 1 0 (null 0)); (0, AddM 2 0 (null 1)) ].
Definition opened := rows ++ [ (0, SessionOpen [7; 0; 0]); (0, SessionOpen [8; 0; 0]) ].
Definition asked := opened ++ [ ask 0 4 1 (put 0 5) [1] ].

Example handshake : last_reply (rows ++ [(0, SessionOpen [7; 0; 0])]) = Told [4; 1].
Proof. vm_compute. reflexivity. Qed.
Example stranger : last_reply (rows ++ [(0, SessionOpen [9; 0; 0])]) = Verifier.Refused 266 None.
Proof. vm_compute. reflexivity. Qed.
Example no_handshake : last_reply (rows ++ [(0, SessionOpen [])]) = Verifier.Refused 265 None.
Proof. vm_compute. reflexivity. Qed.
Example no_room :
  last_reply (opened ++ [(0, SessionOpen [7; 0; 0])]) = Verifier.Refused 267 None.
Proof. vm_compute. reflexivity. Qed.

(** ** Requests *)

Definition answer_of (r : reply) : option (N + answer) :=
  match r with
  | Applied (Answered a) _ => Some (inr (r_answer a))
  | Verifier.Refused code _ => Some (inl code)
  | _ => None
  end.
Definition said l := answer_of (last_reply l).

Example done : said asked = Some (inr (Done [])).
Proof. vm_compute. reflexivity. Qed.
Example read_back : said (asked ++ [ask 0 4 2 (get 0) [1]]) = Some (inr (Done [1; 5])).
Proof. vm_compute. reflexivity. Qed.
Example wrong_code : said (asked ++ [forged_ask 0 4 2 (get 0) [1]]) = Some (inl 257).
Proof. vm_compute. reflexivity. Qed.
Example replayed : said (asked ++ [ask 0 4 1 (put 0 5) [1]]) = Some (inl 258).
Proof. vm_compute. reflexivity. Qed.
Example replayed_on_another_thread : said (asked ++ [ask 1 4 1 (put 0 5) []]) = Some (inl 258).
Proof. vm_compute. reflexivity. Qed.
Example unknown_session : said (asked ++ [ask 0 6 1 (get 0) [1]]) = Some (inl 256).
Proof. vm_compute. reflexivity. Qed.
Example number_zero : said (asked ++ [ask 0 4 0 (get 0) [1]]) = Some (inl 263).
Proof. vm_compute. reflexivity. Qed.
Example too_old :
  said (asked ++ [ask 0 4 2000 (get 0) [1]; ask 0 4 976 (get 0) [1]]) = Some (inl 259).
Proof. vm_compute. reflexivity. Qed.
Example expired : said (opened ++ [(0, NextEpoch); ask 0 5 1 (put 1 6) [2]]) = Some (inl 260).
Proof. vm_compute. reflexivity. Qed.

(** ** Rights: a row may be written and not read; a read without a right is refused at its end *)
Example bob_writes : said (opened ++ [ask 0 5 1 (put 1 6) [2]]) = Some (inr (Done [])).
Proof. vm_compute. reflexivity. Qed.
Example bob_reads_nothing : said (opened ++ [ask 0 5 1 (get 1) [2]]) = Some (inl 262).
Proof. vm_compute. reflexivity. Qed.
Example not_granted : said (opened ++ [ask 0 4 1 (get 1) [2]]) = Some (inl 262).
Proof. vm_compute. reflexivity. Qed.
Example not_callable : said (opened ++ [ask 0 4 1 (swap 0 1) [1; 2]]) = Some (inl 262).
Proof. vm_compute. reflexivity. Qed.

(** ** Strict order, questions, and the end of a session *)
Definition strictly := rows ++ [(0, SessionOpen [7; 1; 0])].
Example not_yet : last_reply (strictly ++ [ask 0 4 2 (get 0) [1]]) = Stopped (Retry Order).
Proof. vm_compute. reflexivity. Qed.
Example in_turn : said (strictly ++ [ask 0 4 1 (get 0) [1]; ask 0 4 2 (get 0) [1]])
  = Some (inr (Done [0])).
Proof. vm_compute. reflexivity. Qed.

Definition became (r : reply) : option status :=
  match r with
  | Asked (Became s _) | Verifier.Refused _ (Some (Became s _)) => Some s
  | _ => None
  end.
Example never : became (last_reply (asked ++ [question 0 4 2])) = Some NotExecuted.
Proof. vm_compute. reflexivity. Qed.
Example never_it_is :
  let l := asked ++ [question 0 4 2; ask 0 4 2 (get 0) [1]] in
  said l = Some (inl 258) /\ became (last_reply l) = Some NotExecuted.
Proof. vm_compute. auto. Qed.
Example revoked : said (asked ++ [(1, SessionRevoke 4); ask 0 4 2 (get 0) [1]]) = Some (inl 261).
Proof. vm_compute. reflexivity. Qed.
(** A handshake on thread 1, in place of session 4, which is over then. *)
Definition rotated := asked ++ [(1, SessionRotate 4 [7; 0; 4])].
Example rotation : last_reply rotated = Told [6; 1].
Proof. vm_compute. reflexivity. Qed.
Example old_session : said (rotated ++ [ask 0 4 2 (get 0) [1]]) = Some (inl 261).
Proof. vm_compute. reflexivity. Qed.
Example new_session : said (rotated ++ [ask 0 6 1 (get 0) [1]]) = Some (inr (Done [1; 5])).
Proof. vm_compute. reflexivity. Qed.
Example other_client :
  said (asked ++ [(1, SessionRotate 4 [8; 0; 4])]) = Some (inl 266).
Proof. vm_compute. reflexivity. Qed.

(** ** Receipts *)

(** Three receipts on thread 0, one of them the host's own, and none on thread 1. *)
Definition certified_ :=
  asked ++ [ask 0 4 2 (get 0) [1]; app 0 (get 0) [1]] ++ close.
Definition after := fst (run_of certified_).
Definition leaves := leaves_at (Verifier.desk after) 0 0.
Definition hashes := map (leaf_hash names) leaves.
Example three_receipts : map l_ruling leaves =
  [Ruled (Done []); Ruled (Done [1; 5]); Ruled (Done [1; 5])].
Proof. vm_compute. reflexivity. Qed.

Definition hash_at (i : nat) := nth i hashes [].
Definition none : receipt_leaf := Leaf ByHost (get 0) (Declined 0) 0 (at_ 0 0).
Definition no_receipts := thread_hash 1 0 (tree_root []).
Definition receipt_of (l : receipt_leaf) := Portable names l 1 3 [hash_at 0;
  hash_at 2] 2 3 [no_receipts].
Definition genuine := receipt_of (nth 1 leaves none).
Definition signed := certification_of cfg after desk 0.

Example epoch_is_signed : exists c, signed = Some c /\ ce_receipts c = 3.
Proof. eexists. vm_compute. split; reflexivity. Qed.
Example receipt_verifies : certification_shown genuine = signed.
Proof. vm_compute. reflexivity. Qed.

(** Another answer to the same request, another request, another place: nothing that was signed. *)
Definition with_answer l (b : bytes) :=
  Leaf (l_asker l) (l_operation l) (Ruled (Done b)) (l_thread l) (l_at l).
Definition with_operation l o := Leaf (l_asker l) o (l_ruling l) (l_thread l) (l_at l).
Definition forged := receipt_of (with_answer (r_leaf genuine) [1; 6]).
Definition same (x y : option certification) : bool :=
  match x, y with Some c, Some d => digest_eqb (ce_root c) (ce_root d) | _, _ => false end.
Example forgeries : map (fun r => same (certification_shown r) signed)
  [ genuine;
    forged;
    receipt_of (with_operation (r_leaf genuine) (get 1));
    Portable names (r_leaf genuine) 0 3 [hash_at 0; hash_at 2] 2 3 [no_receipts];
    Portable names (r_leaf genuine) 1 2 [hash_at 0] 2 3 [no_receipts] ]
  = [true; false; false; false; false].
Proof. vm_compute. reflexivity. Qed.

(** ** With a hash that is too weak the forgery verifies, and the collision is found *)

Definition weak_messages : Primitives := {|
  leaf := @leaf toy;
  leaf_length := @leaf_length toy;
  value_hash := @value_hash toy;
  node_hash := @node_hash toy;
  element_hash := @element_hash toy;
  sha256 m := zeros 32;
  sha256_length m := eq_refl;
  hmac := @hmac toy;
  read_ask := @read_ask toy;
  accept := @accept toy
|}.
Definition weakly := @run_all weak_messages store cfg initial
  (opened ++ [app 0 (put 0 5) [1]; app 0 (get 0) [1]; app 0 (get 0) [1]] ++ close).
Definition weak_leaf :=
  nth 1 (leaves_at (Verifier.desk (fst weakly)) 0 0) none.
Definition weak_forged := Portable names (with_answer weak_leaf [1; 6]) 1 3
  [zeros 32; zeros 32] 2 3 [zeros 32].
Example weak_hash_is_fooled :
  @certification_shown weak_messages weak_forged =
  @certification_of weak_messages cfg (fst weakly) desk 0.
Proof. vm_compute. reflexivity. Qed.
Example weak_hash_is_named : exists a b,
  @find_receipt_collision weak_messages cfg desk (fst weakly) (snd weakly) [] [] weak_forged =
  Some (Messages a b).
Proof. do 2 eexists. vm_compute. reflexivity. Qed.
Example sound_hash_is_not :
  find_receipt_collision cfg desk after (snd (run_of certified_)) [] [] genuine = None.
Proof. vm_compute. reflexivity. Qed.
