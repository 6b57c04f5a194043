(** No two elements of an epoch are hashed alike: the multiset hash is told which is which. *)
From Coq Require Import NArith List Lia.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Entry.
From zeta Require Import Codec.Bytes Codec.Log.
From zeta Require Import Codec.Lawful Codec.PathLaws Codec.Laws Codec.Hashed.
Import ListNotations.
Open Scope N_scope.

(** An element that the verifier can meet: its record has an encoding in the log. *)
Definition element_ok (m : element) : Prop :=
  record_ok (e_record m) /\ timestamp_ok (e_time m) /\ e_thread m <= u16_max.

(** What was put in front tells the two apart, or is the same. *)
Lemma lawful_split {A} (r : reader A) put ok a a' x y :
  lawful r put ok -> ok a -> ok a' -> put a ++ x = put a' ++ y -> a = a' /\ x = y.
Proof.
  intros [back _] a_ok a'_ok same. apply (f_equal r) in same.
  rewrite !back in same by assumption. now injection same.
Qed.

Lemma app_split (a b : bytes) x y : size a = size b -> a ++ x = b ++ y -> a = b /\ x = y.
Proof.
  unfold size. revert b. induction a as [| n a IH]; intros [| m b] len same; cbn [length] in len;
    try lia; [auto |].
  injection same as -> same. destruct (IH b) as [-> ->]; [lia | exact same | auto].
Qed.

Section Elements.
Variable h : hashes.

(** Two long values with one digest. *)
Definition long_values_collide (m m' : element) : Prop :=
  exists k k' v v', e_record m = App k (Some v) /\ e_record m' = App k' (Some v') /\ v <> v' /\
    domain_hash h DOMAIN_LONG_VALUE v = domain_hash h DOMAIN_LONG_VALUE v'.

(** The bytes shown of a value are as many as its kind and its length say. *)
Definition shown_size (kind value_size : N) : N :=
  if kind =? KIND_DIGEST then 32 else value_size.

Lemma shown_sizes r kind relation key value value_size :
  shown h r = (kind, relation, key, value, value_size) ->
  size value = shown_size kind value_size.
Proof.
  unfold shown. destruct r as [k [v |] | p x y].
  - destruct (size v <=? ELEMENT_VALUE_LEN_MAX); intros [= <- _ _ <- <-]; [reflexivity |].
    unfold size. now rewrite domain_hash_size.
  - intros [= <- _ _ <- <-]. reflexivity.
  - intros [= <- _ _ <- <-]. reflexivity.
Qed.

Lemma put_path_size p : path_ok p -> size (put_path p) = 34.
Proof.
  intros ok. unfold put_path. rewrite (filled_padded 32) by exact ok.
  unfold size. rewrite app_length.
  pose proof (bytes_of_size 32 _ (padded_length (8 * 32) p ok)) as sized. unfold size in sized.
  change (length (put_u16 (N.of_nat (length p)))) with 2%nat. lia.
Qed.

Lemma put_pointer_size x : pointer_ok x -> size (put_pointer x) <= 67.
Proof.
  destruct x as [[p hash d] |]; [| cbn; lia]. intros [p_ok [_ sized]]. cbn in p_ok, sized.
  pose proof (put_path_size p p_ok) as path_sized. unfold size in *. cbn [put_pointer].
  cbn [l_deferred l_path l_hash]. rewrite !app_length.
  assert (forall n, length (put_u8 n) = 1%nat) as -> by reflexivity.
  unfold HASH_LEN in sized. lia.
Qed.

(** The head's fields fit their widths. *)
Lemma shown_ok r kind relation key value value_size :
  record_ok r -> shown h r = (kind, relation, key, value, value_size) ->
  kind <= 255 /\ relation <= u16_max /\ size key <= u16_max /\ value_size <= u32_max.
Proof.
  unfold shown, u16_max, u32_max. destruct r as [k [v |] | p x y]; cbn [record_ok].
  - unfold key_ok, short, KEY_LEN_MAX, VALUE_LEN_MAX, u16_max.
    intros [[r_ok [_ k_ok]] [_ v_ok]].
    destruct (size v <=? ELEMENT_VALUE_LEN_MAX); intros [= <- <- <- <- <-];
      unfold KIND_SOME, KIND_DIGEST; lia.
  - unfold key_ok, short, KEY_LEN_MAX, u16_max. intros [r_ok [_ k_ok]] [= <- <- <- <- <-].
    unfold KIND_NULL. lia.
  - intros (p_ok & x_ok & y_ok) [= <- <- <- <- <-].
    rewrite put_path_size by (unfold path_ok; lia).
    pose proof (put_pointer_size x x_ok). pose proof (put_pointer_size y y_ok).
    unfold put_node, KIND_NODE. unfold size in *. rewrite app_length. lia.
Qed.

Lemma node_value_injective x y x' y' :
  pointer_ok x -> pointer_ok y -> pointer_ok x' -> pointer_ok y' ->
  put_node x y = put_node x' y' -> x = x' /\ y = y'.
Proof.
  unfold put_node. intros x_ok y_ok x'_ok y'_ok same.
  destruct (lawful_split _ _ _ _ _ _ _ pointer_lawful x_ok x'_ok same) as [-> same'].
  destruct (lawful_split _ _ _ y y' [] [] pointer_lawful y_ok y'_ok) as [-> _]; [| auto].
  now rewrite !app_nil_r.
Qed.

Lemma shown_injective r r' :
  record_ok r -> record_ok r' -> shown h r = shown h r' ->
  r = r' \/ (exists k k' v v', r = App k (Some v) /\ r' = App k' (Some v') /\ v <> v' /\
    domain_hash h DOMAIN_LONG_VALUE v = domain_hash h DOMAIN_LONG_VALUE v').
Proof.
  unfold shown. destruct r as [[re b] [v |] | p x y], r' as [[re' b'] [v' |] | p' x' y'];
    cbn [relation key_bytes record_ok]; intros ok ok';
    repeat match goal with |- context [size ?v <=? ELEMENT_VALUE_LEN_MAX] =>
      destruct (size v <=? ELEMENT_VALUE_LEN_MAX) end;
    try discriminate.
  - intros [= -> -> -> _]. auto.
  - intros [= -> -> same _]. destruct (bytes_dec v v') as [-> | differ]; [auto |].
    right. eauto 10.
  - intros [= -> ->]. auto.
  - destruct ok as (p_ok & x_ok & y_ok), ok' as (p'_ok & x'_ok & y'_ok).
    intros [= same_path same_node _].
    assert (path_ok p /\ path_ok p') as [p_ok' p'_ok'] by (unfold path_ok; lia).
    destruct (lawful_split _ _ _ p p' [] [] path_lawful p_ok' p'_ok') as [-> _];
      [now rewrite !app_nil_r |].
    destruct (node_value_injective x y x' y') as [-> ->]; auto.
Qed.

(** An element's bytes tell which it is among those of its epoch, or two values have one digest. *)
Theorem element_bytes_injective m m' :
  element_ok m -> element_ok m' -> epoch (e_time m) = epoch (e_time m') ->
  element_bytes h m = element_bytes h m' ->
  m = m' \/ long_values_collide m m'.
Proof.
  intros (r_ok & [_ c_ok] & t_ok) (r_ok' & [_ c_ok'] & t_ok') same_epoch.
  unfold element_bytes, filled.
  destruct (shown h (e_record m)) as [[[[kind re] key] value] vs] eqn:shows.
  destruct (shown h (e_record m')) as [[[[kind' re'] key'] value'] vs'] eqn:shows'.
  destruct (shown_ok _ _ _ _ _ _ r_ok shows) as (kind_ok & re_ok & key_ok_ & vs_ok).
  destruct (shown_ok _ _ _ _ _ _ r_ok' shows') as (kind_ok' & re_ok' & key_ok_' & vs_ok').
  generalize (repeat 0 (N.to_nat
    ((ELEMENT_STEP - size (put_u8 ELEMENT_VERSION ++ put_u8 kind ++ put_u16 re ++
        put_u16 (size key) ++ put_u16 (e_thread m) ++ put_u32 vs ++ put_u32 (counter (e_time m)) ++
        key ++ value) mod ELEMENT_STEP) mod ELEMENT_STEP))) as zeros.
  generalize (repeat 0 (N.to_nat
    ((ELEMENT_STEP - size (put_u8 ELEMENT_VERSION ++ put_u8 kind' ++ put_u16 re' ++
        put_u16 (size key') ++ put_u16 (e_thread m') ++ put_u32 vs' ++
        put_u32 (counter (e_time m')) ++ key' ++ value') mod ELEMENT_STEP) mod ELEMENT_STEP)))
    as zeros'.
  intros zeros' zeros same. rewrite <- !app_assoc in same.
  apply app_inv_head in same.
  apply (lawful_split _ _ _ _ _ _ _ u8_lawful kind_ok kind_ok') in same as [-> same].
  apply (lawful_split _ _ _ _ _ _ _ u16_lawful re_ok re_ok') in same as [-> same].
  apply (lawful_split _ _ _ _ _ _ _ u16_lawful key_ok_ key_ok_') in same as [key_sizes same].
  apply (lawful_split _ _ _ _ _ _ _ u16_lawful t_ok t_ok') in same as [same_thread same].
  apply (lawful_split _ _ _ _ _ _ _ u32_lawful vs_ok vs_ok') in same as [-> same].
  apply (lawful_split _ _ _ _ _ _ _ u32_lawful c_ok c_ok') in same as [same_counter same].
  apply (app_split _ _ _ _ key_sizes) in same as [-> same].
  assert (size value = size value') as value_sizes.
  { now rewrite (shown_sizes _ _ _ _ _ _ shows), (shown_sizes _ _ _ _ _ _ shows'). }
  apply (app_split _ _ _ _ value_sizes) in same as [-> _].
  destruct (shown_injective (e_record m) (e_record m') r_ok r_ok') as [same_record | collide].
  - now rewrite shows, shows'.
  - left. destruct m as [r [e c] t], m' as [r' [e' c'] t']. cbn in *. congruence.
  - right. exact collide.
Qed.
End Elements.
