(** What makes a reader and an encoding each other's inverse; numbers and byte strings are so. *)
From Coq Require Import NArith Arith List Bool Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Reason Codec.Bytes.
Import ListNotations.
Open Scope N_scope.

(** What can stand in a log: numbers of 8 bits. *)
Definition octets (bs : bytes) : Prop := Forall (fun b => b < 256) bs.

(** A reader and an encoding that are each other's inverse, for the things that [ok] admits. *)
Record lawful {A} (r : reader A) (put : A -> bytes) (ok : A -> Prop) : Prop := {
  reads_back : forall a rest, ok a -> r (put a ++ rest) = Ok (a, rest);
  canonical : forall bs a rest, octets bs -> r bs = Ok (a, rest) -> ok a /\ bs = put a ++ rest
}.

Lemma read_inv {A B} (r : reader A) (k : A -> reader B) bs b rest :
  and_read r k bs = Ok (b, rest) -> exists a mid, r bs = Ok (a, mid) /\ k a mid = Ok (b, rest).
Proof. unfold and_read. destruct (r bs) as [[a mid] |]; [eauto | discriminate]. Qed.

Lemma octets_app bs cs : octets (bs ++ cs) <-> octets bs /\ octets cs.
Proof. apply Forall_app. Qed.

Lemma check_inv holds r bs u rest :
  check holds r bs = Ok (u, rest) -> holds = true /\ bs = rest.
Proof. unfold check. destruct holds; cbv; [intros [= _ <-]; auto | discriminate]. Qed.

Lemma check_true holds r bs : holds = true -> check holds r bs = Ok (tt, bs).
Proof. now intros ->. Qed.

(** ** Numbers *)

Definition within (width : nat) (n : N) : Prop := n < 256 ^ N.of_nat width.

Lemma number_inv width b bs n rest :
  number (S width) (b :: bs) = Ok (n, rest) ->
  exists m, number width bs = Ok (m, rest) /\ n = b + 256 * m.
Proof.
  intros found. apply (read_inv (number width) (fun m => give_back (b + 256 * m))) in found.
  destruct found as (m & mid & found & gives). unfold give_back in gives. exists m.
  split; congruence.
Qed.

Lemma number_lawful width : lawful (number width) (little_endian width) (within width).
Proof.
  induction width as [| width [back once]]; split; unfold within in *.
  - intros n rest small. cbn in *. unfold give_back. now replace n with 0 by lia.
  - intros bs n rest _ [= <- <-]. split; [cbn; lia | reflexivity].
  - rewrite Nat2N.inj_succ, N.pow_succ_r'. intros n rest small. cbn -[N.div N.modulo N.mul].
    unfold and_read. rewrite back by (apply N.div_lt_upper_bound; [discriminate | assumption]).
    unfold give_back. rewrite N.add_comm, <- N.div_mod by discriminate. reflexivity.
  - rewrite Nat2N.inj_succ, N.pow_succ_r'. intros [| b bs] n rest; [discriminate |].
    intros all found. apply number_inv in found as (m & found & ->).
    inversion all as [| ? ? b_small all']; subst.
    destruct (once _ _ _ all' found) as [m_small ->]. cbv beta in b_small. split; [lia |].
    cbn -[N.div N.modulo N.mul]. rewrite (N.mul_comm 256 m), N.mod_add, N.div_add by discriminate.
    rewrite N.mod_small, N.div_small by assumption. reflexivity.
Qed.

Lemma little_endian_octets width n : octets (little_endian width n).
Proof.
  revert n. induction width as [| width IH]; intros n; [constructor |].
  constructor; [now apply N.mod_lt | apply IH].
Qed.

(** ** Byte strings *)

Lemma size_cons b bs : size (b :: bs) = size bs + 1.
Proof. unfold size. cbn [length]. lia. Qed.

Lemma take_onto_app taken bs rest :
  take_onto taken (bs ++ rest) (size bs) = Ok (rev_append taken bs, rest).
Proof.
  revert taken. induction bs as [| b bs IH]; intros taken.
  - destruct rest; reflexivity.
  - cbn [app take_onto]. rewrite size_cons.
    replace (size bs + 1 =? 0) with false by (symmetry; apply N.eqb_neq; lia).
    rewrite N.add_sub. rewrite IH. reflexivity.
Qed.

Lemma take_onto_inv taken bs n a rest :
  take_onto taken bs n = Ok (a, rest) ->
  exists b, size b = n /\ a = rev_append taken b /\ bs = b ++ rest.
Proof.
  revert taken n. induction bs as [| b bs IH]; intros taken n; cbn [take_onto].
  - destruct (N.eqb_spec n 0); [| discriminate]. intros [= <- <-]. exists []. auto.
  - destruct (N.eqb_spec n 0) as [-> | nonzero].
    + intros [= <- <-]. exists []. auto.
    + intros found. destruct (IH _ _ found) as (c & sized & -> & ->).
      exists (b :: c). rewrite size_cons. repeat split. lia.
Qed.

(** All that a reader of [n] bytes needs to know. *)
Lemma take_lawful n : lawful (take n) (fun b => b) (fun b => octets b /\ size b = n).
Proof.
  split.
  - intros b rest [_ <-]. apply take_onto_app.
  - intros bs a rest all found. apply take_onto_inv in found as (b & sized & -> & ->).
    apply octets_app in all as [all _]. cbn. auto.
Qed.

Definition short (max : N) (b : bytes) : Prop := octets b /\ size b <= max.

Lemma within_u8 n : n <= 255 <-> within 1 n.
Proof. unfold within. change (256 ^ N.of_nat 1) with 256. lia. Qed.
Lemma within_u16 n : n <= u16_max <-> within 2 n.
Proof. unfold within, u16_max. change (256 ^ N.of_nat 2) with 65536. lia. Qed.
Lemma within_u32 n : n <= u32_max <-> within 4 n.
Proof. unfold within, u32_max. change (256 ^ N.of_nat 4) with 4294967296. lia. Qed.
Lemma within_u64 n : n <= u64_max <-> within 8 n.
Proof. unfold within, u64_max. change (256 ^ N.of_nat 8) with 18446744073709551616. lia. Qed.

Lemma lawful_for {A} (r : reader A) put (ok ok' : A -> Prop) :
  (forall a, ok' a <-> ok a) -> lawful r put ok -> lawful r put ok'.
Proof.
  intros same [back once]. split.
  - intros a rest a_ok. now apply back, same.
  - intros bs a rest all found. rewrite same. eauto.
Qed.

Lemma u8_lawful : lawful u8 put_u8 (fun n => n <= 255).
Proof. exact (lawful_for _ _ _ _ within_u8 (number_lawful 1)). Qed.
Lemma u16_lawful : lawful u16 put_u16 (fun n => n <= u16_max).
Proof. exact (lawful_for _ _ _ _ within_u16 (number_lawful 2)). Qed.
Lemma u32_lawful : lawful u32 put_u32 (fun n => n <= u32_max).
Proof. exact (lawful_for _ _ _ _ within_u32 (number_lawful 4)). Qed.
Lemma u64_lawful : lawful u64 put_u64 (fun n => n <= u64_max).
Proof. exact (lawful_for _ _ _ _ within_u64 (number_lawful 8)). Qed.

(** One step of reading what was put: for goals [reader (put a ++ rest) = ..]. *)
Ltac back law := rewrite <- ?app_assoc; unfold and_read at 1; rewrite (reads_back _ _ _ law);
  [| try solve [assumption | auto | easy | now match goal with d : bool |- _ => destruct d end]].

Lemma counted_lawful : lawful counted put_counted (short u32_max).
Proof.
  split.
  - intros b rest [all small]. unfold counted, put_counted, u32, put_u32.
    back u32_lawful.
    now apply (reads_back _ _ _ (take_lawful (size b))).
  - intros bs a rest all found. apply read_inv in found as (n & mid & number_found & found).
    destruct (canonical _ _ _ u32_lawful _ _ _ all number_found) as [small ->].
    apply octets_app in all as [_ all].
    destruct (canonical _ _ _ (take_lawful n) _ _ _ all found) as [[octs <-] ->].
    unfold put_counted, put_u32. rewrite app_assoc. repeat split; auto.
Qed.

(** One step of what was read: turns [found : (let* x := r in k) bs = Ok ..] into what [r] read,
    what it was put as, and the rest. *)
Ltac next law found all x ok rest :=
  let first := fresh "first" in
  apply read_inv in found as (x & rest & first & found);
  destruct (canonical _ _ _ law _ _ _ all first) as [ok ->]; clear first;
  apply octets_app in all as [_ all].
Ltac parts := repeat (assumption || split).
(** The end: what was read is what is given back. *)
Ltac given found := unfold give_back in found; injection found as <- <-.

Ltac tag_was found := match type of found with
  | context [(?a =? ?b)%N] => destruct (N.eqb_spec a b) as [-> |]
  end.
