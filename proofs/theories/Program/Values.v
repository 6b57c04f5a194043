(** Values of a type: what was encoded decodes again, and what decodes is of its types. *)
From Coq Require Import NArith ZArith List Bool Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Reason.
From zeta Require Import Codec.Lawful.
From zeta Require Codec.Bytes.
From zeta Require Import Program.ValueType Program.ValueList Program.Machine.
Import ListNotations.
Open Scope N_scope.

(** Whether a value is of a type, in a call that has bound rows of these keys. *)
Definition has_type (bound : list key) (t : RegisterType) (v : Value) : Prop :=
  match v with
  | Number z => has_number t z = true
  | String b => is_string_of t b = true
  | BoundRow place => exists k, nth_error bound place = Some k /\ t = Row (relation k)
  end.

(** What the loader knows of the types in signatures. *)
Definition sound_type (t : RegisterType) : Prop :=
  match t with
  | Bytes n | Fixed n | Text n => n <= u32_max
  | Enum count => 1 <= count <= 256
  | Row _ => False
  | _ => True
  end.
Definition sound_list (l : list ValueType) : Prop := Forall (fun t => sound_type (payload t)) l.

Definition typed_value (bound : list key) (t : ValueType) (v : option Value) : Prop :=
  match v with
  | None => optional t = true
  | Some v => has_type bound (payload t) v
  end.
Definition typed_values (bound : list key) : list ValueType -> list (option Value) -> Prop :=
  Forall2 (typed_value bound).

(** ** Types *)

Lemma type_eqb_eq a b : type_eqb a b = true <-> a = b.
Proof. unfold type_eqb. destruct (type_dec a b); intuition congruence. Qed.

Lemma has_type_fits bound t u v : fits t u = true -> has_type bound t v -> has_type bound u v.
Proof.
  intros F H.
  assert (S : type_eqb t u = true -> has_type bound u v).
  { intros E. apply type_eqb_eq in E. now subst. }
  destruct t, u; cbn in F; auto; try discriminate; apply N.leb_le in F; destruct v; cbn in *;
    try discriminate; try (destruct H as (? & _ & [=])).
  - apply N.leb_le in H. apply N.leb_le. lia.
  - apply N.eqb_eq in H. apply N.leb_le. lia.
  - apply andb_true_iff in H as [H U]. apply N.leb_le in H. rewrite U, andb_true_r.
    apply N.leb_le. lia.
Qed.

Lemma has_type_more bound more t v : has_type bound t v -> has_type (bound ++ more) t v.
Proof.
  destruct v; cbn; auto. intros (k & K & T). exists k. split; [| exact T].
  rewrite nth_error_app1; [exact K |]. apply nth_error_Some. congruence.
Qed.

Lemma number_of_word_type bound t v : is_word t = true -> has_type bound t v ->
  exists z, v = Number z /\ has_number t z = true.
Proof.
  destruct v as [z | b | n]; cbn; eauto.
  - destruct t; discriminate.
  - intros W (k & _ & ->). discriminate.
Qed.

Lemma string_of_bytes_type bound t v : is_bytes t = true -> has_type bound t v ->
  exists b, v = String b /\ is_string_of t b = true.
Proof.
  destruct v as [z | b | n]; cbn; eauto.
  - destruct t; discriminate.
  - intros W (k & _ & ->). discriminate.
Qed.

Lemma bound_of_row_type bound id v : has_type bound (Row id) v ->
  exists place k, v = BoundRow place /\ nth_error bound place = Some k /\ relation k = id.
Proof. destruct v; cbn; try discriminate. intros (k & K & [= ->]). eauto. Qed.

Lemma of_bool_type bound b : has_type bound Bool (of_bool b).
Proof. now destruct b. Qed.

Lemma size_zeros n : Bytes.size (zeros n) = n.
Proof. unfold Bytes.size, zeros. rewrite repeat_length. apply N2Nat.id. Qed.

Lemma absent_type bound t : sound_type t -> has_type bound t (absent t).
Proof.
  destruct t; cbn; try tauto; intros H.
  - now destruct i.
  - apply N.leb_le. lia.
  - apply N.eqb_eq, size_zeros.
  - rewrite andb_true_r. apply N.leb_le. lia.
  - apply Z.ltb_lt. lia.
Qed.

(** ** Numbers *)

Lemma word_widths t w : word_width t = Some w -> In w [1; 2; 4; 8]%nat.
Proof. destruct t; cbn; intros [= <-]; [| destruct i |]; cbn; auto. Qed.

Lemma modulus_within w z : In w [1; 2; 4; 8]%nat -> within w (Z.to_N (z mod modulus w)).
Proof.
  intros W. unfold within.
  assert (modulus w = Z.of_N (256 ^ N.of_nat w) /\ (0 < modulus w)%Z) as [M P].
  { cbn in W. intuition subst; reflexivity. }
  pose proof (Z.mod_pos_bound z (modulus w) P). lia.
Qed.

Lemma number_at_mod t w z : word_width t = Some w -> sound_type t -> has_number t z = true ->
  number_at t w (Z.to_N (z mod modulus w)) = z.
Proof.
  intros W S H.
  assert (P : (0 < modulus w)%Z).
  { apply word_widths in W. cbn in W. intuition subst; reflexivity. }
  unfold number_at. rewrite Z2N.id by now apply Z.mod_pos_bound.
  assert (R : if signed_type t
              then (- (modulus w / 2) <= z < modulus w / 2)%Z /\ (modulus w = 2 * (modulus w / 2))%Z
              else (0 <= z < modulus w)%Z).
  { destruct t; cbn in W, H, S |- *; try discriminate; injection W as <-;
      try (apply andb_true_iff in H as [L U]; apply Z.leb_le in L; apply Z.ltb_lt in U; cbn; lia).
    apply andb_true_iff in H as [L U]; apply Z.leb_le in L; apply Z.ltb_lt in U.
    unfold bound, lowest in *. destruct i; cbn in L, U |- *; lia. }
  destruct (signed_type t); cbn.
  - destruct R as [R D]. destruct (Z.ltb_spec z 0) as [N | N].
    + assert (E : (z mod modulus w = z + modulus w)%Z).
      { rewrite <- (Z_mod_plus_full z 1), Z.mul_1_l. apply Z.mod_small. lia. }
      rewrite E. destruct (Z.leb_spec (modulus w / 2) (z + modulus w)); lia.
    + rewrite Z.mod_small by lia. destruct (Z.leb_spec (modulus w / 2) z); lia.
  - now apply Z.mod_small.
Qed.

(** ** Payloads *)

Local Arguments front : simpl never.
Local Arguments Bytes.put_counted : simpl never.
Local Arguments Bytes.size : simpl never.

Lemma front_number w z rest : In w [1; 2; 4; 8]%nat ->
  front (Bytes.number w) (number_bytes w z ++ rest) = Some (Z.to_N (z mod modulus w), rest).
Proof.
  intros W. unfold front, number_bytes.
  rewrite (reads_back _ _ _ (number_lawful w)) by now apply modulus_within. reflexivity.
Qed.

Lemma front_take b rest : front (Bytes.take (Bytes.size b)) (b ++ rest) = Some (b, rest).
Proof.
  unfold front, Bytes.take. now rewrite take_onto_app.
Qed.

Lemma front_u32 n rest : n <= u32_max ->
  front Bytes.u32 (Bytes.put_u32 n ++ rest) = Some (n, rest).
Proof. intros H. unfold front. now rewrite (reads_back _ _ _ u32_lawful). Qed.

Lemma string_type t b : is_string_of t b = true -> sound_type t ->
  word_width t = None /\ exists max, bytes_max t = Some max /\ Bytes.size b <= max /\
  if has_length t then max <= u32_max else Bytes.size b = max.
Proof.
  destruct t; cbn; try discriminate; intros H S; (split; [reflexivity |]);
    eexists; (split; [reflexivity |]).
  - apply N.leb_le in H. auto.
  - apply N.eqb_eq in H. split; [lia | auto].
  - apply andb_true_iff in H as [H _]. apply N.leb_le in H. auto.
Qed.

Lemma payload_round bound measured t v : sound_type t -> has_type bound t v ->
  exists b, encode_payload measured t v = Some b /\
  forall rest, measured = true \/ rest = [] ->
    decode_payload measured t (b ++ rest) = Some (v, rest).
Proof.
  intros S H. destruct v as [z | b | place]; cbn in H.
  - assert (exists w, word_width t = Some w) as [w W] by (destruct t; try discriminate; cbn; eauto).
    unfold encode_payload, decode_payload. rewrite W. eexists. split; [reflexivity |].
    intros rest _. rewrite front_number by eauto using word_widths.
    cbn. rewrite number_at_mod, H by assumption. reflexivity.
  - destruct (string_type _ _ H S) as (W & max & M & L & K).
    unfold encode_payload, decode_payload. rewrite W, M. eexists. split; [reflexivity |].
    intros rest E. cbn. destruct (has_length t); cbn.
    + destruct measured; cbn.
      * unfold Bytes.put_counted. rewrite <- app_assoc, front_u32 by lia. cbn.
        rewrite (proj2 (N.leb_le _ _) L). cbn. rewrite front_take. cbn. now rewrite H.
      * destruct E as [[=] | ->]. rewrite app_nil_r. rewrite (proj2 (N.leb_le _ _) L). cbn.
        rewrite <- (app_nil_r b) at 2. rewrite front_take. cbn. now rewrite H.
    + rewrite andb_false_r. subst max. rewrite N.leb_refl. cbn. rewrite front_take. cbn.
      now rewrite H.
  - destruct H as (k & _ & ->). destruct S.
Qed.

(** What decodes is of its type. *)
Lemma decoded_payload bound measured t b v rest :
  decode_payload measured t b = Some (v, rest) -> has_type bound t v.
Proof.
  unfold decode_payload. destruct (word_width t) as [w |].
  - destruct (front (Bytes.number w) b) as [[n b'] |]; cbn; [| discriminate].
    destruct (has_number t (number_at t w n)) eqn:E; cbn; [| discriminate].
    intros [= <- <-]. exact E.
  - destruct (bytes_max t) as [max |]; cbn; [| discriminate].
    match goal with |- obtain ?x _ = _ -> _ => destruct x as [[n b'] |] end; cbn; [| discriminate].
    destruct (n <=? max); cbn; [| discriminate].
    destruct (front (Bytes.take n) b') as [[found b''] |]; cbn; [| discriminate].
    destruct (is_string_of t found) eqn:E; cbn; [| discriminate].
    intros [= <- <-]. exact E.
Qed.

(** ** Lists *)

Theorem values_round bound open l vs : sound_list l -> typed_values bound l vs ->
  exists b, encode_values open l vs = Some b /\ decode_values open l b = Some vs.
Proof.
  intros S H. induction H as [| t v l vs T _ IH]; [now exists [] |].
  inversion S as [| ? ? St Sl]; subst. destruct (IH Sl) as (rest & E & D).
  cbn. rewrite E. cbn. destruct v as [v |]; cbn in T.
  - destruct (payload_round _ (measured_at open l) _ _ St T) as (b & P & Q).
    rewrite P. cbn.
    assert (M : measured_at open l = true \/ rest = []).
    { unfold measured_at. destruct open; cbn; [| auto]. destruct l; cbn; [| auto].
      destruct vs; cbn in E; [injection E as <-; auto | discriminate]. }
    eexists. split; [reflexivity |].
    destruct (optional t); cbn; rewrite Q by exact M; cbn; now rewrite D.
  - rewrite T. eexists. split; [reflexivity |]. cbn. now rewrite D.
Qed.

Theorem decoded_values bound open l b vs :
  decode_values open l b = Some vs -> typed_values bound l vs.
Proof.
  revert b vs. induction l as [| t l IH]; intros b vs; cbn.
  - destruct b; [| discriminate]. intros [= <-]. constructor.
  - match goal with |- obtain ?x _ = _ -> _ => destruct x as [[present b'] |] eqn:O end; cbn;
      [| discriminate].
    destruct present; cbn.
    + destruct (decode_payload _ (payload t) b') as [[v b''] |] eqn:P; cbn; [| discriminate].
      destruct (decode_values open l b'') as [vs' |] eqn:D; cbn; [| discriminate].
      intros [= <-]. constructor; [| exact (IH _ _ D)].
      eapply decoded_payload; eassumption.
    + destruct (decode_values open l b') as [vs' |] eqn:D; cbn; [| discriminate].
      intros [= <-]. constructor; [| exact (IH _ _ D)]. cbn.
      destruct (optional t); [reflexivity |]. now injection O.
Qed.

Lemma null_values_typed bound l : sound_list l -> typed_values bound l (null_values l).
Proof.
  induction 1 as [| t l S _ IH]; cbn; constructor; auto.
  destruct (optional t) eqn:O; cbn; auto using absent_type.
Qed.
