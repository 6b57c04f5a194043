(** The instruction set, and a program in parts. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Record Program.ValueType.
Import ListNotations.

(** The index of a register in the transition's table of types. *)
Definition register := N.

Inductive Arithmetic := Add | Subtract | Multiply | FloorDivide | Modulo.
Inductive Comparison := Equal | Less | LessOrEqual.
Inductive Logic := And | Or.

(** Targets and [presence] are written, every other register is read. In a list of registers each
    value has one, an optional value two: presence, payload. *)
Inductive Instruction :=
| Word (target : register) (word : N)
| Constant (target : register) (constant : N)
| Move (target source : register)
| Convert (target source : register)
| Arithmetic_ (operation : Arithmetic) (target left right : register)
| Compare (comparison : Comparison) (target left right : register)
| Logic_ (logic : Logic) (target left right : register)
| Not (target source : register)
| Length (target source : register)
| Slice (target source start stop : register)
| Pack (target : register) (operands : list register)
| Sha256 (target source : register)
| HmacSha256 (target key message : register)
| Bind (target : register) (operands : list register)
| Read (presence row : register) (targets : list register)
| Load (row : register) (targets : list register)
| Store (row : register) (operands : list register)
| Delete (row : register)
| Jump (to : N)
| JumpUnless (condition : register) (to : N)
| Check (condition : register) (code : N)
| Fail (code : N)
| Epoch (target : register)
| Return (operands : list register).

(** Whether a path may go on with the next instruction. *)
Definition falls_through (i : Instruction) : bool :=
  match i with Jump _ | Fail _ | Return _ => false | _ => true end.

(** ** A program in parts *)

Record Field := { field_name : bytes; field_value : ValueType }.

(** A set of records under typed keys. *)
Record Relation := { relation_name : bytes; key_fields : list Field; row_fields : list Field }.

(** An operation on the state. Its registers are first those of its arguments, then the locals. *)
Record Transition := {
  transition_name : bytes;
  arguments : list Field;
  results : list ValueType;
  locals : list RegisterType;
  code : list Instruction
}.

Record Assembly := {
  name : bytes;
  relations : list Relation;
  constants : list bytes;
  reasons : list bytes;
  transitions : list Transition
}.

Definition values (l : list Field) : list ValueType := map field_value l.
Definition key_values (r : Relation) : list ValueType := values (key_fields r).
Definition row_values (r : Relation) : list ValueType := values (row_fields r).

(** The types of the registers of a list of values. *)
Definition value_types (v : ValueType) : list RegisterType :=
  if optional v then [Bool; payload v] else [payload v].
Definition argument_types (t : Transition) : list RegisterType :=
  flat_map value_types (values (arguments t)).

(** The types of all registers. *)
Definition register_types (t : Transition) : list RegisterType := argument_types t ++ locals t.

Definition at_index {A} (l : list A) (n : N) : option A := nth_error l (N.to_nat n).

(** The relation of a row's type. *)
Definition relation_of (a : Assembly) (t : RegisterType) : option Relation :=
  match t with Row id => at_index (relations a) id | _ => None end.
