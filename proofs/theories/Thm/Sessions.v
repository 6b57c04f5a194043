(** Sessions: a request runs at most once, whichever thread serves it, and in order where order was
    asked for; what runs was authorised under the session's key, and touches what was granted. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Record Spec.Reason Spec.Table Spec.Entry.
From zeta Require Import Spec.Application Spec.Access Spec.Window Spec.SessionTable Spec.Leaf.
From zeta Require Import Spec.Thread Spec.Service Spec.Verifier.
From zeta Require Import Thm.Machine Thm.Slots Thm.Step Thm.History Thm.Desk.
From zeta Require Spec.Session Spec.RunApp.
Import Session(Number, Free, Used, Below).
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** ** A window of numbers *)

Lemma stand_claim w q : stand (claim w q) q = Used.
Proof.
  unfold stand, claim. rewrite get_set_eq. rewrite N.ltb_irrefl, N.eqb_refl. cbn [andb].
  rewrite N.setbit_eq. reflexivity.
Qed.

(** What is claimed stays so: it is used, or below the window. *)
Lemma stand_claim_other w q n : stand w q = Free -> stand w n <> Free ->
  stand (claim w q) n <> Free.
Proof.
  unfold stand, claim. destruct (N.eq_dec (word_of n) (word_of q)) as [Same|Other];
    [|now rewrite get_set_neq].
  rewrite Same, get_set_eq. destruct (get w (word_of q)) as [[tag claimed]|]; [|congruence].
  destruct (N.ltb_spec (tag_of q) tag) as [|Le]; [discriminate|]. intros _ Taken.
  destruct (N.ltb_spec (tag_of n) (tag_of q)) as [|Ge]; [discriminate|].
  destruct (N.ltb_spec (tag_of n) tag) as [Lt|_] in Taken; [lia|].
  destruct (N.eqb_spec tag (tag_of n)) as [->|]; [|cbn in Taken; congruence].
  cbn [andb] in Taken. destruct (N.testbit claimed (n mod 16)) eqn:Bit; [|congruence].
  assert (E : tag_of n = tag_of q) by lia. rewrite E, N.eqb_refl, N.setbit_eqb, Bit.
  rewrite orb_true_r. discriminate.
Qed.

Lemma NoDup_app_one A (l : list A) a : NoDup l -> ~ In a l -> NoDup (l ++ [a]).
Proof.
  intros Nd N. induction Nd as [|b l Nb Nd IH]; cbn; [constructor; [easy|constructor]|].
  constructor; [|apply IH; intro; apply N; now right]. rewrite in_app_iff. cbn.
  intros [|[->|[]]]; [contradiction|]. apply N. now left.
Qed.

(** ** What an operation asks for, reads and writes *)

Fixpoint rows_asked (m : memory) (bound : list key) (c : call) : list key :=
  match c with
  | Bind k next => k :: rows_asked m (bound ++ [k]) next
  | Read row next =>
      rows_asked m bound (next (match nth_error bound row with Some k => m k | None => None end))
  | _ => []
  end.
Fixpoint rows_read (m : memory) (bound : list key) (c : call) : list key :=
  match c with
  | Bind k next => rows_read m (bound ++ [k]) next
  | Read row next =>
      match nth_error bound row with Some k => [k] | None => [] end ++
      rows_read m bound (next (match nth_error bound row with Some k => m k | None => None end))
  | _ => []
  end.
Definition rows_written (m : memory) (c : call) : list key := map fst (snd (evaluate m [] c)).

Section Sessions.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.
  Notation ids := (ids cfg).
  Notation at_ := (thread_at cfg).

  (** Whatever runs under rights asks for, reads and writes what they grant, in every memory that
      agrees with the slots. *)
  Lemma execute_granted rt m (mem : memory) c : forall listed used bound over x,
    (forall n k v b l r, view m n = Some (Kept (App k v) b l r) -> mem k = v) ->
    Forall2 (slot_of (view m)) used bound ->
    execute cfg rt m listed used over c = Ok x ->
    Forall (fun k => may_read rt k || may_write rt k = true) (rows_asked mem bound c) /\
    (x_overread x = false ->
       over = false /\ Forall (fun k => may_read rt k = true) (rows_read mem bound c)).
  Proof.
    induction c as [result writes|code|k next IH|row next IH]; cbn -[RunApp.decide_bind];
      intros listed used bound over x M F H.
    - injection H as <-. cbn. auto.
    - injection H as <-. cbn. auto.
    - unfold Session.decide_access in H. passed H.
      destruct (RunApp.decide_bind _) as [[]|] eqn:D; [|discriminate].
      cbn [lift and_then] in H. unfold RunApp.decide_bind in D. cbn in D. passed D.
      destruct listed as [|n listed]; [discriminate|]. cbn in *.
      destruct (get m n) as [[[k' v|] by_ q l r]|] eqn:G; try discriminate. cbn in *.
      unfold key_eqb in Check3. destruct (key_dec k' k) as [->|]; [|discriminate].
      assert (Vn : view m n = Some (Kept (App k v) by_ l r)) by (unfold view; now rewrite G).
      destruct (IH listed (used ++ [n]) (bound ++ [k]) over x M) as [Asked Read_]; [|exact H|].
      { apply Forall2_app; [assumption|]. constructor; [|constructor]. unfold slot_of. eauto. }
      split; [now constructor|exact Read_].
    - assert (Same : match nth_error bound row with
        | Some k => row_in m (nth_error used row) = Some (k, mem k)
        | None => row_in m (nth_error used row) = None end).
      { clear - M F. revert row. induction F as [|n k used bound Sl F IH]; intros [|row]; cbn;
          try reflexivity; [|apply IH].
        destruct Sl as (v & b & l & r & V). rewrite (M _ _ _ _ _ _ V). unfold view in V.
        destruct (get m n) as [[rec' q' p' l' r']|]; [|discriminate]. cbn in V.
        injection V as -> _ _ _. reflexivity. }
      destruct (nth_error bound row) as [k|]; rewrite Same in H;
        destruct (IH _ _ _ _ _ _ M F H) as [Asked Read_]; (split; [exact Asked|]); intro O;
        destruct (Read_ O) as [Over Rest]; apply orb_false_iff in Over as [-> Over];
        (split; [reflexivity|]); [|exact Rest].
      constructor; [|exact Rest]. now apply negb_false_iff.
  Qed.

  (** ** The table of sessions *)

  Variable sv : serving.
  Notation len := (place_count cfg sv).

  (** A session was opened by a handshake of a client of the access list. *)
  Definition opened (x : session) : Prop :=
    exists message a answer, read_ask message = Some a /\
      find_client (client_key a) (clients (access sv)) = Some (s_client x) /\
      accept message (Welcome (s_id x) (s_last_epoch x)) = Some (answer, s_keys x) /\
      s_strict_order x = strict_order a.

  (** The numbers under which clients were answered with a receipt. *)
  Definition request_of (l : receipt_leaf) : list (u32 * u64) :=
    match l_asker l with ByClient _ _ id q => [(id, q)] | ByHost => [] end.
  Definition requests (rs : list (N * reply)) : list (u32 * u64) :=
    flat_map (fun p => flat_map request_of (leaf_of (snd p))) rs.

  (** What is known of the number [q] of the session [id], once it was answered. *)
  Definition spent (p : option place) (id : u32) (q : u64) : Prop :=
    match p with
    | Some (Open x) => s_id x = id /\ stand (s_window x) q <> Free \/ id < s_id x
    | Some (Ended last) => id <= last
    | None => False
    end.

  Record table_sound (m : places) (used : list (u32 * u64)) : Prop := {
    ts_place : forall n p, get m n = Some p -> n < len /\ id_of p mod len = n;
    ts_opened : forall n x, get m n = Some (Open x) -> opened x;
    ts_spent : forall id q, In (id, q) used -> spent (get m (id mod len)) id q;
    ts_strict : forall n x, get m n = Some (Open x) -> s_strict_order x = true ->
      (forall q, 1 <= q <= s_last x -> stand (s_window x) q <> Free) /\
      (forall q, In (s_id x, q) used -> q <= s_last x)
  }.

  Lemma table_initial : table_sound empty [].
  Proof. split; intros; rewrite ?get_empty in *; try discriminate; contradiction. Qed.

  Lemma found_open m id x : find_session len m id = FoundOpen x ->
    get m (id mod len) = Some (Open x) /\ s_id x = id.
  Proof.
    unfold find_session. destruct (len =? 0); [discriminate|].
    destruct (get m (id mod len)) as [[y|last]|]; try discriminate; cbn.
    - destruct (N.eqb_spec (s_id y) id); [|discriminate]. now intros [= <-].
    - destruct (last =? id); discriminate.
  Qed.

  (** A free number is claimed, with whatever is answered: [new] is it, or nothing. *)
  Lemma table_settle m used id x q leaf new : table_sound m used ->
    find_session len m id = FoundOpen x -> stand (s_window x) q = Free -> 1 <= q ->
    is_in_order x q = true -> (forall n, In n new -> n = (id, q)) ->
    table_sound (put_session len m (settle_number x q leaf)) (new ++ used) /\
    ~ In (id, q) used /\ (s_strict_order x = true -> q = s_last x + 1).
  Proof.
    intros T Fo Fr Pos Ord New. destruct (found_open _ _ Fo) as [G Id].
    assert (Fresh : ~ In (id, q) used).
    { intro Hin. apply (ts_spent T) in Hin. rewrite G in Hin. cbn in Hin.
      destruct Hin as [[_ N]|Lt]; [congruence|lia]. }
    assert (Next : s_strict_order x = true -> q = s_last x + 1).
    { intro St. destruct (ts_strict T _ G St) as [Low _]. unfold is_in_order in Ord.
    rewrite St in Ord.
      cbn [negb orb] in Ord. destruct (N.le_gt_cases q (s_last x)) as [Le|Gt].
      - exfalso. apply (Low q); [lia|assumption].
      - apply orb_true_iff in Ord as [E|E]; [apply N.eqb_eq in E|apply N.leb_le in E]; lia. }
    split; [|now split]. unfold put_session. change (s_id (settle_number x q leaf)) with (s_id x).
    rewrite Id.
    destruct (ts_place T _ G) as [Lt Mod]. cbn [id_of] in Mod. rewrite Id in Mod. split.
    - intros n p. destruct (N.eq_dec n (id mod len)) as [->|N].
      + rewrite get_set_eq. intros [= <-]. cbn. rewrite Id. auto.
      + rewrite get_set_neq by assumption. apply (ts_place T).
    - intros n y. destruct (N.eq_dec n (id mod len)) as [->|N].
      + rewrite get_set_eq. intros [= <-]. exact (ts_opened T _ G).
      + rewrite get_set_neq by assumption. apply (ts_opened T).
    - intros id' n Hin. destruct (N.eq_dec (id' mod len) (id mod len)) as [E|N].
      + rewrite E, get_set_eq. cbn [spent settle_number s_id s_window].
        apply in_app_iff in Hin as [Hin|Hin].
        * apply New in Hin as [= -> ->]. left. split; [exact Id|]. now rewrite stand_claim.
        * apply (ts_spent T) in Hin. rewrite E, G in Hin. cbn in Hin.
          destruct Hin as [[Eid Taken]|Low]; [left|now right]. split; [exact Eid|].
          now apply stand_claim_other.
      + rewrite get_set_neq by assumption. apply in_app_iff in Hin as [Hin|Hin].
        * apply New in Hin as [= -> ->]. congruence.
        * now apply (ts_spent T).
    - intros n y. destruct (N.eq_dec n (id mod len)) as [->|N].
      + rewrite get_set_eq. intros [= <-] St.
        cbn [settle_number s_strict_order s_last s_window s_id] in *. rewrite St.
        specialize (Next St).
        destruct (ts_strict T _ G St) as [Low Used_]. split.
        * intros n Hn. destruct (N.eq_dec n q) as [->|Nq]; [now rewrite stand_claim|].
          apply stand_claim_other; [assumption|]. apply Low. lia.
        * intros n Hin. apply in_app_iff in Hin as [Hin|Hin].
          -- apply New in Hin as [= _ ->]. lia.
          -- apply Used_ in Hin. lia.
      + rewrite get_set_neq by assumption. intros G' St.
        destruct (ts_strict T _ G' St) as [Low Used_]. split; [exact Low|].
        intros n' Hin. apply in_app_iff in Hin as [Hin|Hin]; [|auto].
        apply New in Hin as [= Eid _]. destruct (ts_place T _ G') as [_ M']. cbn in M'. congruence.
  Qed.

  Lemma table_end m used id : table_sound m used -> table_sound (end_session len m id) used.
  Proof.
    intro T. unfold end_session. destruct (find_session len m id) as [| |x] eqn:Fo; auto.
    destruct (found_open _ _ Fo) as [G Id]. destruct (ts_place T _ G) as [Lt Mod].
    cbn [id_of] in Mod. split.
    - intros n p. destruct (N.eq_dec n (id mod len)) as [->|N].
      + rewrite get_set_eq. intros [= <-]. cbn. auto.
      + rewrite get_set_neq by assumption. apply (ts_place T).
    - intros n y. destruct (N.eq_dec n (id mod len)) as [->|N].
      + rewrite get_set_eq. discriminate.
      + rewrite get_set_neq by assumption. apply (ts_opened T).
    - intros id' n Hin. pose proof (ts_spent T _ _ Hin) as S.
      destruct (N.eq_dec (id' mod len) (id mod len)) as [E|N].
      + rewrite E, get_set_eq. rewrite E, G in S. cbn in *. destruct S as [[S _]|S]; lia.
      + now rewrite get_set_neq.
    - intros n y. destruct (N.eq_dec n (id mod len)) as [->|N].
      + rewrite get_set_eq. discriminate.
      + rewrite get_set_neq by assumption. intros G' St. apply (ts_strict T _ G' St).
  Qed.

  (** A session comes to a place under an id above all that the place had. *)
  Lemma table_open m used n x now : table_sound m used -> n < len ->
    next_id len m now n = Some (s_id x) -> opened x -> s_last x = 0 ->
    table_sound (open_session m n x) used.
  Proof.
    intros T Lt Next Op La. unfold next_id in Next. destruct (_ && _); [|discriminate].
    injection Next as Id.
    assert (Mod : s_id x mod len = n).
    { rewrite <- Id. destruct (get m n) as [p|] eqn:G.
      - destruct (ts_place T _ G) as [_ M].
        rewrite <- (N.mul_1_l len) at 1. rewrite N.mod_add by lia. exact M.
      - rewrite <- (N.mul_1_l len) at 1. rewrite N.mod_add by lia. now apply N.mod_small. }
    assert (Above : forall id q, In (id, q) used -> id mod len = n -> id < s_id x).
    { intros id q Hin E. pose proof (ts_spent T _ _ Hin) as S. rewrite E in S. rewrite <- Id.
      destruct (get m n) as [[y|last]|]; cbn in *; [destruct S as [[S _]|S];
        lia|lia|contradiction]. }
    unfold open_session. split.
    - intros k p. destruct (N.eq_dec k n) as [->|N].
      + rewrite get_set_eq. intros [= <-]. auto.
      + rewrite get_set_neq by assumption. apply (ts_place T).
    - intros k y. destruct (N.eq_dec k n) as [->|N].
      + rewrite get_set_eq. now intros [= <-].
      + rewrite get_set_neq by assumption. apply (ts_opened T).
    - intros id q Hin. destruct (N.eq_dec (id mod len) n) as [E|N].
      + rewrite E, get_set_eq. right. eauto.
      + rewrite get_set_neq by assumption. now apply (ts_spent T).
    - intros k y. destruct (N.eq_dec k n) as [->|N].
      + rewrite get_set_eq. intros [= <-] St. rewrite La. split; [lia|]. intros q Hin. exfalso.
        specialize (Above _ _ Hin Mod). lia.
      + rewrite get_set_neq by assumption. intros G' St. apply (ts_strict T _ G' St).
  Qed.

  Lemma vacancy_some m now l n id : vacancy len m now l = Some (n, id) ->
    In n l /\ next_id len m now n = Some id.
  Proof.
    induction l as [|k l IH]; cbn; [discriminate|].
    destruct (next_id len m now k) as [i|] eqn:E; [intros [= <- <-]; auto|]. intro H.
    destruct (IH H). auto.
  Qed.

  Lemma open_facts s t now message old s' answer used : is_thread cfg t = true ->
    open cfg sv s t now message old = Ok (s', answer) -> table_sound (sessions s) used ->
    table_sound (sessions s') used /\ leaves s' = leaves s /\ sealed s' = sealed s.
  Proof.
    intros It E T. unfold open in E.
    destruct (Session.decide_handshake _) as [[]|]; [|discriminate].
    cbn [and_then] in E. destruct (Session.decide_room _) as [[]|]; [|discriminate].
    cbn [and_then] in E.
    destruct (vacancy _ _ _ _) as [[n id]|] eqn:V; [|discriminate].
    destruct (read_ask message) as [a|] eqn:Ra; [|discriminate].
    destruct (find_client _ _) as [c|] eqn:Fc; [|discriminate].
    destruct (accept _ _) as [[ans ks]|] eqn:Ac; [|discriminate]. injection E as <- <-.
    cbn [with_sessions sessions leaves sealed]. split; [|auto].
    apply vacancy_some in V as [Hin Next].
    assert (Lt : n < len).
    { apply in_map_iff in Hin as (i & <- & Hi). apply in_seq in Hi. unfold is_thread in It.
      apply N.ltb_lt in It. unfold place_count. set (per := sessions_per_thread sv) in *.
      assert (t * per + per <= thread_count cfg * per); [|lia].
      rewrite <- N.mul_succ_l. apply N.mul_le_mono_r. lia. }
    match goal with |- context [open_session _ _ ?x] => set (x' := x) end.
    assert (T' : table_sound (open_session (sessions s) n x') used).
    { eapply table_open; [exact T|exact Lt|exact Next| |reflexivity]. exists message, a, ans. auto.
    }
    destruct old as [o|]; [now apply table_end|exact T'].
  Qed.

  (** ** Requests *)

  Lemma request_passed f t o id q mac x : f = FoundOpen x ->
    Session.decide_request (request_view f t o id q mac) = Ok tt ->
    mac = request_mac (s_keys x) id q (request_digest o) /\ epoch (clock t) <= s_last_epoch x /\
    1 <= q /\ stand (s_window x) q = Free /\ is_in_order x q = true.
  Proof.
    intros -> D. unfold Session.decide_request, Session.decide_sequence, Session.decide_number,
      Session.decide_order, Session.decide_receipts in D.
    cbn -[N.eqb N.leb N.ltb Session.SEQUENCE_MAX] in D. passed D.
    unfold bytes_eqb in Check. destruct (bytes_dec _ _) as [->|] in Check; [|discriminate].
    apply negb_true_iff, N.ltb_ge in Check0. apply andb_true_iff in Check1 as [Pos _].
    apply negb_true_iff, N.eqb_neq in Pos. repeat split; auto; [lia|].
    now destruct (stand (s_window x) q).
  Qed.

  Lemma question_passed f id q mac x : f = FoundOpen x ->
    Session.decide_question (question_view f id q mac) = Ok tt -> stand (s_window x) q = Free ->
    1 <= q /\ is_in_order x q = true.
  Proof.
    intros -> Dec Fr. unfold Session.decide_question, Session.decide_sequence,
      Session.decide_order in Dec.
    cbn -[N.eqb N.leb Session.SEQUENCE_MAX] in Dec. rewrite Fr in Dec. passed Dec.
    apply andb_true_iff in Check0 as [Pos _]. apply negb_true_iff, N.eqb_neq in Pos.
    split; [lia|reflexivity].
  Qed.

  (** ** Every entry keeps the table sound, and every run *)

  Lemma table_fewer m used used' : table_sound m used -> incl used' used -> table_sound m used'.
  Proof.
    intros T I. split; [apply (ts_place T)|apply (ts_opened T)| |].
    - intros id q Hin. apply (ts_spent T), I, Hin.
    - intros n x G St. destruct (ts_strict T _ G St) as [Low Used_]. split; [exact Low|]. auto.
  Qed.

  Lemma table_step v t e v' r used : is_thread cfg t = true -> desk_step cfg sv v t e v' r ->
    table_sound (sessions (desk v)) used -> NoDup used ->
    let used' := used ++ flat_map request_of (leaf_of r) in
    table_sound (sessions (desk v')) used' /\ NoDup used'.
  Proof.
    intros It St T Nd.
    assert (Same : forall m, leaf_of r = [] -> table_sound m used ->
      table_sound m (used ++ flat_map request_of (leaf_of r)) /\
      NoDup (used ++ flat_map request_of (leaf_of r))).
    { intros m -> T'. cbn. rewrite app_nil_r. now split. }
    destruct St as [e v' r D L Lf|e v' r D L Lf|o v' r ruled l D L Lf Te
                   |o id q mac x v1 r1 v' r ruled c l By Fo Dec Ru Rul D L Lf Te
                   |e message old s m v' r O D L Lf|id s m v' r O D L Lf|id q mac s n v' r O D L
                     Lf];
      try rewrite D.
    - now apply Same.
    - now apply Same.
    - rewrite Lf. cbn. rewrite app_nil_r. now split.
    - pose proof (request_passed _ _ _ _ _ Fo Dec) as (_ & _ & Pos & Fr & Ord).
      rewrite Lf. cbn [flat_map request_of l_asker app l].
      destruct (@table_settle (sessions (desk v)) used id x q (leaf_hash (in_scope sv) l) [(id,
        q)] T)
        as (T' & Fresh & _); auto.
      { intros n [<-|[]]. reflexivity. }
      split.
      + eapply table_fewer; [exact T'|]. intros n Hin. apply in_app_iff in Hin as [Hin|Hin];
          apply in_app_iff; auto.
      + apply NoDup_app_one; assumption.
    - apply Same; [assumption|]. eapply open_facts; eassumption.
    - apply Same; [assumption|]. unfold revoke in O.
    destruct (Session.decide_revoke _ _); [|discriminate].
      injection O as <- <-. cbn. now apply table_end.
    - apply Same; [assumption|]. unfold question in O.
      destruct (Session.decide_question _) as [[]|] eqn:Dec; [|discriminate]. cbn [and_then] in O.
      destruct (found_in cfg sv (desk v) id) as [| |x] eqn:Fo; try discriminate.
      destruct (stand (s_window x) q) eqn:Fr; injection O as <- <-; auto.
      destruct (question_passed _ _ _ eq_refl Dec Fr) as [Pos Ord].
      destruct (@table_settle (sessions (desk v)) used id x q NEVER [] T) as (T' & _); auto.
      intros n [].
  Qed.

  Lemma table_all l : serving_of cfg = Some sv -> forall v H used v' rs, tracks cfg v H ->
    table_sound (sessions (desk v)) used -> NoDup used -> run_all cfg v l = (v', rs) ->
    table_sound (sessions (desk v')) (used ++ requests rs) /\ NoDup (used ++ requests rs).
  Proof.
    intro Sv. induction l as [|[t e] l IH]; cbn; intros v H used v' rs T Ts Nd E.
    { injection E as <- <-. cbn. rewrite app_nil_r. now split. }
    destruct (is_thread cfg t) eqn:It; [|eauto].
    destruct (step cfg v t e) as [v1 r] eqn:St. destruct (run_all cfg v1 l) as [v2 rs2] eqn:Rest.
    injection E as <- <-. pose proof (proj2 (in_ids cfg t) It) as Ht.
    assert (Ds : desk_step cfg sv v t e v1 r) by (eapply step_desk; eassumption).
    destruct (table_step It Ds Ts Nd) as [Ts' Nd'].
    edestruct tracks_entry as (H1 & T1 & _); [exact T|exact Ht|exact St|].
    cbn [requests flat_map fst snd]. rewrite app_assoc. eapply IH; eauto.
  Qed.

  Lemma table_run submitted v rs : serving_of cfg = Some sv ->
    run_all cfg initial submitted = (v, rs) ->
    table_sound (sessions (desk v)) (requests rs) /\ NoDup (requests rs).
  Proof.
    intros Sv Run. apply (@table_all submitted Sv initial [] [] v rs); auto using tracks_initial.
    - apply table_initial.
    - constructor.
  Qed.

  (** ** At most once: over all threads, no number of a session is answered twice *)
  Theorem request_runs_once submitted v rs : serving_of cfg = Some sv ->
    run_all cfg initial submitted = (v, rs) -> NoDup (requests rs).
  Proof. intros Sv Run. now apply (table_run submitted Sv Run). Qed.

  (** What a session's operation was let in by. *)
  Lemma client_ran v t o v' ev n id q mac : serving_of cfg = Some sv ->
    step cfg v t (RunApp o) = (v', Applied ev n) -> asked_by o = Session id q mac ->
    exists x v1 n1, found_in cfg sv (desk v) id = FoundOpen x /\
      Session.decide_request
        (request_view (found_in cfg sv (desk v) id) (at_ v t) (asked o) id q mac) = Ok tt /\
      step_run cfg v t (Some (s_client x)) o = (v1, Applied ev n1).
  Proof.
    intros Sv E By. unfold step in E. destruct (rejection (at_ v t)); [discriminate|].
    destruct (check_entry _) as [|[]]; try discriminate. cbn [step_entry] in E.
    rewrite By, Sv in E. unfold step_client in E.
    destruct (Session.decide_request _) as [[]|[f|[]]]; try discriminate;
      destruct (found_in cfg sv (desk v) id) as [| |x]; try discriminate.
    destruct (step_run cfg v t (Some (s_client x)) o) as [v1 r1] eqn:R. exists x, v1.
    destruct (ruling_of r1); destruct r1; cbn in E; try discriminate; injection E as <- <- <-;
      eauto.
  Qed.

  (** ** Authorised: what runs carried the code of its session's key, and the session was opened by
      a client of the access list *)
  Theorem request_is_authorised submitted v rs t o v' ev n id q mac : serving_of cfg = Some sv ->
    run_all cfg initial submitted = (v, rs) ->
    step cfg v t (RunApp o) = (v', Applied ev n) -> asked_by o = Session id q mac ->
    exists x, found_in cfg sv (desk v) id = FoundOpen x /\ s_id x = id /\ opened x /\
      In (s_client x) (clients (access sv)) /\
      mac = request_mac (s_keys x) id q (request_digest (asked o)) /\
      epoch (clock (at_ v t)) <= s_last_epoch x.
  Proof.
    intros Sv Run E By. destruct (client_ran _ _ _ Sv E By) as (x & v1 & n1 & Fo & Dec & _).
    exists x. pose proof (request_passed _ _ _ _ _ Fo Dec) as (Mac & Ep & _).
    destruct (table_run submitted Sv Run) as [T _]. destruct (found_open _ _ Fo) as [G Id].
    pose proof (ts_opened T _ G) as Op. repeat split; auto.
    destruct Op as (message & a & answer & _ & Fc & _). now apply find_some in Fc as [Hin _].
  Qed.

  (** ** In order, where order was asked for: the next number, after all that were answered *)
  Theorem strict_order_is_kept submitted v rs t o v' ev n id q mac x : serving_of cfg = Some sv ->
    run_all cfg initial submitted = (v, rs) ->
    step cfg v t (RunApp o) = (v', Applied ev n) -> asked_by o = Session id q mac ->
    found_in cfg sv (desk v) id = FoundOpen x -> s_strict_order x = true ->
    q = s_last x + 1 /\ (forall q', In (id, q') (requests rs) -> q' < q).
  Proof.
    intros Sv Run E By Fo' St. destruct (client_ran _ _ _ Sv E By) as (y & v1 & n1 & Fo & Dec & _).
    assert (y = x) as -> by congruence.
    pose proof (request_passed _ _ _ _ _ Fo Dec) as (_ & _ & Pos & Fr & Ord).
    destruct (table_run submitted Sv Run) as [T _]. destruct (found_open _ _ Fo) as [G Id].
    destruct (@table_settle _ _ id x q NEVER [] T Fo Fr Pos Ord) as (_ & _ & Next); [intros ? []|].
    specialize (Next St). split; [exact Next|]. intros q' Hin.
    destruct (ts_strict T _ G St) as [_ Used_]. rewrite Id in Used_. specialize (Used_ _ Hin). lia.
  Qed.

  (** ** Never: a free number that was asked about did not run, and will not *)
  Theorem asked_number_never_runs submitted later v rs t id q mac v1 n v2 rs2 x :
    serving_of cfg = Some sv -> run_all cfg initial submitted = (v, rs) ->
    is_thread cfg t = true -> found_in cfg sv (desk v) id = FoundOpen x ->
    stand (s_window x) q = Free -> step cfg v t (SessionAsk id q mac) = (v1, Asked n) ->
    run_all cfg v1 later = (v2, rs2) ->
    (exists m, n = Became NotExecuted m) /\ ~ In (id, q) (requests rs ++ requests rs2).
  Proof.
    intros Sv Run It Fo Fr E Run2. destruct (table_run submitted Sv Run) as [T Nd].
    pose proof (proj2 (in_ids cfg t) It) as Ht.
    edestruct tracks_all as (H & Tr & _); [apply tracks_initial|exact Run|].
    rewrite app_nil_r in Tr.
    edestruct tracks_entry as (H1 & Tr1 & _); [exact Tr|exact Ht|exact E|].
    unfold step in E. destruct (rejection _); [discriminate|].
    destruct (check_entry _) as [[]|[]]; try discriminate.
    cbn [step_entry] in E. rewrite Sv in E. cbn [step_session] in E.
    destruct (question _ _ _ _ _ _) as [[s n']|[f|[]]] eqn:Q; try discriminate.
    injection E as <- <-. unfold question in Q.
    destruct (Session.decide_question _) as [[]|] eqn:Dec; [|discriminate]. cbn [and_then] in Q.
    destruct (question_passed _ _ _ Fo Dec Fr) as [Pos Ord]. rewrite Fo, Fr in Q.
    injection Q as <- <-. split; [eauto|].
    destruct (@table_settle (sessions (desk v)) (requests rs) id x q NEVER [(id, q)] T Fo Fr Pos
      Ord) as (T' & Fresh & _).
    { intros k [<-|[]]. reflexivity. }
    assert (Nd' : NoDup ((id, q) :: requests rs)) by now constructor.
    destruct (table_all later Sv Tr1 T' Nd' Run2) as [_ All].
    cbn [app] in All. inversion All; subst. assumption.
  Qed.

  (** ** Granted: what runs under rights may be called, and asks for, reads and writes what they
      grant, in every memory that agrees with the thread's slots *)
  Theorem rows_are_granted v t rt o v' ran n mem :
    step_run cfg v t rt o = (v', Applied (Answered ran) n) ->
    (forall s k w b l r, view (slots (at_ v t)) s = Some (Kept (App k w) b l r) -> mem k = w) ->
    exists c, begin_call (asked o) = inr c /\ may_call rt (transition (asked o)) = true /\
      let call := c (epoch (clock (at_ v t))) in
      r_answer ran = fst (evaluate mem [] call) /\
      Forall (fun k => may_read rt k || may_write rt k = true) (rows_asked mem [] call) /\
      Forall (fun k => may_read rt k = true) (rows_read mem [] call) /\
      Forall (fun k => may_write rt k = true) (rows_written mem call).
  Proof.
    unfold step_run, attempt. intros E Agree.
    destruct (begin_call (asked o)) as [code|c]; [discriminate|]. exists c.
    unfold Session.decide_right in E.
    destruct (may_call rt (transition (asked o))); [|discriminate].
    cbn [require] in E. split; [reflexivity|]. split; [reflexivity|]. cbv zeta.
    destruct (and_then _ _) as [[s ev]|[|[]]] eqn:R; try discriminate.
    destruct (lift _) in R; [|discriminate]. cbn [and_then] in R.
    apply run_app_facts in R as (_ & _ & _ & x & -> & Ex & _ & Gr). injection E as _ <- _. cbn.
    assert (None_ : Forall2 (slot_of (view (slots (at_ v t)))) [] []) by constructor.
    edestruct execute_evaluate as (ws & Ev & Fw); [exact Agree|exact None_|exact Ex|].
    edestruct execute_granted as [Asked Read_]; [exact Agree|exact None_|exact Ex|].
    unfold rows_written. rewrite Ev. split; [reflexivity|]. split; [exact Asked|].
    unfold granted in Gr. apply andb_true_iff in Gr as [Over Wr]. apply negb_true_iff in Over.
    split; [now apply Read_|]. clear - Fw Wr.
    induction Fw as [|w w' l l' [Sl _] Fw IH]; [constructor|]. cbn in Wr.
    apply andb_true_iff in Wr as [W Wr]. constructor; [|auto].
    destruct Sl as (v0 & b & l0 & r0 & V). unfold view in V. unfold row_in in W.
    destruct (get (slots (at_ v t)) (fst w)) as [[rec q p l1 r1]|]; [|discriminate]. cbn in V.
    injection V as -> _ _ _. exact W.
  Qed.
End Sessions.
