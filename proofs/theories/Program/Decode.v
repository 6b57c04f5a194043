(** The decoder: from bytes to the parts of a program, strictly, so that each has one encoding. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Record Spec.Reason.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Utf8 Program.Error Program.Limit Program.ValueType.
From zeta Require Import Program.Instruction.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

Definition MAGIC : bytes := [122; 101; 116; 97; 112; 114; 111; 103].  (* "zetaprog" *)
Definition VERSION : N := 1.

(** Takes something off the front of some bytes. *)
Definition reader (A : Type) := bytes -> LoadError + (A * bytes).

Definition give {A} (a : A) : reader A := fun b => inr (a, b).
Definition then_ {A B} (r : reader A) (k : A -> reader B) : reader B :=
  fun b => match r b with inr (a, b) => k a b | inl e => inl e end.
Definition insist (holds : bool) (e : LoadError) : reader unit :=
  fun b => if holds then inr (tt, b) else inl e.
Notation "'let!' x := r 'in' k" := (then_ r (fun x => k))
  (at level 200, x pattern, r at level 100, k at level 200) : program_scope.

(** A number or a byte string, as in the log. *)
Definition read {A} (r : Bytes.reader A) : reader A :=
  fun b => match r b with Ok found => inr found | Err _ => inl Truncated end.
Definition take (n : N) : reader bytes := read (Bytes.take n).
Definition u8 : reader N := read Bytes.u8.
Definition u16 : reader N := read Bytes.u16.
Definition u32 : reader N := read Bytes.u32.
Definition u64 : reader N := read Bytes.u64.

Fixpoint repeated {A} (count : nat) (item : reader A) : reader (list A) :=
  match count with
  | O => give []
  | S count => let! a := item in let! l := repeated count item in give (a :: l)
  end.

(** A count that is at most [max], and as many items. *)
Definition listed {A} (max : N) (e : LoadError) (item : reader A) : reader (list A) :=
  let! count := u16 in
  let! _ := insist (count <=? max) e in
  repeated (N.to_nat count) item.

Definition text : reader bytes :=
  let! length := u16 in
  let! b := take length in
  let! _ := insist (is_utf8 b) BadText in
  give b.

Definition constant : reader bytes := let! length := u32 in take length.

Definition register_type : reader RegisterType :=
  let! tag := u8 in
  match tag with
  | 0 => give Bool
  | 1 => give (Int U8)
  | 2 => give (Int U16)
  | 3 => give (Int U32)
  | 4 => give (Int U64)
  | 5 => give (Int I8)
  | 6 => give (Int I16)
  | 7 => give (Int I32)
  | 8 => give (Int I64)
  | 9 => let! max := u32 in give (Bytes max)
  | 10 => let! length := u32 in give (Fixed length)
  | 11 => let! relation := u16 in give (Row relation)
  | 12 => let! max := u32 in give (Text max)
  | 13 => let! count := u16 in give (Enum count)
  | _ => fun _ => inl UnknownType
  end.

Definition value_type : reader ValueType :=
  let! mark := u8 in
  let! _ := insist (mark <=? 1) BadPresence in
  let! t := register_type in
  give {| optional := negb (mark =? 0); payload := t |}.

Definition field : reader Field :=
  let! n := text in let! v := value_type in give {| field_name := n; field_value := v |}.

Definition relation_ : reader Relation :=
  let! n := text in
  let! key := listed FIELD_COUNT_MAX TooManyFields field in
  let! row := listed FIELD_COUNT_MAX TooManyFields field in
  give {| relation_name := n; key_fields := key; row_fields := row |}.

Definition registers : reader (list register) := listed OPERAND_COUNT_MAX TooManyOperands u16.

Definition arithmetic : reader Arithmetic :=
  let! tag := u8 in
  match tag with
  | 0 => give Add | 1 => give Subtract | 2 => give Multiply | 3 => give FloorDivide
  | 4 => give Modulo
  | _ => fun _ => inl UnknownOperation
  end.

Definition comparison : reader Comparison :=
  let! tag := u8 in
  match tag with
  | 0 => give Equal | 1 => give Less | 2 => give LessOrEqual
  | _ => fun _ => inl UnknownOperation
  end.

Definition logic : reader Logic :=
  let! tag := u8 in
  match tag with
  | 0 => give And | 1 => give Or
  | _ => fun _ => inl UnknownOperation
  end.

Definition two (f : register -> register -> Instruction) : reader Instruction :=
  let! a := u16 in let! b := u16 in give (f a b).
Definition three (f : register -> register -> register -> Instruction) : reader Instruction :=
  let! a := u16 in let! b := u16 in let! c := u16 in give (f a b c).

Definition instruction : reader Instruction :=
  let! opcode := u8 in
  match opcode with
  | 0 => let! target := u16 in let! word := u64 in give (Word target word)
  | 1 => two Constant
  | 2 => two Move
  | 3 => two Convert
  | 4 => let! operation := arithmetic in three (Arithmetic_ operation)
  | 5 => let! how := comparison in three (Compare how)
  | 6 => let! how := logic in three (Logic_ how)
  | 7 => two Not
  | 8 => two Length
  | 9 => let! target := u16 in three (Slice target)
  | 10 => let! target := u16 in let! l := registers in give (Pack target l)
  | 11 => two Sha256
  | 12 => three HmacSha256
  | 13 => let! target := u16 in let! l := registers in give (Bind target l)
  | 14 => let! presence := u16 in let! row := u16 in let! l := registers in
          give (Read presence row l)
  | 15 => let! row := u16 in let! l := registers in give (Load row l)
  | 16 => let! row := u16 in let! l := registers in give (Store row l)
  | 17 => let! row := u16 in give (Delete row)
  | 18 => let! to := u16 in give (Jump to)
  | 19 => two JumpUnless
  | 20 => two Check
  | 21 => let! code := u16 in give (Fail code)
  | 22 => let! target := u16 in give (Epoch target)
  | 23 => let! l := registers in give (Return l)
  | _ => fun _ => inl UnknownOpcode
  end.

(** The arguments' registers count too. *)
Definition room (l : list Field) : N := REGISTER_COUNT_MAX - N.of_nat (register_count (values l)).

Definition transition_ : reader Transition :=
  let! n := text in
  let! args := listed ARGUMENT_COUNT_MAX TooManyArguments field in
  let! gives := listed RESULT_COUNT_MAX TooManyResults value_type in
  let! own := listed (room args) TooManyRegisters register_type in
  let! body := listed INSTRUCTION_COUNT_MAX TooManyInstructions instruction in
  give {| transition_name := n; arguments := args; results := gives; locals := own;
          code := body |}.

Definition assembly : reader Assembly :=
  let! magic := take 8 in
  let! _ := insist (if bytes_dec magic MAGIC then true else false) BadMagic in
  let! version := u16 in
  let! _ := insist (version =? VERSION) UnknownVersion in
  let! n := text in
  let! rels := listed RELATION_COUNT_MAX TooManyRelations relation_ in
  let! data := listed CONSTANT_COUNT_MAX TooManyConstants constant in
  let! why := listed REASON_COUNT_MAX TooManyReasons text in
  let! acts := listed TRANSITION_COUNT_MAX TooManyTransitions transition_ in
  give {| name := n; relations := rels; constants := data; reasons := why;
          transitions := acts |}.

(** A whole program. *)
Definition decode (b : bytes) : LoadError + Assembly :=
  require (Bytes.size b <=? PROGRAM_LEN_MAX) ProgramTooLong;;
  let^ found := assembly b in
  match found with
  | (a, []) => inr a
  | (_, _ :: _) => inl TrailingBytes
  end.
