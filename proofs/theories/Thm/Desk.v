(** What each entry does to sessions and receipts, and what it leaves alone. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Table Spec.Entry.
From zeta Require Import Spec.Application Spec.Access Spec.Leaf Spec.SessionTable Spec.Thread.
From zeta Require Import Spec.Service Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Step Thm.History Thm.Decided.
From zeta Require Spec.Epoch Spec.Session.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** The leaf that a reply gives, and the code with it. *)
Definition leaf_of (r : reply) : list receipt_leaf :=
  match r with
  | Applied _ (Some (Receipt l _)) | Refused _ (Some (Receipt l _)) => [l]
  | _ => []
  end.

(** A reply says what its leaf says. *)
Definition tells (r : reply) (l : receipt_leaf) : Prop :=
  match r with
  | Applied (Answered ran) _ =>
      l_operation l = r_operation ran /\ epoch (l_at l) = r_epoch ran /\
      l_ruling l = Ruled (r_answer ran)
  | Refused code _ => l_ruling l = Declined code
  | _ => False
  end.

Section Desk.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Notation ids := (ids cfg).
  Notation at_ := (thread_at cfg).

  (** No epoch is closed, and no clock goes back. *)
  Definition same_lanes (v v' : verifier) : Prop :=
    forall u, next_epoch (at_ v' u) = next_epoch (at_ v u).

  (** What a run of an operation leaves. *)
  Lemma run_desk v t rt o v' r : step_run cfg v t rt o = (v', r) ->
    desk v' = desk v /\ same_lanes v v' /\ clock (at_ v' t) = clock (at_ v t) /\ leaf_of r = [] /\
    (forall ran n, r = Applied (Answered ran) n ->
       r_operation ran = asked o /\ r_epoch ran = epoch (clock (at_ v t))) /\
    (forall ev n, r = Applied ev n -> exists ran, ev = Answered ran).
  Proof.
    unfold step_run, attempt. intro E.
    assert (Halted : forall w halt, desk w = desk v -> (forall u, at_ w u = at_ v u) ->
      settle_verdict cfg w t (Err halt) = (v', r) ->
      desk v' = desk v /\ same_lanes v v' /\ clock (at_ v' t) = clock (at_ v t) /\ leaf_of r = [] /\
      (forall ran n, r = Applied (Answered ran) n ->
         r_operation ran = asked o /\ r_epoch ran = epoch (clock (at_ v t))) /\
      (forall ev n, r = Applied ev n -> exists ran, ev = Answered ran)).
    { intros w halt Dw Aw Ew. destruct halt as [f|[reason|n]]; cbn in Ew; injection Ew as <- <-;
        (split; [assumption|]);
        (split; [intro u; rewrite ?next_put by reflexivity; now rewrite Aw|]);
        (split; [rewrite ?thread_at_put, ?upd_eq; cbn; now rewrite Aw|]);
        split; try reflexivity; split; discriminate. }
    destruct (begin_call (asked o)) as [code|call]; [eapply Halted; [| |exact E]; reflexivity|].
    destruct (Session.decide_right _); [|eapply Halted; [| |exact E]; reflexivity].
    destruct (and_then _ _) as [[s ev]|halt] eqn:R; [|eapply Halted; [| |exact E]; reflexivity].
    destruct (lift _) in R; [|discriminate]. cbn [and_then] in R.
    pose proof (run_app_lane _ _ _ _ _ R) as (_ & En & _).
    pose proof (run_app_facts _ _ _ _ _ R) as (Ec & _ & _ & x & -> & _).
    injection E as <- <-. split; [reflexivity|]. split; [|split; [|split; [reflexivity|split]]].
    - intro u. exact (next_put cfg (raise_floor v (epoch (clock (at_ v t)))) t s u En).
    - rewrite thread_at_put, upd_eq. assumption.
    - intros ran n [= <- <-]. auto.
    - intros ev n [= <- <-]. eauto.
  Qed.

  (** What an entry does to sessions and receipts, where there are clients. *)
  Inductive desk_step (sv : serving) (v : verifier) (t : N) : entry -> verifier -> reply -> Prop :=
  | desk_same e v' r : desk v' = desk v -> same_lanes v v' -> leaf_of r = [] ->
      desk_step sv v t e v' r
  | desk_sealed e v' r : desk v' = seal sv (desk v) t (next_epoch (at_ v t)) ->
      (forall u, next_epoch (at_ v' u) =
         if u =? t then next_epoch (at_ v t) + 1 else next_epoch (at_ v u)) ->
      leaf_of r = [] -> desk_step sv v t e v' r
  | desk_host o v' r ruled :
      let l := Leaf ByHost (asked o) ruled t (clock (at_ v t)) in
      desk v' = keep_leaf (desk v) t l -> same_lanes v v' -> leaf_of r = [l] -> tells r l ->
      desk_step sv v t (RunApp o) v' r
  | desk_client o id q mac x v1 r1 v' r ruled :
      let c := s_client x in
      let l := Leaf (ByClient (cl_kind c) (cl_key c) id q) (asked o) ruled t (clock (at_ v t)) in
      asked_by o = Session id q mac -> found_in cfg sv (desk v) id = FoundOpen x ->
      Session.decide_request
        (request_view (found_in cfg sv (desk v) id) (at_ v t) (asked o) id q mac) = Ok tt ->
      step_run cfg v t (Some c) o = (v1, r1) -> ruling_of r1 = Some ruled ->
      desk v' = with_session cfg sv (keep_leaf (desk v) t l)
                  (settle_number x q (leaf_hash (in_scope sv) l)) ->
      same_lanes v v' -> leaf_of r = [l] -> tells r l ->
      desk_step sv v t (RunApp o) v' r
  | desk_open e message old s m v' r :
      open cfg sv (desk v) t (epoch (clock (at_ v t))) message old = Ok (s, m) ->
      desk v' = s -> same_lanes v v' -> leaf_of r = [] -> desk_step sv v t e v' r
  | desk_end id s m v' r : revoke cfg sv (desk v) id = Ok (s, m) -> desk v' = s ->
      same_lanes v v' -> leaf_of r = [] -> desk_step sv v t (SessionRevoke id) v' r
  | desk_ask id q mac s n v' r : question cfg sv (desk v) id q mac = Ok (s, n) -> desk v' = s ->
      same_lanes v v' -> leaf_of r = [] -> desk_step sv v t (SessionAsk id q mac) v' r.

  Lemma same_lanes_refl v : same_lanes v v.
  Proof. intro u. reflexivity. Qed.

  Lemma stop_desk sv v t e stop v' r : settle cfg v t (Err stop) = (v', r) ->
    desk_step sv v t e v' r.
  Proof.
    intro E. destruct stop as [reason|n]; injection E as <- <-; apply desk_same; auto.
    - intro u. now apply next_put.
    - apply same_lanes_refl.
  Qed.

  Lemma halt_desk sv v t e halt v' r : settle_verdict cfg v t (Err halt) = (v', r) ->
    desk_step sv v t e v' r.
  Proof.
    destruct halt as [f|stop]; [|apply stop_desk]. intro E. injection E as <- <-.
    apply desk_same; auto. apply same_lanes_refl.
  Qed.

  Lemma refused_desk sv v t e code n v' r : (v, Refused code n) = (v', r) ->
    leaf_of (Refused code n) = [] -> desk_step sv v t e v' r.
  Proof. intros [= <- <-] L. apply desk_same; auto. apply same_lanes_refl. Qed.

  Lemma certify_desk v : desk (certify cfg v) = desk v /\ forall u, at_ (certify cfg v) u = at_ v u.
  Proof.
    unfold certify. destruct (mismatch v); [auto|]. destruct (forallb _ _); [|auto].
    destruct (balance _); auto.
  Qed.

  Lemma step_desk sv v H t e v' r : serving_of cfg = Some sv -> tracks cfg v H -> In t ids ->
    step cfg v t e = (v', r) -> desk_step sv v t e v' r.
  Proof.
    intros Sv T Ht E. unfold step in E.
    destruct (rejection (at_ v t)) as [r0|] eqn:Live.
    { injection E as <- <-. apply desk_same; auto. apply same_lanes_refl. }
    destruct (check_entry e) as [[]|stop] eqn:Ce; [|eapply stop_desk; eassumption].
    assert (Memory : settle cfg v t (step_memory cfg v t e) = (v', r) -> desk_step sv v t e v' r).
    { clear E. intro E. destruct (step_memory cfg v t e) as [[s ev]|stop] eqn:M;
        [|eapply stop_desk; eassumption].
      edestruct step_memory_step as (St & _ & NoRun); [exact T|exact Live|exact Ce|exact M|].
      pose proof (live_thread t T Live) as Lv. cbn [settle] in E. injection E as <- <-.
      destruct (step_next St (st_width (tr_sound T t))) as [[-> Next]|[NoV Same]].
      - rewrite <- Lv in *. unfold sealing. rewrite Sv.
        match goal with |- desk_step _ _ _ _ (certify _ ?w) _ => set (w' := w) end.
        destruct (certify_desk w') as [Dc Ac].
        apply desk_sealed; [rewrite Dc; reflexivity| |reflexivity].
        intro u. rewrite Ac. change (at_ w' u) with (at_ (put v t s) u).
        rewrite thread_at_put. unfold upd. destruct (u =? t); [exact Next|reflexivity].
      - rewrite <- Lv in Same.
        assert (Quiet : desk_step sv v t e (put v t s) (Applied ev None)).
        { apply desk_same; auto. intro u. now apply next_put. }
        destruct ev; auto. now destruct (NoV e0). }
    destruct e as [n a q|n j tm q|n a|n tm|n a tm| | |o|g|i|i g|i q c]; cbn [step_entry] in E;
      try (apply Memory; exact E); clear Memory; rewrite Sv in E.
    - destruct (asked_by o) as [|i q c] eqn:By.
      + unfold step_host in E. rewrite Sv in E.
        assert (Plain : step_run cfg v t None o = (v', r) -> desk_step sv v t (RunApp o) v' r).
        { intro R. apply run_desk in R as (D & L & _ & Lf & _). now apply desk_same. }
        destruct (_ && _); [auto|].
        destruct (Session.decide_embedded _ _); [|eapply halt_desk; eassumption].
        destruct (step_run cfg v t None o) as [v1 r1] eqn:R.
        pose proof (run_desk _ _ _ _ R) as (D & L & Ck & Lf & Ans & Ev).
        destruct (ruling_of r1) as [ruled|] eqn:Ru; injection E as <- <-; [|now apply desk_same].
        rewrite Ck. apply desk_host with (ruled := ruled); cbn; auto.
        * now rewrite D.
        * destruct r1; try discriminate; reflexivity.
        * destruct r1 as [ev n| | | |]; try discriminate; cbn in *.
          -- destruct (Ev _ _ eq_refl) as [ran ->]. destruct (Ans _ _ eq_refl) as [Eo Ee].
             injection Ru as <-. cbn. rewrite Eo, Ee. auto.
          -- now injection Ru as <-.
      + unfold step_client in E. destruct (Session.decide_request _) as [[]|[f|stop]] eqn:Dec.
        * destruct (found_in cfg sv (desk v) i) as [| |x] eqn:Fo;
            try (eapply refused_desk; [exact E|reflexivity]).
          destruct (step_run cfg v t (Some (s_client x)) o) as [v1 r1] eqn:R.
          pose proof (run_desk _ _ _ _ R) as (D & L & Ck & Lf & Ans & Ev).
          destruct (ruling_of r1) as [ruled|] eqn:Ru; injection E as <- <-; [|now apply desk_same].
          rewrite Ck. eapply desk_client with (x := x) (ruled := ruled);
            try eassumption; rewrite ?Fo; auto.
          -- cbn. now rewrite D.
          -- destruct r1; try discriminate; reflexivity.
          -- destruct r1 as [ev n| | | |]; try discriminate; cbn in *.
             ++ destruct (Ev _ _ eq_refl) as [ran ->]. destruct (Ans _ _ eq_refl) as [Eo Ee].
                injection Ru as <-. cbn. rewrite Eo, Ee. auto.
             ++ now injection Ru as <-.
        * destruct (found_in cfg sv (desk v) i) as [| |x]; try (eapply halt_desk; eassumption).
          eapply refused_desk; [exact E|]. now destruct f.
        * eapply halt_desk; eassumption.
    - cbn in E. destruct (open _ _ _ _ _ _ _) as [[s m]|halt] eqn:O; [|eapply halt_desk;
      eassumption].
      injection E as <- <-. eapply desk_open; [exact O|reflexivity|now intro|reflexivity].
    - cbn in E. destruct (revoke _ _ _ _) as [[s m]|halt] eqn:O; [|eapply halt_desk; eassumption].
      injection E as <- <-. eapply desk_end; [exact O|reflexivity|now intro|reflexivity].
    - cbn in E. destruct (open _ _ _ _ _ _ _) as [[s m]|halt] eqn:O; [|eapply halt_desk;
      eassumption].
      injection E as <- <-. eapply desk_open; [exact O|reflexivity|now intro|reflexivity].
    - cbn in E. destruct (question _ _ _ _ _ _) as [[s m]|halt] eqn:O;
        [|eapply halt_desk; eassumption].
      injection E as <- <-. eapply desk_ask; [exact O|reflexivity|now intro|reflexivity].
  Qed.
End Desk.
