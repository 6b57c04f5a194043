(** The encoder: from the parts of a program to its bytes. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Record.
From zeta Require Codec.Bytes.
From zeta Require Import Program.ValueType Program.Instruction Program.Decode.
Import ListNotations.
Import Bytes(put_u8, put_u16, put_u32, put_u64).
Open Scope N_scope.

Definition write_list {A} (item : A -> bytes) (l : list A) : bytes :=
  put_u16 (N.of_nat (length l)) ++ flat_map item l.

Definition write_text (b : bytes) : bytes := put_u16 (Bytes.size b) ++ b.
Definition write_constant (b : bytes) : bytes := put_u32 (Bytes.size b) ++ b.

Definition write_register_type (t : RegisterType) : bytes :=
  match t with
  | Bool => put_u8 0
  | Int U8 => put_u8 1 | Int U16 => put_u8 2 | Int U32 => put_u8 3 | Int U64 => put_u8 4
  | Int I8 => put_u8 5 | Int I16 => put_u8 6 | Int I32 => put_u8 7 | Int I64 => put_u8 8
  | Bytes max => put_u8 9 ++ put_u32 max
  | Fixed length => put_u8 10 ++ put_u32 length
  | Row relation => put_u8 11 ++ put_u16 relation
  | Text max => put_u8 12 ++ put_u32 max
  | Enum count => put_u8 13 ++ put_u16 count
  end.

Definition write_value_type (v : ValueType) : bytes :=
  put_u8 (if optional v then 1 else 0) ++ write_register_type (payload v).

Definition write_field (f : Field) : bytes :=
  write_text (field_name f) ++ write_value_type (field_value f).

Definition write_relation (r : Relation) : bytes :=
  write_text (relation_name r) ++ write_list write_field (key_fields r)
  ++ write_list write_field (row_fields r).

Definition write_arithmetic (o : Arithmetic) : bytes :=
  put_u8 (match o with
          | Add => 0 | Subtract => 1 | Multiply => 2 | FloorDivide => 3 | Modulo => 4
          end).
Definition write_comparison (c : Comparison) : bytes :=
  put_u8 (match c with Equal => 0 | Less => 1 | LessOrEqual => 2 end).
Definition write_logic (l : Logic) : bytes := put_u8 (match l with And => 0 | Or => 1 end).

Definition write_registers : list register -> bytes := write_list put_u16.

Definition write_instruction (i : Instruction) : bytes :=
  match i with
  | Word target word => put_u8 0 ++ put_u16 target ++ put_u64 word
  | Constant target constant => put_u8 1 ++ put_u16 target ++ put_u16 constant
  | Move target source => put_u8 2 ++ put_u16 target ++ put_u16 source
  | Convert target source => put_u8 3 ++ put_u16 target ++ put_u16 source
  | Arithmetic_ o target x y =>
      put_u8 4 ++ write_arithmetic o ++ put_u16 target ++ put_u16 x ++ put_u16 y
  | Compare c target x y =>
      put_u8 5 ++ write_comparison c ++ put_u16 target ++ put_u16 x ++ put_u16 y
  | Logic_ l target x y =>
      put_u8 6 ++ write_logic l ++ put_u16 target ++ put_u16 x ++ put_u16 y
  | Not target source => put_u8 7 ++ put_u16 target ++ put_u16 source
  | Length target source => put_u8 8 ++ put_u16 target ++ put_u16 source
  | Slice target source start stop =>
      put_u8 9 ++ put_u16 target ++ put_u16 source ++ put_u16 start ++ put_u16 stop
  | Pack target l => put_u8 10 ++ put_u16 target ++ write_registers l
  | Sha256 target source => put_u8 11 ++ put_u16 target ++ put_u16 source
  | HmacSha256 target key message => put_u8 12 ++ put_u16 target ++ put_u16 key ++ put_u16 message
  | Bind target l => put_u8 13 ++ put_u16 target ++ write_registers l
  | Read presence row l => put_u8 14 ++ put_u16 presence ++ put_u16 row ++ write_registers l
  | Load row l => put_u8 15 ++ put_u16 row ++ write_registers l
  | Store row l => put_u8 16 ++ put_u16 row ++ write_registers l
  | Delete row => put_u8 17 ++ put_u16 row
  | Jump to => put_u8 18 ++ put_u16 to
  | JumpUnless condition to => put_u8 19 ++ put_u16 condition ++ put_u16 to
  | Check condition code => put_u8 20 ++ put_u16 condition ++ put_u16 code
  | Fail code => put_u8 21 ++ put_u16 code
  | Epoch target => put_u8 22 ++ put_u16 target
  | Return l => put_u8 23 ++ write_registers l
  end.

Definition write_transition (t : Transition) : bytes :=
  write_text (transition_name t) ++ write_list write_field (arguments t)
  ++ write_list write_value_type (results t) ++ write_list write_register_type (locals t)
  ++ write_list write_instruction (code t).

Definition encode (a : Assembly) : bytes :=
  MAGIC ++ put_u16 VERSION ++ write_text (name a)
  ++ write_list write_relation (relations a) ++ write_list write_constant (constants a)
  ++ write_list write_text (reasons a) ++ write_list write_transition (transitions a).
