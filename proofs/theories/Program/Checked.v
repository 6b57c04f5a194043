(** What the loader has checked, the machine does not meet: instructions on values. *)
From Coq Require Import NArith ZArith List Bool Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Table.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Utf8 Program.Error Program.ValueType Program.Instruction.
From zeta Require Import Program.Flow Program.ValueList Program.Arithmetic Program.Machine.
From zeta Require Import Program.Values.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.
Local Arguments Bytes.size : simpl never.

(** ** Shapes: a check that was passed; a step that does not end in [Internal] *)

Lemma require_inv {E} c (e : E) u : require c e = inr u -> c = true.
Proof. unfold require. now destruct c. Qed.

Lemma expect_inv {E A} (found : option A) (e : E) x : expect found e = inr x -> found = Some x.
Proof. destruct found; cbn; congruence. Qed.

(** A failure is one of the language's or of the program's own; else [P] holds. *)
Definition fair {A} (r : Failure + A) (P : A -> Prop) : Prop :=
  match r with inr x => P x | inl e => e <> Internal end.

Lemma fair_then {A B} (r : Failure + A) (k : A -> Failure + B) P Q :
  fair r P -> (forall x, P x -> fair (k x) Q) -> fair (and_then r k) Q.
Proof. destruct r; cbn; auto. Qed.

Ltac passed := repeat match goal with
  | H : and_then ?r _ = inr _ |- _ =>
      let E := fresh "E" in destruct r eqn:E; cbn [and_then] in H; [discriminate H |]
  | H : inr _ = inr _ |- _ => injection H; clear H; intros; subst
  | H : inl _ = inr _ |- _ => discriminate H
  | H : (let (_, _) := ?p in _) = inr _ |- _ => destruct p
  | H : require _ _ = inr _ |- _ => apply require_inv in H
  | H : expect _ _ = inr _ |- _ => apply expect_inv in H
  | H : type_eqb _ _ = true |- _ => apply type_eqb_eq in H; subst
  | H : andb _ _ = true |- _ => apply andb_true_iff in H as [? H]
  end.

Section Checked.
Context {H : Hash}.
Variable a : Assembly.
Variable types : list RegisterType.
Variable now : u32.
Context (now_small : now <= u32_max).
Context (types_sound : forall r t, at_index types r = Some t -> is_row t = true \/ sound_type t).

Definition bound_keys (f : Frame) : list key := map bound_key (rows f).

(** The registers that are assigned hold values of their types. *)
Definition typed (set : N) (f : Frame) : Prop :=
  forall r t, at_index types r = Some t -> N.testbit set r = true ->
  exists v, get (registers f) r = Some v /\ has_type (bound_keys f) t v.

Lemma typed_less set set' f : typed set f ->
  (forall r, N.testbit set' r = true -> N.testbit set r = true) -> typed set' f.
Proof. intros T L r t R S. exact (T r t R (L r S)). Qed.

Lemma typed_set set f r t v : typed set f -> at_index types r = Some t ->
  has_type (bound_keys f) t v -> typed (N.setbit set r) (set_register f r v).
Proof.
  intros T R V r' t' R' S. cbn. destruct (N.eq_dec r' r) as [-> | D].
  - rewrite get_set_eq. rewrite R in R'. injection R' as <-. eauto.
  - rewrite get_set_neq by exact D. apply (T r' t' R'). rewrite N.setbit_neq in S; congruence.
Qed.

Lemma used_inv set r t : used types set r = inr t ->
  at_index types r = Some t /\ N.testbit set r = true.
Proof. unfold used, type_of. intros U. passed. auto. Qed.

Lemma written_inv set r t set' : written types set r = inr (t, set') ->
  at_index types r = Some t /\ set' = N.setbit set r.
Proof. unfold written, type_of. intros W. passed. auto. Qed.

Lemma written_as_inv set r t e set' : written_as types set r t e = inr set' ->
  at_index types r = Some t /\ set' = N.setbit set r.
Proof. unfold written_as. intros W. passed. now apply written_inv. Qed.

Section Frame.
Context {set : N} {f : Frame} (T : typed set f).

Lemma used_value r t : used types set r = inr t ->
  exists v, value_in f r = inr v /\ has_type (bound_keys f) t v.
Proof.
  intros U. apply used_inv in U as [R S]. destruct (T r t R S) as (v & G & V).
  unfold value_in. rewrite G. cbn. eauto.
Qed.

Lemma used_word r t : used types set r = inr t -> is_word t = true ->
  exists z, number_in f r = inr z /\ get (registers f) r = Some (Number z) /\ has_number t z = true.
Proof.
  intros U W. apply used_inv in U as [R S]. destruct (T r t R S) as (v & G & V).
  destruct (number_of_word_type _ _ _ W V) as (z & -> & Z). unfold number_in. rewrite G. cbn. eauto.
Qed.

Lemma used_flag r : used_bool types set r = inr tt -> exists b, flag_in f r = inr b.
Proof.
  unfold used_bool, require_bool. intros U. passed.
  destruct (used_word _ _ E) as (z & Z & _); [reflexivity |].
  unfold flag_in. rewrite Z. cbn. eauto.
Qed.

Lemma used_string r t : used types set r = inr t -> is_bytes t = true ->
  exists b, string_in f r = inr b /\ get (registers f) r = Some (String b)
            /\ is_string_of t b = true.
Proof.
  intros U W. apply used_inv in U as [R S]. destruct (T r t R S) as (v & G & V).
  destruct (string_of_bytes_type _ _ _ W V) as (b & -> & B). unfold string_in. rewrite G. cbn.
  eauto.
Qed.

Lemma used_bytes_string r : used_bytes types set r = inr tt -> exists b, string_in f r = inr b.
Proof.
  unfold used_bytes, require_bytes. intros U. passed.
  destruct (used_string _ _ E U) as (b & B & _). eauto.
Qed.

Lemma used_bytes_size r : used_bytes types set r = inr tt ->
  exists b, string_in f r = inr b /\ Bytes.size b <= u32_max.
Proof.
  unfold used_bytes, require_bytes. intros U. passed.
  destruct (used_string _ _ E U) as (b & B & _ & S). exists b. split; [exact B |].
  apply used_inv in E as [R _]. destruct (types_sound _ _ R) as [W | W].
  - destruct r0; discriminate.
  - destruct (string_type _ _ S W) as (_ & max & M & L & _).
    destruct r0; try discriminate; cbn in M, W; injection M as <-; lia.
Qed.

Lemma used_length_number r : used_length types set r = inr tt -> exists z, number_in f r = inr z.
Proof.
  unfold used_length. intros U. passed.
  destruct (used_word _ _ E) as (z & Z & _); [reflexivity | eauto].
Qed.
End Frame.

Lemma register_type_known r t : at_index types r = Some t -> register_type_of types r = inr t.
Proof. unfold register_type_of. now intros ->. Qed.

Lemma u32_number n : n <= u32_max -> has_integer U32 (Z.of_N n) = true.
Proof.
  unfold u32_max, has_integer, bound, lowest. cbn. intros L. apply andb_true_iff.
  split; [apply Z.leb_le | apply Z.ltb_lt]; lia.
Qed.

Lemma in_type_fair i z : fair (in_type i z) (fun z => has_integer i z = true).
Proof.
  unfold in_type, require. destruct (has_integer i z) eqn:E; cbn; [exact E | discriminate].
Qed.

Lemma checked_fair t b : is_bytes t = true -> fair (checked t b) (fun b => is_string_of t b = true).
Proof.
  destruct t; cbn; try discriminate; intros _; unfold require.
  - destruct (Bytes.size b <=? max) eqn:E; cbn; [exact E | discriminate].
  - destruct (Bytes.size b =? length) eqn:E; cbn; [exact E | discriminate].
  - destruct (Bytes.size b <=? max) eqn:E; cbn; [| discriminate].
    destruct (is_utf8 b) eqn:U; cbn; [now rewrite E, U | discriminate].
Qed.

(** ** Packs *)

Lemma raw_fair set f r t : typed set f -> used types set r = inr t -> is_row t = false ->
  exists b, raw types f r = inr b /\ (is_text t = true -> is_utf8 b = true).
Proof.
  intros T U N. destruct (used_value T _ _ U) as (v & G & V). apply used_inv in U as [R _].
  unfold raw. rewrite (register_type_known _ _ R), G. cbn.
  destruct v as [z | b | place]; cbn in V.
  - destruct t; try discriminate; cbn; eexists; (split; [reflexivity | discriminate]).
  - destruct t; try discriminate; cbn; eexists; (split; [reflexivity |]); try discriminate.
    intros _. now apply andb_true_iff in V as [_ V].
  - destruct V as (k & _ & ->). discriminate.
Qed.

Lemma raw_all_fair set f rs all : typed set f -> packed types set rs = inr all ->
  exists b, raw_all types f rs = inr b /\ (all = true -> is_utf8 b = true).
Proof.
  intros T. revert all. induction rs as [| r rs IH]; intros all; cbn.
  - intros [= <-]. eauto.
  - intros P. passed. apply negb_true_iff in E0.
    destruct (raw_fair _ _ _ _ T E E0) as (x & -> & U). destruct (IH _ eq_refl) as (y & -> & V).
    cbn. eexists. split; [reflexivity |]. intros A. apply andb_true_iff in A as [A B].
    apply is_utf8_app; auto.
Qed.

(** ** One instruction on values *)

(** What it gives, and where: the target is assigned after it. *)
Definition gives (set set' : N) (f : Frame) (found : register * Value) : Prop :=
  exists t, at_index types (fst found) = Some t /\ has_type (bound_keys f) t (snd found)
            /\ set' = N.setbit set (fst found).

Definition on_values (i : Instruction) : bool :=
  match i with
  | Bind _ _ | Read _ _ _ | Load _ _ | Store _ _ | Delete _ | Jump _ | JumpUnless _ _
  | Check _ _ | Fail _ | Return _ => false
  | _ => true
  end.

Ltac targets := repeat match goal with
  | H : written _ _ _ = inr (_, _) |- _ => apply written_inv in H as [? ?]
  | H : written_as _ _ _ _ _ = inr _ |- _ => apply written_as_inv in H as [? ?]
  end; subst.

Ltac given :=
  unfold gives; cbn [fst snd]; eexists; (split; [eassumption |]); split; [| reflexivity].

Lemma arithmetic_fair o i x y :
  fair (apply_arithmetic o i x y) (fun z => has_integer i z = true).
Proof.
  destruct o; cbn; try apply in_type_fair; unfold require; destruct (negb (y =? 0)%Z); cbn;
    try discriminate; apply in_type_fair.
Qed.

Lemma constant_fair set f target constant set' : typed set f ->
  check_constant a types set target constant = inr set' ->
  fair (compute a types now f (Constant target constant)) (gives set set' f).
Proof.
  intros T. unfold check_constant, require_bytes. intros C. passed. targets.
  cbn. rewrite E1. cbn. destruct (is_text r) eqn:X; passed; given.
  - destruct r; try discriminate. cbn in *. now rewrite E, E2.
  - destruct r; try discriminate; cbn in *.
    + exact E.
    + apply type_eqb_eq in E. injection E as ->. apply N.eqb_refl.
Qed.

Lemma compare_fair set f how target l r set' : typed set f ->
  check_compare types set how target l r = inr set' ->
  fair (compute a types now f (Compare how target l r)) (gives set set' f).
Proof.
  intros T. unfold check_compare. intros C. passed. targets.
  assert (B : exists b, compare f how l r = inr b).
  { unfold compare. destruct (is_bytes r0) eqn:X.
    - passed. destruct (used_string T _ _ E X) as (x & _ & GX & _).
      destruct (used_string T _ _ E0 H1) as (y & _ & GY & _).
      unfold value_in. rewrite GX, GY. cbn. eauto.
    - apply type_eqb_eq in E2. subst r1. assert (W : is_word r0 = true).
      { destruct how, r0; cbn in *; congruence. }
      destruct (used_word T _ _ E W) as (x & _ & GX & _).
      destruct (used_word T _ _ E0 W) as (y & _ & GY & _).
      unfold value_in. rewrite GX, GY. cbn. eauto. }
  destruct B as (b & B). cbn. rewrite B. cbn. given. apply of_bool_type.
Qed.

Lemma convert_fair set f target source set' : typed set f ->
  check_value_instruction a types set (Convert target source) = inr set' ->
  fair (compute a types now f (Convert target source)) (gives set set' f).
Proof.
  intros T. cbn. intros C. passed. targets. unfold convert.
  destruct (used_value T _ _ E) as (v & G & V). rewrite (register_type_known _ _ H0), G. cbn.
  apply orb_true_iff in E1 as [I | B]; passed.
  - destruct (number_of_word_type (bound_keys f) r v) as (z & -> & _); [now destruct r | exact V |].
    destruct r0; try discriminate. cbn.
    apply fair_then with (P := fun v => has_type (bound_keys f) (Int i) v).
    + eapply fair_then; [apply in_type_fair |]. intros z'. cbn. auto.
    + intros v X. cbn. given. exact X.
  - destruct (string_of_bytes_type (bound_keys f) r v) as (b & -> & _); [assumption | exact V |].
    apply fair_then with (P := fun v => has_type (bound_keys f) r0 v).
    + replace (match r0 with Int _ => _ | _ => _ end) with
        (let^ b' := checked r0 b in inr (String b')) by now destruct r0.
      eapply fair_then; [now apply checked_fair |]. intros b'. cbn. auto.
    + intros v X. cbn. given. exact X.
Qed.

Lemma slice_fair set f target source start stop set' : typed set f ->
  check_value_instruction a types set (Slice target source start stop) = inr set' ->
  fair (compute a types now f (Slice target source start stop)) (gives set set' f).
Proof.
  intros T. cbn. unfold require_bytes. intros C. passed. targets. destruct u, u0, u1.
  destruct (used_bytes_string T _ E) as (b & B).
  destruct (used_length_number T _ E0) as (x & X).
  destruct (used_length_number T _ E1) as (y & Y).
  unfold slice. rewrite (register_type_known _ _ H0), B, X, Y. cbn.
  apply fair_then with (P := fun v => has_type (bound_keys f) r v).
  - unfold require. destruct (x <=? y)%Z; cbn; [| discriminate].
    destruct (y <=? Z.of_N (Bytes.size b))%Z; cbn; [| discriminate].
    eapply fair_then; [now apply checked_fair |]. intros c. cbn. auto.
  - intros v V. cbn. given. exact V.
Qed.

Lemma pack_fair set f target operands set' : typed set f ->
  check_value_instruction a types set (Pack target operands) = inr set' ->
  fair (compute a types now f (Pack target operands)) (gives set set' f).
Proof.
  intros T. cbn. unfold require_bytes. intros C. passed. targets.
  destruct (raw_all_fair _ _ _ _ T E) as (bytes & B & U).
  rewrite (register_type_known _ _ H0), B. cbn.
  apply fair_then with (P := fun b => is_string_of r b = true).
  - destruct r; try discriminate; try now apply checked_fair.
    unfold require. destruct (Bytes.size bytes <=? max) eqn:S; cbn; [| discriminate].
    rewrite S, U; [reflexivity |]. cbn in E2. now rewrite orb_false_r in E2.
  - intros v V. cbn. given. exact V.
Qed.

Lemma hash_size b : Bytes.size (sha256 b) =? 32 = true.
Proof. unfold Bytes.size. rewrite sha256_length. reflexivity. Qed.

Lemma value_instruction_fair set f i set' : typed set f -> on_values i = true ->
  check_value_instruction a types set i = inr set' ->
  fair (compute a types now f i) (gives set set' f).
Proof.
  intros T O C. destruct i; try discriminate O;
    eauto using constant_fair, convert_fair, compare_fair, slice_fair, pack_fair;
    cbn in C; passed; targets; cbn.
  - rewrite (register_type_known _ _ H0). cbn. given. exact E1.
  - destruct (used_value T _ _ E) as (v & -> & V). cbn. given.
    now apply has_type_fits with r.
  - destruct (used_word T _ _ E) as (x & X & _); [now destruct r |].
    destruct (used_word T _ _ E1) as (y & Y & _); [now destruct r |].
    apply used_inv in E as [R _]. rewrite (register_type_known _ _ R), X, Y. cbn.
    destruct r; try discriminate.
    eapply fair_then; [apply arithmetic_fair |]. intros z Z. cbn. given. exact Z.
  - destruct u, u0. destruct (used_flag T _ E) as (x & ->), (used_flag T _ E0) as (y & ->). cbn.
    given. apply of_bool_type.
  - destruct u. destruct (used_flag T _ E) as (x & ->). cbn. given. apply of_bool_type.
  - destruct u. destruct (used_bytes_size T _ E) as (b & -> & S). cbn. given. now apply u32_number.
  - destruct u. destruct (used_bytes_string T _ E) as (b & ->). cbn. given. apply hash_size.
  - destruct u, u0.
    destruct (used_bytes_string T _ E) as (k & ->), (used_bytes_string T _ E0) as (m & ->). cbn.
    given. apply hash_size.
  - given. now apply u32_number.
Qed.
End Checked.
