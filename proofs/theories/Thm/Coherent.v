(** The invariant of all threads together, and that every move of a record keeps it. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Path Spec.Record Spec.Application Spec.EvictB.
From zeta Require Import Thm.Path Thm.Machine Thm.Tree Thm.Slots.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

Section Coherent.
  Context {P : Primitives}.

  (** What is known of contents: [hs] are the records that were hashed, [ks] the keys whose leaves
      were computed, [mem] the memory of the sequential run. *)
  Record remembers (g : path -> place) (hs : list record) (ks : list key) (mem : memory) : Prop := {
    re_seen : forall k v, g k = OutM v -> path_of v = k /\ In v hs;
    re_mem : forall k a v, content g k = App a v -> leaf a = k /\ In a ks /\ mem a = v;
    re_fresh : forall a, g (leaf a) = Fresh -> mem a = None
  }.

  Lemma remembers_put g hs hs' ks ks' mem k p :
    remembers g hs ks mem -> incl hs hs' -> incl ks ks' -> p <> Fresh ->
    (forall v, p = OutM v -> path_of v = k /\ In v hs') ->
    (forall a v, content_of k p = App a v -> leaf a = k /\ In a ks' /\ mem a = v) ->
    remembers (put g k p) hs' ks' mem.
  Proof.
    intros R Ih Ik Pf Seen Mem. split.
    - intros k' v. destruct (path_dec k' k) as [->|N]; [rewrite put_eq; apply Seen|].
      rewrite put_neq by assumption. intro E. destruct (re_seen R _ E). auto.
    - intros k' a v. destruct (path_dec k' k) as [->|N]; [rewrite content_put_eq; apply Mem|].
      rewrite content_put_neq by assumption. intro E. destruct (re_mem R _ E) as (? & ? & ?). auto.
    - intros a. destruct (path_dec (leaf a) k) as [->|N]; [rewrite put_eq; congruence|].
      rewrite put_neq by assumption. apply (re_fresh R).
  Qed.

  Record coherent (S : N -> N -> option kept) (pend : element -> Prop) (hs : list record)
      (ks : list key) (g : path -> place) (at_ : path -> N) (mem : memory) : Prop := {
    co_placed : placed S pend g at_;
    co_kids : kids S g at_;
    co_remembers : remembers g hs ks mem;
    co_tree : tree g
  }.

  Lemma remembers_incl g hs hs' ks ks' mem :
    remembers g hs ks mem -> incl hs hs' -> incl ks ks' -> remembers g hs' ks' mem.
  Proof.
    intros R Ih Ik. split.
    - intros k v E. destruct (re_seen R _ E). auto.
    - intros k a v E. destruct (re_mem R _ E) as (? & ? & ?). auto.
    - apply (re_fresh R).
  Qed.

  Lemma coherent_ext S S' (p p' : element -> Prop) hs hs' ks ks' g at_ mem :
    coherent S p hs ks g at_ mem -> (forall t s, S' t s = S t s) -> (forall m, p m <-> p' m) ->
    incl hs hs' -> incl ks ks' -> coherent S' p' hs' ks' g at_ mem.
  Proof.
    intros [C K R T] HS Hp Ih Ik. split; auto.
    - eapply placed_ext; eauto.
    - intros t s r d H. rewrite HS in H. eauto.
    - eapply remembers_incl; eauto.
  Qed.

  (** The record in slot [sa] points to the record in slot [s], on side [d], by [x]. *)
  Definition linked (S : N -> option kept) (s sa : N) (r ra : kept) (d : bool) (x : link) : Prop :=
    S s = Some r /\ S sa = Some ra /\ side_of (k_path ra) (k_path r) = Some d /\
    pointer_of (k_val ra) d = Some x /\ l_path x = k_path r.

  Definition after_evict (S : N -> option kept) (s sa : N) (ra : kept) (d : bool) (x : link) :=
    upd (upd S sa (Some (set_kid (set_val ra (set_pointer (k_val ra) d x)) d None))) s None.

  (** A record leaves its slot under the care of its ancestor's pointer. *)
  Lemma coherent_evict S pend hs hs' ks g at_ mem t s sa r ra d x x' p :
    coherent S pend hs ks g at_ mem -> linked (S t) s sa r ra d x ->
    childless r = true -> l_path x' = k_path r -> p <> Fresh -> (forall u m v, p <> Cached u m v) ->
    content_of (k_path r) p = k_val r -> l_deferred x' = is_deferred p ->
    (forall v, p = OutM v -> l_hash x' = record_hash v) -> 
    (forall m, p = OutB m -> path_of (e_record m) = k_path r) ->
    incl hs hs' -> (forall v, p = OutM v -> In v hs') ->
    exists g' at', coherent (upd S t (after_evict (S t) s sa ra d x'))
      (fun m => (pend m /\ path_of (e_record m) <> k_path r) \/ p = OutB m) hs' ks g' at' mem.
  Proof.
    intros [C K R T] L Cl Ex' Pf Pc Cont Bl Ha Pk Inc Seen.
    destruct L as (Es & Ea & D & Sd & Ex).
    destruct (placed_cell _ _ C Es) as [Gk Ak]. destruct (placed_cell _ _ C Ea) as [Ga Aa].
    pose proof (slot_content _ _ C Es) as Ck. pose proof (dir_neq D) as NA.
    set (ra' := set_kid (set_val ra (set_pointer (k_val ra) d x')) d None).
    assert (Era : Cached t (k_by ra') (k_val ra') = Cached t (k_by ra) (set_pointer (k_val ra) d
      x')).
    { unfold ra'. now rewrite set_kid_by, set_kid_val. }
    exists (put (put g (k_path ra) (Cached t (k_by ra') (k_val ra'))) (k_path r) p),
           (put (put at_ (k_path ra) sa) (k_path r) s).
    split.
    - eapply placed_two; eauto.
      + unfold ra'. now rewrite set_kid_key, set_val_key.
      + rewrite Gk. intros u m v [= <- _ _]. auto.
      + congruence.
    - apply kids_two with (k := k_path r) (g := g) (at_ := at_); auto.
      + intros k' N. rewrite as_kid_upd. destruct (path_dec k' (k_path r)); [congruence|].
        rewrite as_kid_upd. destruct (path_dec k' (k_path ra)) as [->|]; [|reflexivity].
        cbn. unfold ra', as_kid. rewrite set_kid_by, Ga, Aa. reflexivity.
      + intros u s' r1 d1 y E1 N Hy Ey. rewrite <- Ex in Ey.
        destruct (other_slot _ _ _ _ _ _ C T Ea Sd E1 Hy Ey) as (? & ? & _). tauto.
      + intro d'. unfold ra' at 1. rewrite kid_set_kid, kid_set_val.
        unfold kid, ra'. rewrite set_kid_val. cbn [set_val k_val].
        rewrite pointer_set by (eapply pointer_node; eauto). destruct (Bool.eqb d d') eqn:Ed.
        * rewrite as_kid_upd, Ex'. destruct (path_dec _ _); [|congruence].
          destruct p as [|u m v|m|v]; auto. now destruct (Pc u m v).
        * rewrite (K _ _ _ d' Ea). unfold kid. destruct (pointer_of (k_val ra) d') as [y|] eqn:Hy;
            [|reflexivity].
          assert (Ny : l_path y <> k_path r).
          { intro Ey. rewrite <- Ex in Ey.
            destruct (other_slot _ _ _ _ _ _ C T Ea Sd Ea Hy Ey) as (_ & _ & ->).
            now rewrite eqb_reflx in Ed. }
          rewrite as_kid_upd. destruct (path_dec _ _); [congruence|]. rewrite as_kid_upd.
          destruct (path_dec _ _) as [E|]; [|reflexivity]. exfalso.
          rewrite <- (slot_content _ _ C Ea) in Hy. destruct (tr_link T _ _ Hy) as (D' & _).
          rewrite E, dir_irrefl in D'. discriminate.
      + discriminate.
    - apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl.
      + apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl; try discriminate.
        rewrite Era. cbn. pose proof (pointer_node _ _ Sd). intros a v E.
        destruct (k_val ra), d; discriminate.
      + intros v E. split; [|auto]. rewrite E in Cont. cbn in Cont. now rewrite Cont.
      + intros a v E. apply (re_mem R). rewrite Ck. congruence.
    - rewrite Era. eapply tree_relink; eauto; try congruence.
      intros d' y u v Hy. rewrite Ck in Hy. eapply kid_none; [|exact Hy].
      rewrite <- (K _ _ _ d' Es). now apply childless_none.
  Qed.

  (** A fresh key is added under a parent. *)
  Lemma coherent_insert S pend hs ks ks' g at_ mem t s sa ra d k w l r :
    coherent S pend hs ks g at_ mem -> incl ks ks' -> path_of w = k -> S t s = None ->
      S t sa = Some ra ->
    side_of (k_path ra) k = Some d -> is_node (k_val ra) = true ->
    (forall e y, pointer_of w e = Some y <-> pointer_of (k_val ra) d = Some y /\
      side_of k (l_path y) = Some e) ->
    (forall y, pointer_of (k_val ra) d = Some y -> exists e, side_of k (l_path y) = Some e) ->
    (forall e, kid_slot (Kept w Tree l r) e = kid g at_ w e) ->
    (forall a v, w = App a v -> v = None /\ In a ks') ->
    exists g' at', coherent (upd S t (upd (upd (S t) sa (Some (set_kid (set_val ra
        (set_pointer (k_val ra) d (Link k unknown_digest false))) d (Some s)))) s (Some (Kept w
          Tree l r))))
      pend hs ks' g' at' mem.
  Proof.
    intros [C K R T] Inc Pw Es Ea D Nd Hw Hold Hkid Lw.
    destruct (placed_cell _ _ C Ea) as [Ga Aa]. pose proof (dir_neq D) as NA.
    pose proof (fresh_under_parent _ _ T Ga D Hold) as Fk.
    assert (NotK : forall b e y, pointer_of (content g b) e = Some y -> l_path y <> k).
    { intros b e y Hy E. destruct (tr_link T _ _ Hy) as (_ & H & _). congruence. }
    set (ra' := set_kid (set_val ra (set_pointer (k_val ra) d (Link k unknown_digest false))) d
      (Some s)).
    assert (Era : Cached t (k_by ra') (k_val ra') =
                  Cached t (k_by ra) (set_pointer (k_val ra) d (Link k unknown_digest false))).
    { unfold ra'. now rewrite set_kid_by, set_kid_val. }
    assert (Kid : forall k', k' <> k ->
      as_kid (put (put g (k_path ra) (Cached t (k_by ra') (k_val ra'))) k (Cached t Tree w))
             (put (put at_ (k_path ra) sa) k s) k' = as_kid g at_ k').
    { intros k' N. rewrite as_kid_upd. destruct (path_dec k' k); [congruence|].
      rewrite as_kid_upd. destruct (path_dec k' (k_path ra)) as [->|]; [|reflexivity].
      cbn. unfold ra', as_kid. rewrite set_kid_by, Ga, Aa. reflexivity. }
    exists (put (put g (k_path ra) (Cached t (k_by ra') (k_val ra'))) k (Cached t Tree w)),
           (put (put at_ (k_path ra) sa) k s).
    split.
    - eapply placed_ext; [apply (@placed_two _ _ _ _ _ t sa ra ra' s k (Cached t Tree w)
        (Some (Kept w Tree l r)) C Ea)| | |]; try reflexivity; try discriminate; auto.
      + unfold ra'. now rewrite set_kid_key, set_val_key.
      + rewrite Fk. discriminate.
      + congruence.
      + intro m. split; [intros [[? _]|]; [assumption|discriminate]|].
        intro Hp. left. split; [assumption|]. intros <-. apply (pl_pend C) in Hp. congruence.
    - apply kids_two with (k := k) (g := g) (at_ := at_); auto.
      + intros u s' r1 d1 y E1 _ Hy. rewrite <- (slot_content _ _ C E1) in Hy. eauto.
      + intro d'. unfold ra' at 1. rewrite kid_set_kid, kid_set_val.
        assert (Sd : pointer_of (k_val ra') d' =
          if Bool.eqb d d' then Some (Link k unknown_digest false) else pointer_of (k_val ra) d').
        { unfold ra'. rewrite set_kid_val. now apply pointer_set. }
        unfold kid. rewrite Sd. destruct (Bool.eqb d d') eqn:Ed.
        * rewrite as_kid_upd. cbn [l_path]. destruct (path_dec k k); [reflexivity|congruence].
        * rewrite (K _ _ _ d' Ea). unfold kid. clear Sd. destruct (pointer_of (k_val ra) d')
            as [y|] eqn:Hy; [|reflexivity].
          symmetry. apply Kid. rewrite <- (slot_content _ _ C Ea) in Hy. eauto.
      + intros r1 e [= <-]. cbn [k_val]. rewrite Hkid. symmetry. apply kid_same. intros y Hy.
        apply Kid. apply Hw in Hy as [Hy _]. rewrite <- (slot_content _ _ C Ea) in Hy. eauto.
    - apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl; try discriminate.
      + apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl; try discriminate.
        rewrite Era. cbn. intros a v E. destruct (k_val ra), d; discriminate.
      + cbn. intros a v E. destruct (Lw _ _ E) as [-> Hin]. subst w. cbn in Pw. subst k.
        repeat split; auto. now apply (re_fresh R).
    - rewrite Era. now apply tree_insert.
  Qed.

  (** The ancestor's pointer is to this very record, and not deferred: then the record is in the
      tree's care. If what is brought is what left, all is well. *)
  Lemma coherent_named S pend hs ks ks' g at_ mem t s sa ra d v x :
    coherent S pend hs ks g at_ mem -> incl ks ks' -> S t s = None -> S t sa = Some ra ->
    side_of (k_path ra) (path_of v) = Some d -> pointer_of (k_val ra) d = Some x ->
    l_path x = path_of v -> l_deferred x = false -> kid_slot ra d = None ->
    exists w, In w hs /\ path_of w = path_of v /\ l_hash x = record_hash w /\
      (forall a b, w = App a b -> In a ks) /\
      (v = w -> exists g' at', coherent
        (upd S t (upd (upd (S t) sa (Some (set_kid ra d (Some s)))) s (Some (Kept v Tree None
          None))))
        pend hs ks' g' at' mem).
  Proof.
    intros [C K R T] Inc Es Ea D Sd Ex Bx Ch. set (k := path_of v) in *.
    destruct (placed_cell _ _ C Ea) as [Ga Aa]. pose proof (dir_neq D) as NA.
    pose proof Sd as Hx. rewrite <- (slot_content _ _ C Ea) in Hx.
    destruct (tr_link T _ _ Hx) as (_ & Kn & B & Hm & L). rewrite Ex in *. rewrite Bx in B.
    pose proof (K _ _ _ d Ea) as Kd. rewrite Ch in Kd. symmetry in Kd.
    pose proof (kid_none _ _ _ _ Kd) as Nm. specialize (Nm x). rewrite Ex in Nm.
    destruct (g k) as [|u [|] w|m|w] eqn:Gk; try discriminate; [congruence| |].
    { exfalso. exact (Nm _ _ Sd eq_refl). }
    destruct (re_seen R _ Gk) as [Pw Hin]. exists w. repeat split; auto.
    { intros a b ->. apply (re_mem R k (a := a) (v := b)). unfold content. now rewrite Gk. }
    intros <-.
    exists (put g k (Cached t Tree v)), (put at_ k s). split.
    - eapply placed_ext_at; [eapply placed_ext;
        [apply (@placed_two _ _ _ _ _ t sa ra (set_kid ra d (Some s)) s k (Cached t Tree v)
           (Some (Kept v Tree None None)) C Ea)| | |]|];
        try reflexivity; try congruence; auto; try discriminate.
      + now rewrite set_kid_key.
      + intro m. split; [intros [[? _]|]; [assumption|discriminate]|].
        intro Hp. left. split; [assumption|]. intro E. apply (pl_pend C) in Hp. congruence.
      + intro k'. rewrite set_kid_by, set_kid_val, <- Ga.
        destruct (path_dec k' k) as [->|N]; [now rewrite !put_eq|].
        rewrite !(put_neq _ _ N).
        destruct (path_dec k' (k_path ra)) as [->|N']; [now rewrite put_eq|now rewrite put_neq].
      + intro k'. destruct (path_dec k' k) as [->|N]; [now rewrite !put_eq|].
        rewrite !(put_neq _ _ N).
        destruct (path_dec k' (k_path ra)) as [->|N']; [now rewrite put_eq|now rewrite put_neq].
    - assert (Kid : forall k', k' <> k ->
        as_kid (put g k (Cached t Tree v)) (put at_ k s) k' = as_kid g at_ k').
      { intros k' N. rewrite as_kid_upd. now destruct (path_dec k' k). }
      apply kids_two with (k := k) (g := g) (at_ := at_); auto.
      + intros u s' r1 d1 y E1 N Hy Ey. rewrite <- Ex in Ey.
        destruct (other_slot _ _ _ _ _ _ C T Ea Sd E1 Hy Ey) as (? & ? & _). tauto.
      + intro d'. rewrite kid_set_kid, set_kid_val. unfold kid.
        destruct (Bool.eqb d d') eqn:Ed.
        * apply eqb_prop in Ed as <-. rewrite Sd, as_kid_upd, Ex.
          destruct (path_dec k k); [reflexivity|congruence].
        * rewrite (K _ _ _ d' Ea). unfold kid.
          destruct (pointer_of (k_val ra) d') as [y|] eqn:Hy; [|reflexivity].
          symmetry. apply Kid. intro Ey. rewrite <- Ex in Ey.
          destruct (other_slot _ _ _ _ _ _ C T Ea Sd Ea Hy Ey) as (_ & _ & ->).
          now rewrite eqb_reflx in Ed.
      + intros r1 e [= <-]. cbn [k_val]. unfold kid. transitivity (@None N); [now destruct e|].
        destruct (pointer_of v e) as [y|] eqn:Hy; [|reflexivity].
        assert (Hy' : pointer_of (content g k) e = Some y) by (unfold content; now rewrite Gk).
        destruct (tr_link T _ _ Hy') as (Dy & _ & _ & _ & Ly).
        rewrite Kid by (intro E; rewrite E, dir_irrefl in Dy; discriminate).
        unfold as_kid. destruct (g (l_path y)) as [|u [|] w| |] eqn:Gy; auto.
        exfalso. destruct (Ly _ _ eq_refl) as (? & ? & E'). congruence.
    - apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl; try discriminate.
      cbn. intros a b ->. destruct (re_mem R k (a := a) (v := b)) as (? & ? & ?); [|auto].
      unfold content. now rewrite Gk.
    - apply tree_move; auto; try congruence; try discriminate.
      + intro e. unfold content. now rewrite Gk.
      + now rewrite Gk.
      + intro E. exfalso. exact (dir_not_root _ D E).
      + intros u w [= <- <-] b e y Hy E.
        destruct (parent_unique _ _ _ _ T Hx Hy) as [<- _]; [congruence|].
        rewrite Ga. eexists. eauto.
      + intros e y u w Hy Gy. exfalso.
        destruct (tr_link T _ _ Hy) as (_ & _ & _ & _ & Ly).
        destruct (Ly _ _ Gy) as (? & ? & E). congruence.
  Qed.

  Definition pending (ts gs : list element) (m : element) : Prop := In m gs /\ ~ In m ts.

  (** An element that was given away, and not taken since, is taken. *)
  Lemma coherent_take S ts gs hs ks g at_ mem t s m :
    coherent S (pending ts gs) hs ks g at_ mem -> S t s = None -> In m gs -> ~ In m ts ->
    exists g' at', coherent (upd S t (upd (S t) s (Some (Kept (e_record m) Deferred None None))))
      (pending (m :: ts) gs) hs ks g' at' mem.
  Proof.
    intros [C K R T] E Hg Ht. set (k := path_of (e_record m)).
    pose proof (pl_pend C m (conj Hg Ht)) as G. fold k in G.
    exists (put g k (Cached t Deferred (e_record m))), (put at_ k s). split.
    - eapply placed_ext; [apply (@placed_move _ _ _ _ _ t s k (Cached t Deferred (e_record m))
          (Some (Kept (e_record m) Deferred None None)) C)| | |];
        try reflexivity; try congruence; auto.
      intro x. unfold pending. cbn. split.
      + intros [[[? ?] N]|]; [|discriminate]. split; [assumption|]. intros [->|]; tauto.
      + intros [Hx Nx]. left. split; [tauto|]. intro Ek.
        assert (Hp : pending ts gs x) by (split; tauto).
        apply (pl_pend C) in Hp. rewrite Ek, G in Hp. apply Nx. left. congruence.
    - apply kids_one with (g := g) (at_ := at_); auto.
      + intro k'. rewrite as_kid_upd. destruct (path_dec k' k) as [->|]; [|reflexivity].
        unfold as_kid. now rewrite G.
      + intros r d [= <-]. cbn [k_val]. unfold kid, as_kid.
        transitivity (@None N); [now destruct d|].
        destruct (pointer_of (e_record m) d) as [x|] eqn:Hx; [|reflexivity].
        destruct (g (l_path x)) as [|u [|] v| |] eqn:Gx; auto. exfalso.
        assert (Hx' : pointer_of (content g k) d = Some x) by (unfold content; now rewrite G).
        destruct (tr_link T _ _ Hx') as (_ & _ & _ & _ & L).
        destruct (L _ _ Gx) as (? & ? & E'). congruence.
    - apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl; try discriminate.
      cbn. intros a b E'. apply (re_mem R). unfold content. now rewrite G.
    - apply tree_move; auto; try congruence; try discriminate.
      + intro d. unfold content. now rewrite G.
      + now rewrite G.
      + intro E'. rewrite E' in G. destruct (root_cached T G). discriminate.
      + intros d x u v Hx Gx. destruct (tr_link T _ _ Hx) as (_ & _ & _ & _ & L).
        destruct (L _ _ Gx) as (? & ? & E'). congruence.
  Qed.

  Lemma pending_give ts gs m :
    (forall x, pending ts gs x -> path_of (e_record x) <> path_of (e_record m)) -> ~ In m ts ->
    forall x, (pending ts gs x /\ path_of (e_record x) <> path_of (e_record m)) \/ OutB m = OutB x
      <->
              pending ts (m :: gs) x.
  Proof.
    intros Key Nt x. unfold pending in *. cbn. split.
    - intros [[[? ?] ?]|[= <-]]; tauto.
    - intros [[<-|Hx] Nx]; [now right|]. left. specialize (Key x). tauto.
  Qed.

  (** A record that came from deferred state goes back to it. *)
  Lemma coherent_give S ts gs hs ks g at_ mem t s m :
    coherent S (pending ts gs) hs ks g at_ mem ->
    S t s = Some (Kept (e_record m) Deferred None None) -> ~ In m ts ->
    exists g' at', coherent (upd S t (upd (S t) s None)) (pending ts (m :: gs)) hs ks g' at' mem.
  Proof.
    intros [C K R T] E Ht. set (k := path_of (e_record m)).
    destruct (placed_cell _ _ C E) as [G A]. unfold k_path in G, A. cbn in G, A. fold k in G, A.
    exists (put g k (OutB m)), (put at_ k s). split.
    - eapply placed_ext; [apply (@placed_move _ _ _ _ _ t s k (OutB m) None C)| | |];
        try reflexivity; try congruence; auto.
      + rewrite G. intros u m1 w [= <- _ _]. auto.
      + intros r E'. rewrite E in E'. now injection E' as <-.
      + intros m1 [= <-]. reflexivity.
      + apply (pending_give m); auto. cbn. intros x Hx Ek.
        apply (pl_pend C) in Hx. fold k in Ek. rewrite Ek, G in Hx. discriminate.
    - apply kids_one with (g := g) (at_ := at_); auto; [|discriminate].
      intro k'. rewrite as_kid_upd. destruct (path_dec k' k) as [->|]; [|reflexivity].
      unfold as_kid. now rewrite G.
    - apply remembers_put with (hs := hs) (ks := ks); auto using incl_refl; try discriminate.
      cbn. intros a b E'. apply (re_mem R). unfold content. now rewrite G.
    - apply tree_move; auto; try congruence; try discriminate.
      + intro d. unfold content. now rewrite G.
      + now rewrite G.
      + intro E'. rewrite E' in G. destruct (root_cached T G). discriminate.
      + intros d x u w Hx Gx. exfalso. unfold content in Hx. rewrite G in Hx. cbn in Hx.
        pose proof (K _ _ _ d E) as Kd. unfold kid, as_kid in Kd. cbn [k_val] in Kd.
        rewrite Hx, Gx in Kd. now destruct d.
  Qed.

  (** ** Writes of the application *)

  Lemma coherent_write_one S pend hs ks g at_ mem t s a m v l r w :
    coherent S pend hs ks g at_ mem -> S t s = Some (Kept (App a v) m l r) ->
    exists g' at', coherent (upd S t (upd (S t) s (Some (Kept (App a w) m l r)))) pend hs ks
                            g' at' (write mem a w).
  Proof.
    intros [C K R T] E. destruct (placed_cell _ _ C E) as [G A].
    unfold k_path in G, A. cbn in G, A. set (k := leaf a) in *.
    assert (Ca : content g k = App a v) by (unfold content; now rewrite G).
    exists (put g k (Cached t m (App a w))), (put at_ k s). split.
    - apply placed_stay; auto; try discriminate; try congruence.
      + rewrite G. intros u m' x [= <- _ _]. auto.
      + intros r' E'. rewrite E in E'. now injection E' as <-.
    - apply kids_one with (g := g) (at_ := at_); auto.
      + intro k'. rewrite as_kid_upd. destruct (path_dec k' k) as [->|]; [|reflexivity].
        unfold as_kid. rewrite G, A. reflexivity.
      + intros r' d [= <-]. exact (K _ _ _ d E).
    - destruct (re_mem R _ Ca) as (_ & Hin & _). split.
      + intros k' x. destruct (path_dec k' k) as [->|N]; [rewrite put_eq; discriminate|].
        rewrite put_neq by assumption. apply (re_seen R).
      + intros k' b x. unfold write. destruct (path_dec k' k) as [->|N].
        * rewrite content_put_eq. cbn. intros [= <- <-]. destruct (key_dec a a); [auto|congruence].
        * rewrite content_put_neq by assumption. intro E'. destruct (re_mem R _ E')
            as (Lb & Hb & Mb).
          destruct (key_dec b a) as [->|]; [|auto]. exfalso. apply N. now rewrite <- Lb.
      + intros b. unfold write. destruct (path_dec (leaf b) k) as [Eb|N].
        * rewrite Eb, put_eq. discriminate.
        * rewrite put_neq by assumption. intro F. destruct (key_dec b a) as [->|].
          -- exfalso. now apply N.
          -- now apply (re_fresh R).
    - apply tree_move; auto; try congruence; try discriminate.
      + intro d. now rewrite Ca.
      + now rewrite G.
      + intros E'. rewrite E' in G. destruct (root_cached T G) as [x Ev]. injection Ev as -> -> _.
        eauto.
      + intros u x [= <- -> <-] b d y Hy Ey. destruct (tr_link T _ _ Hy) as (_ & _ & _ & _ & L).
        rewrite Ey in L. exact (L _ _ G).
      + intros d x u y Hx. rewrite Ca in Hx. discriminate.
  Qed.
End Coherent.
