(** The loader's checks of a program's tables: names, texts, types and signatures. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Record.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Utf8 Program.Error Program.Limit Program.ValueType.
From zeta Require Import Program.Instruction.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** A check of each, in order. *)
Fixpoint each {E A} (check : A -> E + unit) (l : list A) : E + unit :=
  match l with [] => inr tt | a :: l => check a;; each check l end.

Definition is_letter (b : N) : bool := within 65 90 b || within 97 122 b || (b =? 95).
Definition is_word_byte (b : N) : bool := is_letter b || within 48 57 b.
Definition DOT : N := 46.

(** Parts of word bytes, none empty, with a dot between each; [empty]: the part has no byte yet. *)
Fixpoint parts (empty : bool) (b : bytes) : bool :=
  match b with
  | [] => negb empty
  | x :: b => if x =? DOT then negb empty && parts true b else is_word_byte x && parts false b
  end.

(** The name of a value inside others: an identifier, then names or numbers after a dot each. *)
Definition check_path (b : bytes) : LoadError + unit :=
  require ((Bytes.size b <=? NAME_LEN_MAX)
           && (match b with x :: _ => is_letter x | [] => false end)
           && parts true b) BadName.

(** Names are what people approve: plain identifiers, so that none can pass for another. *)
Definition check_name (b : bytes) : LoadError + unit :=
  require (negb (existsb (N.eqb DOT) b)) BadName;;
  check_path b.

Definition same_bytes (a b : bytes) : bool := if bytes_dec a b then true else false.

Fixpoint check_distinct (l : list bytes) : LoadError + unit :=
  match l with
  | [] => inr tt
  | n :: l => require (negb (existsb (same_bytes n) l)) SameName;; check_distinct l
  end.

(** A control character of Unicode, as the first of some bytes of UTF-8. *)
Fixpoint has_control (b : bytes) : bool :=
  match b with
  | [] => false
  | x :: rest =>
      (x <? 32) || (x =? 127)
      || ((x =? 194) && match rest with y :: _ => within 128 159 y | [] => false end)
      || has_control rest
  end.

Definition check_reason (b : bytes) : LoadError + unit :=
  require (negb (Bytes.size b =? 0) && (Bytes.size b <=? REASON_LEN_MAX)
           && negb (has_control b)) BadReason.

Definition check_type (a : Assembly) (t : RegisterType) : LoadError + unit :=
  match t with
  | Bool | Int _ => inr tt
  | Bytes max | Text max => require (max <=? VALUE_LEN_MAX) BytesTooLong
  | Fixed length => require (length <=? FIXED_LEN_MAX) FixedTooLong
  | Enum count => require ((1 <=? count) && (count <=? CASE_COUNT_MAX)) CaseCount
  | Row relation => require (relation <? N.of_nat (length (relations a))) UnknownRelation
  end.

Definition check_value (a : Assembly) (v : ValueType) : LoadError + unit :=
  require (negb (is_row (payload v))) RowInSignature;;
  check_type a (payload v).

Definition check_fields (a : Assembly) (l : list Field) : LoadError + unit :=
  each (fun f => check_path (field_name f);; check_value a (field_value f)) l;;
  check_distinct (map field_name l).

Definition check_relation (a : Assembly) (r : Relation) : LoadError + unit :=
  check_name (relation_name r);;
  check_fields a (key_fields r);;
  check_fields a (row_fields r);;
  require (record_max (key_values r) <=? KEY_LEN_MAX) KeyTooLong;;
  require (record_max (row_values r) <=? VALUE_LEN_MAX) RowTooLong.

Definition check_signature (a : Assembly) (t : Transition) : LoadError + unit :=
  check_name (transition_name t);;
  check_fields a (arguments t);;
  each (check_value a) (results t);;
  each (check_type a) (locals t);;
  require (encoded_max (values (arguments t)) <=? ARGUMENTS_LEN_MAX) ArgumentsTooLong;;
  require (encoded_max (results t) <=? RESULT_LEN_MAX) ResultTooLong.

(** All but the code of the transitions. *)
Definition check_tables (a : Assembly) : LoadError + unit :=
  check_name (name a);;
  each (check_relation a) (relations a);;
  check_distinct (map relation_name (relations a));;
  each check_reason (reasons a);;
  each (check_signature a) (transitions a);;
  check_distinct (map transition_name (transitions a)).
