(** In plain words, for the key-value program that ships: certified answers are those of a map. *)
From Coq Require Import NArith List Lia.
From zeta Require Import Spec.Record Spec.Entry Spec.Application Spec.Thread Spec.Verifier.
From zeta Require Import Thm.Collision Thm.Invariant Thm.Soundness.
From zeta Require Codec.Bytes.
From zeta Require Import Program.Arithmetic Program.KeyValue.
Import ListNotations.
Open Scope N_scope.

Definition memory_fits (m : memory) : Prop := forall k, value_fits (m (at_key k)).

(** The same value for every key. *)
Definition alike (m m' : memory) : Prop := forall k, m k = m' k.

Lemma write_alike m m' k v : alike m m' -> alike (write m k v) (write m' k v).
Proof. intros A k'. unfold write. now destruct (key_dec k' k). Qed.

Lemma meaning_alike m m' r : alike m m' ->
  fst (meaning m r) = fst (meaning m' r) /\ alike (snd (meaning m r)) (snd (meaning m' r)).
Proof.
  intros A. destruct r as [k | k v | k | k x n | s t]; cbn; rewrite <- ?A.
  - auto.
  - auto using write_alike.
  - auto using write_alike.
  - destruct (same (m (at_key k)) x); cbn; auto using write_alike.
  - destruct (m (at_key s)); cbn; auto using write_alike.
Qed.

Lemma write_fits m k v : memory_fits m -> value_fits v -> memory_fits (write m k v).
Proof. intros M V k'. unfold write. destruct (key_dec (at_key k') k); auto. Qed.

Lemma meaning_fits m r : request_fits r -> memory_fits m -> memory_fits (snd (meaning m r)).
Proof.
  intros F M. destruct r as [k | k v | k | k x n | s t]; cbn in *.
  - exact M.
  - apply write_fits; tauto.
  - now apply write_fits.
  - destruct (same _ _); cbn; [apply write_fits |]; tauto.
  - pose proof (M s). destruct (m (at_key s)); cbn; auto. apply write_fits; [| assumption].
    now apply write_fits.
Qed.

(** The answers are those of the map, from what it holds on. *)
Fixpoint answered_by_map (m : memory) (l : list ran) (asked : list request) : Prop :=
  match l, asked with
  | [], [] => True
  | x :: l, r :: asked =>
      r_answer x = Done (fst (meaning m r)) /\ answered_by_map (snd (meaning m r)) l asked
  | _, _ => False
  end.

Section KeyValue.
Context {H : Hash}.
Existing Instance key_value_application.

(** Of a run, the first operation and the rest. *)
Lemma sequential_first l : forall m x m2, sequential m (x :: l) m2 ->
  exists m1, apply m (r_operation x) (r_epoch x) = Some (r_answer x, m1) /\ sequential m1 l m2.
Proof.
  induction l as [| y l IH] using rev_ind; intros m x m2 S.
  - inversion S as [E | l' m1 o e ans m3 S' A E].
    change [x] with ([] ++ [x]) in E. apply app_inj_tail in E as [-> <-].
    inversion S' as [| l' ? ? ? ? ? ? ? E]; [subst | now destruct l'].
    exists m2. split; [exact A | constructor].
  - inversion S as [E | l' m1 o e ans m3 S' A E].
    change (x :: l ++ [y]) with ((x :: l) ++ [y]) in E. apply app_inj_tail in E as [-> <-].
    apply IH in S' as (m0 & A0 & S'). exists m0. split; [exact A0 |]. econstructor; eassumption.
Qed.

Lemma run_answered_by_map l : forall asked m m' m2,
  sequential m l m2 -> alike m m' -> memory_fits m' ->
  Forall2 (fun x r => r_operation x = operation_of r /\ request_fits r) l asked ->
  answered_by_map m' l asked.
Proof.
  induction l as [| x l IH]; intros asked m m' m2 S A M F; inversion F as [| ? r ? rs [O R] F'];
    subst; cbn; [exact I |].
  apply sequential_first in S as (m1 & X & S). rewrite O in X.
  assert (M' : memory_fits m) by (intros k; rewrite A; apply M).
  destruct (key_value_means r m (r_epoch x) R M') as (m3 & Y & B).
  rewrite Y in X. injection X as <- <-. destruct (meaning_alike _ _ r A) as [<- C].
  split; [congruence |]. eapply IH; [exact S | | now apply meaning_fits | exact F'].
  intros k. now rewrite B, C.
Qed.

(** For a store that began empty: where an epoch is certified and the search finds no collision, the
    answers to the requests of epochs up to it are, in order, those of a map that began empty. *)
Theorem certified_answers_are_of_a_map {P : Primitives} cfg submitted v rs E asked :
  root cfg = empty_root ->
  run_all cfg initial submitted = (v, rs) -> outcome_at cfg v E = Certified ->
  find_collision cfg E v rs [] [] = None ->
  Forall2 (fun x r => r_operation x = operation_of r /\ request_fits r)
    (upto E (operations rs)) asked ->
  answered_by_map empty_memory (upto E (operations rs)) asked.
Proof.
  intros Root Run Out None_ F.
  edestruct serializable_unless_found as [m S]; [| exact Run | exact Out | exact None_ |].
  { rewrite Root. apply empty_adoptable. }
  eapply run_answered_by_map; [exact S | now intros k | now intros k | exact F].
Qed.
End KeyValue.
