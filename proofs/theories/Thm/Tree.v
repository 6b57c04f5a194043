(** The tree: where each key and node is, and what the pointers say about it.

    No slots here: a place is a thread's memory, the multisets, or the care of the hash above. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Path Spec.Record Spec.EvictB Thm.Path.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** ** Maps from paths *)

Definition put {A} (f : path -> A) (k : path) (a : A) : path -> A :=
  fun k' => if path_dec k' k then a else f k'.

Lemma put_eq A (f : path -> A) k a : put f k a k = a.
Proof. unfold put. now destruct (path_dec k k). Qed.

Lemma put_neq A (f : path -> A) k a k' : k' <> k -> put f k a k' = f k'.
Proof. intro. unfold put. now destruct (path_dec k' k). Qed.

(** ** Places *)

Inductive place :=
| Fresh                                        (* never added *)
| Cached (t : N) (m : AddMethod) (r : record)  (* in a slot of thread [t] *)
| OutB (m : element)                           (* evicted to deferred state *)
| OutM (r : record).                           (* evicted into the tree *)

(** The record that is there; for a fresh path, something that points nowhere. *)
Definition content_of (k : path) (p : place) : record :=
  match p with
  | Fresh => Node k None None
  | Cached _ _ r => r
  | OutB m => e_record m
  | OutM r => r
  end.
Definition content (g : path -> place) (k : path) : record := content_of k (g k).

Definition is_deferred (p : place) : bool :=
  match p with OutB _ | Cached _ Deferred _ => true | _ => false end.

Definition in_thread (t : N) (p : place) : Prop := exists m r, p = Cached t m r.

Definition is_node (r : record) : bool := match r with Node _ _ _ => true | App _ _ => false end.

Lemma pointer_set v d x d' : is_node v = true ->
  pointer_of (set_pointer v d x) d' = if Bool.eqb d d' then Some x else pointer_of v d'.
Proof. destruct v, d, d'; cbn; easy. Qed.

Lemma pointer_node v d x : pointer_of v d = Some x -> is_node v = true.
Proof. now destruct v. Qed.

Lemma pointer_fresh k d : pointer_of (Node k None None) d = None.
Proof. now destruct d. Qed.

Section Tree.
  Context {P : Primitives}.

  (** ** The invariant of the tree *)
  Record tree (g : path -> place) : Prop := {
    tr_root : exists v, g [] = Cached 0 Tree v;
    tr_link : forall a d x, pointer_of (content g a) d = Some x ->
      side_of a (l_path x) = Some d /\ g (l_path x) <> Fresh /\
      l_deferred x = is_deferred (g (l_path x)) /\
      (forall v, g (l_path x) = OutM v -> l_hash x = record_hash v) /\
      (forall t v, g (l_path x) = Cached t Tree v -> in_thread t (g a));
    tr_path : forall a k d, g a <> Fresh -> g k <> Fresh -> side_of a k = Some d ->
      exists x, pointer_of (content g a) d = Some x /\ (l_path x = k \/ exists d',
        side_of (l_path x) k = Some d');
  }.

  Lemma content_known g a d x : pointer_of (content g a) d = Some x -> g a <> Fresh.
  Proof. intros H E. unfold content in H. rewrite E in H. destruct d; discriminate. Qed.

  (** A key has one parent. *)
  Lemma parent_unique g a b d d' x y :
    tree g -> pointer_of (content g a) d = Some x -> pointer_of (content g b) d' = Some y ->
    l_path x = l_path y -> a = b /\ d = d'.
  Proof.
    intros T Hx Hy E.
    assert (Sub : forall a b d d' x y,
      pointer_of (content g a) d = Some x -> pointer_of (content g b) d' = Some y ->
      l_path x = l_path y -> side_of a b <> Some d).
    { clear - T. intros a b d d' x y Hx Hy E H.
      pose proof (content_known _ _ _ Hx) as Ka. pose proof (content_known _ _ _ Hy) as Kb.
      destruct (tr_path T _ _ Ka Kb H) as (z & Hz & Hp). rewrite Hx in Hz. injection Hz as <-.
      destruct (tr_link T _ _ Hy) as (Dy & _). rewrite <- E in Dy.
      destruct Hp as [Eb|[e He]]; [now rewrite Eb, dir_irrefl in Dy|].
      apply dir_asym in He. congruence. }
    destruct (tr_link T _ _ Hx) as (Dx & _). destruct (tr_link T _ _ Hy) as (Dy & _).
    rewrite E in Dx. destruct (dir_comparable _ _ _ Dx Dy) as [->|[H|H]].
    - split; [reflexivity|]. congruence.
    - exfalso. exact (Sub _ _ _ _ _ _ Hx Hy E H).
    - exfalso. exact (Sub _ _ _ _ _ _ Hy Hx (eq_sym E) H).
  Qed.

  Lemma content_put_eq g k p : content (put g k p) k = content_of k p.
  Proof. unfold content. now rewrite put_eq. Qed.

  Lemma content_put_neq g k p k' : k' <> k -> content (put g k p) k' = content g k'.
  Proof. intro N. unfold content. now rewrite put_neq. Qed.

  (** A known key changes its place, and not its links. *)
  Lemma tree_move g k p :
    tree g -> g k <> Fresh -> p <> Fresh ->
    (forall d, pointer_of (content_of k p) d = pointer_of (content g k) d) ->
    is_deferred p = is_deferred (g k) ->
    (forall v, p <> OutM v) ->
    (k = [] -> exists v, p = Cached 0 Tree v) ->
    (forall t v, p = Cached t Tree v ->
       forall a d x, pointer_of (content g a) d = Some x -> l_path x = k -> in_thread t (g a)) ->
    (forall d x t v, pointer_of (content g k) d = Some x -> g (l_path x) = Cached t Tree v ->
       in_thread t p) ->
    tree (put g k p).
  Proof.
    intros T K Kp Hside Hblum Hm Hroot Hchild Hparent.
    assert (Side : forall a d, pointer_of (content (put g k p) a) d = pointer_of (content g a) d).
    { intros a d. destruct (path_dec a k) as [->|N].
      - now rewrite content_put_eq. - now rewrite content_put_neq. }
    assert (Known : forall a, put g k p a <> Fresh <-> g a <> Fresh).
    { intro a. destruct (path_dec a k) as [->|N]; [rewrite put_eq|rewrite put_neq]; tauto. }
    split.
    - destruct (path_dec [] k) as [E|N].
      + rewrite E, put_eq. now apply Hroot.
      + rewrite put_neq by assumption. apply (tr_root T).
    - intros a d x Hx. rewrite Side in Hx. rewrite Known.
      destruct (tr_link T _ _ Hx) as (D & Kx & B & H & S).
      assert (NA : l_path x <> a) by (intro E; rewrite E in D; now rewrite dir_irrefl in D).
      repeat split; auto.
      + destruct (path_dec (l_path x) k) as [E|N];
          [rewrite E in *; rewrite put_eq; congruence | now rewrite put_neq].
      + intros v. destruct (path_dec (l_path x) k) as [E|N].
        * rewrite E, put_eq. intro Ep. now apply Hm in Ep.
        * rewrite put_neq by assumption. apply H.
      + intros t v. destruct (path_dec (l_path x) k) as [E|N].
        * rewrite E, put_eq. intro Ep. rewrite put_neq by congruence.
          exact (Hchild _ _ Ep _ _ _ Hx E).
        * rewrite (put_neq _ _ N). intro Ep. destruct (path_dec a k) as [->|N'].
          -- rewrite put_eq. exact (Hparent _ _ _ _ Hx Ep).
          -- rewrite put_neq by assumption. exact (S _ _ Ep).
    - intros a k' d Ka Kk D. rewrite Known in Ka, Kk. setoid_rewrite Side.
      exact (tr_path T _ _ Ka Kk D).
  Qed.

  (** A cached parent rewrites its link to [k] while [k] leaves the cache. *)
  Lemma tree_relink g a d k p t ma va x x' :
    tree g -> g a = Cached t ma va -> pointer_of va d = Some x -> l_path x = k -> l_path x' = k ->
    p <> Fresh -> (forall u m v, p <> Cached u m v) ->
    content_of k p = content g k ->
    l_deferred x' = is_deferred p -> (forall v, p = OutM v -> l_hash x' = record_hash v) ->
    (forall d' y u v, pointer_of (content g k) d' = Some y -> g (l_path y) <> Cached u Tree v) ->
    tree (put (put g a (Cached t ma (set_pointer va d x'))) k p).
  Proof.
    intros T Ga Hx Ex Ex' Kp Hp Hc Hb Hh Hnm.
    assert (Ca : content g a = va) by (unfold content; now rewrite Ga).
    rewrite <- Ca in Hx. destruct (tr_link T _ _ Hx) as (D & Kx & B & H & S). rewrite Ex in *.
    pose proof (dir_neq D) as NA. pose proof (pointer_node _ _ Hx) as Nd. rewrite Ca in Nd.
    set (g' := put (put g a (Cached t ma (set_pointer va d x'))) k p).
    assert (Gk : g' k = p) by apply put_eq.
    assert (Ga' : g' a = Cached t ma (set_pointer va d x')).
    { unfold g'. rewrite put_neq by assumption. apply put_eq. }
    assert (Go : forall b, b <> a -> b <> k -> g' b = g b).
    { intros b N1 N2. unfold g'. now rewrite !put_neq. }
    assert (Known : forall b, g' b <> Fresh <-> g b <> Fresh).
    { intro b. destruct (path_dec b k) as [->|N1]; [rewrite Gk; tauto|].
      destruct (path_dec b a) as [->|N2]; [rewrite Ga', Ga; split; discriminate|].
      now rewrite Go. }
    assert (Side : forall b e, pointer_of (content g' b) e =
      if path_dec b a then if Bool.eqb d e then Some x' else pointer_of (content g b) e
      else pointer_of (content g b) e).
    { intros b e. destruct (path_dec b a) as [->|N].
      - unfold content at 1. rewrite Ga'. cbn [content_of]. rewrite pointer_set by assumption.
        now rewrite Ca.
      - destruct (path_dec b k) as [->|N'].
        + unfold content at 1. rewrite Gk. fold (content_of k p). now rewrite Hc.
        + unfold content. now rewrite Go. }
    split.
    - destruct (tr_root T) as [v Hv]. destruct (path_dec [] a) as [E|N].
      + rewrite E, Ga'. rewrite <- E in Ga. rewrite Hv in Ga. injection Ga as <- <- _. eauto.
      + exists v. rewrite Go; auto. intros <-. destruct a; discriminate.
    - intros b e y Hy. rewrite Side in Hy. rewrite Known.
      destruct (path_dec b a) as [->|N]; [destruct (Bool.eqb d e) eqn:Ede|].
      + apply eqb_prop in Ede as <-. injection Hy as <-. rewrite Ex', Gk.
        repeat split; auto. intros u v E. now apply Hp in E.
      + destruct (tr_link T _ _ Hy) as (D' & K' & B' & H' & S').
        assert (Ny : l_path y <> k).
        { intro E. rewrite E in D'. rewrite D in D'. injection D' as <-.
          now rewrite eqb_reflx in Ede. }
        rewrite (Go (l_path y)) by (auto; intro E; rewrite E, dir_irrefl in D'; discriminate).
        repeat split; auto. intros u v E. rewrite Ga'. apply S' in E as (m & w & E).
        rewrite Ga in E. injection E as -> -> ->. eexists. eauto.
      + destruct (tr_link T _ _ Hy) as (D' & K' & B' & H' & S').
        assert (Ny : l_path y <> k).
        { intro E. apply N. symmetry. eapply (parent_unique _ _ _ _ T Hx Hy). congruence. }
        destruct (path_dec (l_path y) a) as [E|Na].
        * rewrite E, Ga'. rewrite E, Ga in *. cbn in *. repeat split; auto; try discriminate.
          intros u v [= <- -> <-]. destruct (S' _ _ eq_refl) as (m & w & Gb).
          destruct (path_dec b k) as [->|Nk]; [|rewrite Go by assumption; eexists; eauto].
          exfalso. apply dir_asym in D'. congruence.
        * rewrite (Go (l_path y)) by assumption. repeat split; auto.
          intros u v E. destruct (path_dec b k) as [->|Nk].
          -- exfalso. exact (Hnm _ _ _ _ Hy E).
          -- rewrite Go by assumption. exact (S' _ _ E).
    - intros b k' e Kb Kk' D'. rewrite Known in Kb, Kk'.
      destruct (tr_path T _ _ Kb Kk' D') as (y & Hy & Py). rewrite Side.
      destruct (path_dec b a) as [->|N]; [|eauto].
      destruct (Bool.eqb d e) eqn:Ede; [|eauto]. apply eqb_prop in Ede as <-.
      rewrite Hx in Hy. injection Hy as <-. rewrite Ex in Py. rewrite <- Ex' in Py. eauto.
  Qed.

  (** A fresh key is added under a cached parent; it takes over the parent's
      link on that pointer_of, if there is one, which then must be to a key below it. *)
  Lemma tree_insert g a d k t ma va w :
    tree g -> g a = Cached t ma va -> is_node va = true -> side_of a k = Some d -> g k = Fresh ->
    (forall e y, pointer_of w e = Some y <-> pointer_of va d = Some y /\
      side_of k (l_path y) = Some e) ->
    (forall y, pointer_of va d = Some y -> exists e, side_of k (l_path y) = Some e) ->
    tree (put (put g a (Cached t ma (set_pointer va d (Link k unknown_digest false)))) k
              (Cached t Tree w)).
  Proof.
    intros T Ga Nd D Fk Hw Hold.
    assert (Ca : content g a = va) by (unfold content; now rewrite Ga).
    assert (Ka : g a <> Fresh) by (rewrite Ga; discriminate).
    pose proof (dir_neq D) as NA.
    set (g' := put (put g a (Cached t ma (set_pointer va d (Link k unknown_digest false)))) k
                   (Cached t Tree w)).
    assert (Gk : g' k = Cached t Tree w) by apply put_eq.
    assert (Ga' : g' a = Cached t ma (set_pointer va d (Link k unknown_digest false))).
    { unfold g'. rewrite put_neq by assumption. apply put_eq. }
    assert (Go : forall b, b <> a -> b <> k -> g' b = g b).
    { intros b N1 N2. unfold g'. now rewrite !put_neq. }
    assert (Known : forall b, g' b <> Fresh -> b <> k -> g b <> Fresh).
    { intros b Kb N. destruct (path_dec b a) as [->|Nba]; [assumption|]. now rewrite <- Go. }
    assert (Known' : forall b, g b <> Fresh -> g' b <> Fresh).
    { intros b Kb. destruct (path_dec b k) as [->|N1]; [now rewrite Gk|].
      destruct (path_dec b a) as [->|N2]; [now rewrite Ga'|]. now rewrite Go. }
    assert (SideA : forall e, pointer_of (content g' a) e =
      if Bool.eqb d e then Some (Link k unknown_digest false) else pointer_of (content g a) e).
    { intro e. unfold content at 1. rewrite Ga'. cbn [content_of].
      rewrite pointer_set by assumption. now rewrite Ca. }
    assert (SideK : forall e, pointer_of (content g' k) e = pointer_of w e).
    { intro e. unfold content. now rewrite Gk. }
    assert (SideO : forall b e, b <> a -> b <> k -> pointer_of (content g' b) e = pointer_of
      (content g b) e).
    { intros b e N1 N2. unfold content. now rewrite Go. }
    assert (LinkK : forall b e y, pointer_of (content g b) e = Some y -> l_path y <> k).
    { intros b e y Hy E. destruct (tr_link T _ _ Hy) as (_ & K & _). congruence. }
    split.
    - destruct (tr_root T) as [v Hv]. destruct (path_dec [] a) as [E|N].
      + rewrite E, Ga'. rewrite <- E in Ga. rewrite Hv in Ga. injection Ga as <- <- _. eauto.
      + exists v. rewrite Go; auto. intro E. rewrite <- E in D. destruct a; discriminate.
    - intros b e y Hy. destruct (path_dec b k) as [->|Nbk].
      + (* the new node's link was the parent's *)
        rewrite SideK in Hy. apply Hw in Hy as [Hy De]. rewrite <- Ca in Hy.
        destruct (tr_link T _ _ Hy) as (D' & K' & B' & H' & S').
        rewrite (Go (l_path y)); [|intro E; rewrite E, dir_irrefl in D'; discriminate
                                 |exact (LinkK _ _ _ Hy)].
        repeat split; auto. intros u v E. apply S' in E as (m & x & E). rewrite Ga in E.
        injection E as -> -> ->. rewrite Gk. eexists. eauto.
      + destruct (path_dec b a) as [->|Nba]; [rewrite SideA in Hy;
          destruct (Bool.eqb d e) eqn:Ede|].
        * apply eqb_prop in Ede as <-. injection Hy as <-. cbn [l_path l_deferred l_hash].
          rewrite Gk. repeat split; auto; try discriminate.
          intros u v [= <- _]. rewrite Ga'. eexists. eauto.
        * destruct (tr_link T _ _ Hy) as (D' & K' & B' & H' & S').
          rewrite (Go (l_path y)); [|intro E; rewrite E, dir_irrefl in D'; discriminate
                                   |exact (LinkK _ _ _ Hy)].
          repeat split; auto. intros u v E. apply S' in E as (m & x & E). rewrite Ga in E.
          injection E as -> -> ->. rewrite Ga'. eexists. eauto.
        * rewrite SideO in Hy by assumption.
          destruct (tr_link T _ _ Hy) as (D' & K' & B' & H' & S').
          rewrite (Go b) by assumption.
          destruct (path_dec (l_path y) a) as [E|Nya].
          -- rewrite E, Ga'. rewrite E, Ga in *. repeat split; auto; try discriminate.
             intros u v [= <- -> _]. exact (S' _ _ eq_refl).
          -- rewrite (Go (l_path y) Nya (LinkK _ _ _ Hy)). repeat split; auto.
    - intros b k' e Kb Kk' De. destruct (path_dec k' k) as [->|Nk'].
      + (* a path to the new key *)
        destruct (path_dec b a) as [->|Nba].
        * rewrite SideA. rewrite D in De. injection De as <-. rewrite eqb_reflx.
          eexists. split; [reflexivity|]. now left.
        * assert (Nbk : b <> k) by exact (dir_neq De).
          pose proof (Known _ Kb Nbk) as Kb'. rewrite SideO by assumption.
          destruct (dir_comparable _ _ _ D De) as [->|[H|H]]; [congruence| |].
          -- (* no known key lies between the parent and the new key *)
             exfalso. destruct (tr_path T _ _ Ka Kb' H) as (x & Hx & Px). rewrite Ca in Hx.
             destruct (Hold _ Hx) as [e2 He2]. pose proof (dir_asym _ _ He2) as As.
             destruct Px as [Px|[e3 Px]].
             ++ rewrite Px in As. congruence.
             ++ rewrite (dir_trans _ _ _ Px De) in As. discriminate.
          -- destruct (tr_path T _ _ Kb' Ka H) as (x & Hx & Px). exists x. split; [assumption|].
             right. destruct Px as [->|[e2 Px]]; [eauto|]. exists e2. exact (dir_trans _ _ _ Px D).
      + pose proof (Known _ Kk' Nk') as Kk. destruct (path_dec b k) as [->|Nbk].
        * (* a path from the new key *)
          destruct (tr_path T _ _ Ka Kk (dir_trans _ _ _ D De)) as (x & Hx & Px).
          rewrite Ca in Hx. exists x. split; [|assumption]. rewrite SideK. apply Hw.
          split; [assumption|]. destruct (Hold _ Hx) as [e2 He2]. rewrite He2.
          destruct Px as [<-|[e3 Px]]; [congruence|].
          rewrite (dir_trans _ _ _ He2 Px) in De. congruence.
        * pose proof (Known _ Kb Nbk) as Kb'. destruct (tr_path T _ _ Kb' Kk De) as (x & Hx & Px).
          destruct (path_dec b a) as [->|Nba]; [|rewrite SideO by assumption; eauto].
          rewrite SideA. destruct (Bool.eqb d e) eqn:Ede; [|eauto]. apply eqb_prop in Ede as <-.
          eexists. split; [reflexivity|]. right. cbn [l_path]. rewrite Ca in Hx.
          destruct (Hold _ Hx) as [e2 He2]. exists e2.
          destruct Px as [<-|[e3 Px]]; [assumption|]. exact (dir_trans _ _ _ He2 Px).
  Qed.

  (** Under a cached parent, a fresh key and only a fresh key has no link. *)
  Lemma fresh_under_parent g a d k t ma va :
    tree g -> g a = Cached t ma va -> side_of a k = Some d ->
    (forall y, pointer_of va d = Some y -> exists e, side_of k (l_path y) = Some e) -> g k = Fresh.
  Proof.
    intros T Ga D Hold. destruct (g k) eqn:Gk; [reflexivity| | |]; exfalso.
    all: assert (Ka : g a <> Fresh) by (rewrite Ga; discriminate);
      assert (Kk : g k <> Fresh) by (rewrite Gk; discriminate);
      destruct (tr_path T _ _ Ka Kk D) as (x & Hx & Px);
      unfold content in Hx; rewrite Ga in Hx; destruct (Hold _ Hx) as [e He];
      pose proof (dir_asym _ _ He) as As;
      destruct Px as [Px|[e' Px]]; [rewrite Px, dir_irrefl in He; discriminate|congruence].
  Qed.
End Tree.
