(** The interpreter: one call, instruction by instruction, asking for records one by one.

    A jump goes forward, so a call is a walk over its code from the front: it is a function of what
    it is given, by recursion on the code alone, and it always ends. What the loader rules out is
    answered by the failure [Internal]. *)
From Coq Require Import NArith ZArith List Bool.
From zeta Require Import Spec.Width Spec.Record Spec.Table Spec.Application.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Utf8 Program.Error Program.ValueType Program.Instruction.
From zeta Require Import Program.Flow Program.ValueList Program.Arithmetic.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** A row that the call has bound, and what it last wrote to it, if anything. What the row holds in
    memory is asked for at each read: the right to write a row is not that to read it. *)
Record Bound := {
  bound_key : key;
  own_write : option value
}.

Record Frame := {
  registers : table Value;
  rows : list Bound
}.

Definition set_register (f : Frame) (r : register) (v : Value) : Frame :=
  {| registers := set (registers f) r v; rows := rows f |}.

Fixpoint change_nth {A} (l : list A) (n : nat) (f : A -> A) : list A :=
  match l, n with
  | [], _ => []
  | a :: l, O => f a :: l
  | a :: l, S n => a :: change_nth l n f
  end.

Definition write_row (f : Frame) (place : nat) (v : value) : Frame := {|
  registers := registers f;
  rows := change_nth (rows f) place
            (fun b => {| bound_key := bound_key b; own_write := Some v |})
|}.

(** The place of the row of a key, from place [n] on, where the call has bound it. *)
Fixpoint find_row (k : key) (l : list Bound) (n : nat) : option nat :=
  match l with
  | [] => None
  | b :: l => if key_dec (bound_key b) k then Some n else find_row k l (S n)
  end.

Fixpoint writes_of (l : list Bound) (n : nat) : list (nat * value) :=
  match l with
  | [] => []
  | b :: l => match own_write b with
              | Some v => (n, v) :: writes_of l (S n)
              | None => writes_of l (S n)
              end
  end.

(** ** Registers *)

Definition value_in (f : Frame) (r : register) : Failure + Value :=
  expect (get (registers f) r) Internal.
Definition number_in (f : Frame) (r : register) : Failure + Z :=
  match get (registers f) r with Some (Number z) => inr z | _ => inl Internal end.
Definition string_in (f : Frame) (r : register) : Failure + bytes :=
  match get (registers f) r with Some (String b) => inr b | _ => inl Internal end.
Definition flag_in (f : Frame) (r : register) : Failure + bool :=
  let^ z := number_in f r in inr (negb (z =? 0)%Z).
(** The place of a row, and the row. *)
Definition row_in (f : Frame) (r : register) : Failure + (nat * Bound) :=
  match get (registers f) r with
  | Some (BoundRow place) => let^ b := expect (nth_error (rows f) place) Internal in inr (place, b)
  | _ => inl Internal
  end.

(** The values of a list that registers hold; the payload of an absent value is not looked at. *)
Fixpoint gather (f : Frame) (l : list ValueType) (rs : list register)
    : Failure + list (option Value) :=
  match l with
  | [] => inr []
  | t :: l =>
      let^ (present, rs) := if optional t
                            then match rs with
                                 | p :: rs => let^ b := flag_in f p in inr (b, rs)
                                 | [] => inl Internal
                                 end
                            else inr (true, rs) in
      match rs with
      | [] => inl Internal
      | r :: rs =>
          let^ v := value_in f r in
          let^ vs := gather f l rs in
          inr ((if present then Some v else None) :: vs)
      end
  end.

(** Sets registers to the values of a list, in the order in which they are named. *)
Fixpoint scatter (f : Frame) (l : list ValueType) (rs : list register) (vs : list (option Value))
    : Failure + Frame :=
  match l, vs with
  | [], [] => inr f
  | t :: l, v :: vs =>
      let^ (f, rs) := if optional t
                      then match rs with
                           | p :: rs =>
                               let b := match v with Some _ => true | None => false end in
                               inr (set_register f p (of_bool b), rs)
                           | [] => inl Internal
                           end
                      else inr (f, rs) in
      match rs with
      | [] => inl Internal
      | r :: rs =>
          let v := match v with Some v => v | None => absent (payload t) end in
          scatter (set_register f r v) l rs vs
      end
  | _, _ => inl Internal
  end.

(** The values of a null row. *)
Definition null_values (l : list ValueType) : list (option Value) :=
  map (fun t => if optional t then None else Some (absent (payload t))) l.

(** Bytes that may not be of a type. *)
Definition checked (t : RegisterType) (b : bytes) : Failure + bytes :=
  match t with
  | Bytes max => require (Bytes.size b <=? max) TooLong;; inr b
  | Text max => require (Bytes.size b <=? max) TooLong;; require (is_utf8 b) Malformed;; inr b
  | Fixed n => require (Bytes.size b =? n) Malformed;; inr b
  | _ => inl Internal
  end.

Section Machine.
Context {H : Hash}.
Variable a : Assembly.
Variable t : Transition.
Variable types : list RegisterType.
Variable now : u32.

Definition register_type_of (r : register) : Failure + RegisterType :=
  expect (at_index types r) Internal.
Definition relation_in (r : register) : Failure + (N * Relation) :=
  let^ found := register_type_of r in
  match found with
  | Row id => let^ rel := expect (at_index (relations a) id) Internal in inr (id, rel)
  | _ => inl Internal
  end.

Definition convert (f : Frame) (target source : register) : Failure + Value :=
  let^ wanted := register_type_of target in
  let^ v := value_in f source in
  match wanted, v with
  | Int i, Number z => let^ z := in_type i z in inr (Number z)
  | _, String b => let^ b := checked wanted b in inr (String b)
  | _, _ => inl Internal
  end.

Definition compare (f : Frame) (how : Comparison) (l r : register) : Failure + bool :=
  let^ x := value_in f l in
  let^ y := value_in f r in
  match x, y with
  | Number x, Number y => inr (compare_numbers how x y)
  | String x, String y => inr (compare_strings how x y)
  | _, _ => inl Internal
  end.

(** As Python cuts, but a place outside the byte string is a failure. *)
Definition slice (f : Frame) (target source start stop : register) : Failure + Value :=
  let^ wanted := register_type_of target in
  let^ b := string_in f source in
  let^ from := number_in f start in
  let^ to := number_in f stop in
  require (from <=? to)%Z Bounds;;
  require (to <=? Z.of_N (Bytes.size b))%Z Bounds;;
  let part := firstn (Z.to_nat (to - from)) (skipn (Z.to_nat from) b) in
  let^ part := checked wanted part in
  inr (String part).

(** The bytes of a value without its length. *)
Definition raw (f : Frame) (r : register) : Failure + bytes :=
  let^ found := register_type_of r in
  let^ v := value_in f r in
  expect (encode_payload false found v) Internal.

Fixpoint raw_all (f : Frame) (rs : list register) : Failure + bytes :=
  match rs with
  | [] => inr []
  | r :: rs => let^ b := raw f r in let^ rest := raw_all f rs in inr (b ++ rest)
  end.

(** What an operation on values gives, for its target. *)
Definition compute (f : Frame) (i : Instruction) : Failure + (register * Value) :=
  match i with
  | Word target word =>
      let^ found := register_type_of target in
      inr (target, Number (number_of_word found word))
  | Constant target constant =>
      let^ b := expect (at_index (constants a) constant) Internal in
      inr (target, String b)
  | Move target source => let^ v := value_in f source in inr (target, v)
  | Convert target source => let^ v := convert f target source in inr (target, v)
  | Arithmetic_ o target l r =>
      let^ found := register_type_of l in
      let^ x := number_in f l in
      let^ y := number_in f r in
      match found with
      | Int i => let^ z := apply_arithmetic o i x y in inr (target, Number z)
      | _ => inl Internal
      end
  | Compare how target l r => let^ b := compare f how l r in inr (target, of_bool b)
  | Logic_ how target l r =>
      let^ x := flag_in f l in
      let^ y := flag_in f r in
      inr (target, of_bool (match how with And => x && y | Or => x || y end))
  | Not target source => let^ x := flag_in f source in inr (target, of_bool (negb x))
  | Length target source =>
      let^ b := string_in f source in inr (target, Number (Z.of_N (Bytes.size b)))
  | Slice target source start stop =>
      let^ v := slice f target source start stop in inr (target, v)
  | Pack target operands =>
      let^ wanted := register_type_of target in
      let^ b := raw_all f operands in
      let^ b := match wanted with
                | Text max => require (Bytes.size b <=? max) TooLong;; inr b
                | _ => checked wanted b
                end in
      inr (target, String b)
  | Sha256 target source => let^ b := string_in f source in inr (target, String (sha256 b))
  | HmacSha256 target key message =>
      let^ k := string_in f key in
      let^ m := string_in f message in
      inr (target, String (hmac_sha256 k m))
  | Epoch target => inr (target, Number (Z.of_N now))
  | _ => inl Internal
  end.

(** Sets registers to the values that a row holds; where no value is asked for, its bytes are not
    looked at. *)
Definition fetch (f : Frame) (row : register) (v : value) (targets : list register)
    : Failure + Frame :=
  match targets with
  | [] => inr f
  | _ =>
      let^ (_, rel) := relation_in row in
      let l := row_values rel in
      let^ vs := match v with
                 | None => inr (null_values l)
                 | Some b => expect (decode_values true l b) Malformed
                 end in
      scatter f l targets vs
  end.

(** A read, or a load, of a row that holds this value. *)
Definition take_row (f : Frame) (i : Instruction) (v : value) : Failure + Frame :=
  let there := match v with Some _ => true | None => false end in
  match i with
  | Instruction.Read presence row targets =>
      fetch (set_register f presence (of_bool there)) row v targets
  | Load row targets => require there AbsentRow;; fetch f row v targets
  | _ => inl Internal
  end.

(** The bytes of a key or of a row. *)
Definition record_bytes (f : Frame) (l : list ValueType) (rs : list register) : Failure + bytes :=
  let^ vs := gather f l rs in
  expect (encode_values true l vs) Internal.

(** An instruction after which the next one follows. *)
Definition step (f : Frame) (i : Instruction) : Failure + Frame :=
  match i with
  | Store row operands =>
      let^ (_, rel) := relation_in row in
      let^ (place, _) := row_in f row in
      let^ b := record_bytes f (row_values rel) operands in
      inr (write_row f place (Some b))
  | Delete row => let^ (place, _) := row_in f row in inr (write_row f place None)
  | Check condition code =>
      let^ holds := flag_in f condition in
      require holds (match failure_of_code code with Some e => e | None => Internal end);;
      inr f
  | _ => let^ (target, v) := compute f i in inr (set_register f target v)
  end.

Definition stop (e : Failure) : call := Application.Fail (failure_code e).

(** Goes on with what was found, or stops. *)
Definition go_on {A} (r : Failure + A) (k : A -> call) : call :=
  match r with inr a => k a | inl e => stop e end.

(** The rest of some code, from index [at_] on, after [skip] instructions of it. *)
Fixpoint run (at_ : N) (l : list Instruction) (skip : nat) (f : Frame) : call :=
  match l with
  | [] => stop Internal
  | i :: l =>
      match skip with
      | S skip => run (at_ + 1) l skip f
      | O =>
          let jump to := if at_ <? to then run (at_ + 1) l (N.to_nat (to - at_ - 1)) f
                         else stop Internal in
          match i with
          | Instruction.Bind target operands =>
              go_on (let^ (id, rel) := relation_in target in
                     let^ b := record_bytes f (key_values rel) operands in
                     inr (Key id b))
                (fun k =>
                   match find_row k (rows f) 0 with
                   | Some place => run (at_ + 1) l 0 (set_register f target (BoundRow place))
                   | None => Application.Bind k (run (at_ + 1) l 0 {|
                       registers := set (registers f) target (BoundRow (length (rows f)));
                       rows := rows f ++ [{| bound_key := k; own_write := None |}]
                     |})
                   end)
          | Instruction.Read _ row _ | Load row _ =>
              let next v := go_on (take_row f i v) (run (at_ + 1) l 0) in
              go_on (row_in f row)
                (fun '(place, b) =>
                   match own_write b with
                   | Some v => next v    (* Its own write. *)
                   | None => Application.Read place next
                   end)
          | Jump to => jump to
          | JumpUnless condition to =>
              go_on (flag_in f condition)
                (fun holds => if holds then run (at_ + 1) l 0 f else jump to)
          | Fail code => stop (match failure_of_code code with Some e => e | None => Internal end)
          | Return operands =>
              go_on (let^ vs := gather f (results t) operands in
                     expect (encode_values false (results t) vs) Internal)
                (fun result => Application.Return result (writes_of (rows f) 0))
          | i => go_on (step f i) (run (at_ + 1) l 0)
          end
      end
  end.
End Machine.

(** The registers 0, 1, 2 and so on. *)
Definition first_registers (n : nat) : list register := map N.of_nat (seq 0 n).

(** A call whose arguments have been decoded. *)
Definition call_of {H : Hash} (a : Assembly) (t : Transition) (f : Frame) (now : u32) : call :=
  run a t (register_types t) now 0 (code t) 0 f.

(** The arguments in their registers, where they are of their types. *)
Definition begin_frame (t : Transition) (args : bytes) : option Frame :=
  let l := values (arguments t) in
  let+ vs := decode_values false l args in
  match scatter {| registers := empty; rows := [] |} l
          (first_registers (length (argument_types t))) vs with
  | inr f => Some f
  | inl _ => None
  end.
