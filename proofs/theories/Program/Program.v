(** Programs that the loader has accepted; each is an application. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Record Spec.Entry Spec.Application.
From zeta Require Import Program.Error Program.Instruction Program.Decode Program.Tables.
From zeta Require Import Program.Flow Program.Cost Program.Arithmetic Program.Machine.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

Definition check_transition (a : Assembly) (t : Transition) : LoadError + Cost :=
  check_flow a t;;
  check_cost a t.

Fixpoint check_transitions (a : Assembly) (l : list Transition) : LoadError + list Cost :=
  match l with
  | [] => inr []
  | t :: l =>
      let^ cost := check_transition a t in
      let^ rest := check_transitions a l in
      inr (cost :: rest)
  end.

(** All that the machine relies on; the parts of the program, and what each transition costs. *)
Definition load (b : bytes) : LoadError + (Assembly * list Cost) :=
  let^ a := decode b in
  check_tables a;;
  let^ found := check_transitions a (transitions a) in
  inr (a, found).

(** "zeta program v1" and a zero byte. *)
Definition DIGEST_DOMAIN : bytes :=
  [122; 101; 116; 97; 32; 112; 114; 111; 103; 114; 97; 109; 32; 118; 49; 0].

(** What people approve. *)
Definition program_digest {H : Hash} (b : bytes) : bytes := sha256 (DIGEST_DOMAIN ++ b).

Definition begin_program {H : Hash} (a : Assembly) (o : operation) : N + (N -> call) :=
  match at_index (transitions a) (transition o) with
  | None => inl UNKNOWN_TRANSITION
  | Some t =>
      match begin_frame t (Entry.arguments o) with
      | None => inl ILL_TYPED_ARGUMENTS
      | Some f => inr (call_of a t f)
      end
  end.

(** The application of a program: what the protocol's theorems speak of. *)
Definition application {H : Hash} (a : Assembly) : Application :=
  {| begin_call := begin_program a |}.
