(** Machine widths: natural numbers with explicit bounds, and the only arithmetic on them.

    A width is a name for [N], so that Coq keeps its simple arithmetic; the printer turns the name
    into the Rust type of that name. [N.add] must not occur in a decide function: it is bounded
    nowhere. Sums saturate, after a check that they need not; [N.sub] saturates by itself. *)
From Coq Require Import NArith Lia.
Open Scope N_scope.

Definition u32 := N.
Definition u64 := N.
Definition usize := N.

(** The number of a slot: a type of its own in Rust, for nothing is computed with it. *)
Definition SlotId := N.

Definition u16_max : N := 65535.
Definition u32_max : N := 4294967295.
Definition u64_max : N := 18446744073709551615.

Definition saturating_add_u32 (a b : u32) : u32 := N.min (a + b) u32_max.
Definition saturating_add_u64 (a b : u64) : u64 := N.min (a + b) u64_max.

Lemma saturating_add_u32_exact a b : a + b <= u32_max -> saturating_add_u32 a b = a + b.
Proof. unfold saturating_add_u32. lia. Qed.

Lemma saturating_add_u64_exact a b : a + b <= u64_max -> saturating_add_u64 a b = a + b.
Proof. unfold saturating_add_u64. lia. Qed.
