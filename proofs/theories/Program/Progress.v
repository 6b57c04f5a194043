(** What the loader has checked, the machine does not meet: rows, jumps, and whole calls. *)
From Coq Require Import NArith ZArith List Bool Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Table Spec.Application.
From zeta Require Import Program.Error Program.ValueType Program.Instruction.
From zeta Require Import Program.Flow Program.ValueList Program.Arithmetic Program.Machine.
From zeta Require Import Program.Values Program.Checked.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** ** What is claimed of a call *)

(** Bytes that decode as a list of values; as a key or a row where [open]. *)
Definition is_list (open : bool) (l : list ValueType) (b : bytes) : Prop :=
  decode_values open l b <> None.

(** A key of a relation of the program. *)
Definition lawful_key (a : Assembly) (k : key) : Prop :=
  exists rel, at_index (relations a) (relation k) = Some rel
              /\ is_list true (key_values rel) (key_bytes k).

(** A row of the key's relation, or null. *)
Definition lawful_row (a : Assembly) (k : key) (v : value) : Prop :=
  match v with
  | None => True
  | Some b => exists rel, at_index (relations a) (relation k) = Some rel
                          /\ is_list true (row_values rel) b
  end.

(** Whatever rows it is given: it asks for keys of the program's relations, for each once; it does
    not fail with 255; its result is of the types [l], and what it writes are rows. *)
Inductive sound_call (a : Assembly) (l : list ValueType) : list key -> call -> Prop :=
| sound_return bound result writes :
    is_list false l result ->
    Forall (fun w => exists k, nth_error bound (fst w) = Some k /\ lawful_row a k (snd w)) writes ->
    sound_call a l bound (Application.Return result writes)
| sound_fail bound code : code <> 255 -> sound_call a l bound (Application.Fail code)
| sound_bind bound k next :
    lawful_key a k -> ~ In k bound ->
    sound_call a l (bound ++ [k]) next ->
    sound_call a l bound (Application.Bind k next)
| sound_read bound row next :
    (row < length bound)%nat ->
    (forall v, sound_call a l bound (next v)) ->
    sound_call a l bound (Application.Read row next).

Lemma failure_of_code_known code e : failure_of_code code = Some e -> e <> Internal.
Proof.
  intros F ->. revert F. unfold failure_of_code.
  repeat match goal with |- context [match ?x with _ => _ end] => destruct x end; discriminate.
Qed.

Lemma fair_code e : e <> Internal -> failure_code e <> 255.
Proof. destruct e; unfold failure_code, REASON_BASE; try discriminate; [congruence | lia]. Qed.

Lemma NoDup_app_one {A} (l : list A) x : NoDup l -> ~ In x l -> NoDup (l ++ [x]).
Proof.
  intros D N. apply (NoDup_Add (a := x) (l := l)); [| auto].
  rewrite <- (app_nil_r l) at 1. apply Add_app.
Qed.

Section Progress.
Context {H : Hash}.
Variable a : Assembly.
Variable t : Transition.
Variable types : list RegisterType.
Variable now : u32.
Context (now_small : now <= u32_max).
Context (types_sound : forall r t, at_index types r = Some t -> is_row t = true \/ sound_type t).
Context (relations_sound : forall id rel, at_index (relations a) id = Some rel ->
  sound_list (key_values rel) /\ sound_list (row_values rel)).
Context (results_sound : sound_list (results t)).

Local Notation typed := (typed types).

(** ** Lists of registers *)

Lemma gather_typed set f l rs : typed set f -> used_list types set l rs = inr tt ->
  exists vs, gather f l rs = inr vs /\ typed_values (bound_keys f) l vs.
Proof.
  unfold used_list. intros T U. passed. apply Nat.eqb_eq in E. clear u. revert rs E U.
  induction l as [| v l IH]; intros rs E U; cbn in E, U |- *; [exists []; split; constructor |].
  passed. destruct (optional v) eqn:O; unfold value_registers in E; rewrite O in E; cbn in E.
  - destruct rs as [| p rs]; [discriminate |]. passed. destruct u.
    destruct l0 as [| r l0]; [discriminate |]. passed.
    destruct (used_flag types T _ E1) as (b & ->). cbn.
    destruct (used_value types T _ _ E0) as (x & -> & X). cbn.
    destruct (IH l0) as (vs & -> & V); [cbn in E; lia | assumption |]. cbn.
    eexists. split; [reflexivity |]. constructor; [| exact V].
    destruct b; cbn; [now apply has_type_fits with r0 | exact O].
  - passed. destruct l0 as [| r l0]; [discriminate |]. passed. cbn.
    destruct (used_value types T _ _ E0) as (x & -> & X). cbn.
    destruct (IH l0) as (vs & -> & V); [cbn in E; lia | assumption |]. cbn.
    eexists. split; [reflexivity |]. constructor; [| exact V].
    cbn. now apply has_type_fits with r0.
Qed.

Lemma scatter_typed set f l rs vs set' : typed set f -> sound_list l ->
  register_count l = length rs -> written_values types set l rs = inr set' ->
  typed_values (bound_keys f) l vs ->
  exists f', scatter f l rs vs = inr f' /\ typed set' f' /\ rows f' = rows f.
Proof.
  intros T S E W V. revert set f rs T S E W V. revert vs.
  induction l as [| t0 l IH]; intros vs set f rs T S E W V; inversion V; subst; cbn in W |- *.
  - passed. eauto.
  - rename y into v, l' into vs0. inversion S as [| ? ? S0 S1]; subst. passed.
    cbn in E. unfold value_registers in E.
    destruct (optional t0) eqn:O.
    + destruct rs as [| p rs]; [discriminate |]. passed.
      match goal with W : written_as _ _ p _ _ = inr _ |- _ =>
        apply written_as_inv in W as [P ->] end.
      destruct l0 as [| r l0]; [discriminate |]. passed.
      match goal with W : written _ _ r = inr _ |- _ => apply written_inv in W as [R ->] end.
      cbn [and_then].
      match goal with |- context [scatter (set_register ?f1 r ?x) l l0 vs0] =>
        destruct (IH vs0 (N.setbit (N.setbit set p) r) (set_register f1 r x) l0)
          as (f' & F & T' & B); auto end.
      * eapply typed_set; [| exact R |].
        -- eapply typed_set; [exact T | exact P | apply of_bool_type].
        -- apply has_type_fits with (payload t0); [assumption |].
           destruct v as [v |]; [assumption | now apply absent_type].
      * cbn in E. lia.
      * exists f'. split; [exact F |]. split; [exact T' | exact B].
    + passed. destruct l0 as [| q l0]; [discriminate |]. passed.
      match goal with W : written _ _ q = inr _ |- _ => apply written_inv in W as [R ->] end.
      cbn [and_then].
      match goal with |- context [scatter (set_register ?f1 q ?x) l l0 vs0] =>
        destruct (IH vs0 (N.setbit r q) (set_register f1 q x) l0)
          as (f' & F & T' & B); auto end.
      * eapply typed_set; [exact T | exact R |].
        apply has_type_fits with (payload t0); [assumption |].
        destruct v as [v |]; [assumption | now apply absent_type].
      * exists f'. split; [exact F |]. split; [exact T' | exact B].
Qed.

(** ** Rows *)

(** What is bound are keys of the program's relations, each once; what was written are rows. *)
Definition rows_lawful (f : Frame) : Prop :=
  NoDup (bound_keys f) /\
  Forall (fun b => lawful_key a (bound_key b)
                   /\ forall v, own_write b = Some v -> lawful_row a (bound_key b) v) (rows f).

(** What an instruction leaves for the next one. *)
Definition goes_on_from (set : N) (f f' : Frame) : Prop :=
  typed set f' /\ rows_lawful f' /\ bound_keys f' = bound_keys f.

Lemma relation_known row rel : row_relation a row = inr rel ->
  exists id, row = Row id /\ at_index (relations a) id = Some rel.
Proof.
  unfold row_relation. intros R. passed. destruct row; try discriminate. cbn in R. eauto.
Qed.

Lemma relation_in_known row id rel : at_index types row = Some (Row id) ->
  at_index (relations a) id = Some rel -> relation_in a types row = inr (id, rel).
Proof. intros R L. unfold relation_in, register_type_of. rewrite R. cbn. now rewrite L. Qed.

Lemma row_known set f row id : typed set f -> used types set row = inr (Row id) ->
  exists place b, row_in f row = inr (place, b) /\ nth_error (rows f) place = Some b
                  /\ relation (bound_key b) = id.
Proof.
  intros T U. destruct (used_value types T _ _ U) as (v & G & V).
  apply bound_of_row_type in V as (place & k & -> & K & R). unfold bound_keys in K.
  rewrite nth_error_map in K. destruct (nth_error (rows f) place) as [b |] eqn:B; [| discriminate].
  injection K as <-. exists place, b. unfold row_in, value_in in *.
  destruct (get (registers f) row); cbn in G; [| discriminate]. injection G as ->.
  rewrite B. cbn. auto.
Qed.

Lemma change_nth_keys l place v :
  map bound_key (change_nth l place
    (fun b => {| bound_key := bound_key b; own_write := Some v |})) = map bound_key l.
Proof. revert place. induction l; intros [|]; cbn; f_equal; auto. Qed.

Lemma write_row_goes_on set f place b v : typed set f -> rows_lawful f ->
  nth_error (rows f) place = Some b -> lawful_row a (bound_key b) v ->
  goes_on_from set f (write_row f place v).
Proof.
  intros T [D L] B V. unfold goes_on_from, rows_lawful, bound_keys, write_row. cbn.
  rewrite change_nth_keys. repeat split; [| exact D |].
  - intros r u R S. unfold bound_keys. cbn. rewrite change_nth_keys. exact (T r u R S).
  - clear D T. revert place B. induction L as [| x l X L IH]; intros [| place] B; try discriminate;
      cbn in B |- *; constructor; auto.
    injection B as ->. cbn. split; [apply X |]. now intros w [= <-].
Qed.

(** The bytes of a key or a row decode again. *)
Lemma record_lawful set f l rs : typed set f -> sound_list l -> used_list types set l rs = inr tt ->
  exists b, record_bytes f l rs = inr b /\ is_list true l b.
Proof.
  intros T S U. destruct (gather_typed _ _ _ _ T U) as (vs & G & V).
  destruct (values_round _ true _ _ S V) as (b & E & D). exists b.
  unfold record_bytes. rewrite G. cbn. rewrite E. split; [reflexivity |].
  unfold is_list. congruence.
Qed.

Lemma fetch_fair set set' f row id rel v rs : typed set f -> rows_lawful f ->
  at_index types row = Some (Row id) -> at_index (relations a) id = Some rel ->
  written_list types set (row_values rel) rs = inr set' ->
  fair (fetch a types f row v rs) (goes_on_from set' f).
Proof.
  intros T L Q R W. unfold fetch, written_list in *. destruct rs as [| r rs]; passed.
  { cbn. split; auto. }
  rewrite (relation_in_known _ _ _ Q R). cbn [and_then].
  destruct (relations_sound _ _ R) as [_ S]. apply Nat.eqb_eq in E.
  assert (K : forall vs, typed_values (bound_keys f) (row_values rel) vs ->
              fair (scatter f (row_values rel) (r :: rs) vs) (goes_on_from set' f)).
  { intros vs V. destruct (scatter_typed _ _ _ _ _ _ T S E W V) as (f' & -> & T' & R0). cbn.
    unfold goes_on_from, rows_lawful, bound_keys in *. rewrite R0. auto. }
  destruct v as [b |]; cbn.
  - destruct (decode_values true (row_values rel) b) eqn:D; cbn; [| discriminate].
    apply K. eapply decoded_values; eassumption.
  - apply K. now apply null_values_typed.
Qed.

Lemma goes_on_same set f : typed set f -> rows_lawful f -> goes_on_from set f f.
Proof. unfold goes_on_from. auto. Qed.

(** Whether the next instruction follows in any case. *)
Definition is_step (i : Instruction) : bool :=
  match i with
  | Bind _ _ | Instruction.Read _ _ _ | Load _ _ | Jump _ | JumpUnless _ _ | Fail _ | Return _ =>
      false
  | _ => true
  end.

Lemma value_step_fair set f i set' : typed set f -> rows_lawful f -> on_values i = true ->
  check_value_instruction a types set i = inr set' ->
  fair (let^ (target, v) := compute a types now f i in inr (set_register f target v))
    (goes_on_from set' f).
Proof.
  intros T L O C. eapply fair_then.
  { eapply value_instruction_fair; eassumption. }
  intros [target v] (u & R & V & ->). cbn. cbn in R, V.
  split; [eapply typed_set; eassumption |]. split; [exact L | reflexivity].
Qed.

Lemma step_fair set f i set' : typed set f -> rows_lawful f -> is_step i = true ->
  check_instruction a t types set i = inr set' ->
  fair (step a types now f i) (goes_on_from set' f).
Proof.
  intros T L O C.
  destruct i; try discriminate O; try (now apply (value_step_fair set)); cbn in C |- *; passed.
  - apply relation_known in E0 as (id & -> & R).
    destruct (row_known _ _ _ _ T E) as (place & b & B & N & K). apply used_inv in E as [Q _].
    rewrite (relation_in_known _ _ _ Q R), B. cbn. destruct (relations_sound _ _ R) as [_ S].
    destruct u. destruct (record_lawful _ _ _ _ T S E1) as (v & -> & W). cbn.
    eapply write_row_goes_on; eauto. cbn. rewrite K. eauto.
  - apply relation_known in E0 as (id & -> & R).
    destruct (row_known _ _ _ _ T E) as (place & b & B & N & K). rewrite B. cbn.
    eapply write_row_goes_on; eauto. exact I.
  - destruct u. destruct (used_flag types T _ E) as (holds & ->). cbn.
    unfold require. destruct holds; cbn; [now apply goes_on_same |].
    unfold check_failure in E0. passed.
    destruct (failure_of_code code) eqn:F; [| discriminate].
    eapply failure_of_code_known; eassumption.
Qed.

(** A read or a load asks for a row that is bound, and goes on whatever it holds. *)
Lemma take_row_fair set f i row targets set' : typed set f -> rows_lawful f ->
  i = Load row targets \/ (exists presence, i = Instruction.Read presence row targets) ->
  check_instruction a t types set i = inr set' ->
  exists place b, row_in f row = inr (place, b) /\ (place < length (bound_keys f))%nat
  /\ forall v, fair (take_row a types f i v) (goes_on_from set' f).
Proof.
  intros T L O C. assert (X : exists id rel, used types set row = inr (Row id)
                            /\ at_index (relations a) id = Some rel).
  { destruct O as [-> | [p ->]]; cbn in C; passed;
      apply relation_known in E0 as (id & -> & R); eauto. }
  destruct X as (id & rel & U & R).
  destruct (row_known _ _ _ _ T U) as (place & b & B & N & K).
  exists place, b. split; [exact B |]. split.
  { unfold bound_keys. rewrite map_length. apply nth_error_Some. congruence. }
  intros v. apply used_inv in U as U'. destruct U' as [Q _].
  destruct O as [-> | [p ->]]; cbn in C |- *; rewrite U in C; cbn [and_then] in C; passed;
    apply relation_known in E as (id' & [= <-] & R'); rewrite R in R'; injection R' as <-.
  - unfold require. destruct v; cbn [and_then]; [| discriminate]. eapply fetch_fair; eassumption.
  - apply written_as_inv in E0 as [P ->].
    refine (fetch_fair (N.setbit set p) set' (set_register f p _) row id rel v targets _ L Q R C).
    eapply typed_set; [exact T | exact P | apply of_bool_type].
Qed.

(** ** Whole calls *)

(** Less is assigned. *)
Definition less (set' set : N) : Prop :=
  forall r, N.testbit set' r = true -> N.testbit set r = true.

Lemma join_less x y set set' :
  join x y = Some set' -> x = Some set \/ y = Some set -> less set' set.
Proof.
  intros J O r. destruct x as [x |], y as [y |]; cbn in J; try discriminate;
    injection J as <-; destruct O as [[=] | [=]]; subst; auto;
    rewrite N.land_spec, andb_true_iff; tauto.
Qed.

Lemma join_at_length l n set : length (join_at l n set) = length l.
Proof. revert n. induction l; intros [|]; cbn; auto. Qed.

Lemma join_at_here l n set : (n < length l)%nat ->
  exists set', nth_error (join_at l n set) n = Some (Some set') /\ less set' set.
Proof.
  revert n. induction l as [| x l IH]; intros n L; cbn in L; [lia |]. destruct n as [| n]; cbn.
  - destruct x as [x |]; cbn; eexists; (split; [reflexivity |]); intros r; auto.
    rewrite N.land_spec, andb_true_iff. tauto.
  - apply IH. lia.
Qed.

Lemma join_at_there l n m old set : nth_error l m = Some (Some old) ->
  exists set', nth_error (join_at l n set) m = Some (Some set') /\ less set' old.
Proof.
  revert n m. induction l as [| x l IH]; intros n [| m] E; try discriminate; destruct n as [| n];
    cbn in E |- *; try (exists old; split; [exact E | now intros r]); auto.
  injection E as ->. cbn. eexists. split; [reflexivity |].
  intros r. rewrite N.land_spec, andb_true_iff. tauto.
Qed.

(** The frame has what is assigned where the call goes on, after [skip] instructions. *)
Definition ready (arriving : list (option N)) (current : option N) (skip : nat) (f : Frame)
    : Prop :=
  exists set, typed set f /\
    (nth_error arriving skip = Some (Some set) \/ skip = O /\ current = Some set).

Lemma find_row_some k l n place : find_row k l n = Some place ->
  exists i, place = (n + i)%nat /\ nth_error (map bound_key l) i = Some k.
Proof.
  revert n. induction l as [| b l IH]; intros n; cbn; [discriminate |].
  destruct (key_dec (bound_key b) k) as [<- |].
  - intros [= <-]. exists O. split; [lia | reflexivity].
  - intros F. destruct (IH _ F) as (i & -> & N). exists (S i). split; [lia | exact N].
Qed.

Lemma find_row_none k l n : find_row k l n = None -> ~ In k (map bound_key l).
Proof.
  revert n. induction l as [| b l IH]; intros n; cbn; [auto |].
  destruct (key_dec (bound_key b) k); [discriminate |]. intros F [E | I]; [auto |].
  exact (IH _ F I).
Qed.

Lemma writes_lawful l n :
  Forall (fun b => lawful_key a (bound_key b)
                   /\ forall v, own_write b = Some v -> lawful_row a (bound_key b) v) l ->
  Forall (fun w => (n <= fst w)%nat /\ exists k, nth_error (map bound_key l) (fst w - n) = Some k
                                                /\ lawful_row a k (snd w)) (writes_of l n).
Proof.
  intros L. revert n. induction L as [| b l B L IH]; intros n; cbn; [constructor |].
  assert (R : Forall (fun w => (n <= fst w)%nat /\ exists k,
                nth_error (map bound_key (b :: l)) (fst w - n) = Some k
                /\ lawful_row a k (snd w)) (writes_of l (S n))).
  { eapply Forall_impl; [| apply (IH (S n))]. intros w (M & k & K & W). split; [lia |].
    exists k. split; [| exact W]. replace (fst w - n)%nat with (S (fst w - S n)) by lia. exact K. }
  destruct (own_write b) as [v |] eqn:W; [| exact R]. constructor; [| exact R]. cbn.
  split; [lia |]. exists (bound_key b). rewrite Nat.sub_diag. split; [reflexivity |].
  now apply B.
Qed.

Lemma stop_sound bound e : e <> Internal -> sound_call a (results t) bound (stop e).
Proof. intros E. constructor. now apply fair_code. Qed.

Lemma go_on_sound {A} bound (r : Failure + A) k P : fair r P ->
  (forall x, P x -> sound_call a (results t) bound (k x)) ->
  sound_call a (results t) bound (go_on r k).
Proof. destruct r as [e | x]; cbn; [intros; now apply stop_sound | auto]. Qed.

(** A checked path: from any place where it is ready, the call is sound. *)
Theorem run_sound l : forall at_ arriving current skip f,
  check_code a t types at_ arriving current l = inr tt -> length arriving = length l ->
  ready arriving current skip f -> rows_lawful f ->
  sound_call a (results t) (bound_keys f) (run a t types now at_ l skip f).
Proof.
  induction l as [| i l IH]; intros at_ arriving current skip f C A R L.
  - destruct arriving; [| discriminate]. destruct R as (set & _ & [R | [_ ->]]); [| discriminate].
    destruct skip; discriminate.
  - destruct arriving as [| here arriving]; [discriminate |]. injection A as A.
    cbn [check_code hd tl] in C. passed.

    assert (A' : length l0 = length l).
    { destruct (jump_target i); passed; [now rewrite join_at_length | exact A]. }
    assert (Later : forall n set, nth_error arriving n = Some (Some set) -> typed set f ->
              ready l0 (if falls_through i then Some r0 else None) n f).
    { intros n set N T. destruct (jump_target i); passed.
      - destruct (join_at_there _ (N.to_nat (n0 - at_ - 1)) _ _ r0 N) as (set' & N' & S).
        exists set'. split; [eapply typed_less; eassumption | auto].
      - exists set. auto. }
    destruct R as (set & T & R). destruct skip as [| skip].
    2: { destruct R as [R | [[=] _]]. cbn [run]. eapply IH; eauto. }
    assert (T' : typed r f).
    { eapply typed_less; [exact T |]. apply (join_less _ _ set _ E).
      cbn in R. destruct R as [[= ->] | [_ ->]]; auto. }
    clear R T set Later.
    assert (Jumped : forall to, jump_target i = Some to -> typed r0 f ->
              sound_call a (results t) (bound_keys f)
                (if at_ <? to then run a t types now (at_ + 1) l (N.to_nat (to - at_ - 1)) f
                 else stop Internal)).
    { intros to J T. rewrite J in E1. passed. rewrite E2. apply N.ltb_lt in E2, E3.
      eapply IH; [exact C | exact A' | | exact L].
      destruct (join_at_here arriving (N.to_nat (to - at_ - 1)) r0) as (set' & N & S).
      { rewrite A. lia. }
      exists set'. split; [eapply typed_less; eassumption | auto]. }
    assert (Next : falls_through i = true -> forall f', typed r0 f' -> rows_lawful f' ->
              sound_call a (results t) (bound_keys f') (run a t types now (at_ + 1) l 0 f')).
    { intros F f' T L'. rewrite F in C. eapply IH; [exact C | exact A' | | exact L'].
      exists r0. auto. }
    clear IH C E E1 A A' arriving.
    assert (Steps : is_step i = true -> sound_call a (results t) (bound_keys f)
              (go_on (step a types now f i) (run a t types now (at_ + 1) l 0))).
    { intros S. eapply go_on_sound; [eapply step_fair; eassumption |].
      intros f' (T1 & L1 & <-). apply Next; auto. now destruct i. }
    destruct i; try (now apply Steps); cbn [run].
    + (* Bind *) clear Steps Jumped. cbn in E0. passed. unfold type_of in E. passed.
      apply relation_known in E1 as (id & -> & R). destruct u.
      destruct (relations_sound _ _ R) as [S _].
      destruct (record_lawful _ _ _ _ T' S E2) as (b & B & W).
      rewrite (relation_in_known _ _ _ E R). cbn. rewrite B. cbn.
      match goal with X : written _ _ _ = inr _ |- _ => apply written_inv in X as [_ ->] end.
      destruct (find_row (Key id b) (rows f) 0) as [place |] eqn:F.
      * apply find_row_some in F as (n & -> & N).
        change (bound_keys f) with (bound_keys (set_register f target (BoundRow (0 + n)))).
        apply Next; [reflexivity | | exact L].
        eapply typed_set; [exact T' | exact E |]. cbn. eexists. split; [exact N | reflexivity].
      * assert (K : lawful_key a (Key id b)) by (eexists; split; [exact R | exact W]).
        pose proof (find_row_none _ _ _ F) as D. constructor; [exact K | exact D |].
        set (f' := {| registers := _; rows := _ |}).
        assert (Keys : bound_keys f' = bound_keys f ++ [Key id b]).
        { unfold bound_keys, f'. cbn. now rewrite map_app. }
        assert (Set_ : registers f' = Table.set (registers f) target
                                        (BoundRow (length (rows f)))) by reflexivity.
        rewrite <- Keys. apply Next; [reflexivity | |].
        -- intros q u Q X. rewrite Set_, Keys. destruct (N.eq_dec q target) as [-> | Y].
           ++ rewrite get_set_eq. eexists. split; [reflexivity |]. rewrite E in Q.
              injection Q as <-. cbn. exists (Key id b).
              split; [| reflexivity]. unfold bound_keys.
              rewrite nth_error_app2; rewrite map_length; [| lia]. now rewrite Nat.sub_diag.
           ++ rewrite get_set_neq by exact Y. rewrite N.setbit_neq in X by congruence.
              destruct (T' q u Q X) as (w & G & V). exists w. split; [exact G |].
              now apply has_type_more.
        -- destruct L as [L1 L2]. split.
           ++ rewrite Keys. apply NoDup_app_one; assumption.
           ++ unfold f'. cbn. apply Forall_app. split; [exact L2 |]. constructor; [| constructor].
              cbn. split; [exact K | discriminate].
    + (* Read *) clear Steps Jumped.
      edestruct take_row_fair as (place & b & -> & B & F);
        [exact T' | exact L | right; eauto | exact E0 |].
      cbn [go_on]. assert (G : forall v, sound_call a (results t) (bound_keys f)
        (go_on (take_row a types f (Instruction.Read presence row targets) v)
           (run a t types now (at_ + 1) l 0))).
      { intros v. eapply go_on_sound; [apply F |]. intros f' (T1 & L1 & <-). now apply Next. }
      destruct (own_write b); [apply G | constructor; [exact B | exact G]].
    + (* Load *) clear Steps Jumped.
      edestruct take_row_fair as (place & b & -> & B & F);
        [exact T' | exact L | left; reflexivity | exact E0 |].
      cbn [go_on]. assert (G : forall v, sound_call a (results t) (bound_keys f)
        (go_on (take_row a types f (Load row targets) v) (run a t types now (at_ + 1) l 0))).
      { intros v. eapply go_on_sound; [apply F |]. intros f' (T1 & L1 & <-). now apply Next. }
      destruct (own_write b); [apply G | constructor; [exact B | exact G]].
    + (* Jump *) cbn in E0. passed. now apply Jumped.
    + (* JumpUnless *) cbn in E0. passed. destruct u.
      destruct (used_flag types T' _ E) as (holds & ->). cbn [go_on].
      destruct holds; [now apply Next | now apply Jumped].
    + (* Fail *) cbn in E0. passed. unfold check_failure in E. passed.
      destruct (failure_of_code code) eqn:F; [| discriminate].
      apply stop_sound. eapply failure_of_code_known; eassumption.
    + (* Return *) cbn in E0. passed. destruct u.
      destruct (gather_typed _ _ _ _ T' E) as (vs & -> & V).
      destruct (values_round _ false _ _ results_sound V) as (b & B & D). cbn. rewrite B. cbn.
      constructor; [unfold is_list; congruence |].
      eapply Forall_impl; [| apply (writes_lawful (rows f) 0); apply L].
      intros w (_ & k & K & W). rewrite Nat.sub_0_r in K. eauto.
Qed.
End Progress.
