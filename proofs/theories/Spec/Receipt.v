(** A receipt as a client shows it, and the certification that would make it true. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Entry Spec.Leaf.
From zeta Require Import Spec.ReceiptTree Spec.Service.
Import ListNotations.
Open Scope N_scope.

Record receipt := Portable {
  r_scope : scope;
  r_leaf : receipt_leaf;
  r_index : u64;             (** Of the leaf, among those of its thread. *)
  r_count : u64;             (** How many those are. *)
  r_path : list digest;
  r_threads : N;
  r_receipts : u64;          (** Leaves in all threads. *)
  r_thread_path : list digest
}.

Section Receipt.
Context {P : Primitives}.

(** The receipt is true if the verifier's identity has signed this. *)
Definition certification_shown (r : receipt) : option certification :=
  let l := r_leaf r in
  if r_count r <=? r_receipts r then
    match root_of_path (leaf_hash (r_scope r) l) (r_index r) (r_count r) (r_path r) with
    | None => None
    | Some root =>
        match root_of_path (thread_hash (l_thread l) (r_count r) root) (l_thread l) (r_threads r)
                (r_thread_path r) with
        | None => None
        | Some top => Some {|
            ce_scope := r_scope r;
            ce_epoch := epoch (l_at l);
            ce_threads := r_threads r;
            ce_receipts := r_receipts r;
            ce_root := top
          |}
        end
    end
  else None.

(** What reading its bytes ensures: numbers within their fields, hashes of 32 bytes, a client with
    a key. *)
Definition asker_fits (a : asker) : Prop :=
  match a with
  | ByHost => True
  | ByClient kind key id sequence =>
      kind <> 0 /\ length key = 32%nat /\ id <= u32_max /\ sequence <= u64_max
  end.
Definition readable (r : receipt) : Prop :=
  asker_fits (l_asker (r_leaf r)) /\ transition (l_operation (r_leaf r)) <= u16_max /\
  in_width (l_at (r_leaf r)) /\ r_count r <= u64_max /\
  Forall (fun d => length d = 32%nat) (r_path r ++ r_thread_path r).
End Receipt.
