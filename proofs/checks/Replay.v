(** Replays vectors through the Coq verifier: what a reply says, as numbers to compare.

    [vectors.py] writes the vectors as Coq terms after this file. Hashes are tables of what the
    vectors hash, so SHA-256 itself is not here; a digest is one number. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Entry.
From zeta Require Import Spec.Application Spec.Access Spec.Leaf Spec.Thread Spec.Service.
From zeta Require Import Spec.Verifier.
Import ListNotations.
Open Scope N_scope.

(** A path, from the number that its bits make in 256 bits, and its length. *)
Definition P (bits : N) (len : nat) : path :=
  map (fun i => N.testbit bits (255 - N.of_nat i)) (seq 0 len).
Definition L (bits : N) (len : nat) (hash : N) (deferred : bool) : pointer :=
  Some (Link (P bits len) (if hash =? 0 then unknown_digest else [hash]) deferred).
Definition number (p : path) : N :=
  fold_left (fun n (b : bool) => 2 * n + (if b then 1 else 0)) p 0.
(** [n] copies of a byte: long values are made so. *)
Definition R (b : N) (n : N) : bytes := repeat b (N.to_nat n).
Definition T (e c : N) : Timestamp := {| epoch := e; counter := c |}.

(** ** Hashes, as tables *)

Fixpoint look {A B} (eqb : A -> bool) (l : list (A * B)) : option B :=
  match l with [] => None | (a, b) :: l => if eqb a then Some b else look eqb l end.

Definition hash_pointer (x : pointer) : bytes :=
  match x with
  | None => [0]
  | Some l => [if l_deferred l then 2 else 1; number (l_path l); N.of_nat (length (l_path l))]
              ++ l_hash l
  end.
Definition same_bytes (a b : bytes) : bool := if bytes_dec a b then true else false.

Section Tables.
Variables (leaves : list (key * N)) (values : list (value * N)) (nodes : list (bytes * N)).

Definition table_leaf (k : key) : path :=
  P (match look (key_eqb k) leaves with Some n => n | None => 0 end) PATH_BITS.
Lemma table_length k : length (table_leaf k) = PATH_BITS.
Proof. unfold table_leaf, P. now rewrite map_length, seq_length. Qed.

(** Squared in the end: sums of a linear function would not notice two values that are swapped. *)
Definition mixed (l : bytes) : N :=
  let h := fold_left (fun h b => (h * 257 + b + 1) mod 2 ^ 64) l 7 in h * h.

Definition tables : Primitives := {|
  leaf := table_leaf;
  leaf_length := table_length;
  value_hash v := [match look (fun w => if value_dec v w then true else false) values with
                   | Some n => n | None => 1 end];
  node_hash l r := [match look (same_bytes (hash_pointer l ++ hash_pointer r)) nodes with
                    | Some n => n | None => 2 end];
  sha256 m := zeros 32;
  sha256_length m := eq_refl;
  hmac k m := [];
  read_ask m := None;
  accept m w := None;
  element_hash m := mixed (e_thread m :: counter (e_time m) ::
    match e_record m with
    | App k v => relation k :: N.of_nat (length (key_bytes k)) :: key_bytes k ++
                 match v with None => [0] | Some b => 1 :: b end
    | Node p l r => [number p; N.of_nat (length p)] ++ hash_pointer l ++ hash_pointer r
    end)
|}.
End Tables.

(** ** The key-value program of the vectors *)

Definition u32_of (l : bytes) : N := fold_right (fun b n => b + 256 * n) 0 l.
Definition text (l : bytes) : option (bytes * bytes) :=
  if Nat.leb 4 (length l) then
    let n := N.to_nat (u32_of (firstn 4 l)) in
    let l := skipn 4 l in
    if Nat.leb n (length l) then Some (firstn n l, skipn n l) else None
  else None.
Definition optional (l : bytes) : option (value * bytes) :=
  match l with
  | 0 :: l => Some (None, l)
  | 1 :: l => match text l with Some (t, l) => Some (Some t, l) | None => None end
  | _ => None
  end.
Definition le32 (n : N) : bytes := [n mod 256; n / 256 mod 256; n / 65536 mod 256; n / 16777216].
Definition flag (b : bool) : bytes := [if b then 1 else 0].
Definition encoded (v : value) : bytes :=
  match v with None => [0] | Some b => 1 :: le32 (N.of_nat (length b)) ++ b end.

(** The calls of get, put, delete, compare_and_set and rename; [None] for ill-typed arguments. *)
Definition kv_call (t : N) (a : bytes) : option call :=
  match t, text a with
  | 0, Some (k, []) => Some (Bind (Key 0 k) (Read 0 (fun v => Return (encoded v) [])))
  | 1, Some (k, a) =>
      match text a with
      | Some (w, []) => Some (Bind (Key 0 k) (Return [] [(0%nat, Some w)]))
      | _ => None
      end
  | 2, Some (k, []) =>
      Some (Bind (Key 0 k) (Read 0 (fun v => Return (flag (is_some v)) [(0%nat, None)])))
  | 3, Some (k, a) =>
      match optional a with
      | Some (x, a) =>
          match optional a with
          | Some (w, []) => Some (Bind (Key 0 k) (Read 0 (fun v =>
              if value_dec v x then Return (flag true) [(0%nat, w)] else Return (flag false) [])))
          | _ => None
          end
      | None => None
      end
  | 4, Some (j, a) =>
      match text a with
      | Some (k, []) => Some (Bind (Key 0 j) (Read 0 (fun v =>
          let moved w := Return (flag (is_some v)) w in
          if same_bytes j k then moved [] else
          Bind (Key 0 k)
            (moved (if is_some v then [(0%nat, None); (1%nat, v)] else [])))))
      | _ => None
      end
  | _, _ => None
  end.

Definition key_value : Application := {|
  begin_call o :=
    if 5 <=? transition o then inl 1 else
    match kv_call (transition o) (arguments o) with
    | Some c => inr (fun _ => c)
    | None => inl 2
    end
|}.

(** ** What a reply says *)

Section Replay.
Context {Pr : Primitives}.

Definition said_bytes (b : bytes) : list N := N.of_nat (length b) :: b.
Definition said_record (r : record) : list N :=
  match r with
  | App _ None => [0]
  | App _ (Some b) => 1 :: said_bytes b
  | Node _ l r => 2 :: hash_pointer l ++ hash_pointer r
  end.

(** The answer that the log's outputs hold, and what became of the entry. *)
Definition said (r : reply) : list N :=
  match r with
  | Applied (EvictedTree r) _ => 3 :: said_record r ++ record_hash r
  | Applied (EvictedDeferred m) _ => 4 :: said_record (e_record m)
  | Applied (Answered (Ran _ _ (Done b))) _ => 5 :: said_bytes b
  | Applied (Answered (Ran _ _ (Failed c))) _ => [6; c]
  | Applied _ _ | Told _ | Asked _ => [0]
  | Refused c _ => [7; c]
  | Stopped (Retry n) =>
      [8; match n with PublishedClock => 1 | Floor => 2 | Window => 3 | ByteBudget => 4
          | Order => 5 end]
  | Stopped (Rejected r) => [9; code r]
  end.

Definition said_outcome (o : outcome) : list N :=
  match o with
  | Pending missing => 0 :: missing
  | Certified => [1]
  | Mismatch e => [2; e]
  | Poisoned t r => [3; t; code r]
  end.

Definition numbers_dec := list_eq_dec (list_eq_dec N.eq_dec).
End Replay.

(** A vector: what is submitted, what is said to it, and what becomes of the first epochs. *)
Record vector := Vector {
  v_config : config;
  v_submitted : list (N * entry);
  v_said : list (list N);
  v_outcomes : list (list N)
}.

Definition replays (Pr : Primitives) (v : vector) : bool * bool :=
  let cfg := v_config v in
  let (z, rs) := @run_all Pr key_value cfg initial (v_submitted v) in
  (if numbers_dec (map (fun r => @said Pr (snd r)) rs) (v_said v) then true else false,
   if numbers_dec (map (fun e => said_outcome (outcome_at cfg z (N.of_nat e)))
                       (seq 0 (length (v_outcomes v)))) (v_outcomes v) then true else false).

(** The numbers of the vectors that are answered otherwise than the Rust verifier did. *)
Definition differing (Pr : Primitives) (l : list (N * vector)) : list N :=
  flat_map (fun p => match replays Pr (snd p) with (true, true) => [] | _ => [fst p] end) l.
