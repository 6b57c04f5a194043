(** Numbers of Coq become zarith's, which are exact too: [Number] has each function that is put in
    the place of one of Coq's. [Numbers.v] compares them. *)
From Coq Require Import Extraction ExtrOcamlBasic NArith ZArith List.

Extract Inductive positive => "Number.t" [ "Number.xi" "Number.xo" "Number.one" ]
  "Number.positive".
Extract Inductive N => "Number.t" [ "Number.zero" "" ] "Number.natural".
Extract Inductive Z => "Number.t" [ "Number.zero" "" "Number.neg" ] "Number.integer".
Extract Inductive nat => "Number.t" [ "Number.zero" "Number.succ" ] "Number.counted".

Extract Constant Pos.succ => "Number.succ".
Extract Constant Pos.pred => "Number.pred_positive".
Extract Constant Pos.add => "Number.add".
Extract Constant Pos.sub => "Number.sub_positive".
Extract Constant Pos.mul => "Number.mul".
Extract Constant Pos.eqb => "Number.equal".
Extract Constant Pos.leb => "Number.leq".
Extract Constant Pos.ltb => "Number.lt".
Extract Constant Pos.compare => "(fun x y -> Number.compare x y Eq Lt Gt)".
Extract Constant Pos.max => "Number.max".
Extract Constant Pos.min => "Number.min".
Extract Constant Pos.eq_dec => "Number.equal".
Extract Constant Pos.to_nat => "(fun n -> n)".
Extract Constant Pos.of_succ_nat => "Number.succ".

Extract Constant N.succ => "Number.succ".
Extract Constant N.pred => "Number.pred".
Extract Constant N.succ_pos => "Number.succ".
Extract Constant N.add => "Number.add".
Extract Constant N.sub => "Number.sub".
Extract Constant N.mul => "Number.mul".
Extract Constant N.div => "Number.div".
Extract Constant N.modulo => "Number.modulo".
Extract Constant N.pow => "Number.pow".
Extract Constant N.eqb => "Number.equal".
Extract Constant N.leb => "Number.leq".
Extract Constant N.ltb => "Number.lt".
Extract Constant N.compare => "(fun x y -> Number.compare x y Eq Lt Gt)".
Extract Constant N.max => "Number.max".
Extract Constant N.min => "Number.min".
Extract Constant N.eq_dec => "Number.equal".
Extract Constant N.odd => "Number.odd".
Extract Constant N.even => "Number.even".
Extract Constant N.div2 => "Number.div2".
Extract Constant N.double => "Number.double".
Extract Constant N.succ_double => "Number.xi".
Extract Constant N.testbit => "Number.testbit".
Extract Constant N.setbit => "Number.setbit".
Extract Constant N.of_nat => "(fun n -> n)".
Extract Constant N.to_nat => "(fun n -> n)".

Extract Constant Z.add => "Number.add".
Extract Constant Z.sub => "Number.subtract".
Extract Constant Z.mul => "Number.mul".
Extract Constant Z.opp => "Number.neg".
Extract Constant Z.div => "Number.floor_div".
Extract Constant Z.modulo => "Number.floor_modulo".
Extract Constant Z.eqb => "Number.equal".
Extract Constant Z.leb => "Number.leq".
Extract Constant Z.ltb => "Number.lt".
Extract Constant Z.compare => "(fun x y -> Number.compare x y Eq Lt Gt)".
Extract Constant Z.of_N => "(fun n -> n)".
Extract Constant Z.to_N => "Number.clamp".
Extract Constant Z.of_nat => "(fun n -> n)".
Extract Constant Z.to_nat => "Number.clamp".
Extract Constant Z.eq_dec => "Number.equal".

Extract Constant Init.Nat.add => "Number.add".
Extract Constant Init.Nat.sub => "Number.sub".
Extract Constant Init.Nat.mul => "Number.mul".
Extract Constant Init.Nat.eqb => "Number.equal".
Extract Constant Init.Nat.leb => "Number.leq".
Extract Constant Init.Nat.ltb => "Number.lt".
Extract Constant PeanoNat.Nat.eqb => "Number.equal".
Extract Constant PeanoNat.Nat.leb => "Number.leq".
Extract Constant PeanoNat.Nat.ltb => "Number.lt".

(** The list functions that walk long byte strings. *)
Extract Inlined Constant length => "Number.length".
Extract Inlined Constant rev_append => "List.rev_append".
Extract Inlined Constant rev => "List.rev".
Extract Inlined Constant app => "List.append".
