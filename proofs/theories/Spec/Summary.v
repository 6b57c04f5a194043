(** The canonical tree of a data set, and the root by which a verifier adopts it.

    A node stands at the root and wherever two leaves part, and nowhere else; no pointer is
    deferred. Rust makes the same tree in one pass over sorted leaves. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Path Spec.Record Spec.Application.
Import ListNotations.

Section Summary.
Context {P : Primitives}.

(** Whether a record lies on side [d] of the node at [p]. *)
Definition on_side (p : path) (d : bool) (r : record) : bool :=
  Bool.eqb (direction_at (path_of r) (length p)) d.

(** The pointer to the canonical tree over the leaves [l], all of which lie below [p], and the
    records in it. With [fuel] bits left there are no two of them with one path. *)
Fixpoint subtree (fuel : nat) (p : path) (l : list record) : pointer * list record :=
  match l with
  | [] => (None, [])
  | [r] => (Some (Link (path_of r) (record_hash r) false), [r])
  | _ =>
      match fuel with
      | O => (None, [])
      | S fuel =>
          let (x, rs) := subtree fuel (p ++ [false]) (filter (on_side p false) l) in
          let (y, ss) := subtree fuel (p ++ [true]) (filter (on_side p true) l) in
          match x, y with
          | Some _, Some _ =>
              let n := Node p x y in (Some (Link p (record_hash n) false), n :: rs ++ ss)
          | Some _, None => (x, rs)
          | None, _ => (y, ss)
          end
      end
  end.

Definition leaves_of (data : list (key * value)) : list record :=
  map (fun kv => App (fst kv) (snd kv)) data.

Definition half (data : list (key * value)) (d : bool) : pointer * list record :=
  subtree (PATH_BITS - 1) [d] (filter (on_side ROOT d) (leaves_of data)).

(** The root of the canonical tree, and the records below it. *)
Definition summary (data : list (key * value)) : record :=
  Node ROOT (fst (half data false)) (fst (half data true)).
Definition summarized (data : list (key * value)) : list record :=
  snd (half data false) ++ snd (half data true).

(** The memory that a data set is: null where it says nothing. *)
Fixpoint memory_of (data : list (key * value)) : memory :=
  match data with
  | [] => fun _ => None
  | (k, v) :: data => write (memory_of data) k v
  end.
End Summary.
