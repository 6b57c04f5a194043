(** An honest host with an honest client is never refused either: sessions are not kept safe by
    turning everybody away.

    The host brings one record into a slot of thread 0 and carries a client's handshake to the
    verifier. Then the client asks under one number after the other, and the host turns the epochs.
    Each request is answered, and every epoch that is turned is certified. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Bounds Spec.Table.
From zeta Require Import Spec.Entry Spec.Application Spec.Access Spec.Window Spec.SessionTable.
From zeta Require Import Spec.Leaf Spec.Thread Spec.Service Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Step Thm.History Thm.Desk Thm.Sessions Thm.Honest.
From zeta Require Spec.Session.
Import Session(Number, Free, Used, Below).
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** A later number stays free. *)
Lemma stand_claim_free w q n : stand w q = Free -> stand w n = Free -> q < n ->
  stand (claim w q) n = Free.
Proof.
  unfold stand, claim. intros Fq Fn Lt.
  destruct (N.eq_dec (word_of n) (word_of q)) as [Same|Other]; [|now rewrite get_set_neq].
  rewrite Same in *. rewrite get_set_eq.
  assert (Le : q / 16 <= n / 16) by (apply N.div_le_mono; lia).
  assert (Tags : tag_of q <= tag_of n) by (apply N.div_le_mono; [discriminate|assumption]).
  destruct (N.ltb_spec (tag_of n) (tag_of q)) as [|_]; [lia|].
  destruct (N.eqb_spec (tag_of q) (tag_of n)) as [Et|]; [|reflexivity]. cbn [andb].
  assert (Sixteen : q / 16 = n / 16).
  { rewrite (N.div_mod (q / 16) WORDS), (N.div_mod (n / 16) WORDS) by discriminate.
    unfold word_of, tag_of in *. congruence. }
  assert (Bit : (n mod 16 =? q mod 16) = false).
  { apply N.eqb_neq. intro E. pose proof (N.div_mod q 16). pose proof (N.div_mod n 16). lia. }
  rewrite N.setbit_eqb. rewrite N.eqb_sym in Bit. rewrite Bit. cbn [orb].
  destruct (get w (word_of q)) as [[tag claimed]|]; [|now rewrite N.bits_0].
  destruct (N.eqb_spec tag (tag_of q)) as [->|]; [|now rewrite N.bits_0].
  rewrite <- Et, N.ltb_irrefl, N.eqb_refl in Fn. cbn [andb] in Fn.
  destruct (N.testbit claimed (n mod 16)); [discriminate|reflexivity].
Qed.

Section Client.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Variable k : key.
  Variable sv : Thread.serving.
  Variables (c : client) (message answer : bytes) (a : ask) (ks : keys).
  Notation ids := (ids cfg).
  Notation len := (place_count cfg sv).
  Notation last_epoch := (saturating_add_u32 0 (lifetime c)).

  (** The message is one of a client of the access list, who opens a first session. *)
  Record welcomed : Prop := {
    wc_serving : serving_of cfg = Some sv;
    wc_read : read_ask message = Some a;
    wc_new : replaces a = 0;
    wc_listed : find_client (client_key a) (clients (access sv)) = Some c;
    wc_room : 0 < sessions_per_thread sv;
    wc_ids : len <= u32_max;
    wc_accept : accept message (Welcome len last_epoch) = Some (answer, ks)
  }.

  (** The session is open, and its numbers from [q] on are free. *)
  Definition in_session (q : N) (v : verifier) : Prop :=
    exists x, found_in cfg sv (desk v) len = FoundOpen x /\ s_client x = c /\ s_keys x = ks /\
      s_last_epoch x = last_epoch /\ (forall n, q <= n -> stand (s_window x) n = Free) /\
      is_in_order x q = true.

  Definition request (q : N) (o : operation) : N * entry :=
    (0, RunApp (Run o (Session len q (request_mac ks len q (request_digest o))) [1])).

  Lemma find_put s x : 0 < len -> s_id x = len ->
    find_session len (put_session len s x) len = FoundOpen x.
  Proof.
    intros Pos Id. unfold find_session, put_session. destruct (N.eqb_spec len 0); [lia|].
    rewrite Id, get_set_eq. cbn [id_of]. now rewrite Id, N.eqb_refl.
  Qed.

  Theorem request_is_answered q o e val val' v : welcomed -> ready cfg k e val v ->
    in_session q v -> serves cfg k o e val val' -> lets k (Some c) o -> 1 < slot_count cfg ->
    1 <= q <= Session.SEQUENCE_MAX -> e <= last_epoch ->
    exists v' ran n, step cfg v 0 (snd (request q o)) = (v', Applied (Answered ran) n) /\
      ready cfg k e val' v' /\ in_session (q + 1) v'.
  Proof.
    intros W R (x & Fo & Ec & Ek & El & Fr & Ord) Sv Lets Two Hq He. cbn [snd request].
    assert (Pos : 0 < len).
    { unfold found_in, find_session in Fo. destruct (N.eqb_spec len 0); [discriminate|lia]. }
    assert (Id : s_id x = len) by now apply found_open in Fo.
    rewrite (ready_step _ R).
    2: { eapply serves_fits; [exact Sv|]. unfold fits_number. apply andb_true_iff.
         pose proof (wc_ids W). unfold Session.SEQUENCE_MAX, u64_max in *.
         split; apply N.leb_le; lia. }
    cbn [step_entry asked_by]. rewrite (wc_serving W). unfold step_client. rewrite Fo.
    assert (Dec : Session.decide_request (request_view (FoundOpen x) (thread_at cfg v 0) o len q
                    (request_mac ks len q (request_digest o))) = Ok tt).
    { unfold Session.decide_request, Session.decide_sequence, Session.decide_number,
        Session.decide_order, Session.decide_receipts, request_view.
      cbn [Session.known Session.revoked Session.mac_matches Session.expired Session.sequence
        Session.number Session.in_order Session.receipts_fit is_known is_ended is_open_and negb].
      rewrite (ready_fits R), Ord, (Fr q) by lia. rewrite Ek, El. unfold bytes_eqb.
      destruct (bytes_dec _ _) as [_|]; [|congruence].
      assert (Ck : epoch (clock (thread_at cfg v 0)) = e).
      { destruct R as (ce & ne & [Q _ _ _ _] & Z & Eq). destruct (Eq 0 Z) as [E0 _].
        now rewrite (qu_clock (Q 0 Z)). }
      rewrite Ck. destruct (N.ltb_spec last_epoch e) as [|_]; [lia|].
      destruct (N.eqb_spec q 0) as [|_]; [lia|].
      destruct (N.leb_spec q Session.SEQUENCE_MAX) as [_|]; [|lia]. reflexivity. }
    cbn [asked]. rewrite Dec, Ec.
    destruct (@run_applies _ _ cfg k (Some c)
      (Session len q (request_mac ks len q (request_digest o))) _ _ _ _ _ Lets R Sv Two)
      as (s & ran & St & R1).
    rewrite St. cbn [ruling_of with_note]. do 3 eexists. split; [reflexivity|]. split.
    - now apply ready_desk.
    - eexists. split; [unfold found_in; cbn [desk with_desk with_session with_sessions sessions];
        apply find_put; [exact Pos|exact Id]|].
      cbn [settle_number s_client s_keys s_last_epoch s_window]. repeat split; auto.
      + intros n Hn. apply stand_claim_free; [apply Fr|apply Fr|]; lia.
      + unfold is_in_order in *. cbn [settle_number s_strict_order s_last].
        destruct (s_strict_order x); [|reflexivity]. cbn [negb orb].
        apply orb_true_iff. right. apply N.leb_le. lia.
  Qed.

  (** ** Turning the epochs leaves sessions alone *)

  Lemma turning_step v t e v' r : e = NextEpoch \/ e = VerifyEpoch -> step cfg v t e = (v', r) ->
    sessions (desk v') = sessions (desk v).
  Proof.
    intros Which E. unfold step in E. destruct (rejection _); [now injection E as <- _|].
    assert (St : settle cfg v t (step_memory cfg v t e) = (v', r)) by (destruct Which as [-> | ->];
      exact E).
    clear E. unfold settle in St.
    destruct (step_memory cfg v t e) as [[s ev]|[]]; injection St as <- _; try reflexivity.
    destruct ev; try reflexivity.
    destruct (certify_desk cfg (sealing cfg (put v t s) t e0)) as [-> _].
    unfold sealing. now destruct (serving_of cfg).
  Qed.

  Lemma turning_all l : Forall (fun p => snd p = NextEpoch \/ snd p = VerifyEpoch) l ->
    forall v v' rs, run_all cfg v l = (v', rs) -> sessions (desk v') = sessions (desk v).
  Proof.
    induction 1 as [|[t e] l Which F IH]; cbn; intros v v' rs E; [now injection E as <- _|].
    destruct (is_thread cfg t); [|eauto]. destruct (step cfg v t e) as [v1 r] eqn:St.
    destruct (run_all cfg v1 l) as [v2 rs2] eqn:Rest. injection E as <- _.
    rewrite (IH _ _ _ Rest). eapply turning_step; eauto.
  Qed.

  Lemma turn_in_session q v v' rs : in_session q v -> run_all cfg v (turn cfg) = (v', rs) ->
    in_session q v'.
  Proof.
    intros (x & Fo & Rest) E. exists x. split; [|exact Rest]. unfold found_in in *.
    enough (Same : sessions (desk v') = sessions (desk v)) by now rewrite Same.
    eapply turning_all; [|exact E]. unfold turn. apply Forall_app.
    split; apply Forall_forall; intros p Hp;
      apply in_map_iff in Hp as (t & <- & _); cbn; auto.
  Qed.

  (** ** The handshake *)

  Lemma handshake_is_answered v : welcomed -> 0 < thread_count cfg -> ready cfg k 0 None v ->
    desk v = Service empty empty empty ->
    exists v', step cfg v 0 (SessionOpen message) = (v', Told answer) /\ ready cfg k 0 None v' /\
      in_session 1 v'.
  Proof.
    intros W Th R D. rewrite (ready_step _ R) by reflexivity. cbn [step_entry].
    rewrite (wc_serving W). cbn [step_session]. unfold open. rewrite (wc_read W), (wc_listed W).
    cbn [holds is_some]. rewrite (wc_new W), N.eqb_refl.
    cbn [Session.decide_handshake Session.for_this_entry Session.client_listed
      Session.replaces_one negb orb require and_then].
    pose proof (wc_room W) as Room. pose proof (wc_ids W) as Ids.
    assert (Pos : 0 < len) by (unfold place_count; lia).
    assert (Ep : epoch (clock (thread_at cfg v 0)) = 0).
    { destruct R as (ce & ne & [Q _ _ _ _] & Z & Eq). destruct (Eq 0 Z) as [E0 _].
      now rewrite (qu_clock (Q 0 Z)). }
    rewrite Ep.
    assert (Vac : vacancy len (sessions (desk v)) 0 (map (fun i =>
      0 * sessions_per_thread sv + N.of_nat i) (seq 0 (N.to_nat (sessions_per_thread sv)))) =
      Some (0, len)).
    { destruct (N.to_nat (sessions_per_thread sv)) as [|n] eqn:En; [lia|].
      cbn [seq map vacancy]. rewrite D. cbn [sessions]. unfold next_id.
      change (0 * sessions_per_thread sv + N.of_nat 0) with 0. rewrite get_empty.
      rewrite N.add_0_l. apply N.leb_le in Ids. rewrite Ids.
      rewrite N.div_same by lia. reflexivity. }
    rewrite Vac. cbn [is_some Session.decide_room require and_then].
    rewrite (wc_accept W). eexists. split; [reflexivity|]. split; [now apply ready_desk|].
    eexists. split.
    - unfold found_in. cbn [desk with_desk with_sessions sessions]. unfold find_session.
      destruct (N.eqb_spec len 0); [lia|]. rewrite N.mod_same by assumption. unfold open_session.
      rewrite get_set_eq. cbn [id_of s_id]. now rewrite N.eqb_refl.
    - cbn. repeat split.
      + intros n _. unfold stand. now rewrite get_empty.
      + unfold is_in_order. cbn [s_strict_order s_last]. rewrite N.eqb_refl.
        now rewrite orb_true_r.
  Qed.

  (** ** The whole life of such a host and its client *)

  Inductive deed := Asks (o : operation) | Turns.

  Fixpoint deeds (q : N) (l : list deed) : list (N * entry) :=
    match l with
    | [] => []
    | Asks o :: l => request q o :: deeds (q + 1) l
    | Turns :: l => turn cfg ++ deeds q l
    end.
  Definition turned (l : list deed) : N :=
    N.of_nat (length (filter (fun d => match d with Turns => true | Asks _ => false end) l)).

  (** Requests within the client's rights, the session's life, and the bounds of the machine. *)
  Inductive courteous : N -> N -> value -> list deed -> Prop :=
  | courteous_nil q e val : courteous q e val []
  | courteous_asks q e val val' o l : serves cfg k o e val val' -> lets k (Some c) o ->
      q <= Session.SEQUENCE_MAX -> e <= last_epoch -> courteous (q + 1) e val' l ->
      courteous q e val (Asks o :: l)
  | courteous_turns q e val l : e + 1 <= u32_max -> courteous q (e + 1) val l ->
      courteous q e val (Turns :: l).

  Lemma courteous_is_answered : welcomed -> 1 < slot_count cfg -> forall l q e val v,
    ready cfg k e val v -> in_session q v -> 1 <= q -> courteous q e val l ->
    exists v' rs, run_all cfg v (deeds q l) = (v', rs) /\ all_applied rs /\
      certified v' = e + turned l.
  Proof.
    intros W Two. unfold turned. induction l as [|d l IH]; intros q e val v R S Hq C;
      inversion C as [|? ? ? ? ? ? Sv Lets Max Life Rest|? ? ? ? Max Rest]; subst; cbn [deeds].
    - exists v, []. split; [reflexivity|]. split; [constructor|].
      destruct R as (ce & ne & [_ _ Ce _ _] & _). cbn. lia.
    - destruct (request_is_answered W R S Sv Lets Two) as (v1 & ran & n & St & R1 & S1); auto.
      destruct (IH _ _ _ _ R1 S1) with (2 := Rest) as (v2 & rs & Run_ & Ap & Ce); [lia|].
      exists v2, ((0, Applied (Answered ran) n) :: rs).
      split; [|split; [constructor; cbn; eauto|assumption]].
      destruct R as (ce & ne & _ & Z & _). apply in_ids in Z. cbn [snd request] in St.
      unfold request. cbn [run_all]. now rewrite Z, St, Run_.
    - destruct (turn_applies R Max) as (v1 & rs1 & Run1 & Ap1 & R1).
      pose proof (turn_in_session S Run1) as S1.
      destruct (IH _ _ _ _ R1 S1 Hq Rest) as (v2 & rs & Run_ & Ap & Ce).
      exists v2, (rs1 ++ rs). split; [eapply run_all_app; eauto|]. split; [apply Forall_app; auto|].
      rewrite Ce. cbn [filter length]. lia.
  Qed.

  (** From the first entry on, all are answered, and every epoch that was turned is certified. *)
  Theorem honest_client_is_never_refused l : welcomed -> roomy cfg k -> courteous 1 0 None l ->
    exists v ev rs,
      run_all cfg initial (bring k :: (0, SessionOpen message) :: deeds 1 l) =
        (v, (0, Applied ev None) :: (0, Told answer) :: rs) /\
      all_applied rs /\ forall e, e < turned l -> outcome_at cfg v e = Certified.
  Proof.
    intros W Ro C. destruct (bring_applies Ro) as (v1 & ev & St & R1).
    destruct Ro as (_ & Th & Two & _).
    assert (D1 : desk v1 = Service empty empty empty).
    { revert St. unfold step, initial, thread_at. cbn [threads]. rewrite get_empty.
      cbn [start rejection]. destruct (check_entry _) as [[]|[]]; try discriminate.
      cbn [step_entry]. unfold settle.
      destruct (step_memory _ _ _ _) as [[s ev']|[]] eqn:M; try discriminate.
      intros [= <- ->]. cbn [step_memory] in M. apply add_m_facts in M as (_ & _ & _ & nm & -> & _).
      reflexivity. }
    destruct (handshake_is_answered W Th R1 D1) as (v2 & St2 & R2 & S2).
    destruct (courteous_is_answered W Two R2 S2 (N.le_refl 1) C) as (v3 & rs & Run_ & Ap & Ce).
    exists v3, ev, rs. split; [|split; [exact Ap|]].
    - unfold bring. cbn [run_all]. unfold is_thread. destruct (N.ltb_spec 0 (thread_count cfg));
        [|lia].
      now rewrite St, St2, Run_.
    - intros e He. unfold outcome_at. destruct (N.ltb_spec e (certified v3)); [reflexivity|lia].
  Qed.
End Client.
