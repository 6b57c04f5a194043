(** The numbers of one session: which are used, and what the last ones were answered with.

    Both are bounded. A word covers sixteen consecutive numbers: which sixteen, and which of them
    are claimed; a later sixteen may push it out, never an earlier one. In Rust the words of a place
    go over to its next session, and a generation before the number tells the two apart: here each
    session begins with its own. *)
From Coq Require Import NArith List Bool.
From zeta Require Import Spec.Width Spec.Bytes Spec.Table Spec.Session.
Open Scope N_scope.

(** Words of a window, and leaves that are remembered. *)
Definition WORDS : N := 64.
Definition REMEMBERED : N := 64.

(** Which sixteen, as they rise, and the claimed ones among them, as bits. *)
Record word := Word { w_tag : N; w_claimed : N }.
Definition window := table word.

Definition word_of (sequence : u64) : N := sequence / 16 mod WORDS.
Definition tag_of (sequence : u64) : N := sequence / 16 / WORDS.

Definition stand (w : window) (sequence : u64) : Number :=
  match get w (word_of sequence) with
  | None => Free
  | Some (Word tag claimed) =>
      if tag_of sequence <? tag then Below
      else if (tag =? tag_of sequence) && N.testbit claimed (sequence mod 16) then Used
      else Free
  end.

(** Claims a number that is free. *)
Definition claim (w : window) (sequence : u64) : window :=
  let tag := tag_of sequence in
  let claimed := match get w (word_of sequence) with
                 | Some (Word old claimed) => if old =? tag then claimed else 0
                 | None => 0
                 end in
  set w (word_of sequence) (Word tag (N.setbit claimed (sequence mod 16))).

(** The leaves of settled numbers: a later number takes the place of an earlier one. *)
Definition settled := table (N * digest).

Definition remember (s : settled) (sequence : u64) (leaf : digest) : settled :=
  match get s (sequence mod REMEMBERED) with
  | Some (last, _) => if sequence <=? last then s
                      else set s (sequence mod REMEMBERED) (sequence, leaf)
  | None => set s (sequence mod REMEMBERED) (sequence, leaf)
  end.

Definition recall (s : settled) (sequence : u64) : option digest :=
  match get s (sequence mod REMEMBERED) with
  | Some (kept, leaf) => if kept =? sequence then Some leaf else None
  | None => None
  end.
