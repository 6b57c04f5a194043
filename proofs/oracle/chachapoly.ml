(* ChaCha20-Poly1305 (RFC 8439): authenticated encryption. *)

let word n = n land 0xffffffff
let rotated x n = word ((x lsl n) lor (x lsr (32 - n)))

let quarter s a b c d =
  let mix a b d n =
    s.(a) <- word (s.(a) + s.(b));
    s.(d) <- rotated (s.(d) lxor s.(a)) n
  in
  mix a b d 16; mix c d b 12; mix a b d 8; mix c d b 7

let word_at s i = Int32.to_int (String.get_int32_le s (4 * i)) land 0xffffffff

(* The 64 bytes that a key, a block's number and a nonce of 12 bytes make. *)
let block key number nonce =
  let start =
    Array.concat
      [
        [| 0x61707865; 0x3320646e; 0x79622d32; 0x6b206574 |];
        Array.init 8 (word_at key);
        [| number |];
        Array.init 3 (word_at nonce);
      ]
  in
  let s = Array.copy start in
  for _ = 1 to 10 do
    quarter s 0 4 8 12; quarter s 1 5 9 13; quarter s 2 6 10 14; quarter s 3 7 11 15;
    quarter s 0 5 10 15; quarter s 1 6 11 12; quarter s 2 7 8 13; quarter s 3 4 9 14
  done;
  let out = Bytes.create 64 in
  Array.iteri (fun i x -> Bytes.set_int32_le out (4 * i) (Int32.of_int (word (x + start.(i))))) s;
  Bytes.to_string out

(* Encryption, which is decryption too. *)
let cipher key nonce text =
  let pad = ref "" in
  String.mapi
    (fun i c ->
      if i mod 64 = 0 then pad := block key (1 + (i / 64)) nonce;
      Char.chr (Char.code c lxor Char.code !pad.[i mod 64]))
    text

let prime = Z.sub (Z.shift_left Z.one 130) (Z.of_int 5)
let kept = Z.of_string "0x0ffffffc0ffffffc0ffffffc0fffffff"

let poly1305 key message =
  let r = Z.logand (Octets.number (String.sub key 0 16)) kept in
  let s = Octets.number (String.sub key 16 16) in
  let rec sum acc at =
    if at >= String.length message then acc
    else
      let piece = String.sub message at (min 16 (String.length message - at)) in
      sum (Z.erem (Z.mul (Z.add acc (Octets.number (piece ^ "\001"))) r) prime) (at + 16)
  in
  Octets.little_endian 16 (Z.extract (Z.add (sum Z.zero 0) s) 0 128)

let padded s = s ^ String.make (-String.length s land 15) '\000'
let length s = Octets.little_endian 8 (Z.of_int (String.length s))

let tag key nonce data sealed =
  let once = String.sub (block key 0 nonce) 0 32 in
  poly1305 once (padded data ^ padded sealed ^ length data ^ length sealed)

let seal key nonce data text =
  let sealed = cipher key nonce text in
  sealed ^ tag key nonce data sealed

(* None where the tag is not that of the key over these bytes. *)
let open_ key nonce data sealed =
  let size = String.length sealed - 16 in
  if size < 0 then None
  else
    let body = String.sub sealed 0 size in
    if String.sub sealed size 16 <> tag key nonce data body then None
    else Some (cipher key nonce body)
