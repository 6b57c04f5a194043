(** A program has one encoding: what the decoder takes is what the encoder would write. *)
From Coq Require Import NArith List Bool Lia.
From zeta Require Import Spec.Record Spec.Reason.
From zeta Require Codec.Bytes.
From zeta Require Import Codec.Lawful.
From zeta Require Import Program.Error Program.ValueType Program.Instruction.
From zeta Require Import Program.Decode Program.Encode Program.Tables Program.Program.
From zeta Require Import Program.Checked.
Import ListNotations.
Import Bytes(put_u8, put_u16, put_u32, put_u64).
Open Scope N_scope.
Open Scope program_scope.

(** A reader takes nothing that [put] would not write. *)
Definition canonical {A} (r : reader A) (put : A -> bytes) : Prop :=
  forall bs x rest, octets bs -> r bs = inr (x, rest) -> bs = put x ++ rest /\ octets rest.

Lemma then_inv {A B} (r : reader A) (k : A -> reader B) bs y rest :
  then_ r k bs = inr (y, rest) -> exists x mid, r bs = inr (x, mid) /\ k x mid = inr (y, rest).
Proof. unfold then_. destruct (r bs) as [| [x mid]]; [discriminate | eauto]. Qed.

Lemma insist_inv holds e bs u rest :
  insist holds e bs = inr (u, rest) -> holds = true /\ bs = rest.
Proof. unfold insist. destruct holds; [intros [= _ <-]; auto | discriminate]. Qed.

Lemma read_canonical {A} (r : Bytes.reader A) put ok : lawful r put ok -> canonical (read r) put.
Proof.
  intros L bs x rest O R. unfold read in R. destruct (r bs) as [[y mid] |] eqn:E; [| discriminate].
  injection R as -> ->. destruct (Lawful.canonical _ _ _ L _ _ _ O E) as [_ ->].
  apply octets_app in O as [_ O]. auto.
Qed.

Definition u8_canonical := read_canonical _ _ _ u8_lawful.
Definition u16_canonical := read_canonical _ _ _ u16_lawful.
Definition u32_canonical := read_canonical _ _ _ u32_lawful.
Definition u64_canonical := read_canonical _ _ _ u64_lawful.

Lemma take_canonical n bs b rest : octets bs -> take n bs = inr (b, rest) ->
  bs = b ++ rest /\ octets rest /\ Bytes.size b = n.
Proof.
  intros O R. unfold take, read in R.
  destruct (Bytes.take n bs) as [[c mid] |] eqn:E; [| discriminate].
  injection R as -> ->. destruct (Lawful.canonical _ _ _ (take_lawful n) _ _ _ O E) as [[_ S] ->].
  apply octets_app in O as [_ O]. auto.
Qed.

(** One step: turns [R : (let! x := r in k) bs = inr ..] into what [r] took and the rest. *)
Ltac step R :=
  let x := fresh "x" in let mid := fresh "mid" in let T := fresh "T" in
  apply then_inv in R as (x & mid & T & R).
Ltac end_ R := unfold give in R; injection R as <- <-.

Lemma repeated_canonical {A} (item : reader A) put : canonical item put ->
  forall count bs l rest, octets bs -> repeated count item bs = inr (l, rest) ->
  length l = count /\ bs = flat_map put l ++ rest /\ octets rest.
Proof.
  intros C. induction count as [| count IH]; intros bs l rest O R; cbn in R.
  - end_ R. auto.
  - step R. destruct (C _ _ _ O T) as [-> O']. step R.
    destruct (IH _ _ _ O' T0) as (L & -> & O''). end_ R. cbn. rewrite L, app_assoc. auto.
Qed.

Lemma listed_canonical {A} max e (item : reader A) put : canonical item put ->
  canonical (listed max e item) (write_list put).
Proof.
  intros C bs l rest O R. unfold listed in R. step R.
  destruct (u16_canonical _ _ _ O T) as [-> O']. step R. apply insist_inv in T0 as [_ <-].
  destruct (repeated_canonical _ _ C _ _ _ _ O' R) as (L & -> & O'').
  split; [| exact O'']. unfold write_list. now rewrite L, N2Nat.id, <- app_assoc.
Qed.

Lemma text_canonical : canonical text write_text.
Proof.
  intros bs b rest O R. unfold text in R. step R. destruct (u16_canonical _ _ _ O T) as [-> O1].
  step R. destruct (take_canonical _ _ _ _ O1 T0) as (-> & O2 & S). step R.
  apply insist_inv in T1 as [_ <-]. end_ R. split; [| exact O2].
  unfold write_text. now rewrite S, <- app_assoc.
Qed.

Lemma constant_canonical : canonical constant write_constant.
Proof.
  intros bs b rest O R. unfold constant in R. step R. destruct (u32_canonical _ _ _ O T) as [-> O1].
  destruct (take_canonical _ _ _ _ O1 R) as (-> & O2 & S). split; [| exact O2].
  unfold write_constant. now rewrite S, <- app_assoc.
Qed.

(** The cases of a tag. *)
Ltac cases R := repeat match type of R with
  | context [match ?n with N0 => _ | Npos _ => _ end] => is_var n; destruct n
  | context [match ?p with xH => _ | _ => _ end] => is_var p; destruct p
  end; try discriminate R.

(** Reads on with readers of numbers, to the end. *)
Ltac numbers R O := repeat (step R;
  match goal with
  | T : u8 _ = inr _ |- _ => let O' := fresh "O" in
      destruct (u8_canonical _ _ _ O T) as [-> O']; clear T O; rename O' into O
  | T : u16 _ = inr _ |- _ => let O' := fresh "O" in
      destruct (u16_canonical _ _ _ O T) as [-> O']; clear T O; rename O' into O
  | T : u32 _ = inr _ |- _ => let O' := fresh "O" in
      destruct (u32_canonical _ _ _ O T) as [-> O']; clear T O; rename O' into O
  | T : u64 _ = inr _ |- _ => let O' := fresh "O" in
      destruct (u64_canonical _ _ _ O T) as [-> O']; clear T O; rename O' into O
  end); end_ R; (split; [| exact O]); cbn -[put_u8 put_u16 put_u32 put_u64];
  now rewrite <- ?app_assoc.

Lemma register_type_canonical : canonical register_type write_register_type.
Proof.
  intros bs t rest O R. unfold register_type in R. step R.
  destruct (u8_canonical _ _ _ O T) as [-> O1]. clear T O. rename O1 into O.
  cases R; numbers R O.
Qed.

Lemma value_type_canonical : canonical value_type write_value_type.
Proof.
  intros bs v rest O R. unfold value_type in R. step R.
  destruct (u8_canonical _ _ _ O T) as [-> O1]. step R. apply insist_inv in T0 as [M <-].
  step R. destruct (register_type_canonical _ _ _ O1 T0) as [-> O2]. end_ R. split; [| exact O2].
  unfold write_value_type. cbn [optional payload]. rewrite <- app_assoc. do 2 f_equal.
  apply N.leb_le in M. destruct (N.eqb_spec x 0) as [-> | N]; cbn [negb]; [reflexivity | lia].
Qed.

Lemma field_canonical : canonical field write_field.
Proof.
  intros bs f rest O R. unfold field in R. step R. destruct (text_canonical _ _ _ O T) as [-> O1].
  step R. destruct (value_type_canonical _ _ _ O1 T0) as [-> O2]. end_ R. split; [| exact O2].
  unfold write_field. now rewrite <- app_assoc.
Qed.

Definition fields_canonical max e := listed_canonical max e _ _ field_canonical.

Lemma relation_canonical : canonical relation_ write_relation.
Proof.
  intros bs r rest O R. unfold relation_ in R. step R.
  destruct (text_canonical _ _ _ O T) as [-> O1].
  step R. destruct (fields_canonical _ _ _ _ _ O1 T0) as [-> O2].
  step R. destruct (fields_canonical _ _ _ _ _ O2 T1) as [-> O3]. end_ R. split; [| exact O3].
  unfold write_relation. now rewrite <- !app_assoc.
Qed.

Lemma registers_canonical : canonical registers write_registers.
Proof. exact (listed_canonical _ _ _ _ u16_canonical). Qed.

Ltac tag R O := step R;
  match goal with T : u8 _ = inr _ |- _ =>
    let O' := fresh "O" in destruct (u8_canonical _ _ _ O T) as [-> O'];
    clear T O; rename O' into O
  end; cases R.

Lemma arithmetic_canonical : canonical arithmetic write_arithmetic.
Proof. intros bs x rest O R. unfold arithmetic in R. tag R O; end_ R; auto. Qed.
Lemma comparison_canonical : canonical comparison write_comparison.
Proof. intros bs x rest O R. unfold comparison in R. tag R O; end_ R; auto. Qed.
Lemma logic_canonical : canonical logic write_logic.
Proof. intros bs x rest O R. unfold logic in R. tag R O; end_ R; auto. Qed.

Ltac part O := match goal with
  | T : u16 _ = inr _ |- _ => apply (u16_canonical _ _ _ O) in T as [-> ?]
  | T : u64 _ = inr _ |- _ => apply (u64_canonical _ _ _ O) in T as [-> ?]
  | T : registers _ = inr _ |- _ => apply (registers_canonical _ _ _ O) in T as [-> ?]
  | T : arithmetic _ = inr _ |- _ => apply (arithmetic_canonical _ _ _ O) in T as [-> ?]
  | T : comparison _ = inr _ |- _ => apply (comparison_canonical _ _ _ O) in T as [-> ?]
  | T : logic _ = inr _ |- _ => apply (logic_canonical _ _ _ O) in T as [-> ?]
  end.

Lemma instruction_canonical : canonical instruction write_instruction.
Proof.
  intros bs i rest O R. unfold instruction in R. tag R O; unfold two, three in R;
    repeat (step R; match goal with O : octets ?b, T : _ ?b = inr _ |- _ => part O; clear O end);
    end_ R; (split; [| assumption]); cbn [write_instruction]; now rewrite <- !app_assoc.
Qed.

Lemma transition_canonical : canonical transition_ write_transition.
Proof.
  intros bs t rest O R. unfold transition_ in R. step R.
  destruct (text_canonical _ _ _ O T) as [-> O1].
  step R. destruct (fields_canonical _ _ _ _ _ O1 T0) as [-> O2].
  step R. destruct (listed_canonical _ _ _ _ value_type_canonical _ _ _ O2 T1) as [-> O3].
  step R. destruct (listed_canonical _ _ _ _ register_type_canonical _ _ _ O3 T2) as [-> O4].
  step R. destruct (listed_canonical _ _ _ _ instruction_canonical _ _ _ O4 T3) as [-> O5].
  end_ R. split; [| exact O5]. unfold write_transition. now rewrite <- !app_assoc.
Qed.

Lemma assembly_canonical : canonical assembly encode.
Proof.
  intros bs a rest O R. unfold assembly in R. step R.
  destruct (take_canonical _ _ _ _ O T) as (-> & O1 & _).
  step R. apply insist_inv in T0 as [M <-].
  destruct (bytes_dec x MAGIC) as [-> |]; [| discriminate].
  step R. destruct (u16_canonical _ _ _ O1 T0) as [-> O2].
  step R. apply insist_inv in T1 as [V <-]. apply N.eqb_eq in V. subst.
  step R. destruct (text_canonical _ _ _ O2 T1) as [-> O3].
  step R. destruct (listed_canonical _ _ _ _ relation_canonical _ _ _ O3 T2) as [-> O4].
  step R. destruct (listed_canonical _ _ _ _ constant_canonical _ _ _ O4 T3) as [-> O5].
  step R. destruct (listed_canonical _ _ _ _ text_canonical _ _ _ O5 T4) as [-> O6].
  step R. destruct (listed_canonical _ _ _ _ transition_canonical _ _ _ O6 T5) as [-> O7].
  end_ R. split; [| exact O7]. unfold encode. now rewrite <- !app_assoc.
Qed.

(** What decodes is the encoding of what it decodes to. *)
Theorem decode_canonical b a : octets b -> decode b = inr a -> b = encode a.
Proof.
  intros O D. unfold decode in D. passed.
  destruct (assembly b) as [| [a' rest]] eqn:E'; [discriminate |].
  destruct (assembly_canonical _ _ _ O E') as [-> _]. injection E0 as <- <-.
  destruct rest; [| discriminate]. injection D as ->. now rewrite app_nil_r.
Qed.

(** So two byte strings are never the same program, and a program's encoding decodes to it. *)
Corollary decode_injective b b' a : octets b -> octets b' ->
  decode b = inr a -> decode b' = inr a -> b = b'.
Proof. intros O O' D D'. apply decode_canonical in D, D'; congruence. Qed.

Corollary decode_encode b a : octets b -> decode b = inr a -> decode (encode a) = inr a.
Proof. intros O D. now rewrite <- (decode_canonical _ _ O D). Qed.

Corollary load_canonical b a found : octets b -> load b = inr (a, found) -> b = encode a.
Proof. unfold load. intros O L. passed. now apply decode_canonical. Qed.
