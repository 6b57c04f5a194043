(** What is hashed: the bytes that stand for keys, values, nodes and elements, under their domains.

    With a hash of bytes they make the primitives that Spec leaves open. *)
From Coq Require Import NArith List Lia.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Codec.Bytes Codec.Log.
From zeta Require Import Codec.Lawful Codec.PathLaws Codec.Laws.
Import ListNotations.
Open Scope N_scope.

Definition DOMAIN_LEAF : N := 16.
Definition DOMAIN_NULL : N := 17.
Definition DOMAIN_SOME : N := 18.
Definition DOMAIN_NODE : N := 19.
Definition DOMAIN_LONG_VALUE : N := 20.

Definition ELEMENT_VERSION : N := 1.
Definition KIND_NODE : N := 0.
Definition KIND_NULL : N := 1.
Definition KIND_SOME : N := 2.
Definition KIND_DIGEST : N := 3.

(** Values beyond this many bytes enter an element by their digest. *)
Definition ELEMENT_VALUE_LEN_MAX : N := 512.
(** An element is a multiple of four blocks of 16 bytes. *)
Definition ELEMENT_STEP : N := 64.

(** The cryptography over bytes. *)
Record hashes := Hashes {
  domain_hash : N -> bytes -> digest;
  domain_hash_size : forall d m, length (domain_hash d m) = 32%nat;
  element_prf : N -> bytes -> N;          (** Under the key of an epoch. *)
  plain_hash : bytes -> digest;
  plain_hash_size : forall m, length (plain_hash m) = 32%nat;
  code_of : bytes -> bytes -> bytes;
  asked_in : bytes -> option ask;
  accepted : bytes -> welcome -> option (bytes * keys)
}.

Section Hashed.
Variable h : hashes.

Definition leaf_of (k : key) : path :=
  bits_of (domain_hash h DOMAIN_LEAF (put_u16 (relation k) ++ key_bytes k)).

Lemma leaf_of_length k : length (leaf_of k) = PATH_BITS.
Proof. unfold leaf_of. now rewrite bits_of_length, domain_hash_size. Qed.

Definition hash_of_value (v : value) : digest :=
  match v with
  | None => domain_hash h DOMAIN_NULL []
  | Some b => domain_hash h DOMAIN_SOME b
  end.

Definition hash_of_node (x y : pointer) : digest := domain_hash h DOMAIN_NODE (put_node x y).

(** Kind, relation, key and value of an element, and the length of the true value. *)
Definition shown (r : record) : N * N * bytes * bytes * N :=
  match r with
  | Node p x y => let b := put_node x y in (KIND_NODE, 0, put_path p, b, size b)
  | App k None => (KIND_NULL, relation k, key_bytes k, [], 0)
  | App k (Some v) =>
      let n := size v in
      if n <=? ELEMENT_VALUE_LEN_MAX then (KIND_SOME, relation k, key_bytes k, v, n)
      else (KIND_DIGEST, relation k, key_bytes k, domain_hash h DOMAIN_LONG_VALUE v, n)
  end.

(** Zeros up to the next multiple of [ELEMENT_STEP]. *)
Definition filled (b : bytes) : bytes :=
  b ++ repeat 0 (N.to_nat ((ELEMENT_STEP - size b mod ELEMENT_STEP) mod ELEMENT_STEP)).

Definition element_bytes (m : element) : bytes :=
  let '(kind, relation, key, value, value_size) := shown (e_record m) in
  filled (put_u8 ELEMENT_VERSION ++ put_u8 kind ++ put_u16 relation ++ put_u16 (size key)
          ++ put_u16 (e_thread m) ++ put_u32 value_size ++ put_u32 (counter (e_time m))
          ++ key ++ value).

Definition primitives : Primitives := {|
  leaf := leaf_of;
  leaf_length := leaf_of_length;
  value_hash := hash_of_value;
  node_hash := hash_of_node;
  element_hash m := element_prf h (epoch (e_time m)) (element_bytes m);
  sha256 := plain_hash h;
  sha256_length := plain_hash_size h;
  hmac := code_of h;
  read_ask := asked_in h;
  accept := accepted h
|}.
End Hashed.
