(* The cryptography that Coq leaves open, for the kinds of hash that a record asks for. *)

let leaf_domain = 0x10
let element_domain = "\x15"

(* SHA-256 under a domain; the weak kind keeps one byte of it, and all of a leaf key. *)
let domain_hash ~weak domain message =
  let digest = Sha256.digest (String.make 1 (Char.chr domain) ^ message) in
  if weak && domain <> leaf_domain then String.sub digest 0 1 ^ String.make 31 '\000' else digest

(* A number of 128 bits for an element; of 8 bits where it is weak. *)
let element ~weak epoch blocks =
  let digest = Sha256.digest (element_domain ^ Octets.little_endian 4 epoch ^ blocks) in
  Octets.number (String.sub digest 0 (if weak then 1 else 16))

let mac_size = 16
let over f l = Octets.of_string (f (Octets.to_string l))

(* What a verifier without clients needs. *)
let without_sessions ~weak_tree ~weak_elements : Model.hashes =
  {
    domain_hash = (fun domain -> over (domain_hash ~weak:weak_tree (Z.to_int domain)));
    element_prf = (fun epoch l -> element ~weak:weak_elements epoch (Octets.to_string l));
    plain_hash = over Sha256.digest;
    code_of =
      (fun key message ->
        let code = Hmac.code (Octets.to_string key) (Octets.to_string message) in
        Octets.of_string (String.sub code 0 mac_size));
    asked_in = (fun _ -> None);
    accepted = (fun _ _ -> None);
  }

(* The leaf of each key is asked for again and again: remembers so many, and then begins anew. *)
let remembered = 100_000

module Leaves = Hashtbl.Make (struct
  include String

  let hash = Hashtbl.hash
end)

let remembering (p : Model.primitives) =
  let leaves = Leaves.create 1000 in
  let leaf (key : Model.key) =
    let place = Octets.little_endian 2 key.relation ^ Octets.to_string key.key_bytes in
    match Leaves.find_opt leaves place with
    | Some path -> path
    | None ->
        let path = p.leaf key in
        if Leaves.length leaves = remembered then Leaves.reset leaves;
        Leaves.add leaves place path;
        path
  in
  { p with leaf }

(* {1 Handshakes}

   Each reading of a first message draws from its thread's stream, and the answer's ephemeral secret
   comes from that draw. The driver says which thread is at work, and keeps the streams. *)

type streams = string array

let streams : streams ref = ref [||]
let thread = ref 0

(* The responder's secret, and the stream of each thread. *)
let split entropy threads =
  let secret, rest = Hmac.draw entropy in
  let rec threads_of n state =
    if n = 0 then []
    else
      let own, state = Hmac.draw state in
      own :: threads_of (n - 1) state
  in
  (secret, Array.of_list (threads_of threads rest))

let seed () =
  let drawn, rest = Hmac.draw !streams.(!thread) in
  streams := Array.mapi (fun i state -> if i = !thread then rest else state) !streams;
  drawn

let strict_order = '\001'
let ask_size = 5

let ask_of (incoming : Noise.incoming) =
  if String.length incoming.payload <> ask_size || incoming.payload.[0] > strict_order then None
  else
    Some
      {
        Model.client_key = Octets.of_string incoming.client;
        strict_order = incoming.payload.[0] = strict_order;
        replaces = Octets.number (String.sub incoming.payload 1 4);
      }

let keys_of (to_verifier, to_client) hash =
  {
    Model.request_key = Octets.of_string (Hmac.code to_verifier ("zeta request key v1\000" ^ hash));
    reply_key = Octets.of_string (Hmac.code to_client ("zeta reply key v1\000" ^ hash));
  }

let hashes (setup : Model.setup) (names : Model.scope) : Model.hashes =
  let weak_tree = Z.equal setup.tree_hash Z.one in
  let weak_elements = Z.equal setup.element_kind Z.one in
  let without = without_sessions ~weak_tree ~weak_elements in
  let entropy =
    match setup.setup_service with
    | Some service -> Octets.to_string service.entropy
    | None -> ""
  in
  let secret, own = split entropy (Z.to_int setup.setup_threads) in
  streams := own;
  let prologue =
    "zeta session v1\000" ^ Octets.to_string names.instance ^ Octets.to_string names.incarnation
  in
  let read message = Noise.read ~secret ~prologue (Octets.to_string message) in
  let last_seed = ref "" in
  {
    without with
    asked_in =
      (fun message ->
        last_seed := seed ();
        Option.bind (read message) ask_of);
    accepted =
      (fun message welcome ->
        let payload =
          Octets.little_endian 4 welcome.w_session ^ Octets.little_endian 4 welcome.w_last_epoch
        in
        let answer incoming =
          let ephemeral, _ = Hmac.draw !last_seed in
          let said, split, hash = Noise.answer incoming ~ephemeral payload in
          (Octets.of_string said, keys_of split hash)
        in
        Option.map answer (read message));
  }
