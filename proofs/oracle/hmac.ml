(* HMAC-SHA-256 (RFC 2104), and the stream of secret bytes that the verifier makes of one seed. *)

let block = 64

let code key message =
  let key = if String.length key > block then Sha256.digest key else key in
  let key = key ^ String.make (block - String.length key) '\000' in
  let masked with_ = String.map (fun c -> Char.chr (Char.code c lxor with_)) key in
  Sha256.digest (masked 0x5c ^ Sha256.digest (masked 0x36 ^ message))

(* 256 bits, and the state after them. *)
let draw state = (code state "zeta draw", code state "zeta next")
