(** Applications: any pure function of arguments, rows and the epoch; and what its run means. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Width Spec.Record Spec.Entry.
Import ListNotations.

(** What an operation does, asking for one record after the other; it may depend on what it reads.
    Each record asked for gets a number, from 0. Reads and writes name records by number. To ask is
    not yet to read: who may only write a row may do so. Writes take effect together, in order, and
    only if the operation is done: a check that fails commits nothing. *)
Inductive call :=
| Return (result : bytes) (writes : list (nat * value))
| Fail (code : N)
| Bind (k : key) (next : call)
| Read (row : nat) (next : value -> call).

Class Application := {
  (** A transition and its arguments, or the refusal's number; the call may see the epoch. *)
  begin_call : operation -> N + (u32 -> call)
}.

(** What is answered to an operation that ran. *)
Inductive answer := Done (result : bytes) | Failed (code : N).

(** The writes to the records, by what stands for each: its key, or its slot. *)
Definition resolve {A} (rows : list A) (writes : list (nat * value)) : list (A * value) :=
  flat_map (fun w => match nth_error rows (fst w) with Some a => [(a, snd w)] | None => [] end)
    writes.

(** ** What a run means, with one memory and no verifier: the sequential state machine *)

Definition memory := key -> value.

Definition write (m : memory) (k : key) (v : value) : memory :=
  fun k' => if key_dec k' k then v else m k'.

Definition write_all (m : memory) (ws : list (key * value)) : memory :=
  fold_left (fun m w => write m (fst w) (snd w)) ws m.

Fixpoint evaluate (m : memory) (bound : list key) (c : call) : answer * list (key * value) :=
  match c with
  | Return result ws => (Done result, resolve bound ws)
  | Fail code => (Failed code, [])
  | Bind k next => evaluate m (bound ++ [k]) next
  | Read row next =>
      evaluate m bound (next (match nth_error bound row with Some k => m k | None => None end))
  end.

(** An operation that was not refused, the epoch in which it ran, and its answer. *)
Record ran := Ran { r_operation : operation; r_epoch : u32; r_answer : answer }.

Section Application.
Context {A : Application}.

(** Runs one operation; [None] for one that is refused, which no run contains. *)
Definition apply (m : memory) (o : operation) (e : u32) : option (answer * memory) :=
  match begin_call o with
  | inl _ => None
  | inr c => let (a, ws) := evaluate m [] (c e) in Some (a, write_all m ws)
  end.

(** Whether these answers, in this order, are those of one run of the state machine from [m]; the
    memory in which it ends. *)
Inductive sequential (m : memory) : list ran -> memory -> Prop :=
| sequential_nil : sequential m [] m
| sequential_snoc l m1 o e a m2 :
    sequential m l m1 -> apply m1 o e = Some (a, m2) ->
    sequential m (l ++ [Ran o e a]) m2.
End Application.
