(** What holds of every program that the loader took, whatever it is asked. *)
From Coq Require Import NArith ZArith List Bool Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Table Spec.Entry Spec.Application.
From zeta Require Import Program.Error Program.Limit Program.ValueType Program.Instruction.
From zeta Require Import Program.Tables Program.Flow Program.Cost Program.ValueList.
From zeta Require Import Program.Arithmetic Program.Machine Program.Program.
From zeta Require Import Program.Values Program.Checked Program.Progress.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** ** What the tables say *)

Lemma each_inv {E A} (check : A -> E + unit) l u : each check l = inr u ->
  Forall (fun x => check x = inr tt) l.
Proof.
  revert u. induction l as [| x l IH]; intros u; cbn; [constructor |]. intros C. passed.
  destruct u0. constructor; eauto.
Qed.

Lemma check_type_sound a t u : check_type a t = inr u -> is_row t = true \/ sound_type t.
Proof.
  destruct t; cbn; auto; intros C; right; apply require_inv in C;
    unfold VALUE_LEN_MAX, FIXED_LEN_MAX, CASE_COUNT_MAX, u32_max in *; passed;
    rewrite ?N.leb_le in *; auto; lia.
Qed.

Lemma check_value_sound a v u : check_value a v = inr u -> sound_type (payload v).
Proof.
  unfold check_value. intros C. passed. apply negb_true_iff in E.
  apply check_type_sound in C as [R | S]; [congruence | exact S].
Qed.

Lemma check_fields_sound a l u : check_fields a l = inr u -> sound_list (values l).
Proof.
  unfold check_fields. intros C. passed. apply each_inv in E. unfold sound_list, values.
  rewrite Forall_map. eapply Forall_impl; [| exact E]. cbv beta. intros f F. passed.
  eapply check_value_sound; eassumption.
Qed.

Record sound_program (a : Assembly) : Prop := {
  relations_sound : forall id rel, at_index (relations a) id = Some rel ->
    sound_list (key_values rel) /\ sound_list (row_values rel);
  transitions_sound : forall t, In t (transitions a) ->
    sound_list (values (arguments t)) /\ sound_list (results t)
    /\ (forall r u, at_index (register_types t) r = Some u -> is_row u = true \/ sound_type u)
    /\ check_flow a t = inr tt /\ exists c, check_cost a t = inr c
}.

Lemma sound_types l : sound_list l -> forall r u, nth_error (flat_map value_types l) r = Some u ->
  sound_type u.
Proof.
  intros S r u N. apply nth_error_In, in_flat_map in N as (v & I & U).
  unfold sound_list in S. rewrite Forall_forall in S. apply S in I. unfold value_types in U.
  destruct (optional v); cbn in U; intuition subst; auto; exact Logic.I.
Qed.

Lemma check_transitions_all a l cs : check_transitions a l = inr cs ->
  forall t, In t l -> exists c, check_transition a t = inr c.
Proof.
  revert cs. induction l as [| x l IH]; intros cs; cbn; [tauto |]. intros C y I. passed.
  destruct I as [<- | I]; eauto.
Qed.

Lemma load_sound b a costs : load b = inr (a, costs) -> sound_program a.
Proof.
  unfold load. intros L. passed. unfold check_tables in E0. passed.
  repeat match goal with X : each _ _ = inr _ |- _ =>
    apply each_inv in X; rewrite Forall_forall in X end.
  split.
  - intros id rel R. unfold at_index in R. apply nth_error_In in R. apply E3 in R.
    unfold check_relation in R. passed. split; eapply check_fields_sound; eassumption.
  - intros t I. pose proof (check_transitions_all _ _ _ E1 _ I) as (c & C).
    unfold check_transition in C. passed. destruct u3. apply E6 in I. unfold check_signature in I.
    passed. apply each_inv in E10, E11. rewrite Forall_forall in E10, E11.
    assert (A : sound_list (values (arguments t))) by (eapply check_fields_sound; eassumption).
    split; [exact A |]. split.
    { apply Forall_forall. intros v V. eapply check_value_sound, E10, V. }
    split; [| destruct u5; eauto].
    intros r q R. unfold at_index, register_types, argument_types in R.
    destruct (nth_error (flat_map value_types (values (arguments t))) (N.to_nat r)) eqn:X.
    + right. rewrite nth_error_app1 in R by (apply nth_error_Some; congruence).
      rewrite X in R. injection R as <-. eapply sound_types; eassumption.
    + rewrite nth_error_app2 in R by now apply nth_error_None.
      apply nth_error_In, E11 in R. eapply check_type_sound; eassumption.
Qed.

(** ** The arguments *)

Lemma testbit_ones n m : N.testbit (N.ones n) m = (m <? n).
Proof.
  destruct (N.ltb_spec m n); [now apply N.ones_spec_low | now apply N.ones_spec_high].
Qed.

Lemma set_next k : N.setbit (N.ones (N.of_nat k)) (N.of_nat k) = N.ones (N.of_nat (S k)).
Proof.
  apply N.bits_inj. intros m. rewrite N.setbit_eqb, !testbit_ones.
  destruct (N.eqb_spec (N.of_nat k) m), (N.ltb_spec m (N.of_nat k)),
    (N.ltb_spec m (N.of_nat (S k))); cbn; auto; lia.
Qed.

(** The registers from [k] on are set to a list of values. *)
Lemma scatter_first types l : sound_list l -> forall vs k f f',
  typed types (N.ones (N.of_nat k)) f -> typed_values (bound_keys f) l vs ->
  (forall i u, nth_error (flat_map value_types l) i = Some u ->
     at_index types (N.of_nat (k + i)) = Some u) ->
  scatter f l (map N.of_nat (seq k (length (flat_map value_types l)))) vs = inr f' ->
  typed types (N.ones (N.of_nat (k + length (flat_map value_types l)))) f' /\ rows f' = rows f.
Proof.
  induction 1 as [| v l S _ IH]; intros vs k f f' T V Q; inversion V as [| ? x ? vs' X V']; subst;
    cbn [flat_map app length seq map scatter].
  - intros [= <-]. rewrite Nat.add_0_r. auto.
  - assert (W : value_types v = if optional v then [Bool; payload v] else [payload v])
      by reflexivity.
    cbn [flat_map] in Q. rewrite W in *. clear W.
    destruct (optional v) eqn:O; cbn [app length seq map and_then] in Q |- *.
    + intros C.
      assert (P := Q 0%nat Bool eq_refl). assert (R := Q 1%nat (payload v) eq_refl).
      rewrite Nat.add_0_r in P. rewrite Nat.add_1_r in R.
      replace (k + Datatypes.S (Datatypes.S (length (flat_map value_types l))))%nat
        with (Datatypes.S (Datatypes.S k) + length (flat_map value_types l))%nat by lia.
      eapply IH in C; [exact C | | exact V' |].
      * rewrite <- set_next. eapply typed_set; [| exact R |].
        -- rewrite <- set_next. eapply typed_set; [exact T | exact P | apply of_bool_type].
        -- destruct x as [x |]; [exact X | now apply absent_type].
      * intros i u N. specialize (Q (Datatypes.S (Datatypes.S i)) u N).
        now replace (Datatypes.S (Datatypes.S k) + i)%nat
          with (k + Datatypes.S (Datatypes.S i))%nat by lia.
    + intros C. assert (R := Q 0%nat (payload v) eq_refl). rewrite Nat.add_0_r in R.
      replace (k + Datatypes.S (length (flat_map value_types l)))%nat
        with (Datatypes.S k + length (flat_map value_types l))%nat by lia.
      eapply IH in C; [exact C | | exact V' |].
      * rewrite <- set_next. eapply typed_set; [exact T | exact R |].
        destruct x as [x |]; [exact X | cbn in X; congruence].
      * intros i u N. specialize (Q (Datatypes.S i) u N).
        now replace (Datatypes.S k + i)%nat with (k + Datatypes.S i)%nat by lia.
Qed.

Lemma begin_typed t args f : sound_list (values (arguments t)) -> begin_frame t args = Some f ->
  typed (register_types t) (assigned_first t) f /\ rows f = [].
Proof.
  unfold begin_frame. intros S B.
  destruct (decode_values false (values (arguments t)) args) as [vs |] eqn:D; [| discriminate].
  cbn in B. destruct (scatter _ _ _ _) as [| f0] eqn:C; [discriminate |]. injection B as ->.
  unfold first_registers, argument_types in C.
  eapply (scatter_first (register_types t)) in C.
  - exact C.
  - exact S.
  - intros r u _ X. rewrite testbit_ones in X. apply N.ltb_lt in X. lia.
  - eapply decoded_values, D.
  - intros i u N. unfold at_index, register_types. rewrite Nat2N.id.
    change (0 + i)%nat with i. rewrite nth_error_app1; [exact N |]. apply nth_error_Some.
    unfold argument_types. congruence.
Qed.

(** ** The theorem *)

Section Loaded.
Context {H : Hash}.

(** Whatever it is asked and given, in whatever epoch: a call of a loaded program is sound. *)
Theorem loaded_call_is_sound b a costs o c now :
  load b = inr (a, costs) -> begin_program a o = inr c -> now <= u32_max ->
  exists t, at_index (transitions a) (transition o) = Some t
            /\ sound_call a (results t) [] (c now).
Proof.
  intros L B N. apply load_sound in L. unfold begin_program in B.
  destruct (at_index (transitions a) (transition o)) as [t |] eqn:I; [| discriminate].
  exists t. split; [reflexivity |].
  destruct (begin_frame t (Entry.arguments o)) as [f |] eqn:F; [| discriminate].
  injection B as <-. apply nth_error_In in I.
  destruct (transitions_sound _ L _ I) as (A & R & T & C & _).
  destruct (begin_typed _ _ _ A F) as [Y E]. unfold call_of, check_flow in *.
  assert (K : bound_keys f = []) by (unfold bound_keys; now rewrite E). rewrite <- K.
  eapply run_sound; eauto using relations_sound.
  - now rewrite map_length.
  - exists (assigned_first t). auto.
  - split; [rewrite K | rewrite E]; constructor.
Qed.
End Loaded.
