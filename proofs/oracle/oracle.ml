(* The oracle: reads records from standard input and writes their replies. FORMAT.md says what. *)

exception Not_allowed of string

(* {1 Bytes in and out} *)

let buffer = Bytes.create 65536
let first = ref 0
let last = ref 0
let out = Buffer.create 65536

let flush_replies () =
  print_string (Buffer.contents out);
  flush stdout;
  Buffer.clear out

(* Whether there is a byte to read. Whoever waits for replies must have them before we wait. *)
let more () =
  !first < !last
  || begin
       flush_replies ();
       first := 0;
       last := Unix.read Unix.stdin buffer 0 (Bytes.length buffer);
       !last > 0
     end

let read_string length =
  let s = Bytes.create length in
  let rec fill at =
    if at < length then
      if not (more ()) then raise (Not_allowed "the input ends within a record")
      else begin
        let n = min (length - at) (!last - !first) in
        Bytes.blit buffer !first s at n;
        first := !first + n;
        fill (at + n)
      end
  in
  fill 0;
  Bytes.unsafe_to_string s

let read_u32 () = Int32.to_int (String.get_int32_le (read_string 4) 0) land 0xffffffff

let reply pieces =
  let size = List.fold_left (fun n piece -> n + List.length piece) 0 pieces in
  Buffer.add_int32_le out (Int32.of_int size);
  List.iter (Octets.add out) pieces;
  if Buffer.length out > 1 lsl 20 then flush_replies ()

(* {1 The verifier, and what may be taken back} *)

type state = {
  monitor : Model.monitor;
  streams : Crypto.streams;
  calls : (int * string) list;  (* The last one first. *)
}

type verifier = {
  prepared : Model.prepared;
  threads : int;
  start : state;
  mutable state : state;
  mutable notes : state list;
}

let sha l = Octets.of_string (Sha256.digest (Octets.to_string l))

let make_new record =
  match Model.oracle_setup (Octets.of_string record) with
  | Model.Ok (setup, []) -> (
      match Model.oracle_make Crypto.hashes sha setup with
      | Some prepared ->
          let start =
            { monitor = Model.monitor_start; streams = !Crypto.streams; calls = [] }
          in
          let threads = Z.to_int setup.setup_threads in
          let of_primitives = Crypto.remembering prepared.of_primitives in
          let prepared = { prepared with of_primitives } in
          Some { prepared; threads; start; state = start; notes = [] }
      | None -> None)
  | _ -> raise (Not_allowed "C: a field is missing, too long or unknown")

(* Whoever compares many logs makes the same verifier again and again. *)
let last_made = ref ("", None)

let make record =
  if fst !last_made <> record then last_made := (record, make_new record);
  Option.map (fun v -> { v with state = v.start; notes = [] }) (snd !last_made)

let call v record =
  if String.length record < 2 then raise (Not_allowed "L: no thread");
  let thread = String.get_uint16_le record 0 in
  if thread >= v.threads then raise (Not_allowed "L: there is no such thread");
  let log = String.sub record 2 (String.length record - 2) in
  Crypto.thread := thread;
  Crypto.streams := v.state.streams;
  let t = Z.of_int thread in
  let monitor, said = Model.oracle_call v.prepared v.state.monitor t (Octets.of_string log) in
  v.state <- { monitor; streams = !Crypto.streams; calls = (thread, log) :: v.state.calls };
  reply said

(* All calls again, on the verifier that keeps what it hashed. *)
let find_collision v =
  Crypto.streams := v.start.streams;
  let again replayed (thread, log) =
    Crypto.thread := thread;
    Model.oracle_replay v.prepared replayed (Z.of_int thread) (Octets.of_string log)
  in
  let replayed = List.fold_left again Model.oracle_replay_start (List.rev v.state.calls) in
  reply [ Model.oracle_found v.prepared replayed ]

let summary record =
  let sound = Crypto.without_sessions ~weak_tree:false ~weak_elements:false in
  match Model.oracle_summary sound (Octets.of_string record) with
  | Some root -> reply [ root ]
  | None -> raise (Not_allowed "S: not records of an application")

let take_back v =
  match v.notes with
  | [] -> raise (Not_allowed "Q: nothing was noted")
  | state :: notes ->
      v.state <- state;
      v.notes <- notes

let serve v tag record =
  match (tag, record) with
  | 'L', _ -> call v record
  | 'E', "" -> reply (Model.oracle_end v.prepared v.state.monitor)
  | 'F', "" -> find_collision v
  | 'P', "" ->
      v.notes <- v.state :: v.notes;
      reply []
  | 'Q', "" ->
      take_back v;
      reply []
  | _ -> raise (Not_allowed (Printf.sprintf "record %C" tag))

let rec records verifier =
  if more () then begin
    let tag = (read_string 1).[0] in
    let record = read_string (read_u32 ()) in
    match (tag, verifier) with
    | 'C', _ ->
        let made = make record in
        reply [ [ (if made = None then Z.one else Z.zero) ] ];
        records made
    | 'S', _ ->
        summary record;
        records verifier
    | ('L' | 'E' | 'F' | 'P' | 'Q'), None ->
        reply [];
        records None
    | _, Some v ->
        serve v tag record;
        records verifier
    | _, None -> raise (Not_allowed (Printf.sprintf "record %C" tag))
  end

(* {1 A stack without a limit}

   Extracted functions on lists recurse as deep as the lists are long: the program starts itself
   again where the shell has lifted the limit. *)

let started = "ZETA_ORACLE_STARTED"

let with_stack () =
  if Sys.getenv_opt started = None then begin
    Unix.putenv started "1";
    let script = "ulimit -s unlimited 2>/dev/null || ulimit -s $(ulimit -H -s); exec \"$0\"" in
    Unix.execv "/bin/sh" [| "sh"; "-c"; script; Sys.executable_name |]
  end

let () =
  with_stack ();
  Gc.set { (Gc.get ()) with minor_heap_size = 1 lsl 20; space_overhead = 400 };
  set_binary_mode_out stdout true;
  match records None with
  | () -> flush_replies ()
  | exception Not_allowed what ->
      flush_replies ();
      prerr_endline ("oracle: " ^ what);
      exit 2
