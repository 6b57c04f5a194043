(** Nothing is vacuous: an honest run goes through every entry and certifies; lies are met. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Entry.
From zeta Require Import Spec.Application Spec.Thread Spec.Verifier Spec.Summary.
From zeta Require Import Thm.Invariant Thm.Soundness.
Import ListNotations.
Open Scope N_scope.

(** ** Toy hashes: as weak as they look, but without a collision in what follows *)

(** The first bits of a leaf are those of the key's first byte, lowest first. *)
Definition toy_bits (k : key) : path :=
  let b := hd 0 (key_bytes k) in map (N.testbit_nat b) (seq 0 PATH_BITS).

Definition numbers_of_path (p : path) : bytes :=
  N.of_nat (length p) :: map (fun b : bool => if b then 1 else 0) p.
Definition numbers_of_pointer (x : pointer) : bytes :=
  match x with
  | None => [0]
  | Some l => (if l_deferred l then 2 else 1) :: numbers_of_path (l_path l) ++ l_hash l
  end.
Definition numbers_of_value (v : value) : bytes := match v with None => [0] | Some b => 1 :: b end.
Definition mixed (l : bytes) : N := fold_left (fun h b => (h * 257 + b + 1) mod 2 ^ 64) l 7.

Lemma toy_length k : length (toy_bits k) = PATH_BITS.
Proof. unfold toy_bits. now rewrite map_length, seq_length. Qed.

(** A digest is one number, in 32 bytes of which the others are zero. *)
Definition spread (m : bytes) : digest := mixed m :: zeros 31.
Lemma spread_length m : length (spread m) = 32%nat.
Proof. reflexivity. Qed.

#[export] Instance toy : Primitives := {
  leaf := toy_bits;
  leaf_length := toy_length;
  value_hash v := [1; mixed (numbers_of_value v)];
  node_hash l r := [2; mixed (numbers_of_pointer l ++ numbers_of_pointer r)];
  element_hash m := mixed (e_thread m :: counter (e_time m) :: epoch (e_time m) ::
    match e_record m with
    | App k v => relation k :: key_bytes k ++ [256] ++ numbers_of_value v
    | Node p l r => numbers_of_path p ++ numbers_of_pointer l ++ numbers_of_pointer r
    end);
  sha256 := spread;
  sha256_length := spread_length;
  hmac k m := [mixed (k ++ 256 :: m)];
  (* The message is the first byte of the client's key, whether order is strict, and the session to
     replace. *)
  read_ask m := match m with [k; o; r] => Some (Ask (k :: zeros 31) (0 <? o) r) | _ => None end;
  accept m w := Some ([w_session w; w_last_epoch w], Record.Keys [w_session w; 1] [w_session w; 2])
}.

(** ** A key-value store: get, put, and a swap of two keys' values that fails on nulls *)

Definition key_of (b : N) : key := Key 0 [b].
#[export] Instance store : Application := {
  begin_call o :=
    match transition o, arguments o with
    | 0, [k] => inr (fun _ => Bind (key_of k) (Read 0 (fun v => Return (numbers_of_value v) [])))
    | 1, [k; b] => inr (fun _ => Bind (key_of k) (Return [] [(0%nat, Some [b])]))
    | 2, [j; k] => inr (fun _ => Bind (key_of j) (Bind (key_of k)
        (Read 0 (fun v => Read 1 (fun w =>
          match v, w with
          | Some _, Some _ => Return [] [(0%nat, w); (1%nat, v)]
          | _, _ => Fail 9
          end)))))
    | 0, _ | 1, _ | 2, _ => inl 2
    | _, _ => inl 1
    end
}.
Definition get k := Operation 0 [k].
Definition put k b := Operation 1 [k; b].
Definition swap j k := Operation 2 [j; k].

(** ** Runs of two threads with eight slots each *)

Definition cfg := Config 2 8 1000 (Node ROOT None None) None.
Definition at_ (e c : N) : Timestamp := {| epoch := e; counter := c |}.
Definition run_of (l : list (N * entry)) := run_all cfg initial l.
Definition replies (l : list (N * entry)) : list reply := map snd (snd (run_of l)).
Definition outcome_after (l : list (N * entry)) (e : N) := outcome_at cfg (fst (run_of l)) e.
Definition all_applied (l : list (N * entry)) : bool :=
  forallb (fun r => match r with Applied _ _ => true | _ => false end) (replies l).
Definition answers (l : list (N * entry)) : list answer :=
  flat_map (fun r => match r with Applied (Answered a) _ => [r_answer a] | _ => [] end) (replies l).
Definition last_reply (l : list (N * entry)) := last (replies l) (Told []).

Definition app t o ss : N * entry := (t, RunApp (Run o Embedded ss)).
Definition val (k : N) (b : N) : record := App (key_of k) (Some [b]).
Definition null (k : N) : record := App (key_of k) None.
Definition node p : record := Node p None None.
Definition close : list (N * entry) :=
  [(0, NextEpoch); (1, NextEpoch); (1, VerifyEpoch); (0, VerifyEpoch)].

(** Keys 0 and 2 part at their second bit: a node at path [0] cuts the edge to key 0. *)
Definition build : list (N * entry) :=
  [ (0, AddM 1 0 (null 0)); (0, AddM 2 0 (node [false])); (0, AddM 3 2 (null 2));
    app 0 (put 0 5) [1]; app 0 (swap 0 2) [1; 3]; (0, EvictM 1 2) ].
Definition hand_over : list (N * entry) :=
  [ (0, AddM 1 2 (val 0 5)); (0, EvictBM 1 2 (at_ 0 1)); (1, AddB 0 0 (at_ 0 1) (val 0 5));
    app 1 (put 0 6) [0]; (1, EvictB 0 (at_ 0 3)); (0, AddB 5 1 (at_ 0 3) (val 0 6));
    app 0 (get 0) [5]; (0, EvictB 5 (at_ 1 0)); (0, EvictM 3 2); (0, EvictM 2 0) ].
Definition honest := build ++ hand_over ++ [(0, AddB 5 0 (at_ 1 0) (val 0 6))] ++ close.

Example honest_is_applied : all_applied honest = true.
Proof. vm_compute. reflexivity. Qed.
Example honest_certifies : outcome_after honest 0 = Certified.
Proof. vm_compute. reflexivity. Qed.
Example honest_answers :
  answers honest = [Done []; Failed 9; Done []; Done [1; 6]].
Proof. vm_compute. reflexivity. Qed.
Example next_epoch_is_pending : outcome_after honest 1 = Pending [0; 1].
Proof. vm_compute. reflexivity. Qed.

(** ** Lies that an entry meets *)

Example forged_tree_value :
  last_reply (build ++ [(0, AddM 1 2 (val 0 9))]) = Stopped (Rejected HashMismatch).
Proof. vm_compute. reflexivity. Qed.
Example twice_through_the_tree :
  last_reply (build ++ [(0, AddM 1 2 (val 0 5)); (0, AddM 4 2 (val 0 5))]) =
  Stopped (Rejected ChildInStore).
Proof. vm_compute. reflexivity. Qed.
Example parent_leaves_first :
  last_reply (build ++ [(0, EvictM 2 0)]) = Stopped (Rejected ChildrenInStore).
Proof. vm_compute. reflexivity. Qed.
Example through_the_tree_while_deferred :
  last_reply (build ++ [(0, AddM 1 2 (val 0 5)); (0, EvictBM 1 2 (at_ 0 1));
                        (0, AddM 1 2 (val 0 5))]) = Stopped (Rejected PointerDeferred).
Proof. vm_compute. reflexivity. Qed.
Example other_key_in_the_slot :
  last_reply (build ++ [app 0 (get 0) [3]]) = Stopped (Rejected SlotKeyMismatch).
Proof. vm_compute. reflexivity. Qed.
Example poisoned_after_a_lie :
  last_reply (build ++ [(0, EvictM 2 0); (0, NextEpoch)]) = Stopped (Rejected ThreadPoisoned) /\
  outcome_after (build ++ [(0, EvictM 2 0)] ++ close) 0 = Poisoned 0 ChildrenInStore.
Proof. vm_compute. auto. Qed.

(** ** The stale read: thread 1 takes a record before thread 0 lets go of it *)

Example stale_read_waits :
  last_reply (build ++ [(0, AddM 1 2 (val 0 5)); (1, AddB 0 0 (at_ 0 1) (val 0 5))]) =
  Stopped (Retry PublishedClock).
Proof. vm_compute. reflexivity. Qed.

(** ** Lies that the end of the epoch meets *)

Definition forged (r : record) (t : Timestamp) : list (N * entry) :=
  build ++ [ (0, AddM 1 2 (val 0 5)); (0, EvictBM 1 2 (at_ 0 1)); (1, AddB 0 0 t r) ] ++ close.
Example the_element_itself : outcome_after (forged (val 0 5) (at_ 0 1)) 0 = Certified.
Proof. vm_compute. reflexivity. Qed.
Example forged_value : all_applied (forged (val 0 6) (at_ 0 1)) = true /\
  outcome_after (forged (val 0 6) (at_ 0 1)) 0 = Mismatch 0.
Proof. vm_compute. auto. Qed.
Example forged_timestamp : all_applied (forged (val 0 5) (at_ 0 0)) = true /\
  outcome_after (forged (val 0 5) (at_ 0 0)) 0 = Mismatch 0.
Proof. vm_compute. auto. Qed.
Example added_twice :
  outcome_after (build ++ [ (0, AddM 1 2 (val 0 5)); (0, EvictBM 1 2 (at_ 0 1));
    (1, AddB 0 0 (at_ 0 1) (val 0 5)); (1, AddB 1 0 (at_ 0 1) (val 0 5)) ] ++ close) 0 = Mismatch 0.
Proof. vm_compute. reflexivity. Qed.

(** ** With a hash that is too weak, the lie is certified, and the collision is found *)

Definition weak : Primitives := {|
  leaf := toy_bits;
  leaf_length := toy_length;
  value_hash v := [1];
  node_hash l r := [2];
  element_hash m := counter (e_time m);
  sha256 m := zeros 32;
  sha256_length m := eq_refl;
  hmac k m := [];
  read_ask m := None;
  accept m w := None
|}.

Definition weak_run (l : list (N * entry)) := @run_all weak store cfg initial l.
Definition certified_weakly (l : list (N * entry)) : bool :=
  match outcome_at cfg (fst (weak_run l)) 0 with Certified => true | _ => false end.
Definition weak_find (l : list (N * entry)) :=
  @find_collision weak cfg 0 (fst (weak_run l)) (snd (weak_run l)) [] [].

(** A forged value passes the hash of the tree: the two values are found. *)
Definition forged_in_tree : list (N * entry) :=
  build ++ [(0, AddM 1 2 (val 0 9)); app 0 (get 0) [1]] ++ close.
Example weak_value : certified_weakly forged_in_tree = true /\
  weak_find forged_in_tree = Some (Values (val 0 5) (val 0 9)).
Proof. vm_compute. auto. Qed.

(** A forged value passes the sums: the epoch is found. *)
Example weak_multiset : certified_weakly (forged (val 0 6) (at_ 0 1)) = true /\
  weak_find (forged (val 0 6) (at_ 0 1)) = Some (Multisets 0).
Proof. vm_compute. auto. Qed.

(** The honest run shows none, and so is sequential by the theorem; nor is it sequential for want
    of operations. *)
Definition honest_run := run_of honest.
Example honest_is_sequential : exists m,
  sequential empty_memory (upto 0 (operations (snd honest_run))) m.
Proof.
  eapply serializable_unless_found with (submitted := honest) (v := fst honest_run) (cfg := cfg)
    (hs := []) (ks := []).
  - exact empty_adoptable.
  - apply surjective_pairing.
  - vm_compute. reflexivity.
  - vm_compute. reflexivity.
Qed.
Example honest_runs_something : length (upto 0 (operations (snd honest_run))) = 4%nat.
Proof. vm_compute. reflexivity. Qed.

(** ** An adopted data set is there from the start, each record behind its hash *)
Definition data := [(key_of 0, Some [5]); (key_of 1, Some [6]); (key_of 2, None)].
Definition adopter := Config 1 8 1000 (summary data) None.
(** The node under which keys 0 and 2 part. *)
Definition fork : record :=
  match find (fun r => path_eqb (path_of r) [false]) (summarized data) with
  | Some r => r
  | None => node []
  end.
Definition adopted_run := run_all adopter initial
  [ (0, AddM 1 0 fork); (0, AddM 2 1 (val 0 5)); (0, AddM 3 0 (val 1 6)); app 0 (get 0) [2];
    app 0 (get 1) [3]; (0, NextEpoch); (0, VerifyEpoch) ].
Example adopted_answers : map r_answer (operations (snd adopted_run)) = [Done [1; 5]; Done [1; 6]]
  /\ outcome_at adopter (fst adopted_run) 0 = Certified.
Proof. vm_compute. auto. Qed.
Example another_value_is_rejected :
  map snd (snd (run_all adopter initial [(0, AddM 3 0 (val 1 7))])) =
  [Stopped (Rejected HashMismatch)].
Proof. vm_compute. reflexivity. Qed.
