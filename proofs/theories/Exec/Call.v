(** A call over the bytes of a thread's log: what the Rust function [verify_log] does. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Record Spec.Reason Spec.Table Spec.Entry Spec.Application.
From zeta Require Import Spec.Thread Spec.Verifier Codec.Bytes Codec.Log Codec.Answer Exec.Machine.
Import ListNotations.
Open Scope N_scope.

(** A machine, and how many bytes of each thread's log it has consumed. *)
Record monitor := Monitor { made : machine; positions : table N }.

Definition position (m : monitor) (t : N) : N :=
  match get (positions m) t with Some n => n | None => 0 end.

(** How far a call came, its answers, and why it stopped before the end, if it did. *)
Record progress := Progress {
  consumed : N;
  outputs : list bytes;      (** One for each entry, last first. *)
  stopped : option Stop
}.

Section Call.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

Definition monitor_start : monitor := Monitor begin empty.

(** An entry that does not decode is rejected before anything is looked at. *)
Definition step_bytes (m : machine) (t : N) (log : bytes) : machine * result (bytes * bytes) :=
  match parse log with
  | Err stop =>
      let (v, _) := settle cfg (core m) t (Err stop) in (Machine v (ledger m), Err stop)
  | Ok (e, rest) =>
      match step_machine cfg m t e with
      | (m, Stopped stop) => (m, Err stop)
      | (m, r) => (m, Ok (put_reply cfg r, rest))
      end
  end.

(** Entry by entry. [fuel] is as long as the log: an entry has a byte at least. *)
Fixpoint process (fuel : bytes) (m : machine) (t : N) (log : bytes) (answers : list bytes)
    : machine * (bytes * list bytes * option Stop) :=
  match log, fuel with
  | [], _ | _, [] => (m, (log, answers, None))
  | _, _ :: fuel =>
      match step_bytes m t log with
      | (m, Ok (answer, rest)) => process fuel m t rest (answer :: answers)
      | (m, Err stop) => (m, (log, answers, Some stop))
      end
  end.

(** A thread that was rejected accepts nothing more, not even an empty log. *)
Definition verify_log (m : monitor) (t : N) (log : bytes) : monitor * progress :=
  match rejection (thread_at cfg (core (made m)) t) with
  | Some _ => (m, Progress 0 [] (Some (Rejected ThreadPoisoned)))
  | None =>
      let '(after, (rest, answers, stop)) := process log (made m) t log [] in
      let done := size log - size rest in
      (Monitor after (set (positions m) t (position m t + done)), Progress done answers stop)
  end.
End Call.
