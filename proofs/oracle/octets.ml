(* Byte strings of Coq, which are lists of numbers, and of OCaml. *)

let octet = Array.init 256 Z.of_int

let of_string s =
  let rec from i l = if i < 0 then l else from (i - 1) (octet.(Char.code s.[i]) :: l) in
  from (String.length s - 1) []

let add buffer l = List.iter (fun n -> Buffer.add_char buffer (Char.chr (Z.to_int n))) l

let to_string l =
  let buffer = Buffer.create 64 in
  add buffer l;
  Buffer.contents buffer

(* The number that bytes say, the first one lowest. *)
let number s =
  let n = ref Z.zero in
  for i = String.length s - 1 downto 0 do
    n := Z.add (Z.shift_left !n 8) octet.(Char.code s.[i])
  done;
  !n

(* So many bytes of a number, the lowest first. *)
let little_endian width n =
  String.init width (fun i -> Char.chr (Z.to_int (Z.extract n (8 * i) 8)))
