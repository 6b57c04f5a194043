(** The sessions of one incarnation, which all threads share.

    Each thread has places of its own, in which it alone opens sessions; any thread serves and
    revokes any session. The ids of a place rise, so an id is never given again. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Record Spec.Access Spec.Table Spec.Session Spec.Window.
Import ListNotations.
Open Scope N_scope.

(** The most sessions that a place ever has. *)
Definition GENERATION_MAX : N := 16777215.

Record session := Opened {
  s_id : u32;
  s_client : client;
  s_strict_order : bool;
  s_last_epoch : u32;
  s_keys : keys;
  s_window : window;
  s_settled : settled;
  s_last : u64               (** The last number that was settled in strict order; 0 for none. *)
}.

(** A place that had a session: it is open, or ended. *)
Inductive place := Open (s : session) | Ended (id : u32).
Definition id_of (p : place) : u32 := match p with Open s => s_id s | Ended id => id end.

Definition places := table place.

(** What there is to an id. *)
Inductive found := NotFound | FoundEnded | FoundOpen (s : session).

Section Table.
Variable len : N.            (** How many places there are. *)

Definition find_session (m : places) (id : u32) : found :=
  if len =? 0 then NotFound else
  match get m (id mod len) with
  | None => NotFound
  | Some p =>
      if id_of p =? id then match p with Open s => FoundOpen s | Ended _ => FoundEnded end
      else NotFound
  end.

(** The id of the next session at a place, unless the one that is there is open and not expired. *)
Definition next_id (m : places) (now : u32) (at_ : N) : option u32 :=
  let id := match get m at_ with None => at_ | Some p => id_of p end + len in
  let free := match get m at_ with
              | Some (Open s) => s_last_epoch s <? now
              | _ => true
              end in
  if free && (id <=? u32_max) && (id / len <=? GENERATION_MAX) then Some id else None.

(** The first of the places [l] in which a session may be opened, and the id that it will have. *)
Fixpoint vacancy (m : places) (now : u32) (l : list N) : option (N * u32) :=
  match l with
  | [] => None
  | at_ :: l =>
      match next_id m now at_ with Some id => Some (at_, id) | None => vacancy m now l end
  end.

Definition open_session (m : places) (at_ : N) (s : session) : places := set m at_ (Open s).

Definition end_session (m : places) (id : u32) : places :=
  match find_session m id with FoundOpen _ => set m (id mod len) (Ended id) | _ => m end.

Definition put_session (m : places) (s : session) : places := set m (s_id s mod len) (Open s).
End Table.

(** Whether the number before this one is settled, where the session asked for strict order. *)
Definition is_in_order (s : session) (sequence : u64) : bool :=
  negb (s_strict_order s) || (sequence =? 1) || (sequence - 1 <=? s_last s).

(** Claims a free number, and notes what it was answered with. *)
Definition settle_number (s : session) (sequence : u64) (leaf : digest) : session := {|
  s_id := s_id s;
  s_client := s_client s;
  s_strict_order := s_strict_order s;
  s_last_epoch := s_last_epoch s;
  s_keys := s_keys s;
  s_window := claim (s_window s) sequence;
  s_settled := remember (s_settled s) sequence leaf;
  s_last := if s_strict_order s then N.max (s_last s) sequence else s_last s
|}.
