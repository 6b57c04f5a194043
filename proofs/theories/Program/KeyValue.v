(** The key-value program that ships: what its bytes mean, as operations on a memory. *)
From Coq Require Import NArith ZArith List Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Entry Spec.Application.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Error Program.ValueType Program.Instruction Program.ValueList.
From zeta Require Import Program.Cost Program.Arithmetic Program.Machine Program.Program.
From zeta Require Import Program.Values Program.KeyValueBytes.
Import ListNotations.
Open Scope N_scope.

(** What the loader makes of the bytes. *)
Definition loaded_key_value := Eval vm_compute in load key_value_bytes.
Definition key_value : Assembly :=
  Eval cbv [loaded_key_value] in
    match loaded_key_value with
    | inr (a, _) => a
    | inl _ => {| name := []; relations := []; constants := []; reasons := []; transitions := [] |}
    end.

Theorem key_value_loads : exists found, load key_value_bytes = inr (key_value, found).
Proof. eexists. vm_compute. reflexivity. Qed.

Definition KEY_MAX : N := 4096.
Definition VALUE_MAX : N := 1048576.

(** The row of a key, in the only relation. *)
Definition at_key (k : bytes) : key := Key 0 k.

(** ** What clients ask for, and what it means *)

Inductive request :=
| Get (k : bytes)
| Put (k v : bytes)
| Delete (k : bytes)
| CompareAndSet (k : bytes) (expected new : value)
| Rename (source target : bytes).

(** An optional value as clients encode it. *)
Definition optional_bytes (v : value) : bytes :=
  match v with None => [0] | Some b => 1 :: Bytes.put_counted b end.
Definition bool_bytes (b : bool) : bytes := [if b then 1 else 0].

Definition operation_of (r : request) : operation :=
  match r with
  | Get k => Operation 0 (Bytes.put_counted k)
  | Put k v => Operation 1 (Bytes.put_counted k ++ Bytes.put_counted v)
  | Delete k => Operation 2 (Bytes.put_counted k)
  | CompareAndSet k e n =>
      Operation 3 (Bytes.put_counted k ++ optional_bytes e ++ optional_bytes n)
  | Rename s t => Operation 4 (Bytes.put_counted s ++ Bytes.put_counted t)
  end.

Definition is_some (v : value) : bool := match v with Some _ => true | None => false end.
Definition same (v w : value) : bool := if value_dec v w then true else false.

(** The answer, and the memory after it. *)
Definition meaning (m : memory) (r : request) : bytes * memory :=
  match r with
  | Get k => (optional_bytes (m (at_key k)), m)
  | Put k v => ([], write m (at_key k) (Some v))
  | Delete k => (bool_bytes (is_some (m (at_key k))), write m (at_key k) None)
  | CompareAndSet k e n =>
      if same (m (at_key k)) e then (bool_bytes true, write m (at_key k) n)
      else (bool_bytes false, m)
  | Rename s t =>
      match m (at_key s) with
      | None => (bool_bytes false, m)
      | v => (bool_bytes true, write (write m (at_key s) None) (at_key t) v)
      end
  end.

Definition key_fits (k : bytes) : Prop := Bytes.size k <= KEY_MAX.
Definition value_fits (v : value) : Prop :=
  match v with Some b => Bytes.size b <= VALUE_MAX | None => True end.
Definition request_fits (r : request) : Prop :=
  match r with
  | Get k | Delete k => key_fits k
  | Put k v => key_fits k /\ value_fits (Some v)
  | CompareAndSet k e n => key_fits k /\ value_fits e /\ value_fits n
  | Rename s t => key_fits s /\ key_fits t
  end.

(** ** The program does that *)

Lemma decodes open l vs b : sound_list l -> typed_values [] l vs ->
  encode_values open l vs = Some b -> decode_values open l b = Some vs.
Proof.
  intros S T E. destruct (values_round _ open _ _ S T) as (c & E' & D). congruence.
Qed.

Definition key_type : ValueType := {| optional := false; payload := Bytes KEY_MAX |}.
Definition row_type : ValueType := {| optional := false; payload := Bytes VALUE_MAX |}.
Definition optional_row : ValueType := {| optional := true; payload := Bytes VALUE_MAX |}.

Local Arguments Pos.to_nat !x /.
Local Arguments N.to_nat !a /.
Local Arguments Bytes.size : simpl never.
Local Arguments Bytes.put_counted : simpl never.
Local Arguments decode_values : simpl never.
Local Arguments key_dec : simpl never.
Local Arguments value_dec : simpl never.

Ltac sound := repeat constructor; cbn; unfold KEY_MAX, VALUE_MAX, u32_max; try lia.
Ltac typed_list := repeat constructor; cbn; try apply N.leb_le; assumption.

Lemma decode_key k : key_fits k ->
  decode_values false [key_type] (Bytes.put_counted k) = Some [Some (String k)].
Proof.
  intros K. apply decodes; [sound | typed_list |]. cbn. now rewrite app_nil_r.
Qed.

Lemma decode_row b : Bytes.size b <= VALUE_MAX ->
  decode_values true [row_type] b = Some [Some (String b)].
Proof.
  intros K. apply decodes; [sound | typed_list |]. cbn. now rewrite app_nil_r.
Qed.

Lemma compare_bytes_eq x : forall y, compare_bytes x y = Eq <-> x = y.
Proof.
  induction x as [| a x IH]; intros [| b y]; cbn; try easy.
  destruct (a ?= b) eqn:C.
  - apply N.compare_eq in C as ->. rewrite IH. split; congruence.
  - split; [discriminate |]. intros [= -> _]. now rewrite N.compare_refl in C.
  - split; [discriminate |]. intros [= -> _]. now rewrite N.compare_refl in C.
Qed.

(** A write of what is there changes nothing. *)
Lemma write_same m k v : m k = v -> forall k', m k' = write m k v k'.
Proof. intros E k'. unfold write. destruct (key_dec k' k) as [-> |]; auto. Qed.

Section KeyValue.
Context {H : Hash}.
Local Instance key_value_application : Application := application key_value.

(** Goes as far as it gets without looking at keys and values. *)
Ltac start := unfold apply; cbn [begin_call key_value_application application];
  unfold begin_program; cbn [transition Entry.arguments operation_of];
  match goal with |- context [at_index ?l ?n] =>
    let t := eval cbn in (at_index l n) in change (at_index l n) with t end;
  unfold begin_frame; cbn [arguments values map field_value];
  change 4096 with KEY_MAX; change 1048576 with VALUE_MAX;
  fold key_type row_type optional_row.
Ltac go := unfold call_of; cbn; rewrite ?app_nil_r;
  change 4096 with KEY_MAX; change 1048576 with VALUE_MAX.

Lemma get_means k m e : key_fits k -> value_fits (m (at_key k)) ->
  apply m (operation_of (Get k)) e = Some (Done (optional_bytes (m (at_key k))), m).
Proof.
  intros K V. start. rewrite decode_key by exact K. go. fold row_type. fold (at_key k).
  destruct (m (at_key k)) as [b |]; cbn in V |- *; [| reflexivity].
  rewrite decode_row by exact V. cbn. now rewrite app_nil_r.
Qed.

Lemma put_means k v m e : key_fits k -> Bytes.size v <= VALUE_MAX ->
  apply m (operation_of (Put k v)) e = Some (Done [], write m (at_key k) (Some v)).
Proof.
  intros K V. start. rewrite (decodes _ _ [Some (String k); Some (String v)]);
    [| sound | typed_list | cbn; now rewrite app_nil_r].
  go. reflexivity.
Qed.

Lemma delete_means k m e : key_fits k ->
  apply m (operation_of (Delete k)) e
  = Some (Done (bool_bytes (is_some (m (at_key k)))),
          if is_some (m (at_key k)) then write m (at_key k) None else m).
Proof.
  intros K. start. rewrite decode_key by exact K. go. fold (at_key k).
  destruct (m (at_key k)) as [b |]; reflexivity.
Qed.

(** An optional value in the arguments. *)
Definition given (v : value) : option Value := option_map String v.

Lemma compare_and_set_means k x n m e : key_fits k -> value_fits x -> value_fits n ->
  value_fits (m (at_key k)) ->
  exists m', apply m (operation_of (CompareAndSet k x n)) e
             = Some (Done (fst (meaning m (CompareAndSet k x n))), m')
             /\ forall k', m' k' = snd (meaning m (CompareAndSet k x n)) k'.
Proof.
  intros K X V M. start.
  rewrite (decodes _ _ [Some (String k); given x; given n]).
  2: sound.
  2: { destruct x, n; typed_list. }
  2: { destruct x, n; cbn; now rewrite ?app_nil_r. }
  unfold meaning, same.
  destruct x as [x |], n as [n |]; go; fold row_type; fold (at_key k);
    destruct (m (at_key k)) as [b |] eqn:B; cbn in M |- *;
    try (rewrite decode_row by exact M); cbn.
  all: try match goal with |- context [compare_bytes ?b ?x] =>
    destruct (value_dec (Some b) (Some x)) as [[= ->] | D];
    [rewrite (proj2 (compare_bytes_eq x x) eq_refl)
    | replace (match compare_bytes b x with Eq => true | _ => false end) with false
        by (destruct (compare_bytes b x) eqn:C; auto; apply compare_bytes_eq in C; congruence)]
    end.
  all: repeat match goal with |- context [value_dec ?v ?w] =>
    destruct (value_dec v w); try congruence end.
  all: cbn; rewrite ?app_nil_r; eexists; (split; [reflexivity |]); auto using write_same.
Qed.

Lemma rename_means s t m e : key_fits s -> key_fits t -> value_fits (m (at_key s)) ->
  exists m', apply m (operation_of (Rename s t)) e
             = Some (Done (fst (meaning m (Rename s t))), m')
             /\ forall k', m' k' = snd (meaning m (Rename s t)) k'.
Proof.
  intros S T M. start. rewrite (decodes _ _ [Some (String s); Some (String t)]);
    [| sound | typed_list | cbn; now rewrite app_nil_r].
  go. fold (at_key s) (at_key t) row_type. unfold meaning.
  destruct (key_dec (at_key s) (at_key t)) as [[= <-] | D]; go; fold row_type;
    destruct (m (at_key s)) as [b |] eqn:B; cbn in M |- *;
    try (rewrite decode_row by exact M); cbn; rewrite ?app_nil_r;
    eexists; (split; [reflexivity |]); auto.
  intros k'. unfold write_all, write. cbn. unfold write. now destruct (key_dec k' (at_key s)).
Qed.

(** Each operation of the program that ships does what its name says, to any memory with rows that
    fit their type. *)
Theorem key_value_means r m e : request_fits r -> (forall k, value_fits (m (at_key k))) ->
  exists m', apply m (operation_of r) e = Some (Done (fst (meaning m r)), m')
             /\ forall k, m' k = snd (meaning m r) k.
Proof.
  intros F M. destruct r as [k | k v | k | k x n | s t]; cbn in F.
  - rewrite get_means by auto. eexists. split; reflexivity.
  - destruct F as [K V]. rewrite put_means by auto. eexists. split; reflexivity.
  - rewrite delete_means by auto. eexists. split; [reflexivity |]. cbn.
    destruct (m (at_key k)) eqn:B; cbn; auto using write_same.
  - destruct F as (K & X & N). now apply compare_and_set_means.
  - destruct F as [S T]. now apply rename_means.
Qed.
End KeyValue.
