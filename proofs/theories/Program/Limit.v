(** The bounds that the loader enforces on every program. *)
From Coq Require Import NArith.
Open Scope N_scope.

Definition KEY_LEN_MAX : N := 4096.
Definition VALUE_LEN_MAX : N := 1048576.
Definition PROGRAM_LEN_MAX : N := 1048576.
Definition NAME_LEN_MAX : N := 64.
Definition REASON_LEN_MAX : N := 256.
Definition RELATION_COUNT_MAX : N := 256.
Definition CONSTANT_COUNT_MAX : N := 4096.
Definition REASON_COUNT_MAX : N := 4096.
Definition TRANSITION_COUNT_MAX : N := 1024.
Definition ARGUMENT_COUNT_MAX : N := 64.
Definition FIELD_COUNT_MAX : N := 64.
Definition CASE_COUNT_MAX : N := 256.
Definition RESULT_COUNT_MAX : N := 64.
Definition REGISTER_COUNT_MAX : N := 4096.
Definition INSTRUCTION_COUNT_MAX : N := 4096.
Definition OPERAND_COUNT_MAX : N := 256.
Definition ROW_COUNT_MAX : N := 32.
Definition FIXED_LEN_MAX : N := 1024.
Definition ARGUMENTS_LEN_MAX : N := 16777216.
Definition RESULT_LEN_MAX : N := 16777216.
Definition SCRATCH_LEN_MAX : N := 16777216.
Definition COST_MAX : N := 1048576.
