(** The invariant holds at the start, and every step of every thread keeps it or shows a
  collision. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Table Spec.Entry.
From zeta Require Import Spec.Application Spec.Thread Spec.EvictB.
From zeta Require Import Thm.Path Thm.Machine Thm.Tree Thm.Slots Thm.Coherent Thm.Collision
  Thm.Step.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section Invariant.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.

  (** ** Where a verifier may start

      The root stands for the memory [m0] if there is a tree below it, all of it in the tree's care,
      whose leaves are [m0]. [hs] are the records in the tree, [ks] the keys of its leaves. *)
  Record stands_for (r : record) (hs : list record) (ks : list key) (m0 : memory)
      (g : path -> place) : Prop := {
    sf_root : g ROOT = Cached 0 EvictB.Tree r;
    sf_path : path_of r = ROOT;
    sf_rest : forall k, k <> ROOT -> g k = Fresh \/ exists v, g k = OutM v;
    sf_tree : tree g;
    sf_memory : remembers g hs ks m0
  }.
  Definition adoptable (r : record) (hs : list record) (ks : list key) (m0 : memory) : Prop :=
    exists g, stands_for r hs ks m0 g.

  (** The empty root stands for the memory in which every key is null. *)
  Definition empty_root : record := Node ROOT None None.
  Definition empty_memory : memory := fun _ => None.

  Lemma empty_adoptable : adoptable empty_root [] [] empty_memory.
  Proof.
    set (g := fun k => if path_dec k ROOT then Cached 0 EvictB.Tree empty_root else Fresh).
    assert (Content : forall k d, pointer_of (content g k) d = None).
    { intros k d. unfold content, g. destruct (path_dec k ROOT); now destruct d. }
    exists g. split.
    - unfold g. now destruct (path_dec ROOT ROOT).
    - reflexivity.
    - intros k N. left. unfold g. destruct (path_dec k ROOT); [contradiction|reflexivity].
    - split.
      + exists empty_root. unfold g. now destruct (path_dec [] ROOT).
      + intros a d x H. now rewrite Content in H.
      + intros a k d _ Kk D. unfold g in Kk. destruct (path_dec k ROOT) as [->|]; [|congruence].
        destruct a; discriminate.
    - split.
      + intros k v. unfold g. destruct (path_dec k ROOT); discriminate.
      + intros k a v. unfold content, g. destruct (path_dec k ROOT); discriminate.
      + reflexivity.
  Qed.

  (** ** The invariant *)

  Notation item := (item thread event).
  Definition hashes (H : list item) : list record := flat_map (fun x => hashed (i_event x)) H.
  Definition keys (H : list item) : list key := flat_map (fun x => located (i_event x)) H.
  (** Newest first, like the history. *)
  Definition runs (H : list item) : list ran := flat_map (fun x => answered (i_event x)) H.

  Definition views (S : N -> thread) : N -> N -> option kept := fun t => view (slots (S t)).

  Variables (hs0 : list record) (ks0 : list key) (m0 : memory).

  Definition good (S : N -> thread) (H : list item) : Prop :=
    value_collision (hashes H ++ hs0) \/ key_collision (keys H ++ ks0) \/
    exists g at_ mem,
      coherent (views S) (pending (takes took H) (gives gave H)) (hashes H ++ hs0) (keys H ++ ks0)
        g at_ mem /\
      sequential m0 (rev (runs H)) mem.

  Lemma good_start : adoptable (root cfg) hs0 ks0 m0 -> good (start cfg) [].
  Proof.
    intros [g [Root Path Rest T R]]. right. right. exists g, (fun _ => 0), m0. cbn.
    split; [|constructor]. split; auto.
    - split.
      + intros t s k m v. unfold views, start, view. cbn [slots].
        destruct (N.eqb_spec t 0) as [->|Nt].
        * destruct (N.eq_dec s 0) as [->|Ns].
          -- rewrite get_set_eq. cbn. split.
             ++ intros [(l & r & [= <- <- _ _]) <-]. rewrite Path. auto.
             ++ intros [G _]. destruct (path_dec k ROOT) as [->|N].
                ** rewrite Root in G. injection G as <- <-. split; [|assumption].
                   exists None, None. reflexivity.
                ** exfalso. destruct (Rest _ N) as [E|[w E]]; congruence.
          -- rewrite get_set_neq, get_empty by assumption. cbn. split.
             ++ intros [(l & r & E) _]. discriminate.
             ++ intros [_ E]. congruence.
        * rewrite get_empty. cbn. split; [intros [(l & r & E) _]; discriminate|].
          intros [G _]. exfalso. destruct (path_dec k ROOT) as [->|N].
          -- rewrite Root in G. congruence.
          -- destruct (Rest _ N) as [E|[w E]]; congruence.
      + intros m [[] _].
      + intros k m E. exfalso. destruct (path_dec k ROOT) as [->|N]; [congruence|].
        destruct (Rest _ N) as [E'|[w E']]; congruence.
    - intros t s r d E. unfold views, start, view in E. cbn [slots] in E.
      destruct (N.eqb_spec t 0) as [->|Nt]; [|now rewrite get_empty in E].
      destruct (N.eq_dec s 0) as [->|Ns];
        [rewrite get_set_eq in E|rewrite get_set_neq, get_empty in E by assumption; discriminate].
      injection E as <-. transitivity (@None N); [now destruct d|].
      unfold kid, as_kid. cbn.
      destruct (pointer_of (root cfg) d) as [x|] eqn:Hx; [|reflexivity].
      assert (Hx' : pointer_of (content g ROOT) d = Some x).
      { unfold content. rewrite Root. exact Hx. }
      destruct (tr_link T _ _ Hx') as (D & _).
      destruct (Rest (l_path x)) as [E|[w E]]; [exact (dir_not_root _ D)|now rewrite E|now rewrite
        E].
  Qed.

  Lemma views_upd S t s u : views (upd S t s) u = if u =? t then view (slots s) else views S u.
  Proof. unfold views, upd. now destruct (u =? t). Qed.

  Lemma view_step S t s V' : (forall n, view (slots s) n = V' n) ->
    forall u n, views (upd S t s) u n = upd (views S) t V' u n.
  Proof. intros E u n. rewrite views_upd. unfold upd. destruct (u =? t); auto. Qed.

  Lemma view_same S t s : slots s = slots (S t) -> forall u n, views (upd S t s) u n = views S u n.
  Proof.
    intros E u n. rewrite views_upd. unfold views. destruct (N.eqb_spec u t) as [->|]; [|auto].
    now rewrite E.
  Qed.

  Lemma Forall2_imp X Y (R R' : X -> Y -> Prop) l l' :
    (forall x y, R x y -> R' x y) -> Forall2 R l l' -> Forall2 R' l l'.
  Proof. intro I. induction 1; constructor; auto. Qed.

  (** The writes of an operation, one after the other. *)
  Lemma coherent_writes m pend hs ks t ws : forall S g at_ mem ws',
    coherent S pend hs ks g at_ mem -> (forall n, S t n = view m n) ->
    Forall2 (same_write (view m)) ws ws' ->
    exists g' at', coherent (upd S t (view (write_slots m ws))) pend hs ks g' at'
                            (write_all mem ws').
  Proof.
    revert m. induction ws as [|[n w] ws IH]; intros m S g at_ mem ws' C V F; inversion F; subst.
    - cbn. exists g, at_. eapply coherent_ext; [exact C| |tauto|apply incl_refl|apply incl_refl].
      intros u x. unfold upd. destruct (N.eqb_spec u t) as [->|]; [now rewrite V|reflexivity].
    - destruct y as [k w']. destruct H1 as [(v & b & l & r & E) Ew]. cbn in E, Ew. subst w'.
      assert (E' := E). rewrite <- V in E'.
      destruct (@coherent_write_one _ S pend hs ks g at_ mem t n k b v l r w C E')
        as (g1 & at1 & C1).
      assert (V1 : forall x, view (write_slot m (n, w)) x =
                             upd (view m) n (Some (Kept (App k w) b l r)) x).
      { intro x. unfold write_slot. cbn [fst snd]. unfold view in E.
        destruct (get m n) as [c|] eqn:G; [|discriminate]. erewrite view_change by exact G.
        injection E as E1 E2 E3 E4. unfold strip, set_record. rewrite E1. cbn.
        now rewrite E2, E3, E4. }
      cbn [write_slots fold_left write_all fst snd].
      destruct (IH (write_slot m (n, w)) (upd S t (view (write_slot m (n,
        w)))) g1 at1 (write mem k w) l')
        as (g' & at' & C').
      + eapply coherent_ext; [exact C1| |tauto|apply incl_refl|apply incl_refl].
        intros u x. unfold upd at 1 2. destruct (u =? t); [|reflexivity].
        rewrite V1. unfold upd. destruct (x =? n); [reflexivity|]. now rewrite V.
      + intro x. now rewrite upd_eq.
      + eapply Forall2_imp; [|exact H3]. intros [n1 w1] [k1 w1'] [(v1 & b1 & l1 & r1 & E1) Ew1].
        split; [|assumption]. cbn in *. unfold slot_of. rewrite V1. unfold upd.
        destruct (N.eqb_spec n1 n) as [->|]; [|eauto 10].
        rewrite E in E1. injection E1 as <- <- <- <- <-. eauto 10.
      + exists g', at'. eapply coherent_ext; [exact C'| |tauto|apply incl_refl|apply incl_refl].
        intros u x. unfold upd. destruct (u =? t); reflexivity.
  Qed.

  Lemma runs_cons_none ev t s H : answered ev = [] -> runs (Item t ev s :: H) = runs H.
  Proof. unfold runs. cbn. intros ->. reflexivity. Qed.

  Theorem good_step S H t ev s : good S H -> thread_step cfg t (S t) ev s ->
    (forall m, took ev = Some m -> In m (gives gave H) /\ ~ In m (takes took H)) ->
    (forall m, gave ev = Some m -> ~ In m (takes took H)) ->
    good (upd S t s) (Item t ev s :: H).
  Proof.
    intros G St Took Gave.
    assert (Ih : incl (hashes H ++ hs0) (hashes (Item t ev s :: H) ++ hs0)).
    { cbn. rewrite <- app_assoc. apply incl_appr, incl_refl. }
    assert (Ik : incl (keys H ++ ks0) (keys (Item t ev s :: H) ++ ks0)).
    { cbn. rewrite <- app_assoc. apply incl_appr, incl_refl. }
    destruct G as [G|[G|(g & at_ & mem & C & R)]];
      [left; eapply value_collision_incl; eauto|right; left; eapply key_collision_incl; eauto|].
    destruct St as [n a r s ev E|n evictor m s ev _ E|n a s ev E|n tm s ev _ E|n a tm s ev _ E
                   |s ev E|room s ev E|rt o call s ev B E].
    - (* AddM *)
      apply add_m_facts in E as (_ & _ & _ & named & -> & Vouched & Inserted).
      assert (Loc : forall b v, r = App b v -> In b (keys (Item t (AddedTree r named) s :: H) ++
        ks0)).
      { intros b v ->. cbn. auto. }
      destruct named.
      + destruct (Vouched eq_refl) as (ra & d & x & Vn & Va & D & Sd & Ex & Bx & Ch & Hx & V').
        edestruct coherent_named as (w & Hw & Pw & Eh & Kw & Same);
          [exact C|exact Ik|exact Vn|exact Va|exact D|exact Sd|exact Ex|exact Bx|exact Ch|].
        destruct (@same_or_collision _ r w (hashes (Item t (AddedTree r true) s :: H) ++ hs0)
          (keys (Item t (AddedTree r true) s :: H) ++ ks0)) as [Erw|[Cv|Ck]]; auto.
        * congruence.
        * cbn. auto.
        * intros b v E. apply Ik. eauto.
        * right. right. destruct (Same Erw) as (g' & at' & C'). exists g', at', mem.
          split; [|exact R].
          eapply coherent_ext; [exact C'| |cbn; tauto|exact Ih|apply incl_refl].
          now apply view_step.
        * left. exact Cv.
        * right. left. exact Ck.
      + destruct (Inserted eq_refl) as
          (ra & d & w & l & k & Vn & Va & D & Nd & Init & Pw & Hw & Hold & Hkid & Hrec & V').
        right. right.
        destruct (@coherent_insert _ _ _ _ _ _ _ _ _ t n a ra d (path_of r) w l k C Ik Pw Vn Va D
          Nd Hw Hold)
          as (g' & at' & C').
        * intro e. rewrite Hkid. unfold kid.
          destruct (pointer_of w e) as [y|] eqn:Hy; [|reflexivity].
          apply Hw in Hy as [Hy _]. rewrite (co_kids C _ _ d Va). unfold kid. now rewrite Hy.
        * intros b v E. pose proof (Hrec _ _ E) as ->. split; [|eauto].
          rewrite E in Init. now destruct v.
        * exists g', at', mem. split; [|exact R].
          eapply coherent_ext; [exact C'| |cbn; tauto|exact Ih|apply incl_refl].
          now apply view_step.
    - (* AddB *)
      apply add_b_facts in E as (-> & _ & _ & _ & _ & _ & _ & _ & Vn & V').
      destruct (Took m eq_refl) as [Hg Ht]. right. right.
      edestruct coherent_take as (g' & at' & C'); [exact C|exact Vn|exact Hg|exact Ht|].
      exists g', at', mem. split; [|exact R].
      eapply coherent_ext; [exact C'| |cbn; tauto|exact Ih|exact Ik]. now apply view_step.
    - (* EvictM *)
      apply evict_m_facts in E as (_ & _ & _ & r & ra & d & x & -> & L & Cl & V'). right. right.
      destruct (@coherent_evict _ _ _ _ (hashes (Item t (EvictedTree (k_val r)) s :: H) ++ hs0)
        _ _ _ _ t n a r ra d x (Link (k_path r) (record_hash (k_val r)) false) (OutM (k_val r))
        C L Cl) as (g' & at' & C'); cbn; auto; try discriminate.
      { now intros v [= <-]. }
      { intros v [= <-]. auto. }
      exists g', at', mem. split; [|exact R].
      eapply coherent_ext; [exact C'| | |apply incl_refl|exact Ik]; [now apply view_step|].
      intro m. cbn. split; [intros [[? _]|]; [assumption|discriminate]|].
      intro Hp. left. split; [assumption|]. intro E. apply (pl_pend (co_placed C)) in Hp.
      destruct L as (Vn & _). destruct (placed_cell _ _ (co_placed C) Vn) as [Gn _]. congruence.
    - (* EvictB *)
      apply evict_b_facts in E as (m & -> & _ & _ & _ & _ & _ & _ & Vn & V').
      pose proof (Gave m eq_refl) as Ht. right. right.
      edestruct coherent_give as (g' & at' & C'); [exact C|exact Vn|exact Ht|].
      exists g', at', mem. split; [|exact R].
      eapply coherent_ext; [exact C'| |cbn; tauto|exact Ih|exact Ik]. now apply view_step.
    - (* EvictBM *)
      apply evict_bm_facts in E as (m & -> & _ & _ & _ & _ & _ & _ & r & ra & d & x & Er & L &
        Cl & V').
      pose proof (Gave m eq_refl) as Ht. right. right.
      destruct (@coherent_evict _ _ _ _ (hashes H ++ hs0) _ _ _ _ t n a r ra d x
        (Link (k_path r) (l_hash x) true) (OutB m) C L Cl) as (g' & at' & C');
        cbn; auto; try discriminate; try apply incl_refl.
      { intros m1 [= <-]. unfold k_path. now rewrite Er. }
      exists g', at', mem. split; [|exact R].
      eapply coherent_ext; [exact C'| | |exact Ih|exact Ik]; [now apply view_step|].
      cbn. unfold k_path. rewrite <- Er. apply (pending_give m); auto.
      intros y Hy Eky. apply (pl_pend (co_placed C)) in Hy. destruct L as (Vn & _).
      destruct (placed_cell _ _ (co_placed C) Vn) as [Gn _]. unfold k_path in Gn.
      rewrite <- Er, <- Eky, Hy in Gn. discriminate.
    - (* NextEpoch *)
      apply next_epoch_facts in E as (-> & _ & _ & _ & Sl). right. right. exists g, at_, mem.
      split; [|exact R]. eapply coherent_ext; [exact C| |cbn; tauto|exact Ih|exact Ik].
      now apply view_same.
    - (* VerifyEpoch *)
      apply verify_epoch_facts in E as (-> & _ & _ & _ & Sl). right. right. exists g, at_, mem.
      split; [|exact R]. eapply coherent_ext; [exact C| |cbn; tauto|exact Ih|exact Ik].
      now apply view_same.
    - (* RunApp *)
      apply run_app_facts in E as (_ & _ & _ & x & -> & Ex & Sl & _). right. right.
      edestruct execute_evaluate as (ws' & Ev & F); [| |exact Ex|]; [|constructor|].
      { intros n k v b l r Vn. change (view (slots (S t)) n) with (views S t n) in Vn.
        destruct (re_mem (co_remembers C) (leaf k) (a := k) (v := v)) as (_ & _ & M); [|exact M].
        exact (slot_content _ _ (co_placed C) Vn). }
      destruct (@coherent_writes (slots (S t)) _ _ _ t (x_writes x) _ _ _ _ _ C
        (fun n => eq_refl) F) as (g' & at' & C').
      exists g', at', (write_all mem ws'). split.
      + eapply coherent_ext; [exact C'| |cbn; tauto|exact Ih|exact Ik].
        apply view_step. intro n. now rewrite Sl.
      + cbn. apply sequential_snoc with (m1 := mem); [exact R|].
        unfold apply. rewrite B, Ev. reflexivity.
  Qed.
End Invariant.
