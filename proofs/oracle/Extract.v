(** The oracle's verifier as OCaml, over exact numbers. *)
From Coq Require Import Extraction.
From zeta Require Import Exec.Call Exec.Oracle.
From oracle Require Import Zarith.

Extraction Language OCaml.
Extraction "model.ml"
  oracle_setup oracle_make monitor_start oracle_call oracle_end
  oracle_replay_start oracle_replay oracle_found oracle_summary.
