(** The most that one call of a transition can cost, over all paths. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Record.
From zeta Require Import Program.Error Program.Limit Program.ValueType Program.Instruction.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

Record Cost := {
  cost_rows : N;       (** Rows that it binds. *)
  cost_scratch : N;    (** Bytes that it writes to scratch memory. *)
  cost_time : N        (** In instructions. *)
}.

Definition no_cost : Cost := {| cost_rows := 0; cost_scratch := 0; cost_time := 0 |}.
Definition max_cost (a b : Cost) : Cost := {|
  cost_rows := N.max (cost_rows a) (cost_rows b);
  cost_scratch := N.max (cost_scratch a) (cost_scratch b);
  cost_time := N.max (cost_time a) (cost_time b)
|}.
Definition plus_cost (a b : Cost) : Cost := {|
  cost_rows := cost_rows a + cost_rows b;
  cost_scratch := cost_scratch a + cost_scratch b;
  cost_time := cost_time a + cost_time b
|}.

Definition parts_of (n size : N) : N := (n + size - 1) / size.

Definition bytes_cost (moved scratch : N) : Cost :=
  {| cost_rows := 0; cost_scratch := scratch; cost_time := parts_of moved 64 + 1 |}.

(** Up to four more blocks: padding, and the two keys of an HMAC. *)
Definition hash_cost (hashed : N) : Cost :=
  {| cost_rows := 0; cost_scratch := 32; cost_time := parts_of (hashed + 4 * 64) 4 |}.

Section Cost.
Variable a : Assembly.
Variable t : Transition.
Variable types : list RegisterType.

Definition byte_width (r : register) : N :=
  match at_index types r with
  | Some found => match bytes_max found with Some n => n | None => 0 end
  | None => 0
  end.
Definition widest (f : Relation -> list ValueType) (row : register) : N :=
  match at_index types row with
  | Some found => match relation_of a found with Some r => record_max (f r) | None => 0 end
  | None => 0
  end.

Definition fetch_cost (row : register) (targets : list register) : Cost :=
  match targets with [] => bytes_cost 0 0 | _ => bytes_cost (widest row_values row) 0 end.

Definition own_cost (i : Instruction) : Cost :=
  match i with
  | Convert _ source | Slice _ source _ _ => bytes_cost (byte_width source) 0
  | Compare _ _ x y => bytes_cost (N.min (byte_width x) (byte_width y)) 0
  | Pack target _ => bytes_cost (byte_width target) (byte_width target)
  | Sha256 _ source => hash_cost (byte_width source)
  | HmacSha256 _ key message => hash_cost (byte_width key + byte_width message)
  | Bind target _ =>
      let key := widest key_values target in
      let compared := bytes_cost (key * ROW_COUNT_MAX) key in
      {| cost_rows := 1; cost_scratch := cost_scratch compared;
         cost_time := cost_time compared + 64 |}
  | Read _ row targets | Load row targets => fetch_cost row targets
  | Store row _ => bytes_cost (widest row_values row) (widest row_values row)
  | Return _ => bytes_cost (encoded_max (results t)) 0
  | _ => bytes_cost 0 0
  end.

(** The costs from each instruction on, from index [at_]; a walk from the end, for jumps go
    forward. *)
Fixpoint costs (at_ : N) (l : list Instruction) : LoadError + list Cost :=
  match l with
  | [] => inr []
  | i :: l =>
      let^ later := costs (at_ + 1) l in
      let next := if falls_through i then hd no_cost later else no_cost in
      let rest := match i with
                  | Jump to | JumpUnless _ to =>
                      max_cost next (nth (N.to_nat (to - at_ - 1)) later no_cost)
                  | _ => next
                  end in
      let whole := plus_cost (own_cost i) rest in
      require (cost_rows whole <=? ROW_COUNT_MAX) TooManyRows;;
      require (cost_scratch whole <=? SCRATCH_LEN_MAX) TooMuchScratch;;
      require (cost_time whole <=? COST_MAX) TooCostly;;
      inr (whole :: later)
  end.
End Cost.

Definition check_cost (a : Assembly) (t : Transition) : LoadError + Cost :=
  let^ found := costs a t (register_types t) 0 (code t) in
  inr (hd no_cost found).
