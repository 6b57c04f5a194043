(* Whether zarith's numbers answer as Coq's own, wherever Numbers.v asks. *)

let () =
  let plain = Plain.answers () and exact = Exact.answers () in
  if plain <> exact then begin
    prerr_endline "zarith's numbers answer otherwise than Coq's";
    exit 1
  end;
  Printf.printf "%d answers of Coq's numbers and zarith's are the same\n" (List.length plain)
