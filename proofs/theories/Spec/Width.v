(** Machine widths: natural numbers with explicit bounds, and the only arithmetic on them.

    A width is a name for [N], so that Coq keeps its simple arithmetic; the printer turns the name
    into the Rust type of that name. [N.add] must not occur in a decide function: every sum goes
    through a checked addition, whose Rust twin is the method [checked_add]. [N.sub] may: it stops
    at zero, as [saturating_sub] does. *)
From Coq Require Import NArith Lia.
Open Scope N_scope.

Definition u32 := N.
Definition u64 := N.

Definition u32_max : N := 4294967295.
Definition u64_max : N := 18446744073709551615.

Definition checked_add_u32 (a b : u32) : option u32 :=
  if a + b <=? u32_max then Some (a + b) else None.

Definition checked_add_u64 (a b : u64) : option u64 :=
  if a + b <=? u64_max then Some (a + b) else None.

Lemma checked_add_u32_some a b sum :
  checked_add_u32 a b = Some sum <-> sum = a + b /\ sum <= u32_max.
Proof.
  unfold checked_add_u32. destruct (N.leb_spec (a + b) u32_max);
    split; [intros [= <-]; auto | intros [-> _]; auto | discriminate | lia].
Qed.

Lemma checked_add_u64_some a b sum :
  checked_add_u64 a b = Some sum <-> sum = a + b /\ sum <= u64_max.
Proof.
  unfold checked_add_u64. destruct (N.leb_spec (a + b) u64_max);
    split; [intros [= <-]; auto | intros [-> _]; auto | discriminate | lia].
Qed.

Lemma checked_add_u32_none a b : checked_add_u32 a b = None <-> u32_max < a + b.
Proof.
  unfold checked_add_u32. destruct (N.leb_spec (a + b) u32_max);
    split; auto; [discriminate | lia].
Qed.

Lemma checked_add_u64_none a b : checked_add_u64 a b = None <-> u64_max < a + b.
Proof.
  unfold checked_add_u64. destruct (N.leb_spec (a + b) u64_max);
    split; auto; [discriminate | lia].
Qed.
