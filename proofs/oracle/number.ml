(* Numbers of Coq as zarith's, which have no bound: what Extract.v puts in place of Coq's own. *)

type t = Z.t

let zero = Z.zero
let one = Z.one
let two = Z.of_int 2

(* {1 Constructors, and what a match on them does} *)

let succ = Z.succ
let double n = Z.add n n
let xo = double
let xi n = Z.succ (double n)
let neg = Z.neg

(* zarith keeps a number that fits an int as that int: the way around its calls for those. *)
let is_small (n : t) = Obj.is_int (Obj.repr n)
let small (n : t) : int = Obj.magic n

let is_zero n = is_small n && small n = 0
let div2 n = if is_small n && small n >= 0 then Z.of_int (small n lsr 1) else Z.shift_right n 1
let odd n = if is_small n then small n land 1 = 1 else Z.is_odd n
let even n = not (odd n)

let positive on_xi on_xo on_one n =
  if is_small n && small n = 1 then on_one ()
  else if odd n then on_xi (div2 n)
  else on_xo (div2 n)

let natural on_zero on_positive n = if is_zero n then on_zero () else on_positive n
let counted on_zero on_succ n = if is_zero n then on_zero () else on_succ (Z.pred n)

let integer on_zero on_positive on_negative n =
  match Z.sign n with
  | 0 -> on_zero ()
  | 1 -> on_positive n
  | _ -> on_negative (Z.neg n)

(* {1 Arithmetic} *)

let add = Z.add
let mul = Z.mul
let is_negative n = if is_small n then small n < 0 else Z.sign n < 0
let clamp n = if is_negative n then Z.zero else n

(* Of natural numbers: never below zero. *)
let sub a b = clamp (Z.sub a b)
let pred n = clamp (Z.pred n)
let pred_positive n = if Z.equal n Z.one then n else Z.pred n
let sub_positive a b = Z.max Z.one (Z.sub a b)
let subtract = Z.sub

(* By zero as in Coq: the quotient is zero, the remainder the number itself. *)
let div a b = if is_zero b then Z.zero else Z.div a b
let modulo a b = if is_zero b then a else Z.rem a b
let floor_div a b = if is_zero b then Z.zero else Z.fdiv a b
let floor_modulo a b = if is_zero b then a else Z.sub a (Z.mul b (Z.fdiv a b))
let pow a b = Z.pow a (Z.to_int b)

let testbit n i =
  if is_small n && small n >= 0 && is_small i && small i < Sys.int_size then
    (small n lsr small i) land 1 = 1
  else Z.testbit n (Z.to_int i)

let setbit n i = Z.logor n (Z.shift_left Z.one (Z.to_int i))

(* {1 Order} *)

let equal a b = if is_small a then a == b else Z.equal a b
let leq a b = if is_small a && is_small b then small a <= small b else Z.leq a b
let lt a b = if is_small a && is_small b then small a < small b else Z.lt a b
let max = Z.max
let min = Z.min

let compare a b eq less greater =
  let c = Z.compare a b in
  if c = 0 then eq else if c < 0 then less else greater

(* {1 Lists} *)

let length l = Z.of_int (List.length l)
