(** Writes the decide functions as JSON, one file for each Coq file, for [print_rust.py]. *)
From Coq Require Import Extraction.
From zeta Require Import Spec.Width Spec.Time Spec.Reason Spec.Bounds Spec.AddB.
Extraction Language JSON.

(* Names that must survive, or the printer sees only what they stand for: projections (the names of
   fields are found nowhere else), combinators, checked arithmetic, functions and constants. *)
Extraction NoInline andb orb negb.
Extraction NoInline require and_then saturating_add_u32 saturating_add_u64 u32_max u64_max.
Extraction NoInline since epoch counter at_or_before later after.
Extraction NoInline EPOCH_WINDOW used added budget next_count in_window fits.
Extraction NoInline slot_in_range is_root slot_empty thread_in_range own_element timestamp clock
  published next_epoch element_count bytes.
Extraction NoInline clock' element_count'.

Separate Extraction clock' element_count' decide_add_b.
