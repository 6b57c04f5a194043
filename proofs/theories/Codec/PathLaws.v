(** The codec's laws of paths: bits in bytes, by bytes as a whole where they are zeros. *)
From Coq Require Import NArith Arith List Bool Lia.
From zeta Require Import Spec.Width Spec.Path Spec.Record Spec.Reason.
From zeta Require Import Codec.Bytes Codec.Lawful Codec.Log.
Import ListNotations.
Open Scope N_scope.

Lemma bits_of_byte_of b7 b6 b5 b4 b3 b2 b1 b0 :
  bits_of_byte (and_bit (and_bit (and_bit (and_bit (and_bit (and_bit (and_bit (and_bit 0
    b7) b6) b5) b4) b3) b2) b1) b0) = [b7; b6; b5; b4; b3; b2; b1; b0].
Proof. destruct b7, b6, b5, b4, b3, b2, b1, b0; reflexivity. Qed.

(** What holds of each byte, tried one after the other. *)
Lemma each_byte (p : N -> bool) b :
  forallb p (map N.of_nat (seq 0 256)) = true -> b < 256 -> p b = true.
Proof.
  intros all small. rewrite forallb_forall in all. apply all, in_map_iff. exists (N.to_nat b).
  split; [apply N2Nat.id | apply in_seq; lia].
Qed.

Lemma byte_of_bits_of b : b < 256 -> bytes_of (bits_of_byte b) = [b].
Proof.
  intros small.
  pose proof (each_byte
    (fun n => match bytes_of (bits_of_byte n) with [m] => m =? n | _ => false end) b
    eq_refl small) as same.
  cbv beta in same. destruct (bytes_of (bits_of_byte b)) as [| m [|]]; try discriminate same.
  apply N.eqb_eq in same. congruence.
Qed.

Lemma bytes_of_bits_of bs : octets bs -> bytes_of (bits_of bs) = bs.
Proof.
  induction 1 as [| b bs small _ IH]; [reflexivity |].
  pose proof (byte_of_bits_of b small) as one. unfold bits_of in *. cbn [flat_map].
  unfold bits_of_byte in *. cbv zeta in *. cbn [map app bytes_of] in *. congruence.
Qed.

Lemma bits_of_bytes_of k bits : length bits = (8 * k)%nat -> bits_of (bytes_of bits) = bits.
Proof.
  revert bits. induction k as [| k IH]; intros bits len.
  - now destruct bits.
  - destruct bits as [| b7 [| b6 [| b5 [| b4 [| b3 [| b2 [| b1 [| b0 bits]]]]]]]]; cbn in len;
      try lia.
    cbn [bytes_of]. unfold bits_of in *. cbn [flat_map]. rewrite bits_of_byte_of.
    cbn [app]. rewrite IH by lia. reflexivity.
Qed.

Lemma bytes_of_octets bits : octets (bytes_of bits).
Proof.
  revert bits. fix IH 1. intros bits.
  destruct bits as [| b7 [| b6 [| b5 [| b4 [| b3 [| b2 [| b1 [| b0 bits]]]]]]]]; cbn [bytes_of];
    constructor; try constructor;
    repeat match goal with b : bool |- _ => destruct b end; reflexivity || apply IH.
Qed.

Lemma bytes_of_size k bits : length bits = (8 * k)%nat -> size (bytes_of bits) = N.of_nat k.
Proof.
  revert bits. induction k as [| k IH]; intros bits len.
  - now destruct bits.
  - destruct bits as [| b7 [| b6 [| b5 [| b4 [| b3 [| b2 [| b1 [| b0 bits]]]]]]]]; cbn in len;
      try lia.
    cbn [bytes_of]. rewrite size_cons, IH by lia. lia.
Qed.

Lemma bits_of_length bs : length (bits_of bs) = (8 * length bs)%nat.
Proof.
  unfold bits_of. induction bs as [| b bs IH]; [reflexivity |].
  cbn [flat_map]. rewrite app_length, IH.
  assert (length (bits_of_byte b) = 8%nat) as -> by reflexivity. cbn [length]. lia.
Qed.

Lemma forallb_negb_repeat n : forallb negb (repeat false n) = true.
Proof. now induction n. Qed.

Lemma negb_all bits : forallb negb bits = true -> bits = repeat false (length bits).
Proof.
  induction bits as [| [] bits IH]; cbn; try discriminate; [reflexivity |].
  intros. now rewrite <- IH.
Qed.

Lemma cut_app p n : cut (N.of_nat (length p)) (p ++ repeat false n) = Some p.
Proof.
  induction p as [| b p IH].
  - destruct n; [reflexivity |]. cbn [app repeat cut length N.of_nat].
    change (false :: repeat false n) with (repeat false (S n)). now rewrite forallb_negb_repeat.
  - cbn [app cut]. replace (N.of_nat (length (b :: p)) =? 0) with false
      by (symmetry; apply N.eqb_neq; cbn [length]; lia).
    replace (N.of_nat (length (b :: p)) - 1) with (N.of_nat (length p)) by (cbn [length]; lia).
    now rewrite IH.
Qed.

Lemma cut_inv n bits p :
  cut n bits = Some p ->
  N.of_nat (length p) = n /\ (length p <= length bits)%nat /\
  bits = p ++ repeat false (length bits - length p).
Proof.
  revert n p. induction bits as [| b bits IH]; intros n p; cbn [cut].
  - destruct (N.eqb_spec n 0); [| discriminate]. intros [= <-]. subst. auto.
  - destruct (N.eqb_spec n 0) as [-> | nonzero].
    + destruct (forallb negb (b :: bits)) eqn:zeros; [| discriminate]. intros [= <-].
      split; [reflexivity |]. split; [apply Nat.le_0_l |]. now apply negb_all.
    + destruct (cut (n - 1) bits) as [q |] eqn:found; [| discriminate]. intros [= <-].
      destruct (IH _ _ found) as (len & le & same). cbn [length app].
      repeat split; [lia | lia |]. cbn [Nat.sub]. now rewrite <- same.
Qed.

(** ** The same by whole bytes *)

Lemma cut_front l m n :
  (n < N.of_nat (length l)) ->
  cut n (l ++ m) = if forallb negb m then cut n l else None.
Proof.
  revert n. induction l as [| b l IH]; intros n less; [cbn in less; lia |].
  cbn [app cut]. destruct (N.eqb_spec n 0) as [-> | nonzero].
  - cbn [forallb]. rewrite forallb_app. destruct (negb b), (forallb negb l), (forallb negb m);
      reflexivity.
  - rewrite IH by (cbn [length] in less; lia). destruct (forallb negb m); reflexivity.
Qed.

Lemma cut_beyond l m n :
  N.of_nat (length l) <= n ->
  cut n (l ++ m) = option_map (app l) (cut (n - N.of_nat (length l)) m).
Proof.
  revert n. induction l as [| b l IH]; intros n more.
  - rewrite N.sub_0_r. cbn [app]. now destruct (cut n m).
  - cbn [app cut length] in *. destruct (N.eqb_spec n 0) as [-> | nonzero]; [lia |].
    rewrite IH by lia.
    replace (n - 1 - N.of_nat (length l)) with (n - N.of_nat (S (length l))) by lia.
    now destruct (cut _ m).
Qed.

Lemma zero_bytes bs : octets bs -> forallb (N.eqb 0) bs = forallb negb (bits_of bs).
Proof.
  induction 1 as [| b bs small _ IH]; [reflexivity |].
  unfold bits_of in *. cbn [forallb flat_map]. rewrite forallb_app, IH. f_equal.
  apply eqb_prop.
  exact (each_byte (fun n => eqb (0 =? n) (forallb negb (bits_of_byte n))) b eq_refl small).
Qed.

Lemma cut_bytes_bits n bs : octets bs -> cut_bytes n bs = cut n (bits_of bs).
Proof.
  intros all. revert n. induction all as [| b bs small all IH]; intros n; [reflexivity |].
  assert (length (bits_of_byte b) = 8%nat) as eight by reflexivity.
  cbn [cut_bytes]. unfold bits_of. cbn [flat_map]. destruct (N.ltb_spec n 8) as [less | more].
  - rewrite cut_front by (rewrite eight; lia). rewrite zero_bytes by assumption. reflexivity.
  - rewrite cut_beyond, eight, IH by (rewrite eight; lia). reflexivity.
Qed.

Definition padded (n : nat) (p : path) : list bool := p ++ repeat false (n - length p).

Lemma bytes_of_zeros k : bytes_of (repeat false (8 * k)) = repeat 0 k.
Proof.
  induction k as [| k IH]; [reflexivity |]. replace (8 * S k)%nat with (8 + 8 * k)%nat by lia.
  rewrite repeat_app. cbn [repeat app bytes_of]. now rewrite IH.
Qed.

(** A last byte in which [n] bits are missing. *)
Ltac short_byte n :=
  match goal with k : nat |- context [repeat false (8 + 8 * ?k - ?m)] =>
    replace (8 + 8 * k - m)%nat with (n + 8 * k)%nat by (cbn [length]; lia)
  end;
  rewrite repeat_app; cbn [repeat app bytes_of length Nat.sub firstn fold_left];
  now rewrite bytes_of_zeros, Nat.sub_0_r.

Lemma filled_padded k p :
  (length p <= 8 * k)%nat -> filled_to k (bytes_of p) = bytes_of (padded (8 * k) p).
Proof.
  unfold filled_to, padded. revert p. induction k as [| k IH]; intros p le.
  - destruct p; [reflexivity | cbn in le; lia].
  - replace (8 * S k)%nat with (8 + 8 * k)%nat in * by lia.
    destruct p as [| b7 [| b6 [| b5 [| b4 [| b3 [| b2 [| b1 [| b0 p]]]]]]]].
    + cbn [length bytes_of app]. rewrite !Nat.sub_0_r, repeat_app. cbn [repeat app bytes_of].
      now rewrite bytes_of_zeros.
    + short_byte 7%nat.
    + short_byte 6%nat.
    + short_byte 5%nat.
    + short_byte 4%nat.
    + short_byte 3%nat.
    + short_byte 2%nat.
    + short_byte 1%nat.
    + cbn [length] in *. replace (8 + 8 * k - S (S (S (S (S (S (S (S (length p)))))))))%nat
        with (8 * k - length p)%nat by lia.
      cbn [bytes_of app length Nat.sub]. now rewrite IH by lia.
Qed.

Definition path_ok (p : path) : Prop := (length p <= PATH_BITS)%nat.

Lemma padded_length n p : (length p <= n)%nat -> length (padded n p) = n.
Proof. unfold padded. intros. rewrite app_length, repeat_length. lia. Qed.

Lemma path_lawful : lawful read_path put_path path_ok.
Proof.
  split.
  - intros p rest ok. unfold path_ok, PATH_BITS in ok. unfold read_path, put_path.
    rewrite (filled_padded 32) by exact ok.
    pose proof (padded_length (8 * 32) p ok) as len.
    back (take_lawful HASH_LEN);
      [| split; [apply bytes_of_octets | now apply (bytes_of_size 32)]].
    back u16_lawful; [| unfold u16_max; lia].
    rewrite cut_bytes_bits by apply bytes_of_octets. rewrite (bits_of_bytes_of 32) by exact len.
    unfold padded. now rewrite cut_app.
  - intros bs p rest all found. apply read_inv in found as (bits & mid & bits_found & found).
    destruct (canonical _ _ _ (take_lawful _) _ _ _ all bits_found) as [[octs sized] ->].
    apply octets_app in all as [_ all]. apply read_inv in found as (n & mid' & n_found & found).
    destruct (canonical _ _ _ u16_lawful _ _ _ all n_found) as [small ->].
    rewrite cut_bytes_bits in found by exact octs.
    destruct (cut n (bits_of bits)) as [q |] eqn:cut_found; [| discriminate found].
    injection found as <- <-. apply cut_inv in cut_found as (len & le & same).
    assert (length (bits_of bits) = PATH_BITS) as total
      by (rewrite bits_of_length; unfold size, HASH_LEN in sized; unfold PATH_BITS; lia).
    rewrite total in le, same. split; [exact le |].
    unfold put_path. rewrite (filled_padded 32) by exact le. unfold padded.
    change (8 * 32)%nat with PATH_BITS. rewrite <- same, bytes_of_bits_of, len by assumption.
    now rewrite <- app_assoc.
Qed.
