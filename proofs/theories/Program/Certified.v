(** Programs under the protocol's theorem; and what a call depends on, and how much it asks for. *)
From Coq Require Import NArith List Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Entry Spec.Application Spec.Thread.
From zeta Require Import Spec.Verifier.
From zeta Require Import Thm.Collision Thm.Invariant Thm.Soundness.
From zeta Require Import Program.Error Program.Limit Program.Instruction Program.ValueType.
From zeta Require Import Program.Cost Program.Arithmetic Program.Machine Program.Program.
From zeta Require Import Program.Checked Program.Progress Program.Loaded.
Import ListNotations.
Open Scope N_scope.
Open Scope program_scope.

(** ** What a call depends on *)

(** The keys whose rows are read in a run over this memory. *)
Fixpoint keys_read (m : memory) (bound : list key) (c : call) : list key :=
  match c with
  | Application.Return _ _ | Application.Fail _ => []
  | Application.Bind k next => keys_read m (bound ++ [k]) next
  | Application.Read row next =>
      match nth_error bound row with
      | Some k => k :: keys_read m bound (next (m k))
      | None => keys_read m bound (next None)
      end
  end.

(** The answer and the writes are those of any other memory that holds the same in these rows: a
    call depends on its arguments, the epoch, and the rows that it reads. *)
Theorem depends_on_what_is_read m m' c : forall bound,
  (forall k, In k (keys_read m bound c) -> m' k = m k) ->
  evaluate m' bound c = evaluate m bound c.
Proof.
  induction c as [| | k next IH | row next IH]; intros bound A; cbn in A |- *; auto.
  destruct (nth_error bound row) as [k |]; [| now apply IH].
  rewrite A by now left. apply IH. intros k' I. apply A. now right.
Qed.

(** ** How much a call asks for *)

(** Whatever it is given, it asks for so many rows at most. *)
Inductive asks_at_most : nat -> call -> Prop :=
| asks_return n result writes : asks_at_most n (Application.Return result writes)
| asks_fail n code : asks_at_most n (Application.Fail code)
| asks_bind n k next : asks_at_most n next -> asks_at_most (S n) (Application.Bind k next)
| asks_read n row next : (forall v, asks_at_most n (next v)) ->
    asks_at_most n (Application.Read row next).

Lemma asks_more n m c : asks_at_most n c -> (n <= m)%nat -> asks_at_most m c.
Proof.
  intros A. revert m. induction A; intros m L; try constructor; auto.
  destruct m; [lia |]. constructor. apply IHA. lia.
Qed.

Lemma asks_go_on {A} n (r : Failure + A) k : (forall x, asks_at_most n (k x)) ->
  asks_at_most n (go_on r k).
Proof. intros K. destruct r; cbn; [constructor | apply K]. Qed.

Section Asks.
Context {H : Hash}.
Variable a : Assembly.
Variable t : Transition.
Variable types : list RegisterType.
Variable now : u32.

Lemma run_asks l : forall at_ found skip f n, costs a t types at_ l = inr found ->
  (N.to_nat (cost_rows (nth skip found no_cost)) <= n)%nat ->
  asks_at_most n (run a t types now at_ l skip f).
Proof.
  induction l as [| i l IH]; intros at_ found skip f n C L; cbn [costs run] in C |- *.
  { constructor. }
  passed. destruct skip as [| skip]; cbn [nth] in L; [| eapply IH; eassumption].
  match type of E with costs _ _ _ _ _ = inr ?x => rename x into later end.
  assert (Jumped : forall to, i = Jump to \/ (exists r, i = JumpUnless r to) ->
            asks_at_most n (if at_ <? to then run a t types now (at_ + 1) l
                                                (N.to_nat (to - at_ - 1)) f
                            else stop Internal)).
  { intros to O. destruct (at_ <? to); [| constructor]. eapply IH; [exact E |].
    destruct O as [-> | [r ->]]; cbn [cost_rows plus_cost max_cost] in L; lia. }
  assert (Next : falls_through i = true -> forall f' n',
            (N.to_nat (cost_rows (own_cost a t types i)) + n' = n)%nat ->
            asks_at_most n' (run a t types now (at_ + 1) l 0 f')).
  { intros F f' n' S. eapply IH; [exact E |]. rewrite F in L.
    replace (nth 0 later no_cost) with (hd no_cost later) by now destruct later.
    destruct i; try discriminate F; cbn [cost_rows plus_cost max_cost] in L; lia. }
  clear IH.
  assert (Zero : N.to_nat (cost_rows (own_cost a t types i)) = 0%nat ->
            falls_through i = true ->
            forall f', asks_at_most n (run a t types now (at_ + 1) l 0 f')).
  { intros Z F f'. apply Next; [exact F | lia]. }
  destruct i; try (apply asks_go_on; now apply Zero); try constructor.
  - (* Bind *) apply asks_go_on. intros k.
    assert (One : N.to_nat (cost_rows (own_cost a t types (Bind target operands))) = 1%nat)
      by reflexivity.
    cbn [cost_rows plus_cost] in L. destruct n as [| n]; [lia |].
    destruct (find_row k (rows f) 0) as [place |].
    + apply asks_more with n; [apply Next; [reflexivity | lia] | lia].
    + constructor. apply Next; [reflexivity | lia].
  - (* Read *) apply asks_go_on. intros [place b].
    assert (G : forall v, asks_at_most n
              (go_on (take_row a types f (Instruction.Read presence row targets) v)
                 (run a t types now (at_ + 1) l 0))).
    { intros v. apply asks_go_on, Zero; [destruct targets; reflexivity | reflexivity]. }
    destruct (own_write b); [apply G | constructor; exact G].
  - (* Load *) apply asks_go_on. intros [place b].
    assert (G : forall v, asks_at_most n
              (go_on (take_row a types f (Load row targets) v)
                 (run a t types now (at_ + 1) l 0))).
    { intros v. apply asks_go_on, Zero; [destruct targets; reflexivity | reflexivity]. }
    destruct (own_write b); [apply G | constructor; exact G].
  - apply Jumped. auto.
  - apply asks_go_on. intros holds. destruct holds; [now apply Zero | apply Jumped; eauto].
  - apply asks_go_on. intros result. constructor.
Qed.
End Asks.

(** A call of a loaded program asks for 32 rows at most. *)
Theorem loaded_asks_for_few {H : Hash} b a found o c now :
  load b = inr (a, found) -> begin_program a o = inr c ->
  asks_at_most (N.to_nat ROW_COUNT_MAX) (c now).
Proof.
  intros L B. apply load_sound in L. unfold begin_program in B.
  destruct (at_index (transitions a) (transition o)) as [t |] eqn:I; [| discriminate].
  destruct (begin_frame t (Entry.arguments o)) as [f |]; [| discriminate]. injection B as <-.
  apply nth_error_In in I. destruct (transitions_sound _ L _ I) as (_ & _ & _ & _ & cost & C).
  unfold check_cost in C. passed. unfold call_of. eapply run_asks; [exact E |].
  destruct (code t) as [| i l']; cbn [costs] in E; passed; cbn [nth].
  - cbn. lia.
  - match goal with X : (_ <=? ROW_COUNT_MAX) = true |- _ => apply N.leb_le in X; lia end.
Qed.

(** ** Runs of loaded programs *)

(** Every row is null or of the row type of its relation; of no relation, null. *)
Definition lawful_memory (a : Assembly) (m : memory) : Prop := forall k, lawful_row a k (m k).

Lemma lawful_write_all a ws : forall m, lawful_memory a m ->
  Forall (fun w => lawful_row a (fst w) (snd w)) ws -> lawful_memory a (write_all m ws).
Proof.
  induction ws as [| w ws IH]; intros m M W; inversion W as [| ? ? X Y]; subst; [exact M |].
  apply IH; [| exact Y]. intros k. unfold write. destruct (key_dec k (fst w)) as [-> | _]; auto.
Qed.

Lemma sound_evaluate a l bound c : sound_call a l bound c ->
  forall m ans ws, evaluate m bound c = (ans, ws) ->
  ans <> Failed 255 /\ Forall (fun w => lawful_row a (fst w) (snd w)) ws.
Proof.
  induction 1 as [bound result writes _ W | bound code F | bound k next _ _ _ IH
                  | bound row next _ _ IH]; intros m ans ws E; cbn in E; eauto.
  - injection E as <- <-. split; [discriminate |]. unfold resolve.
    induction W as [| w writes (k & K & X) W IH]; [constructor |]. cbn. rewrite K. cbn.
    constructor; assumption.
  - injection E as <- <-. split; [congruence | constructor].
Qed.

Section Runs.
Context {H : Hash}.
Context {b : bytes} {a : Assembly} {found : list Cost} (loaded : load b = inr (a, found)).
Local Instance loaded_application : Application := application a.

(** One run of the state machine never answers 255, and leaves rows in every row. *)
Lemma sequential_sound m0 l m : sequential m0 l m ->
  Forall (fun r => r_epoch r <= u32_max) l ->
  Forall (fun r => r_answer r <> Failed 255) l /\ (lawful_memory a m0 -> lawful_memory a m).
Proof.
  induction 1 as [| l m1 o e ans m2 S IH Ap]; intros E; [split; [constructor | auto] |].
  apply Forall_app in E as [E X]. inversion X as [| ? ? Small _]; subst. cbn in Small.
  destruct (IH E) as [A M]. unfold apply in Ap. cbn in Ap.
  destruct (begin_program a o) as [| c] eqn:B; [discriminate |].
  destruct (evaluate m1 [] (c e)) as [ans' ws] eqn:V. injection Ap as <- <-.
  destruct (loaded_call_is_sound _ _ _ _ _ _ loaded B Small) as (t & _ & C).
  destruct (sound_evaluate _ _ _ _ C _ _ _ V) as [F W]. split.
  - apply Forall_app. split; [exact A |]. constructor; [exact F | constructor].
  - intros L. apply lawful_write_all; auto.
Qed.

(** The protocol's theorem for a loaded program: where epoch [E] is certified, the operations up to
    it are one run of the program; no answer is 255, and rows stay rows. Or something collides. *)
Theorem program_strictly_serializable {P : Primitives} cfg submitted v rs E hs ks m0 :
  adoptable (root cfg) hs ks m0 ->
  run_all cfg initial submitted = (v, rs) -> E < certified v -> E <= u32_max ->
  (exists m, sequential m0 (upto E (operations rs)) m
             /\ Forall (fun r => r_answer r <> Failed 255) (upto E (operations rs))
             /\ (lawful_memory a m0 -> lawful_memory a m))
  \/ collision cfg E v rs hs ks.
Proof.
  intros Ad Run Ce Small.
  destruct (strictly_serializable _ submitted Ad Run Ce) as [[m S] | C]; [left | now right].
  exists m. split; [exact S |]. apply (sequential_sound _ _ _ S). unfold upto.
  apply Forall_forall. intros r I. apply filter_In in I as [_ I]. apply N.leb_le in I. lia.
Qed.
End Runs.
