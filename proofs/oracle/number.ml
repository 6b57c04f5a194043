(* Numbers of Coq as zarith's, which have no bound: what Extract.v puts in place of Coq's own. *)

type t = Z.t

let zero = Z.zero
let one = Z.one
let two = Z.of_int 2

(* {1 Constructors, and what a match on them does} *)

let succ = Z.succ
let xo n = Z.shift_left n 1
let xi n = Z.succ (Z.shift_left n 1)
let neg = Z.neg

let positive on_xi on_xo on_one n =
  if Z.equal n Z.one then on_one ()
  else if Z.is_even n then on_xo (Z.shift_right n 1)
  else on_xi (Z.shift_right n 1)

let natural on_zero on_positive n = if Z.sign n = 0 then on_zero () else on_positive n
let counted on_zero on_succ n = if Z.sign n = 0 then on_zero () else on_succ (Z.pred n)

let integer on_zero on_positive on_negative n =
  match Z.sign n with
  | 0 -> on_zero ()
  | 1 -> on_positive n
  | _ -> on_negative (Z.neg n)

(* {1 Arithmetic} *)

let add = Z.add
let mul = Z.mul
let clamp n = if Z.sign n < 0 then Z.zero else n

(* Of natural numbers: never below zero. *)
let sub a b = clamp (Z.sub a b)
let pred n = clamp (Z.pred n)
let pred_positive n = if Z.equal n Z.one then n else Z.pred n
let sub_positive a b = Z.max Z.one (Z.sub a b)
let subtract = Z.sub

(* By zero as in Coq: the quotient is zero, the remainder the number itself. *)
let div a b = if Z.sign b = 0 then Z.zero else Z.div a b
let modulo a b = if Z.sign b = 0 then a else Z.rem a b
let floor_div a b = if Z.sign b = 0 then Z.zero else Z.fdiv a b
let floor_modulo a b = if Z.sign b = 0 then a else Z.sub a (Z.mul b (Z.fdiv a b))
let pow a b = Z.pow a (Z.to_int b)
let odd = Z.is_odd
let even = Z.is_even
let div2 n = Z.shift_right n 1
let double n = Z.shift_left n 1
let testbit n i = Z.testbit n (Z.to_int i)
let setbit n i = Z.logor n (Z.shift_left Z.one (Z.to_int i))

(* {1 Order} *)

let equal = Z.equal
let leq = Z.leq
let lt = Z.lt
let max = Z.max
let min = Z.min

let compare a b eq less greater =
  let c = Z.compare a b in
  if c = 0 then eq else if c < 0 then less else greater

(* {1 Lists} *)

let length l = Z.of_int (List.length l)

(* As Coq's, but for long lists without a stack. *)
let append a b = List.rev_append (List.rev a) b
