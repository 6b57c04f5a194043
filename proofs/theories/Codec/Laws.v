(** The codec's laws: what was encoded is read back; what is read has one encoding. *)
From Coq Require Import NArith Arith List Bool Lia.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Entry.
From zeta Require Import Codec.Bytes Codec.Lawful Codec.Log Codec.PathLaws.
Import ListNotations.
Open Scope N_scope.

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

(** What was read satisfies the checks of sizes that Spec makes of every entry: they are the
    codec's. *)
Theorem parsed_is_checked bs e rest :
  octets bs -> parse bs = Ok (e, rest) -> check_entry e = Ok tt.
Proof.
  intros all found. destruct (parse_canonical _ _ _ all found) as [ok _]. clear found.
  assert (forall r, record_ok r -> check_record r = Ok tt) as records.
  { intros [k [v |] | p x y]; cbn [record_ok check_record].
    - intros [[_ [_ small]] [_ small']]. unfold at_most, size in *.
      apply N.leb_le in small, small'. now rewrite small, small'.
    - intros [_ [_ small]]. unfold at_most, size in *. apply N.leb_le in small. now rewrite small.
    - intros (less & x_ok & y_ok).
      assert (forall x, pointer_ok x -> pointer_canonical x = true) as pointers.
      { intros [l |]; cbn; [| reflexivity]. intros [l_ok _]. now apply Nat.leb_le. }
      rewrite !pointers by assumption.
      replace (Nat.leb (length p) PATH_BITS) with true by (symmetry; apply Nat.leb_le; lia).
      replace (Nat.eqb (length p) PATH_BITS) with false by (symmetry; apply Nat.eqb_neq; lia).
      reflexivity. }
  assert (forall t, timestamp_ok t -> fits_fields t = true) as times.
  { intros t [e_ok c_ok]. unfold fits_fields. apply N.leb_le in e_ok, c_ok.
    now rewrite e_ok, c_ok. }
  assert (forall s n, s <= u32_max -> n <= u64_max -> fits_number s n = true) as numbers.
  { intros s n s_ok n_ok. unfold fits_number. apply N.leb_le in s_ok, n_ok.
    now rewrite s_ok, n_ok. }
  unfold check_entry. destruct e as [s a r | s j t r | s a | s t | s a t | | | [[t b] who slots]
    | m | s | s m | s n mac]; cbn [entry_ok] in ok; try reflexivity.
  - now apply records.
  - destruct ok as (_ & _ & t_ok & r_ok). rewrite times by exact t_ok. now apply records.
  - now rewrite times.
  - now rewrite times.
  - destruct ok as (t_ok & who_ok & [_ b_ok] & _). unfold fits_run, at_most.
    cbn [asked asked_by transition arguments] in *.
    unfold size in b_ok. apply N.leb_le in t_ok, b_ok. rewrite t_ok, b_ok.
    destruct who as [| s n mac]; [reflexivity |]. destruct who_ok as (s_ok & n_ok & _).
    now rewrite numbers.
  - apply N.leb_le in ok. now rewrite ok.
  - destruct ok as [ok _]. apply N.leb_le in ok. now rewrite ok.
  - destruct ok as (s_ok & n_ok & _). now rewrite numbers.
Qed.
