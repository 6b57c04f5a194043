(** The interpreter as OCaml: plain extraction, numbers are Coq's own. *)
From Coq Require Import Extraction ExtrOcamlBasic NArith.
From zeta Require Import Spec.Record Spec.Entry Spec.Application.
From zeta Require Import Program.Error Program.Encode Program.Cost Program.Arithmetic.
From zeta Require Import Program.Program.

Extraction Language OCaml.
Extraction "program_model.ml" load encode program_digest begin_program load_error_code.
