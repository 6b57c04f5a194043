(** What the decide functions answer to grids of views about every bound, and what the primitives
    give: for each a checksum, and how often there was each answer.

    `crates/verifier/tests/decide_sweep.rs` walks the same grids in the same order. *)
From Coq Require Import NArith List String.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
From zeta Require Spec.Session.
Import ListNotations.
Open Scope N_scope.

(** ** Grids: what is picked last changes first *)

Definition grid (A : Type) := forall S, (S -> A -> S) -> S -> S.
Definition ret {A} (a : A) : grid A := fun _ visit s => visit s a.
Definition bind {A B} (g : grid A) (k : A -> grid B) : grid B :=
  fun S visit s => g S (fun s a => k a S visit s) s.
Notation "'do' x <- g ; k" := (bind g (fun x => k)) (at level 200, x name, g at level 100).

Definition pick {A} (values : list A) : grid A := fun _ visit s => fold_left visit values s.
Definition flag : grid bool := pick [false; true].

(** The checksum is modulo 2^32. *)
Definition mix (sum n : N) : N := N.land (sum * 33 + n) u32_max.

(** How often there was each answer, in the order of their numbers. *)
Fixpoint count (answer : N) (tally : list (N * N)) : list (N * N) :=
  match tally with
  | [] => [(answer, 1)]
  | (first, n) :: rest =>
      if answer =? first then (first, n + 1) :: rest
      else if answer <? first then (answer, 1) :: tally
      else (first, n) :: count answer rest
  end.

(** The checksum of all answers, and how often each came first. *)
Definition sweep (name : string) (answers : grid (list N)) : string * N * list (N * N) :=
  let visit '(sum, tally) numbers := (fold_left mix numbers sum, count (hd 0 numbers) tally) in
  let (sum, tally) := answers _ visit (0, []) in
  (name, sum, tally).

(** ** Answers as numbers *)

Definition not_yet_code (n : NotYet) : N :=
  match n with PublishedClock => 1 | Floor => 2 | Window => 3 | ByteBudget => 4 | Order => 5 end.

Definition stop_code (s : Stop) : N :=
  match s with Rejected reason => code reason | Retry not_yet => 1000 + not_yet_code not_yet end.

Definition answer {A} (numbers : A -> list N) (r : result A) : list N :=
  match r with Ok a => 0 :: numbers a | Err stop => [stop_code stop] end.

Definition verdict_code (r : verdict unit) : list N :=
  match r with
  | Ok _ => [0]
  | Err (Refused refusal) => [refusal_code refusal]
  | Err (Stopped stop) => [stop_code stop]
  end.

Definition bit (b : bool) : N := if b then 1 else 0.
Definition of_stamp (t : Timestamp) : list N := [epoch t; counter t].
Definition of_number (n : N) : list N := [n].
Definition nothing (_ : unit) : list N := [].

(** ** Values *)

Definition stamps : list Timestamp := map (fun '(e, c) => {| epoch := e; counter := c |})
  [(4, 7); (5, 6); (5, 7); (5, u32_max); (36, u32_max - 1); (37, 0); (u32_max, u32_max)].
Definition stamp : grid Timestamp := pick stamps.
Definition few_stamp : grid Timestamp := pick (firstn 3 (skipn 3 stamps)).
Definition element_count : grid N := pick [0; u64_max - 1; u64_max].
Definition byte_use : grid ByteUse := pick
  (map (fun '(u, a, b) => Build_ByteUse u a b)
    [(11, 0, 10); (5, 5, 10); (5, 6, 10); (u64_max, 1, u64_max - 1); (u64_max, 1, u64_max)]).
Definition little_use : grid ByteUse :=
  pick [Build_ByteUse 5 5 10; Build_ByteUse 5 6 10].

(** The first [n] bits of a pattern, of which the one at [flip] may be turned. *)
Definition bits (pattern : nat -> bool) (flip : option nat) (n : nat) : path :=
  map (fun i => xorb (pattern i) (match flip with Some f => Nat.eqb i f | None => false end))
    (seq 0 n).
Definition zeros (_ : nat) : bool := false.
Definition ones (_ : nat) : bool := true.
Definition thirds (i : nat) : bool := Nat.eqb (Nat.modulo i 3) 1.

Definition few_paths : list path :=
  [ROOT; [true]; bits thirds None 64; bits thirds None 65; bits thirds None 256;
   bits thirds (Some 70%nat) 256; bits thirds (Some 64%nat) 66].
Definition few_path : grid path := pick few_paths.

Definition hash (first last : N) : digest := first :: repeat 0 30 ++ [last].
Definition few_hash : grid digest := pick [hash 1 0; hash 1 1].

(** ** The entries *)

Definition some_link : grid (option link) :=
  do present <- flag; do p <- few_path; do h <- few_hash; do deferred <- flag;
  ret (if present then Some (Link p h deferred) else None).

Definition add_m_numbers (u : AddM.AddMUpdate) : list N :=
  match u with
  | AddM.NewEdge => [1]
  | AddM.PointerNamesKey => [2]
  | AddM.CutEdge cut =>
      let l := AddM.link' cut in
      [3; bit (AddM.direction cut); N.of_nat (len (l_path l)); hd 0 (l_hash l); bit (l_deferred l);
       match AddM.child' cut with Some s => s + 1 | None => 0 end]
  end.

Definition add_m : grid (list N) :=
  do slot <- flag; do ancestor <- flag; do occupied <- flag; do empty <- flag;
  do p <- few_path; do above <- few_path; do x <- some_link; do child <- pick [None; Some 7];
  do initial <- flag; do bytes <- little_use;
  ret (answer add_m_numbers (AddM.decide_add_m {|
    AddM.slot_in_range := slot; AddM.ancestor_in_range := ancestor;
    AddM.ancestor_occupied := occupied; AddM.slot_empty := empty; AddM.path := p;
    AddM.ancestor_path := above; AddM.pointer := x; AddM.child := child;
    AddM.value_is_initial := initial; AddM.value_hash := hash 1 0; AddM.bytes := bytes
  |})).

Definition add_b : grid (list N) :=
  do slot <- flag; do root <- flag; do empty <- flag; do thread <- flag; do own <- flag;
  do t <- stamp; do now <- stamp; do seen <- stamp; do n <- element_count; do bytes <- byte_use;
  ret (answer (fun u => of_stamp (AddB.clock' u) ++ [AddB.element_count' u]) (AddB.decide_add_b {|
    AddB.slot_in_range := slot; AddB.is_root := root; AddB.slot_empty := empty;
    AddB.thread_in_range := thread; AddB.own_element := own; AddB.timestamp := t; AddB.clock := now;
    AddB.published := seen; AddB.next_epoch := 5; AddB.element_count := n; AddB.bytes := bytes
  |})).

Definition evict_m : grid (list N) :=
  do slot <- flag; do ancestor <- flag; do occupied <- flag; do above_occupied <- flag;
  do p <- few_path; do above <- few_path; do children <- flag; do named <- flag; do child <- flag;
  do parent <- flag; do same <- flag;
  ret (answer nothing (EvictM.decide_evict_m {|
    EvictM.slot_in_range := slot; EvictM.ancestor_in_range := ancestor;
    EvictM.slot_occupied := occupied; EvictM.ancestor_occupied := above_occupied;
    EvictM.path := p; EvictM.ancestor_path := above; EvictM.has_children := children;
    EvictM.pointer_names_key := named; EvictM.ancestor_has_child := child;
    EvictM.has_parent := parent; EvictM.parent_is_ancestor := same
  |})).

Definition evict_view (stamp : grid Timestamp) : grid EvictB.EvictBView :=
  do slot <- flag; do occupied <- flag; do root <- flag; do t <- stamp; do now <- stamp;
  do children <- flag; do method <- pick [EvictB.Tree; EvictB.Deferred];
  do n <- element_count;
  ret {|
    EvictB.slot_in_range := slot; EvictB.slot_occupied := occupied; EvictB.is_root := root;
    EvictB.timestamp := t; EvictB.clock := now; EvictB.has_children := children;
    EvictB.added := method; EvictB.next_epoch := 5; EvictB.element_count := n
  |}.

Definition evict_b : grid (list N) :=
  do view <- evict_view stamp; ret (answer of_number (EvictB.decide_evict_b view)).

Definition evict_bm : grid (list N) :=
  do ancestor <- flag; do occupied <- flag; do p <- pick [[true]; [true; false]];
  do above <- pick [ROOT; [false]]; do named <- flag; do deferred <- flag; do same <- flag;
  do view <- evict_view few_stamp;
  ret (answer of_number (EvictBM.decide_evict_bm {|
    EvictBM.ancestor_in_range := ancestor; EvictBM.ancestor_occupied := occupied;
    EvictBM.path := p; EvictBM.ancestor_path := above; EvictBM.pointer_names_key := named;
    EvictBM.pointer_deferred := deferred; EvictBM.parent_is_ancestor := same;
    EvictBM.evict := view
  |})).

Definition some_epoch : grid Epoch := pick [0; 1; 5; 36; 37; u32_max - 1; u32_max].

Definition next_epoch : grid (list N) :=
  do t <- stamp; ret (answer of_stamp (Epoch.decide_next_epoch t)).

Definition verify_epoch : grid (list N) :=
  do now <- stamp; do next <- some_epoch; do room <- flag;
  ret (answer of_number (Epoch.decide_verify_epoch {|
    Epoch.clock := now; Epoch.next_epoch := next; Epoch.board_has_room := room
  |})).

Definition floor : grid (list N) :=
  do now <- some_epoch; do floor <- some_epoch;
  ret (answer nothing (RunApp.decide_floor now floor)).

Definition bind_row : grid (list N) :=
  do listed <- flag; do slot <- flag; do occupied <- flag; do key <- flag;
  ret (answer nothing (RunApp.decide_bind {|
    RunApp.slot_listed := listed; RunApp.slot_in_range := slot;
    RunApp.slot_occupied := occupied; RunApp.key_matches := key
  |})).

Definition commit : grid (list N) :=
  do listed <- pick [0; 1; 2]; do used <- pick [0; 1; 2]; do bytes <- byte_use;
  ret (answer nothing (RunApp.decide_commit {|
    RunApp.slots_listed := listed; RunApp.slots_used := used; RunApp.bytes := bytes
  |})).

(** ** Sessions *)

Definition some_sequence : grid u64 :=
  pick [0; 1; Session.SEQUENCE_MAX; Session.SEQUENCE_MAX + 1; u64_max].
Definition some_number : grid Session.Number := pick [Session.Free; Session.Used; Session.Below].

Definition request : grid (list N) :=
  do known <- flag; do revoked <- flag; do mac <- flag; do expired <- flag; do n <- some_sequence;
  do number <- some_number; do order <- flag; do receipts <- flag;
  ret (verdict_code (Session.decide_request {|
    Session.known := known; Session.revoked := revoked; Session.mac_matches := mac;
    Session.expired := expired; Session.sequence := n; Session.number := number;
    Session.in_order := order; Session.receipts_fit := receipts
  |})).

Definition question : grid (list N) :=
  do known <- flag; do revoked <- flag; do mac <- flag; do n <- some_sequence; do order <- flag;
  ret (verdict_code (Session.decide_question {|
    Session.known' := known; Session.revoked' := revoked; Session.mac_matches' := mac;
    Session.sequence' := n; Session.in_order' := order
  |})).

Definition handshake : grid (list N) :=
  do good <- flag; do listed <- flag; do replaces <- flag; do known <- flag; do revoked <- flag;
  do same <- flag;
  ret (verdict_code (Session.decide_handshake {|
    Session.for_this_entry := good; Session.client_listed := listed;
    Session.replaces_one := replaces; Session.old_known := known; Session.old_revoked := revoked;
    Session.same_client := same
  |})).

Definition of_flag (decide : bool -> verdict unit) : grid (list N) :=
  do a <- flag; ret (verdict_code (decide a)).
Definition of_flags (decide : bool -> bool -> verdict unit) : grid (list N) :=
  do a <- flag; do b <- flag; ret (verdict_code (decide a b)).
Definition number : grid (list N) :=
  do n <- some_number; ret (verdict_code (Session.decide_number n)).

(** ** The primitives *)

(** Short ones, and long ones about the bounds of Rust's words. *)
Definition many_paths : list path :=
  [[]; [false]; [true]; [false; false]; [false; true]; [true; false]; [true; true];
   [true; true; false]] ++
  flat_map (fun pattern => map (bits pattern None) [63; 64; 65; 127; 128; 129; 192; 255; 256]%nat)
    [zeros; ones; thirds] ++
  map (fun f => bits thirds (Some f) 256) [0; 63; 64; 127; 128; 191; 192; 254; 255]%nat ++
  map (fun f => bits thirds (Some f) 65) [62; 63; 64]%nat.
Definition many_path : grid path := pick many_paths.

Definition paths : grid (list N) :=
  do a <- many_path; do b <- many_path;
  ret [bit (is_below a b); bit (path_eqb a b); N.of_nat (len a);
       bit (direction_at a (len b))].

Definition times : grid (list N) :=
  do a <- stamp; do b <- stamp;
  ret ([bit (before a b); bit (at_or_before a b)] ++ of_stamp (later a b) ++ of_stamp (after a) ++
       of_stamp {| epoch := epoch a; counter := counter b |}).

Definition epochs : grid (list N) :=
  do a <- some_epoch; do b <- some_epoch;
  ret [bit (a <? b); bit (a =? last_epoch); since a b; next a; bit (in_window a b)].

Definition hashes : grid (list N) :=
  do a <- few_hash; do b <- pick [hash 1 0; hash 1 1; hash 0 0; hash 0 1];
  ret [bit (digest_eqb a b)].

Open Scope string_scope.
Eval vm_compute in sweep "add_m" add_m.
Eval vm_compute in sweep "add_b" add_b.
Eval vm_compute in sweep "evict_m" evict_m.
Eval vm_compute in sweep "evict_b" evict_b.
Eval vm_compute in sweep "evict_bm" evict_bm.
Eval vm_compute in sweep "next_epoch" next_epoch.
Eval vm_compute in sweep "verify_epoch" verify_epoch.
Eval vm_compute in sweep "floor" floor.
Eval vm_compute in sweep "bind" bind_row.
Eval vm_compute in sweep "commit" commit.
Eval vm_compute in sweep "request" request.
Eval vm_compute in sweep "question" question.
Eval vm_compute in sweep "handshake" handshake.
Eval vm_compute in sweep "number" number.
Eval vm_compute in sweep "embedded" (of_flags Session.decide_embedded).
Eval vm_compute in sweep "revoke" (of_flags Session.decide_revoke).
Eval vm_compute in sweep "right" (of_flag Session.decide_right).
Eval vm_compute in sweep "access" (of_flag Session.decide_access).
Eval vm_compute in sweep "room" (of_flag Session.decide_room).
Eval vm_compute in sweep "paths" paths.
Eval vm_compute in sweep "times" times.
Eval vm_compute in sweep "epochs" epochs.
Eval vm_compute in sweep "hashes" hashes.
