(** Trees of receipts in the shape of RFC 9162: grown leaf by leaf, joined over threads, and walked
    from one leaf to the root. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Bytes Spec.Record.
Import ListNotations.
Open Scope N_scope.

Section ReceiptTree.
Context {P : Primitives}.

Definition inner_message (l r : digest) : bytes := 1 :: l ++ r.
Definition inner_hash (l r : digest) : digest := sha256 (inner_message l r).

(** What stands for a thread in the tree over threads. *)
Definition thread_message (thread : N) (count : u64) (root : digest) : bytes :=
  2 :: little_endian 2 thread ++ little_endian 8 count ++ root.
Definition thread_hash (thread : N) (count : u64) (root : digest) : digest :=
  sha256 (thread_message thread count root).

(** ** The standard's definition (RFC 9162, section 2.1.1)

    Of more than one leaf, the left part has the largest power of two that is below their number. *)
Fixpoint tree_hash (fuel : nat) (leaves : list digest) : digest :=
  match leaves, fuel with
  | [], _ => sha256 []
  | [leaf], _ => leaf
  | _, O => sha256 []        (* Never: no tree has more levels than leaves. *)
  | _, S fuel =>
      let middle := Nat.pow 2 (Nat.log2 (length leaves - 1)) in
      inner_hash (tree_hash fuel (firstn middle leaves)) (tree_hash fuel (skipn middle leaves))
  end.
Definition tree_root (leaves : list digest) : digest := tree_hash (length leaves) leaves.

(** ** What a verifier keeps: the roots of full subtrees, the smallest first *)
Record frontier := Frontier { count : u64; peaks : list digest }.

Definition no_leaves : frontier := Frontier 0 [].

Fixpoint trailing_ones (n : positive) : nat :=
  match n with xI n => S (trailing_ones n) | xO _ => O | xH => 1 end.

(** Each trailing one of the count is a full subtree of the size that [peak] has by then. *)
Fixpoint merge (ones : nat) (peaks : list digest) (peak : digest) : list digest :=
  match ones, peaks with
  | S ones, l :: peaks => merge ones peaks (inner_hash l peak)
  | _, _ => peak :: peaks
  end.

Definition push (f : frontier) (leaf : digest) : frontier :=
  let ones := match count f with N0 => O | Npos n => trailing_ones n end in
  Frontier (saturating_add_u64 (count f) 1) (merge ones (peaks f) leaf).

Definition frontier_root (f : frontier) : digest :=
  match peaks f with
  | [] => sha256 []
  | last :: rest => fold_left (fun r l => inner_hash l r) rest last
  end.

Definition frontier_of (leaves : list digest) : frontier := fold_left push leaves no_leaves.

(** ** What whoever holds a receipt computes (RFC 9162, section 2.1.3.2) *)

(** A last leaf that is a left child has no sibling at this height, nor above it until it is a right
    child. *)
Fixpoint to_right_child (at_ : positive) (last : N) : N * N :=
  match at_ with xO at_ => to_right_child at_ (N.div2 last) | _ => (Npos at_, last) end.

Fixpoint walk (path : list digest) (at_ last : N) (hash : digest) : option digest :=
  match path with
  | [] => if last =? 0 then Some hash else None
  | sibling :: path =>
      if last =? 0 then None
      else if N.odd at_ || (at_ =? last) then
        let (at_, last) := match at_ with N0 => (0, last) | Npos n => to_right_child n last end in
        walk path (N.div2 at_) (N.div2 last) (inner_hash sibling hash)
      else walk path (N.div2 at_) (N.div2 last) (inner_hash hash sibling)
  end.

(** The root to which the path of the leaf at [index] in a tree of [count] leads. *)
Definition root_of_path (leaf : digest) (index count : u64) (path : list digest)
    : option digest :=
  if index <? count then walk path index (count - 1) leaf else None.
End ReceiptTree.
