(* X25519 (RFC 7748): the Montgomery ladder, over numbers without a bound. Slow, and not constant in
   time: an oracle has no secrets. *)

let p = Z.sub (Z.shift_left Z.one 255) (Z.of_int 19)
let field n = Z.erem n p
let a24 = Z.of_int 121665

let clamped scalar =
  let n = Octets.number scalar in
  let n = Z.logand n (Z.sub (Z.shift_left Z.one 255) (Z.of_int 8)) in
  Z.logor n (Z.shift_left Z.one 254)

(* One bit of the ladder: both points doubled or added; [x1] is their difference. *)
let step x1 (x2, z2) (x3, z3) =
  let a = Z.add x2 z2 and b = Z.sub x2 z2 in
  let aa = field (Z.mul a a) and bb = field (Z.mul b b) in
  let e = Z.sub aa bb in
  let da = field (Z.mul (Z.sub x3 z3) a) and cb = field (Z.mul (Z.add x3 z3) b) in
  let sum = Z.add da cb and difference = Z.sub da cb in
  ( (field (Z.mul aa bb), field (Z.mul e (Z.add aa (Z.mul a24 e)))),
    (field (Z.mul sum sum), field (Z.mul x1 (field (Z.mul difference difference)))) )

let multiply scalar point =
  let k = clamped scalar in
  let x1 = field (Z.extract (Octets.number point) 0 255) in
  let rec bits i low high =
    if i < 0 then low
    else if Z.testbit k i then
      let high, low = step x1 high low in
      bits (i - 1) low high
    else
      let low, high = step x1 low high in
      bits (i - 1) low high
  in
  let x, z = bits 254 (Z.one, Z.zero) (x1, Z.one) in
  Octets.little_endian 32 (field (Z.mul x (Z.powm z (Z.sub p (Z.of_int 2)) p)))

let public secret = multiply secret (Octets.little_endian 32 (Z.of_int 9))
