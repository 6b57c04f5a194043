(** One verifier thread: its memory, and what each entry does to it.

    As in Rust, each function reads facts into a view, lets [decide] decide, and applies what it
    says. Two things are said otherwise than there: instead of sums, a thread keeps the elements
    themselves, and sums them up when it closes an epoch; and what a thread writes to the shared
    board (its published clock, its sums) stands in the thread. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Import Spec.Table Spec.Entry Spec.Application Spec.Access Spec.Leaf.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
From zeta Require Spec.Session.
Import ListNotations.
Open Scope N_scope.
Open Scope decide_scope.

(** What a slot holds. *)
Record cell := Cell {
  c_record : record;
  c_added : EvictB.AddMethod;
  c_parent : option (N * bool);      (** The ancestor's slot, and the side of it. *)
  c_left : option N;                 (** Slots of records that were added under this one. *)
  c_right : option N
}.

(** One thread's sums of one epoch. *)
Record sums := Sums { added_sum : N; evicted_sum : N; add_count : u64; evict_count : u64 }.

Record thread := Thread {
  slots : table cell;
  bytes_used : u64;
  clock : Timestamp;
  next_epoch : u32;                  (** The first epoch that it has not closed. *)
  added : list element;              (** All elements that it added from deferred state. *)
  evicted : list element;            (** All that it evicted to deferred state. *)
  published : Timestamp;             (** Of its last eviction; other threads read it. *)
  closed : list sums;                (** By epoch; other threads read them. *)
  rejection : option Reason
}.

(** What an applied entry did: answers and hashes can be read off it. *)
Inductive event :=
| AddedTree (r : record) (hashed : bool)
| AddedDeferred (m : element)
| EvictedTree (r : record)           (** Hashed. *)
| EvictedDeferred (m : element)
| Turned
| Verified (e : u32)
| Answered (r : ran).

(** What it needs to have clients. *)
Record serving := Serving {
  in_scope : scope;
  access : access_list;
  sessions_per_thread : N    (** How many sessions of each thread may be open at once. *)
}.

(** What a verifier is made of. The root is empty, or the summary of an adopted data set. *)
Record config := Config {
  thread_count : N;
  slot_count : N;
  byte_budget : u64;
  root : record;
  serving_of : option serving  (** None: its own host alone, without receipts. *)
}.

Definition cell_child (c : cell) (d : bool) : option N := if d then c_right c else c_left c.
Definition set_child (d : bool) (s : option N) (c : cell) : cell :=
  if d then Cell (c_record c) (c_added c) (c_parent c) (c_left c) s
  else Cell (c_record c) (c_added c) (c_parent c) s (c_right c).
Definition set_record (r : record) (c : cell) : cell :=
  Cell r (c_added c) (c_parent c) (c_left c) (c_right c).
Definition set_parent (p : option (N * bool)) (c : cell) : cell :=
  Cell (c_record c) (c_added c) p (c_left c) (c_right c).
Definition has_children (c : cell) : bool :=
  match c_left c, c_right c with None, None => false | _, _ => true end.

Definition is_some {A} (o : option A) : bool := match o with Some _ => true | None => false end.
Definition holds {A} (o : option A) (p : A -> bool) : bool :=
  match o with Some a => p a | None => false end.

Section Thread.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

(** Slot 0 of thread 0 holds the root, for ever. *)
Definition start (t : N) : thread := {|
  slots := if t =? 0 then set empty 0 (Cell (root cfg) EvictB.Tree None None None) else empty;
  bytes_used := 0;
  clock := {| epoch := 0; counter := 0 |};
  next_epoch := 0;
  added := [];
  evicted := [];
  published := {| epoch := 0; counter := 0 |};
  closed := [];
  rejection := None
|}.

Definition in_range (s : N) : bool := s <? slot_count cfg.

Definition with_slots (t : thread) (m : table cell) (b : u64) : thread :=
  Thread m b (clock t) (next_epoch t) (added t) (evicted t) (published t) (closed t) (rejection t).
Definition with_clock (t : thread) (c : Timestamp) : thread :=
  Thread (slots t) (bytes_used t) c (next_epoch t) (added t) (evicted t) (published t) (closed t)
    (rejection t).
Definition take (t : thread) (m : element) (c : Timestamp) : thread :=
  Thread (slots t) (bytes_used t) c (next_epoch t) (m :: added t) (evicted t) (published t)
    (closed t) (rejection t).
(** Clock and published clock become the timestamp of what is given away. *)
Definition give (t : thread) (m : element) : thread :=
  Thread (slots t) (bytes_used t) (e_time m) (next_epoch t) (added t) (m :: evicted t) (e_time m)
    (closed t) (rejection t).
Definition reject (t : thread) (r : Reason) : thread :=
  Thread (slots t) (bytes_used t) (clock t) (next_epoch t) (added t) (evicted t) (published t)
    (closed t) (Some r).

Definition count_in (e : u32) (l : list element) : u64 := N.of_nat (length (filter (in_epoch e) l)).
Definition byte_use (t : thread) (r : record) : ByteUse :=
  Build_ByteUse (bytes_used t) (byte_len r) (byte_budget cfg).
Definition bytes_without (t : thread) (r : record) : u64 := bytes_used t - byte_len r.
Definition bytes_with (t : thread) (r : record) : u64 :=
  saturating_add_u64 (bytes_used t) (byte_len r).

(** What the ancestor's slot says about the side on which [p] lies. *)
Definition ancestor_path (c : option cell) : path :=
  match c with Some c => path_of (c_record c) | None => ROOT end.
Definition side (c : option cell) (p : path) : bool := direction_at p (length (ancestor_path c)).
Definition pointer_above (c : option cell) (p : path) : pointer :=
  match c with Some a => pointer_of (c_record a) (side c p) | None => None end.
Definition child_above (c : option cell) (p : path) : option N :=
  match c with Some a => cell_child a (side c p) | None => None end.
Definition names (x : pointer) (p : path) : bool := holds x (fun l => path_eqb (l_path l) p).
Definition parent_is (c : option cell) (s : N) (d : bool) : bool :=
  holds c (fun c => holds (c_parent c) (fun p => (fst p =? s) && Bool.eqb (snd p) d)).

(** ** AddM *)

(** What the slot gets: the record, over what the ancestor pointed to, where it cut an edge. *)
Definition added_cell (a : N) (d : bool) (r : record) (u : AddM.AddMUpdate) : cell :=
  let c := Cell r EvictB.Tree (Some (a, d)) None None in
  match u with
  | AddM.CutEdge cut =>
      let below := AddM.direction cut in
      set_child below (AddM.child' cut) (set_record (set_pointer r below (AddM.link' cut)) c)
  | _ => c
  end.

Definition ancestor_after (s : N) (d : bool) (p : path) (u : AddM.AddMUpdate) (c : cell) : cell :=
  set_child d (Some s)
    (match u with
     | AddM.PointerNamesKey => c
     | _ => set_record (set_pointer (c_record c) d (Link p unknown_digest false)) c
     end).

Definition slots_after_add_m (m : table cell) (s a : N) (d : bool) (r : record)
    (u : AddM.AddMUpdate) : table cell :=
  let m := set m s (added_cell a d r u) in
  let m := match u with
           | AddM.CutEdge {| AddM.direction := below; AddM.child' := Some child |} =>
               change m child (set_parent (Some (s, below)))
           | _ => m
           end in
  change m a (ancestor_after s d (path_of r) u).

Definition add_m (t : thread) (s a : N) (r : record) : result (thread * event) :=
  let p := path_of r in
  let above := get (slots t) a in
  let? update := AddM.decide_add_m {|
    AddM.slot_in_range := in_range s;
    AddM.ancestor_in_range := in_range a;
    AddM.ancestor_occupied := is_some above;
    AddM.slot_empty := negb (is_some (get (slots t) s));
    AddM.path := p;
    AddM.ancestor_path := ancestor_path above;
    AddM.pointer := pointer_above above p;
    AddM.child := child_above above p;
    AddM.value_is_initial := is_initial r;
    AddM.value_hash := record_hash r;
    AddM.bytes := byte_use t r
  |} in
  let named := match update with AddM.PointerNamesKey => true | _ => false end in
  Ok (with_slots t (slots_after_add_m (slots t) s a (side above p) r update) (bytes_with t r),
      AddedTree r named).

(** ** AddB *)

(** [evictor] is the element's thread, where there is one. *)
Definition add_b (id : N) (t : thread) (s : N) (evictor : option thread) (m : element)
    : result (thread * event) :=
  let r := e_record m in
  let? update := AddB.decide_add_b {|
    AddB.slot_in_range := in_range s;
    AddB.is_root := path_eqb (path_of r) ROOT;
    AddB.slot_empty := negb (is_some (get (slots t) s));
    AddB.thread_in_range := is_some evictor;
    AddB.own_element := e_thread m =? id;
    AddB.timestamp := e_time m;
    AddB.clock := clock t;
    AddB.published := match evictor with Some o => published o | None => clock t end;
    AddB.next_epoch := next_epoch t;
    AddB.element_count := count_in (element_epoch m) (added t);
    AddB.bytes := byte_use t r
  |} in
  let m_after := set (slots t) s (Cell r EvictB.Deferred None None None) in
  let t := with_slots t m_after (bytes_with t r) in
  Ok (take t m (AddB.clock' update), AddedDeferred m).

(** ** Evictions *)

Definition evict_view (t : thread) (s : N) (tm : Timestamp) : EvictB.EvictBView :=
  let c := get (slots t) s in {|
    EvictB.slot_in_range := in_range s;
    EvictB.slot_occupied := is_some c;
    EvictB.is_root := holds c (fun c => path_eqb (path_of (c_record c)) ROOT);
    EvictB.timestamp := tm;
    EvictB.clock := clock t;
    EvictB.has_children := holds c has_children;
    EvictB.added := match c with Some c => c_added c | None => EvictB.Tree end;
    EvictB.next_epoch := next_epoch t;
    EvictB.element_count := count_in (epoch tm) (evicted t)
  |}.

(** The record in a slot; asked for only where there is one. *)
Definition record_in (t : thread) (s : N) : record :=
  match get (slots t) s with Some c => c_record c | None => Node ROOT None None end.

Definition evict_b (id : N) (t : thread) (s : N) (tm : Timestamp) : result (thread * event) :=
  let? _ := EvictB.decide_evict_b (evict_view t s tm) in
  let r := record_in t s in
  let m := Element r tm id in
  Ok (give (with_slots t (unset (slots t) s) (bytes_without t r)) m, EvictedDeferred m).

(** The slot is emptied; the ancestor points to what left, and has no child on that side. *)
Definition slots_after_evict (m : table cell) (s a : N) (d : bool) (l : link) : table cell :=
  change (unset m s) a (fun c => set_child d None (set_record (set_pointer (c_record c) d l) c)).

Definition evict_m (t : thread) (s a : N) : result (thread * event) :=
  let r := record_in t s in
  let p := path_of r in
  let above := get (slots t) a in
  let c := get (slots t) s in
  let? _ := EvictM.decide_evict_m {|
    EvictM.slot_in_range := in_range s;
    EvictM.ancestor_in_range := in_range a;
    EvictM.slot_occupied := is_some c;
    EvictM.ancestor_occupied := is_some above;
    EvictM.path := p;
    EvictM.ancestor_path := ancestor_path above;
    EvictM.has_children := holds c has_children;
    EvictM.pointer_names_key := names (pointer_above above p) p;
    EvictM.ancestor_has_child := is_some (child_above above p);
    EvictM.has_parent := holds c (fun c => is_some (c_parent c));
    EvictM.parent_is_ancestor := parent_is c a (side above p)
  |} in
  let l := Link p (record_hash r) false in
  Ok (with_slots t (slots_after_evict (slots t) s a (side above p) l) (bytes_without t r),
      EvictedTree r).

Definition evict_bm (id : N) (t : thread) (s a : N) (tm : Timestamp) : result (thread * event) :=
  let r := record_in t s in
  let p := path_of r in
  let above := get (slots t) a in
  let x := pointer_above above p in
  let? _ := EvictBM.decide_evict_bm {|
    EvictBM.ancestor_in_range := in_range a;
    EvictBM.ancestor_occupied := is_some above;
    EvictBM.path := p;
    EvictBM.ancestor_path := ancestor_path above;
    EvictBM.pointer_names_key := names x p;
    EvictBM.pointer_deferred := holds x l_deferred;
    EvictBM.parent_is_ancestor := parent_is (get (slots t) s) a (side above p);
    EvictBM.evict := evict_view t s tm
  |} in
  let stale := match x with Some l => l_hash l | None => unknown_digest end in
  let m := Element r tm id in
  let after := slots_after_evict (slots t) s a (side above p) (Link p stale true) in
  Ok (give (with_slots t after (bytes_without t r)) m, EvictedDeferred m).

(** ** Epochs *)

Definition next_epoch_entry (t : thread) : result (thread * event) :=
  let? c := Epoch.decide_next_epoch (clock t) in
  Ok (with_clock t c, Turned).

Definition sum_of (l : list element) : N :=
  fold_right (fun m s => (element_hash m + s) mod 2 ^ 128) 0 l.

Definition sums_of (e : u32) (t : thread) : sums := {|
  added_sum := sum_of (filter (in_epoch e) (added t));
  evicted_sum := sum_of (filter (in_epoch e) (evicted t));
  add_count := count_in e (added t);
  evict_count := count_in e (evicted t)
|}.

Definition verify_epoch (t : thread) (board_has_room : bool) : result (thread * event) :=
  let e := next_epoch t in
  let? next := Epoch.decide_verify_epoch {|
    Epoch.clock := clock t;
    Epoch.next_epoch := e;
    Epoch.board_has_room := board_has_room
  |} in
  Ok (Thread (slots t) (bytes_used t) (clock t) next (added t) (evicted t) (published t)
        (closed t ++ [sums_of e t]) (rejection t),
      Verified e).

(** ** Operations *)

(** The record of the application in a slot. *)
Definition row_in (m : table cell) (s : option N) : option (key * value) :=
  match s with
  | Some s => match get m s with Some (Cell (App k v) _ _ _ _) => Some (k, v) | _ => None end
  | None => None
  end.

(** What a run of a call gives. *)
Record execution := Execution {
  x_answer : answer;
  x_writes : list (N * value);       (** By slot. *)
  x_used : list N;                   (** Slots, in the order in which they were asked for. *)
  x_overread : bool                  (** A row was read that may not be read. *)
}.

(** Runs a call over the listed slots, which must hold what it asks for, in that order. A row that
    may not be read is read all the same, for the host has foreseen the run, and the run is refused
    at its end. *)
Fixpoint execute (r : rights) (m : table cell) (listed used : list N) (overread : bool) (c : call)
    : verdict execution :=
  match c with
  | Return result ws => Ok (Execution (Done result) (resolve used ws) used overread)
  | Fail code => Ok (Execution (Failed code) [] used overread)
  | Bind k next =>
      let found := match listed with s :: _ => get m s | [] => None end in
      Session.decide_access (may_read r k || may_write r k);;
      lift (RunApp.decide_bind {|
        RunApp.slot_listed := is_some (hd_error listed);
        RunApp.slot_in_range := holds (hd_error listed) in_range;
        RunApp.slot_occupied := is_some found;
        RunApp.key_matches :=
          holds found (fun c => match c_record c with App k' _ => key_eqb k' k | _ => false end)
      |});;
      execute r m (tl listed) (used ++ [hd 0 listed]) overread next
  | Read row next =>
      let found := row_in m (nth_error used row) in
      let may := match found with Some (k, _) => may_read r k | None => true end in
      execute r m listed used (overread || negb may)
        (next (match found with Some (_, v) => v | None => None end))
  end.

Definition write_slot (m : table cell) (w : N * value) : table cell :=
  change m (fst w) (fun c => match c_record c with
                             | App k _ => set_record (App k (snd w)) c
                             | Node _ _ _ => c
                             end).
Definition write_slots (m : table cell) (ws : list (N * value)) : table cell :=
  fold_left write_slot ws m.

Definition value_len (v : value) : N := match v with Some b => N.of_nat (length b) | None => 0 end.

(** Bytes of values that the writes bring, and of those that they replace. *)
Definition written_len (ws : list (N * value)) : N :=
  fold_right (fun w n => value_len (snd w) + n) 0 ws.
Definition replaced_len (m : table cell) (ws : list (N * value)) : N :=
  fold_right (fun w n => match get m (fst w) with
                         | Some (Cell (App _ v) _ _ _ _) => value_len v
                         | _ => 0
                         end + n) 0 ws.

(** Whether all that a run did was granted. *)
Definition granted (r : rights) (m : table cell) (x : execution) : bool :=
  negb (x_overread x) &&
  forallb (fun w => holds (row_in m (Some (fst w))) (fun kv => may_write r (fst kv))) (x_writes x).

(** What is committed after the floor has let the operation in. *)
Definition run_app (r : rights) (t : thread) (o : run) (c : call) : verdict (thread * event) :=
  let now := epoch (clock t) in
  let? x := execute r (slots t) (listed o) [] false c in
  let news := written_len (x_writes x) in
  let olds := replaced_len (slots t) (x_writes x) in
  let kept := bytes_used t - olds in
  lift (RunApp.decide_commit {|
    RunApp.slots_listed := N.of_nat (length (listed o));
    RunApp.slots_used := N.of_nat (length (x_used x));
    RunApp.bytes := Build_ByteUse kept (if olds <? news then news else 0) (byte_budget cfg)
  |});;
  Session.decide_access (granted r (slots t) x);;
  Ok (with_slots t (write_slots (slots t) (x_writes x)) (saturating_add_u64 kept news),
      Answered (Ran (asked o) now (x_answer x))).
End Thread.
