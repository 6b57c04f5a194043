(** Writes the decide functions as JSON, one file for each Coq file, for [print_rust.py]. *)
From Coq Require Import Extraction.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.AddB.
Extraction Language JSON.

(* Names that must survive, or the printer sees only what they stand for: projections (the names of
   fields are found nowhere else), combinators, checked arithmetic, functions and constants. *)
Extraction NoInline andb orb negb.
Extraction NoInline require and_then ok_or checked_add_u32 checked_add_u64.
Extraction NoInline epoch counter at_or_before later next EPOCH_WINDOW.
Extraction NoInline slot_in_range is_root slot_empty thread_in_range own_element timestamp clock
  published next_epoch element_count bytes_used record_bytes byte_budget.
Extraction NoInline new_clock new_element_count.

Separate Extraction AddBUpdate new_clock new_element_count decide_add_b.
