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

let hashes (setup : Model.setup) (_ : Model.scope) : Model.hashes =
  let is_weak kind = Z.equal kind Z.one in
  let weak_tree = is_weak setup.tree_hash and weak_elements = is_weak setup.element_kind in
  let over f l = Octets.of_string (f (Octets.to_string l)) in
  {
    domain_hash = (fun domain -> over (domain_hash ~weak:weak_tree (Z.to_int domain)));
    element_prf = (fun epoch l -> element ~weak:weak_elements epoch (Octets.to_string l));
    plain_hash = over Sha256.digest;
    code_of = (fun _ _ -> []);
    asked_in = (fun _ -> None);
    accepted = (fun _ _ -> None);
  }
