(** The codec's laws: what was encoded is read back; what is read has one encoding. *)
From Coq Require Import NArith Arith List Bool Lia.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Entry.
From zeta Require Import Codec.Bytes Codec.Lawful Codec.Log.
Import ListNotations.
Open Scope N_scope.

(** ** Paths *)

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

(** ** The pieces of an entry *)

Definition timestamp_ok (t : Timestamp) : Prop := epoch t <= u32_max /\ counter t <= u32_max.

Lemma timestamp_lawful : lawful read_timestamp put_timestamp timestamp_ok.
Proof.
  split.
  - intros [e c] rest [e_ok c_ok]. unfold read_timestamp, put_timestamp.
    cbn [epoch counter] in *.
    back u32_lawful.
    back u32_lawful. reflexivity.
  - intros bs t rest all found.
    next u32_lawful found all e e_ok mid. next u32_lawful found all c c_ok mid'.
    given found. split; [split; assumption | apply app_assoc].
Qed.

Definition hash_ok (h : bytes) : Prop := octets h /\ size h = HASH_LEN.

Definition pointer_ok (x : pointer) : Prop :=
  match x with None => True | Some l => path_ok (l_path l) /\ hash_ok (l_hash l) end.

Lemma pointer_lawful : lawful read_pointer put_pointer pointer_ok.
Proof.
  split.
  - intros [[p h d] |] rest; cbn [pointer_ok put_pointer l_path l_hash l_deferred].
    + intros [p_ok h_ok]. unfold read_pointer. back u8_lawful.
      assert (read_link d (put_path p ++ h ++ rest) = Ok (Some (Link p h d), rest)) as link.
      { unfold read_link. back path_lawful. back (take_lawful HASH_LEN). reflexivity. }
      destruct d; exact link.
    + intros _. unfold read_pointer. now back u8_lawful.
  - intros bs x rest all found. next u8_lawful found all tag tag_ok mid.
    assert (forall d, read_link d mid = Ok (x, rest) ->
              pointer_ok x /\
              put_u8 (if d then POINTER_TO_DEFERRED else POINTER_TO) ++ mid
                = put_pointer x ++ rest) as link.
    { clear found. intros d found. next path_lawful found all p p_ok mid'.
      next (take_lawful HASH_LEN) found all h h_ok mid''. given found.
      split; [split; assumption |]. cbn [put_pointer l_path l_hash l_deferred].
      now rewrite !app_assoc. }
    tag_was found; [given found; split; exact I || reflexivity |].
    tag_was found; [apply (link false), found |].
    tag_was found; [apply (link true), found | discriminate].
Qed.

Definition key_ok (k : key) : Prop := relation k <= u16_max /\ short KEY_LEN_MAX (key_bytes k).

Lemma key_lawful : lawful read_key put_key key_ok.
Proof.
  split.
  - intros [r k] rest [r_ok [k_ok small]]. unfold read_key, put_key. cbn [relation key_bytes] in *.
    back u16_lawful.
    back u16_lawful;
      [| unfold KEY_LEN_MAX in small; unfold u16_max; lia].
    unfold and_read at 1. rewrite check_true by now apply N.leb_le.
    back (take_lawful (size k)). reflexivity.
  - intros bs k rest all found.
    next u16_lawful found all r r_ok mid. next u16_lawful found all n n_ok mid'.
    apply read_inv in found as (? & ? & small & found).
    apply check_inv in small as [small <-]. apply N.leb_le in small.
    next (take_lawful n) found all b b_ok mid''. destruct b_ok as [b_ok <-]. given found.
    split; [split; [assumption | now split] |].
    unfold put_key. cbn [relation key_bytes]. now rewrite <- !app_assoc.
Qed.

Definition record_ok (r : record) : Prop :=
  match r with
  | Node p x y => (length p < PATH_BITS)%nat /\ pointer_ok x /\ pointer_ok y
  | App k None => key_ok k
  | App k (Some v) => key_ok k /\ short VALUE_LEN_MAX v
  end.

Lemma short_counted max v : max <= u32_max -> short max v -> short u32_max v.
Proof. unfold short. intros ? [? ?]. split; [assumption | lia]. Qed.

Lemma some_lawful : lawful read_some
  (fun r => match r with App k (Some v) => put_key k ++ put_counted v | _ => [] end)
  (fun r => match r with App k (Some v) => key_ok k /\ short VALUE_LEN_MAX v | _ => False end).
Proof.
  split.
  - intros [k [v |] |] rest; try contradiction. intros [k_ok [v_ok small]].
    unfold read_some, put_counted. back key_lawful.
    back u32_lawful; [| unfold VALUE_LEN_MAX in small; unfold u32_max; lia].
    unfold and_read at 1. rewrite check_true by now apply N.leb_le.
    back (take_lawful (size v)). reflexivity.
  - intros bs r rest all found. next key_lawful found all k k_ok mid.
    next u32_lawful found all n n_ok mid'.
    apply read_inv in found as (? & ? & small & found).
    apply check_inv in small as [small <-]. apply N.leb_le in small.
    next (take_lawful n) found all v v_ok mid''. destruct v_ok as [v_ok <-]. given found.
    split; [parts | unfold put_counted; now rewrite <- !app_assoc].
Qed.

Lemma node_lawful : lawful read_node
  (fun r => match r with Node p x y => put_path p ++ put_node x y | _ => [] end)
  (fun r => match r with
            | Node p x y => (length p < PATH_BITS)%nat /\ pointer_ok x /\ pointer_ok y
            | _ => False
            end).
Proof.
  split.
  - intros [| p x y] rest; [contradiction |]. intros (p_ok & x_ok & y_ok).
    unfold read_node, put_node. back path_lawful; [| unfold path_ok; lia].
    unfold and_read at 1.
    rewrite check_true by (apply negb_true_iff, Nat.eqb_neq; lia).
    back pointer_lawful. back pointer_lawful. reflexivity.
  - intros bs n rest all found. next path_lawful found all p p_ok mid.
    apply read_inv in found as (u & m & node & found).
    apply check_inv in node as [node <-]. apply negb_true_iff, Nat.eqb_neq in node.
    next pointer_lawful found all x x_ok mid'.
    next pointer_lawful found all y y_ok mid''.
    given found. unfold path_ok in p_ok. unfold put_node.
    split; [repeat split; auto; lia | now rewrite <- !app_assoc].
Qed.

Lemma record_lawful : lawful read_record put_record record_ok.
Proof.
  split.
  - intros r rest ok. unfold read_record. destruct r as [k [v |] | p x y]; cbn [put_record].
    + back u8_lawful. rewrite (app_assoc (put_key k)).
      exact (reads_back _ _ _ some_lawful (App k (Some v)) rest ok).
    + back u8_lawful.
      change ((let* k := read_key in give_back (App k None)) (put_key k ++ rest)
              = Ok (App k None, rest)).
      back key_lawful. reflexivity.
    + back u8_lawful. rewrite (app_assoc (put_path p)).
      exact (reads_back _ _ _ node_lawful (Node p x y) rest ok).
  - intros bs r rest all found. next u8_lawful found all kind kind_ok mid.
    tag_was found; [| tag_was found; [| tag_was found; [| discriminate]]].
    + destruct (canonical _ _ _ node_lawful _ _ _ all found) as [ok ->].
      destruct r; [contradiction |]. split; [exact ok |]. cbn [put_record]. now rewrite app_assoc.
    + next key_lawful found all k k_ok mid'. given found.
      split; [exact k_ok |]. cbn [put_record]. now rewrite app_assoc.
    + destruct (canonical _ _ _ some_lawful _ _ _ all found) as [ok ->].
      destruct r as [k [v |] |]; try contradiction.
      split; [exact ok |]. cbn [put_record]. now rewrite app_assoc.
Qed.

Definition mac_ok (mac : bytes) : Prop := octets mac /\ size mac = MAC_LEN.

Definition authentication_ok (a : authentication) : Prop :=
  match a with
  | Embedded => True
  | Session s n mac => s <= u32_max /\ n <= u64_max /\ mac_ok mac
  end.

Lemma authentication_lawful : lawful read_authentication put_authentication authentication_ok.
Proof.
  split.
  - intros [| s n mac] rest; unfold read_authentication; cbn [put_authentication].
    + intros _. now back u8_lawful.
    + intros (s_ok & n_ok & mac_ok). back u8_lawful.
      change (read_session (put_u32 s ++ put_u64 n ++ mac ++ rest) = Ok (Session s n mac, rest)).
      unfold read_session.
      back u32_lawful.
      back u64_lawful.
      back (take_lawful MAC_LEN). reflexivity.
  - intros bs a rest all found. next u8_lawful found all tag tag_ok mid.
    tag_was found; [given found; split; exact I || reflexivity |].
    tag_was found; [| discriminate].
    next u32_lawful found all s s_ok mid'. next u64_lawful found all q q_ok mid''.
    next (take_lawful MAC_LEN) found all mac m_ok end_. given found.
    split; [parts |].
    cbn [put_authentication]. now rewrite <- !app_assoc.
Qed.

Definition arguments_ok (b : bytes) : Prop := short ARGUMENTS_LEN_MAX b.

Lemma arguments_lawful : lawful read_arguments put_counted arguments_ok.
Proof.
  split.
  - intros b rest [b_ok small]. unfold read_arguments, put_counted.
    back u32_lawful;
      [| unfold ARGUMENTS_LEN_MAX in small; unfold u32_max; lia].
    unfold and_read at 1. rewrite check_true by now apply N.leb_le.
    now apply (reads_back _ _ _ (take_lawful (size b))).
  - intros bs b rest all found. next u32_lawful found all n n_ok mid.
    apply read_inv in found as (? & ? & small & found).
    apply check_inv in small as [small <-]. apply N.leb_le in small.
    destruct (canonical _ _ _ (take_lawful n) _ _ _ all found) as [[b_ok <-] ->].
    split; [now split | apply app_assoc].
Qed.

Definition slots_ok (l : list N) : Prop :=
  N.of_nat (length l) <= u16_max /\ Forall (fun s => s <= u16_max) l.

Lemma size_pairs l : size (flat_map put_u16 l) = 2 * N.of_nat (length l).
Proof.
  unfold size. induction l as [| s l IH]; [reflexivity |]. cbn [flat_map length].
  rewrite app_length. change (length (put_u16 s)) with 2%nat. lia.
Qed.

Lemma pairs_of_slots l : Forall (fun s => s <= u16_max) l -> pairs (flat_map put_u16 l) = l.
Proof.
  unfold u16_max. induction 1 as [| s l small _ IH]; [reflexivity |].
  change (s mod 256 + 256 * (s / 256 mod 256) :: pairs (flat_map put_u16 l) = s :: l).
  rewrite IH. f_equal.
  rewrite (N.mod_small (s / 256)) by (apply N.div_lt_upper_bound; lia).
  rewrite N.add_comm. symmetry. now apply N.div_mod.
Qed.

Lemma slots_of_pairs bs n :
  octets bs -> size bs = 2 * n ->
  flat_map put_u16 (pairs bs) = bs /\ N.of_nat (length (pairs bs)) = n /\
  Forall (fun s => s <= u16_max) (pairs bs).
Proof.
  revert bs n. fix IH 1. intros [| low [| high bs]] n all sized.
  - unfold size in sized. cbn [length pairs flat_map] in *. repeat split; [lia | constructor].
  - unfold size in sized. cbn [length] in sized. lia.
  - inversion all as [| ? ? low_ok all']; subst. inversion all' as [| ? ? high_ok all'']; subst.
    cbv beta in low_ok, high_ok.
    destruct (IH bs (n - 1) all'') as (same & len & small);
      [rewrite !size_cons in sized; lia |].
    cbn [pairs flat_map length]. rewrite same. repeat split.
    + unfold put_u16, little_endian. rewrite (N.mul_comm 256), N.mod_add, N.div_add by discriminate.
      rewrite (N.mod_small low), (N.div_small low), N.add_0_l, N.mod_small by assumption.
      reflexivity.
    + rewrite !size_cons in sized. lia.
    + constructor; [unfold u16_max; lia | exact small].
Qed.

Lemma flat_map_octets l : octets (flat_map put_u16 l).
Proof.
  induction l; cbn [flat_map]; [constructor | apply octets_app].
  split; [apply little_endian_octets | assumption].
Qed.

Lemma slots_lawful : lawful read_slots put_slots slots_ok.
Proof.
  split.
  - intros l rest [few small]. unfold read_slots, put_slots.
    back u16_lawful.
    back (take_lawful (2 * N.of_nat (length l)));
      [| split; [apply flat_map_octets | apply size_pairs]].
    now rewrite pairs_of_slots.
  - intros bs l rest all found. next u16_lawful found all n n_ok mid.
    next (take_lawful (2 * n)) found all b b_ok mid'. destruct b_ok as [b_ok sized]. given found.
    destruct (slots_of_pairs b n b_ok sized) as (same & len & small).
    unfold slots_ok, put_slots. rewrite same, len.
    split; [split; [assumption | exact small] | apply app_assoc].
Qed.

(** ** Entries *)

(** What an entry must satisfy to have an encoding: the widths and limits of the format. *)
Definition entry_ok (e : entry) : Prop :=
  match e with
  | AddM s a r => s <= u16_max /\ a <= u16_max /\ record_ok r
  | AddB s j t r => s <= u16_max /\ j <= u16_max /\ timestamp_ok t /\ record_ok r
  | EvictM s a => s <= u16_max /\ a <= u16_max
  | EvictB s t => s <= u16_max /\ timestamp_ok t
  | EvictBM s a t => s <= u16_max /\ a <= u16_max /\ timestamp_ok t
  | NextEpoch | VerifyEpoch => True
  | RunApp (Run o who slots) =>
      transition o <= u16_max /\ authentication_ok who /\ arguments_ok (arguments o)
      /\ slots_ok slots
  | SessionOpen m => short u32_max m
  | SessionRevoke s => s <= u32_max
  | SessionRotate s m => s <= u32_max /\ short u32_max m
  | SessionAsk s n mac => s <= u32_max /\ n <= u64_max /\ mac_ok mac
  end.

Ltac back_u16 := back u16_lawful.
Ltac back_u32 := back u32_lawful.

Lemma parse_encode e rest : entry_ok e -> parse (encode e ++ rest) = Ok (e, rest).
Proof.
  destruct e as [s a r | s j t r | s a | s t | s a t | | | [[t b] who slots]
    | m | s | s m | s n mac];
    cbn [entry_ok encode transition arguments]; unfold parse; intros ok;
    back u8_lawful;
    cbn -[and_read number read_record read_timestamp read_authentication read_arguments read_slots
          take counted put_u16 put_u32 put_u64];
    unfold read_add_m, read_add_b, read_evict_m, read_evict_b, read_evict_bm, read_run_app,
      read_open, read_revoke, read_rotate, read_question.
  - destruct ok as (? & ? & ?). back_u16. back_u16. back record_lawful. reflexivity.
  - destruct ok as (? & ? & ? & ?). back_u16. back_u16. back timestamp_lawful.
    back record_lawful. reflexivity.
  - destruct ok as (? & ?). back_u16. back_u16. reflexivity.
  - destruct ok as (? & ?). back_u16. back timestamp_lawful. reflexivity.
  - destruct ok as (? & ? & ?). back_u16. back_u16. back timestamp_lawful. reflexivity.
  - reflexivity.
  - reflexivity.
  - destruct ok as (? & ? & ? & ?). back_u16. back authentication_lawful. back arguments_lawful.
    back slots_lawful. reflexivity.
  - back counted_lawful. reflexivity.
  - back_u32. reflexivity.
  - destruct ok as (? & ?). back_u32. back counted_lawful. reflexivity.
  - destruct ok as (? & ? & ?). back_u32. back u64_lawful.
    back (take_lawful MAC_LEN). reflexivity.
Qed.

Ltac next_u16 found all x rest :=
  let ok := fresh x "_ok" in
  next u16_lawful found all x ok rest.
Ltac next_u32 found all x rest :=
  let ok := fresh x "_ok" in
  next u32_lawful found all x ok rest.

Lemma parse_canonical bs e rest :
  octets bs -> parse bs = Ok (e, rest) -> entry_ok e /\ bs = encode e ++ rest.
Proof.
  intros all found. unfold parse in found. next u8_lawful found all tag tag_ok mid.
  repeat (tag_was found; [shelve |]). discriminate.
  Unshelve.
  - next_u16 found all s m1. next_u16 found all a m2. next record_lawful found all r r_ok m3.
    given found. split; [parts | cbn [encode]; now rewrite <- !app_assoc].
  - next_u16 found all s m1. next_u16 found all j m2. next timestamp_lawful found all t t_ok m3.
    next record_lawful found all r r_ok m4.
    given found. split; [parts |].
    cbn [encode]; now rewrite <- !app_assoc.
  - next_u16 found all s m1. next_u16 found all a m2.
    given found. split; [parts | cbn [encode]; now rewrite <- !app_assoc].
  - next_u16 found all s m1. next timestamp_lawful found all t t_ok m2.
    given found. split; [parts |].
    cbn [encode]; now rewrite <- !app_assoc.
  - next_u16 found all s m1. next_u16 found all a m2. next timestamp_lawful found all t t_ok m3.
    given found. split; [parts |].
    cbn [encode]; now rewrite <- !app_assoc.
  - given found. now split.
  - given found. now split.
  - next_u16 found all t m1. next authentication_lawful found all who who_ok m2.
    next arguments_lawful found all b b_ok m3. next slots_lawful found all slots l_ok m4.
    given found. split; [parts |].
    cbn [encode transition arguments]; now rewrite <- !app_assoc.
  - next counted_lawful found all m m_ok m1.
    given found. split; [exact m_ok | cbn [encode]; now rewrite <- !app_assoc].
  - next_u32 found all s m1.
    given found. split; [assumption | cbn [encode]; now rewrite <- !app_assoc].
  - next_u32 found all s m1. next counted_lawful found all m m_ok m2.
    given found. split; [split; assumption | cbn [encode]; now rewrite <- !app_assoc].
  - next_u32 found all s m1. next u64_lawful found all q q_ok m2.
    next (take_lawful MAC_LEN) found all mac m_ok m3.
    given found. split; [parts |].
    cbn [encode]; now rewrite <- !app_assoc.
Qed.

(** ** The codec's theorems *)

Lemma log_lawful : lawful parse encode entry_ok.
Proof. split; [exact parse_encode | exact parse_canonical]. Qed.

(** No two entries have one encoding, and none's is the beginning of another's. *)
Theorem encode_prefix_free e e' rest rest' :
  entry_ok e -> entry_ok e' -> encode e ++ rest = encode e' ++ rest' -> e = e' /\ rest = rest'.
Proof.
  intros ok ok' same. apply (f_equal parse) in same. rewrite !parse_encode in same by assumption.
  now injection same.
Qed.

Theorem encode_injective e e' : entry_ok e -> entry_ok e' -> encode e = encode e' -> e = e'.
Proof.
  intros ok ok' same. apply (encode_prefix_free e e' [] []); auto. now rewrite !app_nil_r.
Qed.

(** Reading makes progress, so a log is read in as many steps as it has bytes. *)
Theorem parse_shortens bs e rest :
  octets bs -> parse bs = Ok (e, rest) -> (length rest < length bs)%nat.
Proof.
  intros all found. destruct (parse_canonical _ _ _ all found) as [_ ->].
  assert (forall n, length (put_u8 n) = 1%nat) as tag by reflexivity.
  rewrite app_length. destruct e as [| | | | | | | [] | | | |]; cbn [encode];
    rewrite ?app_length, tag; lia.
Qed.
