(* Reads cases of programs from standard input, as the Rust crate's example `program_cases` writes
   them, and compares what the Rust said with what the Coq interpreter says. *)

module M = Program_model

(* {1 Numbers and byte strings} *)

let rec positive n =
  if n = 1 then M.XH
  else if n land 1 = 1 then M.XI (positive (n lsr 1))
  else M.XO (positive (n lsr 1))

let to_n n = if n = 0 then M.N0 else M.Npos (positive n)

let rec of_positive = function
  | M.XH -> 1
  | M.XO p -> 2 * of_positive p
  | M.XI p -> (2 * of_positive p) + 1

let of_n = function M.N0 -> 0 | M.Npos p -> of_positive p
let rec of_nat = function M.O -> 0 | M.S n -> 1 + of_nat n
let all_bytes = Array.init 256 to_n

let of_string s = List.init (String.length s) (fun i -> all_bytes.(Char.code s.[i]))

let to_string l =
  let b = Buffer.create 64 in
  List.iter (fun n -> Buffer.add_char b (Char.chr (of_n n))) l;
  Buffer.contents b

let hash l = of_string (Sha256.digest (to_string l))

let of_hex word =
  assert (word.[0] = 'x');
  of_string
    (String.init
       ((String.length word - 1) / 2)
       (fun i -> Char.chr (int_of_string ("0x" ^ String.sub word (1 + (2 * i)) 2))))

let hex l =
  let b = Buffer.create 64 in
  Buffer.add_char b 'x';
  List.iter (fun n -> Buffer.add_string b (Printf.sprintf "%02x" (of_n n))) l;
  Buffer.contents b

let of_row = function "-" -> None | word -> Some (of_hex word)
let row = function None -> "-" | Some b -> hex b

(* {1 What the Coq interpreter says} *)

let rec split n l =
  match l with
  | x :: l when n > 0 ->
      let first, rest = split (n - 1) l in
      (x :: first, rest)
  | [] when n > 0 -> failwith "a line ends too early"
  | l -> ([], l)

(* Of a program: the parts, where it is taken, and the words that the Rust should have written. *)
let verdict bytes =
  match M.load bytes with
  | M.Inl e -> (None, [ "E"; string_of_int (of_n (M.load_error_code e)) ])
  | M.Inr (parts, costs) ->
      let cost (c : M.cost) =
        Printf.sprintf "%d/%d/%d" (of_n c.cost_rows) (of_n c.cost_scratch) (of_n c.cost_time)
      in
      let encoding = if M.encode parts = bytes then [] else [ "another encoding" ] in
      (Some parts, ("L" :: hex (M.program_digest hash bytes) :: List.map cost costs) @ encoding)

let write (place, v) = [ string_of_int (of_nat place); row v ]

(* A row that the Rust asked for, as it wrote it, and whether the Coq has read it. *)
type asked = {
  relation : string;
  key : string;
  held : string;
  rust_read : string;
  mutable read : bool;
}

let rec asked_of = function
  | relation :: key :: held :: rust_read :: l ->
      { relation; key; held; rust_read; read = false } :: asked_of l
  | _ -> []

(* Runs a call over those rows; gives the words that the Rust should have said. *)
let rec answer rows bound call =
  match (call : M.call) with
  | Bind (k, next) -> (
      let own = (string_of_int (of_n k.relation), hex k.key_bytes) in
      match List.nth_opt rows bound with
      | Some asked when own = (asked.relation, asked.key) -> answer rows (bound + 1) next
      | _ -> [ "asks for"; fst own; snd own ])
  | Read (place, next) ->
      let asked = List.nth rows (of_nat place) in
      asked.read <- true;
      answer rows bound (next (of_row asked.held))
  | (Fail _ | Return _) when bound < List.length rows ->
      [ "asks for"; string_of_int bound; "rows only" ]
  | (Fail _ | Return _) when List.exists (fun r -> r.read <> (r.rust_read = "1")) rows ->
      [ "reads other rows" ]
  | Fail code -> [ "F"; string_of_int (of_n code) ]
  | Return (result, writes) ->
      "D" :: hex result :: string_of_int (List.length writes) :: List.concat_map write writes

let called parts = function
  | transition :: epoch :: args :: count :: rest -> (
      let rows, said = split (4 * int_of_string count) rest in
      let operation =
        { M.transition = to_n (int_of_string transition); M.arguments = of_hex args }
      in
      match M.begin_program hash parts operation with
      | M.Inl code -> (said, [ "R"; string_of_int (of_n code) ])
      | M.Inr call -> (said, answer (asked_of rows) 0 (call (to_n (int_of_string epoch)))))
  | _ -> failwith "a call lacks words"

(* {1 Comparison} *)

let counts : (string, int) Hashtbl.t = Hashtbl.create 100
let counted what = Option.value ~default:0 (Hashtbl.find_opt counts what)
let count what = Hashtbl.replace counts what (1 + counted what)
let different = ref 0

let short line = if String.length line <= 4000 then line else String.sub line 0 4000 ^ ".."

let compare_words line said own =
  (match said with
  | ("E" | "F" | "R") as kind :: code :: _ -> count kind; count (kind ^ " " ^ code)
  | kind :: _ -> count kind
  | [] -> ());
  if said <> own then begin
    incr different;
    if !different <= 5 then
      Printf.printf "different: %s\n  Rust: %s\n  Coq: %s\n" (short line)
        (short (String.concat " " said))
        (short (String.concat " " own))
  end

let distinct kind =
  Hashtbl.fold
    (fun what _ n -> if String.starts_with ~prefix:(kind ^ " ") what then n + 1 else n)
    counts 0

(* [program]: the last one that was taken. *)
let rec cases program =
  let line = input_line stdin in
  match String.split_on_char ' ' line with
  | "P" :: bytes :: said ->
      let parts, own = verdict (of_hex bytes) in
      compare_words line said own;
      cases (if parts = None then program else parts)
  | "C" :: words ->
      let said, own =
        match program with
        | None -> (words, [ "no program was taken" ])
        | Some parts -> called parts words
      in
      compare_words line said own;
      cases program
  | [ "END" ] -> ()
  | _ -> failwith "a line is neither a program nor a call"

let () =
  cases None;
  Printf.printf
    "%d programs taken, %d refused for %d different reasons; %d calls done, %d failed in %d ways, \
     %d refused; %d different\n"
    (counted "L") (counted "E") (distinct "E") (counted "D") (counted "F") (distinct "F")
    (counted "R") !different;
  if !different > 0 || counted "D" = 0 then exit 1
