(** Slots: what lies in which slot of which thread, beside the places that keys are in.

    The host names slots, and no key is ever searched for; a second ghost map [at_] says in which
    slot a cached key is. Parents are not looked at: no lemma needs them. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Path Spec.Record Spec.EvictB Thm.Path Thm.Machine Thm.Tree.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** What is in a slot, but for the parent. *)
Record kept := Kept {
  k_val : record;
  k_by : AddMethod;
  k_left : option N;
  k_right : option N
}.
Definition kid_slot (r : kept) (d : bool) : option N := if d then k_right r else k_left r.
Definition set_kid (r : kept) (d : bool) (c : option N) : kept :=
  if d then Kept (k_val r) (k_by r) (k_left r) c else Kept (k_val r) (k_by r) c (k_right r).
Definition set_val (r : kept) (v : record) : kept := Kept v (k_by r) (k_left r) (k_right r).
Definition childless (r : kept) : bool :=
  match k_left r, k_right r with None, None => true | _, _ => false end.

Section Slots.
  Context {P : Primitives}.

  Definition k_path (r : kept) : path := path_of (k_val r).

  Lemma path_set_pointer v d x : path_of (set_pointer v d x) = path_of v.
  Proof. now destruct v, d. Qed.

  Definition as_kid (g : path -> place) (at_ : path -> N) (k : path) : option N :=
    match g k with Cached _ Tree _ => Some (at_ k) | _ => None end.
  Definition kid (g : path -> place) (at_ : path -> N) (v : record) (d : bool) : option N :=
    match pointer_of v d with Some x => as_kid g at_ (l_path x) | None => None end.

  Record placed (S : N -> N -> option kept) (pend : element -> Prop) (g : path ->
    place) (at_ : path -> N)
    : Prop := {
    pl_slot : forall t s k m v,
      ((exists l r, S t s = Some (Kept v m l r)) /\ path_of v = k) <->
      g k = Cached t m v /\ at_ k = s;
    pl_pend : forall m, pend m -> g (path_of (e_record m)) = OutB m;
    pl_out : forall k m, g k = OutB m -> path_of (e_record m) = k /\ pend m;
  }.

  Definition kids (S : N -> N -> option kept) (g : path -> place) (at_ : path -> N) : Prop :=
    forall t s r d, S t s = Some r -> kid_slot r d = kid g at_ (k_val r) d.

  Lemma placed_cell S pend g at_ t s r : placed S pend g at_ -> S t s = Some r ->
    g (k_path r) = Cached t (k_by r) (k_val r) /\ at_ (k_path r) = s.
  Proof. intros C H. apply (pl_slot C). destruct r. cbn in *. eauto. Qed.

  Lemma placed_ext S S' (p p' : element -> Prop) g g' at_ :
    placed S p g at_ -> (forall t s, S' t s = S t s) -> (forall m, p m <-> p' m) ->
    (forall k, g' k = g k) -> placed S' p' g' at_.
  Proof.
    intros [] HS Hp Hg. split; intros.
    - setoid_rewrite HS. rewrite Hg. auto.
    - rewrite Hg. apply pl_pend0. now apply Hp.
    - rewrite <- Hp. rewrite Hg in *. auto.
  Qed.

  (** Key [k], in no slot but [s] of [t], if any, moves to place [p]. *)
  Lemma placed_move S pend g at_ t s k p c :
    placed S pend g at_ ->
    (forall u m v, g k = Cached u m v -> u = t /\ at_ k = s) ->
    (forall r, S t s = Some r -> k_path r = k) ->
    match c with
    | Some r => k_path r = k /\ p = Cached t (k_by r) (k_val r)
    | None => forall u m v, p <> Cached u m v
    end ->
    (forall m, p = OutB m -> path_of (e_record m) = k) ->
    placed (upd S t (upd (S t) s c)) (fun m => (pend m /\ path_of (e_record m) <> k) \/ p = OutB m)
           (put g k p) (put at_ k s).
  Proof.
    intros C Hold Hslot Hc Hkey. split.
    - intros u s' k' m v. destruct (path_dec k' k) as [->|N].
      + rewrite !put_eq. destruct (N.eq_dec u t) as [->|Nu].
        * rewrite upd_eq. destruct (N.eq_dec s' s) as [->|Ns].
          -- rewrite upd_eq. destruct c as [r|].
             ++ destruct Hc as [Ek ->]. destruct r; cbn in *. subst. split.
                ** intros [(l & r & [= -> -> _ _]) _]. auto.
                ** intros [[= -> ->] _]. eauto.
             ++ split; [intros [(l & r & H) _]; discriminate|]. intros [H _]. now apply Hc in H.
          -- rewrite upd_neq by assumption. split; [|intros [_ E]; congruence].
             intro H. apply (pl_slot C) in H as [H1 H2]. apply Hold in H1. destruct H1. congruence.
        * rewrite upd_neq by assumption. split.
          -- intro H. apply (pl_slot C) in H as [H1 _]. apply Hold in H1. tauto.
          -- intros [H _]. destruct c as [r|]; [destruct Hc; congruence|now apply Hc in H].
      + rewrite !put_neq, <- (pl_slot C) by assumption.
        destruct (N.eq_dec u t) as [->|Nu]; [rewrite upd_eq|now rewrite upd_neq].
        destruct (N.eq_dec s' s) as [->|Ns]; [rewrite upd_eq|now rewrite upd_neq].
        split; intros [(l & r & H) E]; exfalso.
        * subst c. destruct Hc as [Hc _]. unfold k_path in Hc. cbn in Hc. congruence.
        * apply Hslot in H. unfold k_path in H. cbn in H. congruence.
    - intros m [[Hp N]|Hp].
      + rewrite put_neq by assumption. now apply (pl_pend C).
      + now rewrite (Hkey _ Hp), put_eq.
    - intros k' m H. destruct (path_dec k' k) as [->|N].
      + rewrite put_eq in H. auto.
      + rewrite put_neq in H by assumption. destruct (pl_out C _ H) as [<- Hp]. auto.
  Qed.

  (** The same for a key that the multiset has nothing to do with. *)
  Lemma placed_stay S pend g at_ t s k p c :
    placed S pend g at_ ->
    (forall u m v, g k = Cached u m v -> u = t /\ at_ k = s) ->
    (forall r, S t s = Some r -> k_path r = k) ->
    match c with
    | Some r => k_path r = k /\ p = Cached t (k_by r) (k_val r)
    | None => forall u m v, p <> Cached u m v
    end ->
    (forall m, p <> OutB m) -> (forall m, g k <> OutB m) ->
    placed (upd S t (upd (S t) s c)) pend (put g k p) (put at_ k s).
  Proof.
    intros C H1 H2 H3 H4 H5.
    eapply placed_ext; [apply (@placed_move _ _ _ _ t s k p c C)| | |]; auto.
    - intros m E. now apply H4 in E.
    - intro m. split; [intros [[? _]|E]; [assumption|now apply H4 in E]|].
      intro Hp. left. split; [assumption|]. intros <-. now apply (pl_pend C), H5 in Hp.
  Qed.

  Lemma kid_same g at_ g' at' v d :
    (forall x, pointer_of v d = Some x -> as_kid g' at' (l_path x) = as_kid g at_ (l_path x)) ->
    kid g' at' v d = kid g at_ v d.
  Proof. unfold kid. destruct (pointer_of v d); auto. Qed.

  Lemma root_cached g : tree g -> forall p, g [] = p -> exists v, p = Cached 0 Tree v.
  Proof. intros T p <-. apply (tr_root T). Qed.

  Lemma as_kid_upd g at_ k p s k' : as_kid (put g k p) (put at_ k s) k' =
    if path_dec k' k then match p with Cached _ Tree _ => Some s | _ => None end
    else as_kid g at_ k'.
  Proof. unfold as_kid, put. destruct (path_dec k' k); reflexivity. Qed.

  Lemma set_kid_key r d c : k_path (set_kid r d c) = k_path r.
  Proof. now destruct d. Qed.
  Lemma set_val_key r d x : k_path (set_val r (set_pointer (k_val r) d x)) = k_path r.
  Proof. unfold k_path. cbn. apply path_set_pointer. Qed.
  Lemma set_kid_by r d c : k_by (set_kid r d c) = k_by r.
  Proof. now destruct d. Qed.
  Lemma set_kid_val r d c : k_val (set_kid r d c) = k_val r.
  Proof. now destruct d. Qed.
  Lemma kid_set_kid r d c d' :
    kid_slot (set_kid r d c) d' = if Bool.eqb d d' then c else kid_slot r d'.
  Proof. now destruct d, d'. Qed.
  Lemma kid_set_val r v d : kid_slot (set_val r v) d = kid_slot r d.
  Proof. now destruct d. Qed.

  Lemma placed_ext_at S (p : element -> Prop) g at_ at' :
    placed S p g at_ -> (forall k, at' k = at_ k) -> placed S p g at'.
  Proof. intros [] H. split; auto. intros. rewrite H. auto. Qed.

  (** Slot [sa] keeps its key, slot [s] gets or loses key [k]. *)
  Lemma placed_two S pend g at_ t sa ra ra' s k p c :
    placed S pend g at_ -> S t sa = Some ra -> k_path ra' = k_path ra -> k_path ra <> k ->
    (forall u m v, g k = Cached u m v -> u = t /\ at_ k = s) ->
    (forall r, S t s = Some r -> k_path r = k) ->
    match c with
    | Some r => k_path r = k /\ p = Cached t (k_by r) (k_val r)
    | None => forall u m v, p <> Cached u m v
    end ->
    (forall m, p = OutB m -> path_of (e_record m) = k) ->
    placed (upd S t (upd (upd (S t) sa (Some ra')) s c))
           (fun m => (pend m /\ path_of (e_record m) <> k) \/ p = OutB m)
           (put (put g (k_path ra) (Cached t (k_by ra') (k_val ra'))) k p)
           (put (put at_ (k_path ra) sa) k s).
  Proof.
    intros C Ea Ek Na H1 H2 H3 H4. destruct (placed_cell _ _ C Ea) as [Ga Aa].
    pose proof (@placed_stay _ _ _ _ t sa (k_path ra) (Cached t (k_by ra') (k_val ra')) (Some ra')
      C) as C1.
    lapply C1; [clear C1; intro C1|rewrite Ga; intros u m v [= <- _ _]; auto].
    lapply C1; [clear C1; intro C1|congruence].
    lapply C1; [clear C1; intro C1|auto].
    lapply C1; [clear C1; intro C1|discriminate].
    lapply C1; [clear C1; intro C1|rewrite Ga; discriminate].
    assert (Nsa : s <> sa) by (intros ->; apply H2 in Ea; congruence).
    eapply placed_ext; [apply (@placed_move _ _ _ _ t s k p c C1)| | |]; auto; try tauto.
    - rewrite !put_neq by auto. exact H1.
    - rewrite upd_eq, upd_neq by assumption. exact H2.
    - intros u s'. rewrite upd_eq. unfold upd. destruct (u =? t); reflexivity.
  Qed.

  Lemma kids_one S g at_ g' at' t s c :
    kids S g at_ -> (forall k, as_kid g' at' k = as_kid g at_ k) ->
    (forall r d, c = Some r -> kid_slot r d = kid g at_ (k_val r) d) ->
    kids (upd S t (upd (S t) s c)) g' at'.
  Proof.
    intros K Same Hc u s' r d H. rewrite (@kid_same g at_) by auto.
    destruct (N.eq_dec u t) as [->|Nu]; [rewrite upd_eq in H|rewrite upd_neq in H; eauto].
    destruct (N.eq_dec s' s) as [->|Ns]; [rewrite upd_eq in H|rewrite upd_neq in H]; eauto.
  Qed.

  (** The links of untouched slots do not name [k], the only key whose slot changes. *)
  Lemma kids_two S g at_ g' at' t s sa k ca c :
    kids S g at_ -> (forall k', k' <> k -> as_kid g' at' k' = as_kid g at_ k') ->
    (forall u s' r d x, S u s' = Some r -> (u = t -> s' <> sa) ->
       pointer_of (k_val r) d = Some x -> l_path x <> k) ->
    (forall d, kid_slot ca d = kid g' at' (k_val ca) d) ->
    (forall r d, c = Some r -> kid_slot r d = kid g' at' (k_val r) d) ->
    kids (upd S t (upd (upd (S t) sa (Some ca)) s c)) g' at'.
  Proof.
    intros K Same Oth Ha Hc u s' r d H.
    assert (Old : S u s' = Some r -> (u = t -> s' <> sa) -> kid_slot r d = kid g' at' (k_val r) d).
    { intros E N. rewrite (K _ _ _ d E). symmetry. apply kid_same. intros x Hx. apply Same. eauto. }
    destruct (N.eq_dec u t) as [->|Nu]; [rewrite upd_eq in H|rewrite upd_neq in H; auto; tauto].
    destruct (N.eq_dec s' s) as [->|Ns]; [rewrite upd_eq in H;
      eauto|rewrite upd_neq in H by assumption].
    destruct (N.eq_dec s' sa) as [->|Na]; [rewrite upd_eq in H|rewrite upd_neq in H by assumption;
      auto].
    injection H as <-. auto.
  Qed.

  Lemma slot_content S pend g at_ u s r : placed S pend g at_ -> S u s = Some r ->
    content g (k_path r) = k_val r.
  Proof. intros C H. destruct (placed_cell _ _ C H) as [G _]. unfold content. now rewrite G. Qed.

  (** A slot with a link to a key that slot [sa] of [t] links to is that slot. *)
  Lemma other_slot S pend g at_ t sa ra d x u s' r d' y :
    placed S pend g at_ -> tree g -> S t sa = Some ra -> pointer_of (k_val ra) d = Some x ->
    S u s' = Some r -> pointer_of (k_val r) d' = Some y -> l_path y = l_path x ->
    u = t /\ s' = sa /\ d' = d.
  Proof.
    intros C T Ea Hx Er Hy E.
    rewrite <- (slot_content _ _ C Ea) in Hx. rewrite <- (slot_content _ _ C Er) in Hy.
    destruct (parent_unique _ _ _ _ T Hx Hy (eq_sym E)) as [Ek ->].
    destruct (placed_cell _ _ C Ea) as [Ga Aa]. destruct (placed_cell _ _ C Er) as [Gr Ar].
    rewrite <- Ek, Ga in Gr. injection Gr as <- _ _. rewrite <- Ek, Aa in Ar. auto.
  Qed.

  Lemma childless_none r d : childless r = true -> kid_slot r d = None.
  Proof. unfold childless, kid_slot. destruct (k_left r), (k_right r), d; easy. Qed.

  Lemma kid_none g at_ v d : kid g at_ v d = None ->
    forall y u w, pointer_of v d = Some y -> g (l_path y) <> Cached u Tree w.
  Proof. unfold kid, as_kid. intros H y u w Hy G. rewrite Hy, G in H. discriminate. Qed.
End Slots.
