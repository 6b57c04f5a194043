(** In plain words, for a key-value store: a get returns what the last put before it wrote. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Record Spec.Entry Spec.Application Spec.Thread Spec.Verifier.
From zeta Require Import Thm.Collision Thm.Invariant Thm.Soundness.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section KeyValue.
  Context {P : Primitives} {A : Application}.

  (** What an operation asks for. *)
  Inductive asks := Get (k : key) | Put (k : key) (v : value) | Other.
  Variable meaning : operation -> asks.
  Variable encode : value -> bytes.

  (** The application is a key-value store: a get answers with the row of its key, a put replaces
      it. A delete is a put of null. *)
  Definition is_key_value : Prop := forall o e,
    match meaning o with
    | Get k => exists c, begin_call o = inr c /\
        c e = Bind k (Read 0 (fun v => Return (encode v) []))
    | Put k v => exists c, begin_call o = inr c /\ c e = Bind k (Return [] [(0%nat, v)])
    | Other => exists code, begin_call o = inl code
    end.

  (** What the last put to [k] in [l] wrote; [v0] if there is none. *)
  Definition last_put (v0 : value) (k : key) (l : list ran) : value :=
    fold_left (fun v r => match meaning (r_operation r) with
                          | Put k' w => if key_dec k k' then w else v
                          | _ => v
                          end) l v0.

  Lemma memory_is_last_put m0 l m : is_key_value -> sequential m0 l m ->
    forall k, m k = last_put (m0 k) k l.
  Proof.
    intros KV S k. induction S as [|l m1 o e a m2 S IH Ap]; [reflexivity|].
    unfold last_put in *. rewrite fold_left_app. cbn [fold_left r_operation]. rewrite <- IH.
    unfold apply in Ap. specialize (KV o e). destruct (meaning o) as [k'|k' v|].
    - destruct KV as (c & B & C). rewrite B, C in Ap. cbn in Ap. now injection Ap as <- <-.
    - destruct KV as (c & B & C). rewrite B, C in Ap. cbn in Ap. injection Ap as <- <-.
      reflexivity.
    - destruct KV as (code & B). now rewrite B in Ap.
  Qed.

  (** Every get in a sequential run answers with what the last put before it wrote. *)
  Theorem get_returns_last_put m0 l m before after o k e a : is_key_value -> sequential m0 l m ->
    l = before ++ Ran o e a :: after -> meaning o = Get k ->
    a = Done (encode (last_put (m0 k) k before)).
  Proof.
    intros KV S. revert after. induction S as [|l m1 o1 e1 a1 m2 S IH Ap]; intros after E M.
    - now destruct before.
    - destruct after as [|x after _] using rev_ind.
      + apply app_inj_tail in E as [-> [= -> -> ->]].
        rewrite <- (memory_is_last_put KV S).
        unfold apply in Ap. specialize (KV o e). rewrite M in KV. destruct KV as (c & B & C).
        rewrite B, C in Ap. cbn in Ap. now injection Ap as <- <-.
      + rewrite app_comm_cons, app_assoc in E. apply app_inj_tail in E as [E _]. eauto.
  Qed.

  (** The theorem for a store that began empty. *)
  Corollary certified_get_returns_last_put cfg submitted v rs E before after o k e a :
    is_key_value -> root cfg = empty_root ->
    run_all cfg initial submitted = (v, rs) -> outcome_at cfg v E = Certified ->
    find_collision cfg E v rs [] [] = None ->
    upto E (operations rs) = before ++ Ran o e a :: after -> meaning o = Get k ->
    a = Done (encode (last_put None k before)).
  Proof.
    intros KV Root Run Out None_ Eq M.
    edestruct serializable_unless_found as [m S]; [|exact Run|exact Out|exact None_|].
    { rewrite Root. apply empty_adoptable. }
    change (@None bytes) with (empty_memory k). eapply get_returns_last_put; eauto.
  Qed.
End KeyValue.
