(** What Rust has by hand: its names must survive extraction, which would else write them out. *)
From Coq Require Import Extraction NArith.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.EvictB.
From zeta Require Import Spec.Session.
Extraction NoInline andb orb negb.
Extraction NoInline require and_then.
Extraction NoInline saturating_add_u32 saturating_add_u64 u32_max u64_max.
Extraction NoInline epoch counter last_epoch next since at_or_before before later after.
Extraction NoInline path_eqb Path.is_below direction_at len.
Extraction NoInline l_path l_hash l_deferred digest_eqb is_none.
Extraction NoInline add_method_eqb is_used Session.is_below SEQUENCE_MAX.
Extraction Language JSON.
Extraction Library Reason.
