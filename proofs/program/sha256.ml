(* SHA-256 (FIPS 180-4) over strings: the primitive that the Coq interpreter leaves open. *)

let round_constants =
  [|
    0x428a2f98; 0x71374491; 0xb5c0fbcf; 0xe9b5dba5;
    0x3956c25b; 0x59f111f1; 0x923f82a4; 0xab1c5ed5;
    0xd807aa98; 0x12835b01; 0x243185be; 0x550c7dc3;
    0x72be5d74; 0x80deb1fe; 0x9bdc06a7; 0xc19bf174;
    0xe49b69c1; 0xefbe4786; 0x0fc19dc6; 0x240ca1cc;
    0x2de92c6f; 0x4a7484aa; 0x5cb0a9dc; 0x76f988da;
    0x983e5152; 0xa831c66d; 0xb00327c8; 0xbf597fc7;
    0xc6e00bf3; 0xd5a79147; 0x06ca6351; 0x14292967;
    0x27b70a85; 0x2e1b2138; 0x4d2c6dfc; 0x53380d13;
    0x650a7354; 0x766a0abb; 0x81c2c92e; 0x92722c85;
    0xa2bfe8a1; 0xa81a664b; 0xc24b8b70; 0xc76c51a3;
    0xd192e819; 0xd6990624; 0xf40e3585; 0x106aa070;
    0x19a4c116; 0x1e376c08; 0x2748774c; 0x34b0bcb5;
    0x391c0cb3; 0x4ed8aa4a; 0x5b9cca4f; 0x682e6ff3;
    0x748f82ee; 0x78a5636f; 0x84c87814; 0x8cc70208;
    0x90befffa; 0xa4506ceb; 0xbef9a3f7; 0xc67178f2
  |]

let word n = n land 0xffffffff
let rotated x n = word ((x lsr n) lor (x lsl (32 - n)))

(* The message, a one bit, zeros, and the length in bits. *)
let padded message =
  let length = String.length message in
  let zeros = (119 - (length mod 64)) mod 64 in
  let tail = Bytes.make (1 + zeros + 8) '\000' in
  Bytes.set tail 0 '\x80';
  Bytes.set_int64_be tail (1 + zeros) (Int64.of_int (length * 8));
  message ^ Bytes.to_string tail

(* Fills [w], 64 words, from the block at [at]. *)
let schedule w message at =
  for t = 0 to 15 do
    Array.unsafe_set w t (word (Int32.to_int (String.get_int32_be message (at + (4 * t)))))
  done;
  for t = 16 to 63 do
    let a = Array.unsafe_get w (t - 15) and b = Array.unsafe_get w (t - 2) in
    let s0 = rotated a 7 lxor rotated a 18 lxor (a lsr 3) in
    let s1 = rotated b 17 lxor rotated b 19 lxor (b lsr 10) in
    Array.unsafe_set w t (word (Array.unsafe_get w (t - 16) + s0 + Array.unsafe_get w (t - 7) + s1))
  done

(* The rounds of one block; the eight variables are arguments, so that none is allocated. *)
let rec rounds w state t a b c d e f g h =
  if t = 64 then
    Array.iteri
      (fun i x -> state.(i) <- word (state.(i) + x))
      [| a; b; c; d; e; f; g; h |]
  else
    let s1 = rotated e 6 lxor rotated e 11 lxor rotated e 25 in
    let choice = e land f lxor (lnot e land g) in
    let t1 = h + s1 + word choice + Array.unsafe_get round_constants t + Array.unsafe_get w t in
    let s0 = rotated a 2 lxor rotated a 13 lxor rotated a 22 in
    let majority = a land b lxor (a land c) lxor (b land c) in
    rounds w state (t + 1) (word (t1 + s0 + majority)) a b c (word (d + t1)) e f g

let digest message =
  let state =
    [| 0x6a09e667; 0xbb67ae85; 0x3c6ef372; 0xa54ff53a; 0x510e527f; 0x9b05688c; 0x1f83d9ab;
       0x5be0cd19 |]
  in
  let w = Array.make 64 0 in
  let message = padded message in
  for block = 0 to (String.length message / 64) - 1 do
    schedule w message (block * 64);
    rounds w state 0 state.(0) state.(1) state.(2) state.(3) state.(4) state.(5) state.(6)
      state.(7)
  done;
  let out = Bytes.create 32 in
  Array.iteri (fun i x -> Bytes.set_int32_be out (4 * i) (Int32.of_int x)) state;
  Bytes.to_string out
