(* Noise_IK_25519_ChaChaPoly_SHA256, the responder's side: a first message, and our answer. *)

let name = "Noise_IK_25519_ChaChaPoly_SHA256"
let key_size = 32
let tag_size = 16

(* The state of a handshake: the chaining key, the hash of all that was said, and the cipher's key
   with the number of its next use. *)
type state = { chaining : string; hash : string; key : string; uses : int }

let mix_hash s data = { s with hash = Sha256.digest (s.hash ^ data) }

let derive chaining input =
  let secret = Hmac.code chaining input in
  let first = Hmac.code secret "\001" in
  (first, Hmac.code secret (first ^ "\002"))

let mix_key s input =
  let chaining, key = derive s.chaining input in
  { s with chaining; key; uses = 0 }

let nonce s = "\000\000\000\000" ^ Octets.little_endian 8 (Z.of_int s.uses)

let seal s text =
  let sealed = Chachapoly.seal s.key (nonce s) s.hash text in
  (sealed, mix_hash { s with uses = s.uses + 1 } sealed)

let open_ s sealed =
  match Chachapoly.open_ s.key (nonce s) s.hash sealed with
  | Some text -> Some (text, mix_hash { s with uses = s.uses + 1 } sealed)
  | None -> None

(* What was read of a first message: its payload, the client's two keys, and the state after it. *)
type incoming = { payload : string; client : string; ephemeral : string; after : state }

let read ~secret ~prologue message =
  let sealed_key = key_size + tag_size in
  if String.length message < key_size + sealed_key + tag_size then None
  else
    let part at size = String.sub message at size in
    let ephemeral = part 0 key_size in
    let s = { chaining = name; hash = name; key = ""; uses = 0 } in
    let s = mix_hash (mix_hash s prologue) (X25519.public secret) in
    let s = mix_key (mix_hash s ephemeral) (X25519.multiply secret ephemeral) in
    match open_ s (part key_size sealed_key) with
    | None -> None
    | Some (client, s) -> (
        let s = mix_key s (X25519.multiply secret client) in
        let at = key_size + sealed_key in
        match open_ s (part at (String.length message - at)) with
        | None -> None
        | Some (payload, after) -> Some { payload; client; ephemeral; after })

(* The second message, under our own ephemeral secret; the two keys of the end, and the hash. *)
let answer incoming ~ephemeral payload =
  let public = X25519.public ephemeral in
  let s = mix_hash incoming.after public in
  let s = mix_key s (X25519.multiply ephemeral incoming.ephemeral) in
  let s = mix_key s (X25519.multiply ephemeral incoming.client) in
  let sealed, s = seal s payload in
  (public ^ sealed, derive s.chaining "", s.hash)
