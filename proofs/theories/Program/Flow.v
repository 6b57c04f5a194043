(** The loader's checks of a transition's code: types, assignment on every path, jumps. *)
From Coq Require Import NArith ZArith List Bool.
From zeta Require Import Spec.Record.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Utf8 Program.Error Program.ValueType Program.Instruction.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** A set of registers, as the bits of a number. *)
Definition registers := N.
Definition join (a b : option registers) : option registers :=
  match a, b with
  | Some a, Some b => Some (N.land a b)
  | Some a, None => Some a
  | None, b => b
  end.

(** The number that a word is in a register of this type: a signed word is sign-extended. *)
Definition number_of_word (t : RegisterType) (word : N) : Z :=
  if signed_type t && (9223372036854775808 <=? word)
  then (Z.of_N word - 18446744073709551616)%Z
  else Z.of_N word.

Section Flow.
Variable a : Assembly.
Variable t : Transition.
Variable types : list RegisterType.

Definition type_of (r : register) : LoadError + RegisterType :=
  expect (at_index types r) UnknownRegister.

(** The type of a register that is read. *)
Definition used (set : registers) (r : register) : LoadError + RegisterType :=
  let^ found := type_of r in
  require (N.testbit set r) Unassigned;;
  inr found.

(** The type of a register that is written, and the set with it. *)
Definition written (set : registers) (r : register) : LoadError + (RegisterType * registers) :=
  let^ found := type_of r in
  inr (found, N.setbit set r).

Definition require_bool (found : RegisterType) : LoadError + unit :=
  require (type_eqb found Bool) NotBool.
Definition require_bytes (found : RegisterType) : LoadError + unit :=
  require (is_bytes found) NotBytes.

Definition used_bool (set : registers) (r : register) : LoadError + unit :=
  let^ found := used set r in require_bool found.
Definition used_bytes (set : registers) (r : register) : LoadError + unit :=
  let^ found := used set r in require_bytes found.
Definition used_length (set : registers) (r : register) : LoadError + unit :=
  let^ found := used set r in require (type_eqb found (Int U32)) NotLength.
(** A target of just this type. *)
Definition written_as (set : registers) (r : register) (wanted : RegisterType) (e : LoadError)
    : LoadError + registers :=
  let^ (found, set) := written set r in
  require (type_eqb found wanted) e;;
  inr set.

(** The relation of a row. *)
Definition row_relation (row : RegisterType) : LoadError + Relation :=
  require (is_row row) NotRow;;
  expect (relation_of a row) UnknownRelation.

(** Registers that are read as the values of a list, which has as many. *)
Fixpoint used_values (set : registers) (l : list ValueType) (rs : list register)
    : LoadError + unit :=
  match l with
  | [] => inr tt
  | v :: l =>
      let^ rs := if optional v
                 then match rs with
                      | p :: rs => used_bool set p;; inr rs
                      | [] => inr []
                      end
                 else inr rs in
      match rs with
      | [] => inr tt
      | r :: rs =>
          let^ found := used set r in
          require (fits found (payload v)) TooNarrow;;
          used_values set l rs
      end
  end.

Definition used_list (set : registers) (l : list ValueType) (rs : list register)
    : LoadError + unit :=
  require (Nat.eqb (register_count l) (length rs)) CountMismatch;;
  used_values set l rs.

(** Registers that are written with the values of a row. *)
Fixpoint written_values (set : registers) (l : list ValueType) (rs : list register)
    : LoadError + registers :=
  match l with
  | [] => inr set
  | v :: l =>
      let^ (set, rs) := if optional v
                        then match rs with
                             | p :: rs => let^ set := written_as set p Bool NotBool in inr (set, rs)
                             | [] => inr (set, [])
                             end
                        else inr (set, rs) in
      match rs with
      | [] => inr set
      | r :: rs =>
          let^ (found, set) := written set r in
          require (fits (payload v) found) TooNarrow;;
          written_values set l rs
      end
  end.

(** The same, or no register where no value is asked for. *)
Definition written_list (set : registers) (l : list ValueType) (rs : list register)
    : LoadError + registers :=
  match rs with
  | [] => inr set
  | _ => require (Nat.eqb (register_count l) (length rs)) CountMismatch;; written_values set l rs
  end.

Definition check_failure (code : N) : LoadError + unit :=
  require (match failure_of_code code with
           | Some (Reason index) => index <? N.of_nat (length (reasons a))
           | Some _ => true
           | None => false
           end) UnknownReason.

Definition check_constant (set : registers) (target : register) (constant : N)
    : LoadError + registers :=
  let^ (wanted, set) := written set target in
  require_bytes wanted;;
  let^ data := expect (at_index (constants a) constant) UnknownConstant in
  let length := Bytes.size data in
  if is_text wanted then
    require (is_utf8 data) BadText;;
    require (fits (Text length) wanted) TooNarrow;;
    inr set
  else
    require (fits (Fixed length) wanted) TooNarrow;;
    inr set.

Definition check_compare (set : registers) (how : Comparison) (target l r : register)
    : LoadError + registers :=
  let^ x := used set l in
  let^ y := used set r in
  let equal := match how with Equal => is_word x | _ => false end in
  require (equal || is_bytes x || is_integer x) Unordered;;
  require (if is_bytes x then is_bytes y && Bool.eqb (is_text x) (is_text y) else type_eqb x y)
    TypesDiffer;;
  written_as set target Bool NotBool.

(** The operands of a pack; whether all are texts. *)
Fixpoint packed (set : registers) (rs : list register) : LoadError + bool :=
  match rs with
  | [] => inr true
  | r :: rs =>
      let^ found := used set r in
      require (negb (is_row found)) RowPacked;;
      let^ rest := packed set rs in
      inr (is_text found && rest)
  end.

(** An instruction on values; gives what is assigned after it. *)
Definition check_value_instruction (set : registers) (i : Instruction) : LoadError + registers :=
  match i with
  | Word target word =>
      let^ (found, set) := written set target in
      require (is_word found) NotWord;;
      require (has_number found (number_of_word found word)) WordOutOfRange;;
      inr set
  | Constant target constant => check_constant set target constant
  | Move target source =>
      let^ x := used set source in
      let^ (y, set) := written set target in
      require (fits x y) TooNarrow;;
      inr set
  | Convert target source =>
      let^ x := used set source in
      let^ (y, set) := written set target in
      require ((is_integer x && is_integer y) || (is_bytes x && is_bytes y)) Inconvertible;;
      inr set
  | Arithmetic_ _ target l r =>
      let^ x := used set l in
      require (is_integer x) NotInteger;;
      let^ y := used set r in
      require (type_eqb y x) TypesDiffer;;
      written_as set target x TypesDiffer
  | Compare how target l r => check_compare set how target l r
  | Logic_ _ target l r => used_bool set l;; used_bool set r;; written_as set target Bool NotBool
  | Not target source => used_bool set source;; written_as set target Bool NotBool
  | Length target source => used_bytes set source;; written_as set target (Int U32) NotLength
  | Slice target source start stop =>
      used_bytes set source;;
      used_length set start;;
      used_length set stop;;
      let^ (found, set) := written set target in
      require_bytes found;;
      inr set
  | Pack target operands =>
      let^ all_text := packed set operands in
      let^ (found, set) := written set target in
      require_bytes found;;
      require (all_text || negb (is_text found)) NotText;;
      inr set
  | Sha256 target source => used_bytes set source;; written_as set target (Fixed 32) NotHash
  | HmacSha256 target key message =>
      used_bytes set key;; used_bytes set message;; written_as set target (Fixed 32) NotHash
  | Epoch target => written_as set target (Int U32) NotEpoch
  | _ => inr set
  end.

(** An instruction on rows, or one that chooses where to go on. *)
Definition check_instruction (set : registers) (i : Instruction) : LoadError + registers :=
  match i with
  | Bind target operands =>
      let^ row := type_of target in
      let^ found := row_relation row in
      used_list set (key_values found) operands;;
      let^ (_, set) := written set target in
      inr set
  | Read presence row targets =>
      let^ x := used set row in
      let^ found := row_relation x in
      let^ set := written_as set presence Bool NotBool in
      written_list set (row_values found) targets
  | Load row targets =>
      let^ x := used set row in
      let^ found := row_relation x in
      written_list set (row_values found) targets
  | Store row operands =>
      let^ x := used set row in
      let^ found := row_relation x in
      used_list set (row_values found) operands;;
      inr set
  | Delete row => let^ x := used set row in let^ _ := row_relation x in inr set
  | Jump _ => inr set
  | JumpUnless condition _ => used_bool set condition;; inr set
  | Check condition code => used_bool set condition;; check_failure code;; inr set
  | Fail code => check_failure code;; inr set
  | Return operands => used_list set (results t) operands;; inr set
  | _ => check_value_instruction set i
  end.

(** Where an instruction jumps to, if it does. *)
Definition jump_target (i : Instruction) : option N :=
  match i with Jump to | JumpUnless _ to => Some to | _ => None end.

Fixpoint join_at (l : list (option registers)) (n : nat) (set : registers)
    : list (option registers) :=
  match l, n with
  | [], _ => []
  | x :: l, O => join x (Some set) :: l
  | x :: l, S n => x :: join_at l n set
  end.

(** The rest of some code, from index [at_] on. [arriving]: what is assigned where earlier jumps
    arrive, for each instruction of the rest; [current]: what is where the code falls through. *)
Fixpoint check_code (at_ : N) (arriving : list (option registers)) (current : option registers)
    (l : list Instruction) : LoadError + unit :=
  match l with
  | [] => require (match current with None => true | Some _ => false end) FallsOffEnd
  | i :: l =>
      let^ set := expect (join current (hd None arriving)) Unreachable in
      let^ after := check_instruction set i in
      let later := tl arriving in
      let^ later :=
        match jump_target i with
        | None => inr later
        | Some to =>
            require (at_ <? to) JumpNotForward;;
            require (to <? at_ + 1 + N.of_nat (length l)) JumpTooFar;;
            inr (join_at later (N.to_nat (to - at_ - 1)) after)
        end in
      check_code (at_ + 1) later (if falls_through i then Some after else None) l
  end.
End Flow.

(** The arguments are assigned where a transition begins. *)
Definition assigned_first (t : Transition) : registers :=
  N.ones (N.of_nat (length (argument_types t))).

Definition check_flow (a : Assembly) (t : Transition) : LoadError + unit :=
  check_code a t (register_types t) 0 (map (fun _ => None) (code t)) (Some (assigned_first t))
    (code t).
