(** What Coq's numbers answer at the bounds where others would wrap, round or differ in sign. It is
    extracted twice, with Coq's own numbers and with zarith's: both must say the same. *)
From Coq Require Import Extraction ExtrOcamlBasic NArith ZArith List Bool.
Import ListNotations.

Fixpoint positive_bits (p : positive) : list bool :=
  match p with
  | xI p => true :: positive_bits p
  | xO p => false :: positive_bits p
  | xH => [true]
  end.
Definition bits (n : N) : list bool := match n with N0 => [] | Npos p => positive_bits p end.
Definition signed_bits (z : Z) : list bool :=
  match z with
  | Z0 => []
  | Zpos p => true :: positive_bits p
  | Zneg p => false :: positive_bits p
  end.

Open Scope N_scope.

(** About each power of two at which a representation may change. *)
Definition grid : list N :=
  flat_map (fun k => let n := 2 ^ k in [n - 1; n; n + 1; n * 3 + 2])
    [0; 1; 2; 7; 8; 16; 30; 31; 32; 61; 62; 63; 64; 65; 127; 128; 129].

Definition number_of_order (c : comparison) : N := match c with Eq => 0 | Lt => 1 | Gt => 2 end.

Definition of_one (a : N) : list (list bool) :=
  map bits [N.succ a; N.pred a; N.div2 a; N.double a; N.succ_double a; Npos (N.succ_pos a)] ++
  [[N.odd a; N.even a]] ++
  map (fun i => [N.testbit a i]) [0; 1; 7; 61; 62; 63; 64; 127; 128] ++
  map (fun i => bits (N.setbit a i)) [0; 1; 15; 62; 63; 64].

Definition of_two (a b : N) : list (list bool) :=
  map bits [a + b; a - b; a * b; a / b; a mod b; N.min a b; N.max a b;
            number_of_order (a ?= b)] ++
  [[a =? b; a <=? b; a <? b; if N.eq_dec a b then true else false]].

Definition of_positives (a b : N) : list (list bool) :=
  match a, b with
  | Npos p, Npos q =>
      map positive_bits [p + q; p - q; p * q; Pos.min p q; Pos.max p q; Pos.pred p]%positive ++
      [[(p =? q)%positive; (p <=? q)%positive; (p <? q)%positive;
        if Pos.eq_dec p q then true else false];
       bits (number_of_order (p ?= q)%positive)]
  | _, _ => []
  end.

Definition of_integers (a b : Z) : list (list bool) :=
  map signed_bits [a + b; a - b; a * b; a / b; a mod b; - a; Z.of_N (Z.to_N a);
                   Z.of_N (number_of_order (a ?= b))]%Z ++
  [[(a =? b)%Z; (a <=? b)%Z; (a <? b)%Z; if Z.eq_dec a b then true else false]].

Definition signs (n : N) : list Z := [Z.of_N n; - Z.of_N n]%Z.

(** Natural numbers are small: they count what is in lists. *)
Definition counts : list nat := map N.to_nat [0; 1; 2; 3; 40; 255].
Definition of_counts (a b : nat) : list (list bool) :=
  map (fun n => bits (N.of_nat n)) [a + b; a - b; a * b; length (repeat tt a)]%nat ++
  [[Nat.eqb a b; Nat.leb a b; Nat.ltb a b]; map (Nat.eqb b) (rev (seq a b))].

Definition answers (_ : unit) : list (list bool) :=
  flat_map of_one grid ++
  flat_map (fun a => flat_map (of_two a) grid ++ flat_map (of_positives a) grid) grid ++
  flat_map (fun a => flat_map (of_integers a) (flat_map signs grid)) (flat_map signs grid) ++
  flat_map (fun a => flat_map (of_counts a) counts) counts.

Extraction Language OCaml.
Extraction "plain.ml" answers.

From oracle Require Import Zarith.
Extraction "exact.ml" answers.
