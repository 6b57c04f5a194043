(** The canonical tree of any finite map, adopted, behaves as if the map had been put. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Path Spec.Record Spec.Application Spec.Summary.
From zeta Require Import Spec.Thread Spec.Verifier.
From zeta Require Import Thm.Path Thm.Machine Thm.Tree Thm.Coherent Thm.Invariant Thm.Soundness.
Import ListNotations.
Set Implicit Arguments.

Lemma side_of_app p a b : side_of (p ++ a) (p ++ b) = side_of a b.
Proof. induction p as [|x p IH]; cbn; [reflexivity|]. now rewrite eqb_reflx. Qed.

Lemma side_of_below p d s : side_of p (p ++ d :: s) = Some d.
Proof. rewrite <- (app_nil_r p) at 1. now rewrite side_of_app. Qed.

Lemma not_above p s d : side_of (p ++ s) p <> Some d.
Proof. intro H. apply dir_length in H. rewrite app_length in H. lia. Qed.

Lemma NoDup_app_both A (l1 l2 : list A) : NoDup l1 -> NoDup l2 ->
  (forall a, In a l1 -> In a l2 -> False) -> NoDup (l1 ++ l2).
Proof.
  intros N1 N2 D. induction l1 as [|a l1 IH]; cbn; [assumption|].
  inversion N1; subst. constructor.
  - rewrite in_app_iff. intros [Hin|Hin]; [contradiction|]. apply (D a); [now left|assumption].
  - apply IH; auto. intros b Hb. apply D. now right.
Qed.

Section Adopted.
  Context {P : Primitives}.

  Definition under (p : path) (r : record) : Prop := exists s, path_of r = p ++ s.

  (** A set of records that point at each other as the invariant wants it. *)
  Record forest (rs : list record) : Prop := {
    fo_once : NoDup (map path_of rs);
    fo_link : forall r d y, In r rs -> pointer_of r d = Some y ->
      side_of (path_of r) (l_path y) = Some d /\ l_deferred y = false /\
      exists q, In q rs /\ path_of q = l_path y /\ l_hash y = record_hash q;
    fo_path : forall r q d, In r rs -> In q rs -> side_of (path_of r) (path_of q) = Some d ->
      exists y, pointer_of r d = Some y /\
        (l_path y = path_of q \/ exists e, side_of (l_path y) (path_of q) = Some e)
  }.

  (** A pointer to the topmost of them, all of which lie below [p]. *)
  Record top (p : path) (x : pointer) (rs : list record) : Prop := {
    to_under : forall r, In r rs -> under p r;
    to_none : x = None -> rs = [];
    to_some : forall l, x = Some l -> l_deferred l = false /\
      (exists q, In q rs /\ path_of q = l_path l /\ l_hash l = record_hash q) /\
      forall q, In q rs -> l_path l = path_of q \/ exists e, side_of (l_path l) (path_of q) = Some e
  }.

  Lemma top_path p x rs l : top p x rs -> x = Some l -> exists s, l_path l = p ++ s.
  Proof.
    intros T E. destruct (to_some T E) as (_ & (q & Hq & Pq & _) & _).
    destruct (to_under T _ Hq) as [s Es]. exists s. congruence.
  Qed.

  Lemma under_side p d r : under (p ++ [d]) r -> side_of p (path_of r) = Some d.
  Proof. intros [s ->]. rewrite <- app_assoc. apply side_of_below. Qed.

  Lemma apart p r q d e : under (p ++ [false]) r -> under (p ++ [true]) q ->
    side_of (path_of r) (path_of q) <> Some d /\ side_of (path_of q) (path_of r) <> Some e.
  Proof.
    intros [s ->] [t ->]. rewrite <- !app_assoc, !side_of_app. cbn. split; discriminate.
  Qed.

  (** A node over two such sets makes one. *)
  Lemma join p x y rs ss : forest rs -> forest ss -> top (p ++ [false]) x rs ->
    top (p ++ [true]) y ss -> forest (Node p x y :: rs ++ ss).
  Proof.
    intros Fr Fs Tr Ts.
    assert (Ur : forall r, In r rs -> side_of p (path_of r) = Some false).
    { intros r Hr. now apply under_side, (to_under Tr). }
    assert (Us : forall r, In r ss -> side_of p (path_of r) = Some true).
    { intros r Hr. now apply under_side, (to_under Ts). }
    split.
    - cbn. constructor.
      + intro Hin. rewrite map_app, in_app_iff, !in_map_iff in Hin.
        destruct Hin as [(r & E & Hr)|(r & E & Hr)]; [apply Ur in Hr|apply Us in Hr];
          rewrite E, dir_irrefl in Hr; discriminate.
      + rewrite map_app. apply NoDup_app_both; [apply (fo_once Fr)|apply (fo_once Fs)|].
        intros k Hr Hs. apply in_map_iff in Hr as (r & <- & Hr), Hs as (s & E & Hs).
        apply Ur in Hr. apply Us in Hs. rewrite E in Hs. congruence.
    - intros r d l [<-|Hin] E.
      + cbn in E. destruct d.
        * destruct (to_some Ts E) as (De & (q & Hq & Pq & Eh) & _).
          split; [destruct (top_path Ts E) as [s ->]; rewrite <- app_assoc; apply side_of_below|].
          split; [assumption|]. exists q. split; [right; apply in_app_iff; auto|]. auto.
        * destruct (to_some Tr E) as (De & (q & Hq & Pq & Eh) & _).
          split; [destruct (top_path Tr E) as [s ->]; rewrite <- app_assoc; apply side_of_below|].
          split; [assumption|]. exists q. split; [right; apply in_app_iff; auto|]. auto.
      + apply in_app_iff in Hin as [Hin|Hin].
        * destruct (fo_link Fr _ _ Hin E) as (D & De & q & Hq & ?). repeat split; auto.
          exists q. split; [right; apply in_app_iff; auto|assumption].
        * destruct (fo_link Fs _ _ Hin E) as (D & De & q & Hq & ?). repeat split; auto.
          exists q. split; [right; apply in_app_iff; auto|assumption].
    - intros r q d [<-|Hr] [<-|Hq] D.
      + cbn in D. now rewrite dir_irrefl in D.
      + cbn [path_of] in D. apply in_app_iff in Hq as [Hq|Hq].
        * rewrite (Ur _ Hq) in D. injection D as <-. cbn [pointer_of].
          destruct x as [l|]; [|rewrite (to_none Tr eq_refl) in Hq; contradiction].
          exists l. split; [reflexivity|]. now apply (to_some Tr eq_refl).
        * rewrite (Us _ Hq) in D. injection D as <-. cbn [pointer_of].
          destruct y as [l|]; [|rewrite (to_none Ts eq_refl) in Hq; contradiction].
          exists l. split; [reflexivity|]. now apply (to_some Ts eq_refl).
      + cbn [path_of] in D. apply in_app_iff in Hr as [Hr|Hr]; exfalso;
          [apply Ur in Hr|apply Us in Hr]; apply dir_asym in D; congruence.
      + apply in_app_iff in Hr as [Hr|Hr], Hq as [Hq|Hq].
        * exact (fo_path Fr _ _ Hr Hq D).
        * exfalso. destruct (@apart p r q d d) as [N _]; auto;
            [now apply (to_under Tr)|now apply (to_under Ts)].
        * exfalso. destruct (@apart p q r d d) as [_ N]; auto;
            [now apply (to_under Tr)|now apply (to_under Ts)].
        * exact (fo_path Fs _ _ Hr Hq D).
  Qed.

  Lemma filter_nil_or A (p : A -> bool) l : filter p l = [] \/ exists x, In x (filter p l).
  Proof. destruct (filter p l) as [|x m]; [auto|right; exists x; now left]. Qed.

  (** Leaves that lie below [p] and have full length. *)
  Record below (p : path) (l : list record) : Prop := {
    be_under : forall r, In r l -> under p r;
    be_leaf : forall r, In r l -> exists k v, r = App k v;
    be_once : NoDup (map path_of l)
  }.

  Lemma below_side p l d : below p l -> (length p < PATH_BITS)%nat ->
    below (p ++ [d]) (filter (on_side p d) l).
  Proof.
    intros [Un Le On] Lt. split.
    - intros r Hr. apply filter_In in Hr as [Hr Sd]. destruct (Un _ Hr) as [s Es].
      destruct (Le _ Hr) as (k & v & ->). unfold on_side in Sd. cbn [path_of] in *.
      destruct s as [|b s].
      + exfalso. rewrite app_nil_r in Es. pose proof (leaf_length k) as Len. rewrite Es in Len. lia.
      + exists s. rewrite <- app_assoc. cbn. cbn. rewrite Es in Sd |- *.
        unfold direction_at in Sd. rewrite app_nth2, PeanoNat.Nat.sub_diag in Sd by lia.
        cbn in Sd. apply eqb_prop in Sd as ->. reflexivity.
    - intros r Hr. apply filter_In in Hr as [Hr _]. auto.
    - clear - On. induction l as [|r l IH]; cbn; [constructor|]. inversion On; subst.
      destruct (on_side p d r); cbn; auto. constructor; auto. intro Hin. apply H1.
      apply in_map_iff in Hin as (q & E & Hq). apply filter_In in Hq as [Hq _].
      apply in_map_iff. eauto.
  Qed.

  Lemma sides_cover p l : forall r, In r l <->
    In r (filter (on_side p false) l) \/ In r (filter (on_side p true) l).
  Proof.
    intro r. rewrite !filter_In. unfold on_side.
    destruct (direction_at (path_of r) (length p)); cbn; intuition discriminate.
  Qed.

  (** What the construction makes. *)
  Lemma subtree_spec fuel : forall p l x rs, below p l -> (length p + fuel = PATH_BITS)%nat ->
    subtree fuel p l = (x, rs) ->
    forest rs /\ top p x rs /\ (x = None -> l = []) /\
    (forall k v, In (App k v) rs <-> In (App k v) l).
  Proof.
    assert (One : forall p r, below p [r] ->
      forest [r] /\ top p (Some (Link (path_of r) (record_hash r) false)) [r]).
    { intros p r B. destruct (be_leaf B r) as (k & v & ->); [now left|]. split; split.
      - repeat constructor. intros [].
      - intros r d y [<-|[]] E. discriminate.
      - intros r q d [<-|[]] [<-|[]] D. now rewrite dir_irrefl in D.
      - apply (be_under B).
      - discriminate.
      - intros l [= <-]. cbn. split; [reflexivity|]. split; [eauto|]. intros q [<-|[]]. auto. }
    assert (Zero : forall p, forest [] /\ top p None []).
    { intro p. split; split; cbn; try easy. constructor. }
    induction fuel as [|fuel IH]; intros p l x rs B Len E.
    - destruct l as [|r [|q l]].
      + injection E as <- <-. destruct (Zero p). split; [assumption|]. split; [assumption|].
        split; [auto|tauto].
      + injection E as <- <-. destruct (One p r B). split; [assumption|]. split; [assumption|].
        split; [discriminate|tauto].
      + exfalso. pose proof (be_once B) as On. cbn in On.
        assert (Eq : forall r', In r' (r :: q :: l) -> path_of r' = p).
        { intros r' Hin. destruct (be_under B _ Hin) as [s Es].
          destruct (be_leaf B _ Hin) as (k & v & ->). cbn [path_of] in *.
          pose proof (leaf_length k) as Lk. rewrite Es, app_length in Lk.
          destruct s; [now rewrite app_nil_r in Es|cbn in Lk; lia]. }
        rewrite (Eq r), (Eq q) in On by (cbn; auto). inversion On as [|? ? N _]; subst.
        apply N. now left.
    - assert (Many : l = [] \/ (exists r, l = [r]) \/
        exists q r m, l = q :: r :: m) by (destruct l as [|? [|? ?]]; eauto 6).
      destruct Many as [->|[(r & ->)|(q & r & m & El)]].
      + injection E as <- <-. destruct (Zero p). split; [assumption|]. split; [assumption|].
        split; [auto|tauto].
      + injection E as <- <-. destruct (One p r B). split; [assumption|]. split; [assumption|].
        split; [discriminate|tauto].
      + cbn [subtree] in E. rewrite El in E. rewrite <- El in E.
        assert (Lp : (length p < PATH_BITS)%nat) by lia.
        destruct (subtree fuel (p ++ [false]) _) as [a as_] eqn:Ea.
        destruct (subtree fuel (p ++ [true]) _) as [b bs] eqn:Eb.
        apply IH in Ea as (Fa & Ta & Na & Aa); [|now apply below_side|rewrite app_length; cbn; lia].
        apply IH in Eb as (Fb & Tb & Nb & Ab); [|now apply below_side|rewrite app_length; cbn; lia].
        assert (Wide : forall d z zs, top (p ++ [d]) z zs -> top p z zs).
        { intros d z zs [U N S]. split; auto. intros r0 Hr. destruct (U _ Hr) as [s Es].
          exists ([d] ++ s). now rewrite app_assoc. }
        destruct a as [la|], b as [lb|]; injection E as <- <-.
        * split; [now apply join|]. split; [|split; [discriminate|]].
          -- split; [|discriminate|].
             ++ intros r0 [<-|Hin]; [exists []; cbn; now rewrite app_nil_r|].
                apply in_app_iff in Hin as [Hin|Hin];
                  [apply (to_under (Wide _ _ _ Ta) _ Hin)|apply (to_under (Wide _ _ _ Tb) _ Hin)].
             ++ intros l0 [= <-]. cbn. split; [reflexivity|].
                split; [eexists; split; [now left|]; auto|].
                intros q0 [<-|Hin]; [auto|]. right. apply in_app_iff in Hin as [Hin|Hin].
                ** exists false. now apply under_side, (to_under Ta).
                ** exists true. now apply under_side, (to_under Tb).
          -- intros k v. cbn. rewrite in_app_iff, Aa, Ab, (sides_cover p l).
             split; [intros [E|H]; [discriminate|assumption]|auto].
        * split; [assumption|]. split; [eauto|]. split; [discriminate|].
          intros k v. rewrite Aa, (sides_cover p l), (Nb eq_refl). cbn. tauto.
        * split; [assumption|]. split; [eauto|]. split; [discriminate|].
          intros k v. rewrite Ab, (sides_cover p l), (Na eq_refl). cbn. tauto.
        * split; [assumption|]. split; [eauto|]. split.
          -- intros _. destruct l as [|r0 l0]; [discriminate|]. exfalso.
             destruct (proj1 (sides_cover p (r0 :: l0) r0)) as [H|H]; [now left| |];
               rewrite ?(Na eq_refl), ?(Nb eq_refl) in H; exact H.
          -- intros k v. rewrite Ab, (sides_cover p l), (Na eq_refl). cbn. tauto.
  Qed.

  (** ** Adoption *)

  Variable data : list (key * value).
  (** Keys are different, and so are their leaves. *)
  Variable data_once : NoDup (map (fun kv => leaf (fst kv)) data).

  Lemma leaves_once : NoDup (map path_of (leaves_of data)).
  Proof. unfold leaves_of. rewrite map_map. exact data_once. Qed.

  Lemma half_spec d : let (x, rs) := half data d in
    forest rs /\ top [d] x rs /\
    forall k v, In (App k v) rs <-> In (App k v) (filter (on_side ROOT d) (leaves_of data)).
  Proof.
    unfold half. destruct (subtree _ _ _) as [x rs] eqn:E.
    pose proof path_bits_positive as Pos.
    apply subtree_spec in E as (F & T & _ & Ap); [auto| |cbn; lia].
    - change [d] with (ROOT ++ [d]). apply below_side; [|exact Pos]. split.
      + intros r _. exists (path_of r). reflexivity.
      + intros r Hr. apply in_map_iff in Hr as ([k v] & <- & _). eauto.
      + exact leaves_once.
  Qed.

  Lemma memory_of_in k v : In (k, v) data -> memory_of data k = v.
  Proof.
    clear - data_once. revert data_once. induction data as [|[k' v'] l IH]; cbn; [tauto|].
    intros Once [E|Hin]; unfold write.
    - injection E as -> ->. destruct (key_dec k k); [reflexivity|congruence].
    - inversion Once; subst. destruct (key_dec k k') as [->|N]; [|auto].
      exfalso. apply H1. apply in_map_iff. exists (k', v). auto.
  Qed.

  Lemma memory_of_out k : (forall v, ~ In (k, v) data) -> memory_of data k = None.
  Proof.
    clear data_once. induction data as [|[k' v'] l IH]; cbn; intro N; [reflexivity|].
    unfold write. destruct (key_dec k k') as [->|]; [|apply IH; intros v Hv; apply (N v); auto].
    exfalso. apply (N v'). auto.
  Qed.

  Definition all : list record := summary data :: summarized data.
  Definition place_of (k : path) : place :=
    if path_dec k ROOT then Cached 0 EvictB.Tree (summary data)
    else match find (fun r => path_eqb (path_of r) k) (summarized data) with
         | Some r => OutM r
         | None => Fresh
         end.

  Lemma all_forest : forest all /\
    (forall k v, In (App k v) all <-> In (k, v) data) /\
    (forall r, In r (summarized data) -> path_of r <> ROOT).
  Proof.
    unfold all, summary, summarized. pose proof (half_spec false) as Hf.
    pose proof (half_spec true) as Ht.
    destruct (half data false) as [x rs], (half data true) as [y ss]. cbn [fst snd].
    destruct Hf as (Ff & Tf & Af), Ht as (Ft & Tt & At). split; [now apply join|]. split.
    - intros k v. cbn. rewrite in_app_iff, Af, At, <- (sides_cover ROOT). unfold leaves_of.
      rewrite in_map_iff. split.
      + intros [E|([k' v'] & [= -> ->] & Hin)]; [discriminate|assumption].
      + intro Hin. right. exists (k, v). auto.
    - intros r Hr E. apply in_app_iff in Hr as [Hr|Hr].
      + destruct (to_under Tf _ Hr) as [s Es]. rewrite E in Es. discriminate.
      + destruct (to_under Tt _ Hr) as [s Es]. rewrite E in Es. discriminate.
  Qed.

  Lemma place_in r : In r all -> content place_of (path_of r) = r /\ place_of (path_of r) <> Fresh.
  Proof.
    destruct all_forest as (F & _ & Nr). pose proof (fo_once F) as On. unfold all in *.
    intros [<-|Hin].
    - unfold content, place_of, summary. cbn [path_of].
      destruct (path_dec ROOT ROOT); [split; [reflexivity|discriminate]|congruence].
    - unfold content, place_of. destruct (path_dec _ ROOT) as [E|N]; [now apply Nr in Hin|].
      destruct (find _ _) as [q|] eqn:Fi.
      + apply find_some in Fi as [Hq Eq]. apply path_eqb_eq in Eq. split; [|discriminate]. cbn.
        inversion On as [|? ? _ On']; subst. clear - On' Hq Hin Eq.
        induction (summarized data) as [|z l IH]; [contradiction|]. cbn in On'.
        inversion On' as [|? ? Nz On2]; subst. destruct Hq as [->|Hq], Hin as [->|Hin]; auto.
        * exfalso. apply Nz. rewrite Eq. now apply in_map.
        * exfalso. apply Nz. rewrite <- Eq. now apply in_map.
      + exfalso. apply find_none with (x := r) in Fi; [|assumption].
        assert (path_eqb (path_of r) (path_of r) = true) by now apply path_eqb_eq. congruence.
  Qed.

  Lemma place_known k : place_of k <> Fresh -> exists r, In r all /\ path_of r = k.
  Proof.
    unfold place_of. destruct (path_dec k ROOT) as [->|N].
    - intros _. exists (summary data). split; [now left|reflexivity].
    - destruct (find _ _) as [r|] eqn:Fi; [|congruence]. intros _.
      apply find_some in Fi as [Hr Er]. exists r. split; [now right|now apply path_eqb_eq].
  Qed.

  (** The memory that the root of the canonical tree stands for is the map. *)
  Theorem summary_adoptable :
    adoptable (summary data) (summarized data) (map fst data) (memory_of data).
  Proof.
    exists place_of. destruct all_forest as (F & Ap & Nr). split.
    - unfold place_of. now destruct (path_dec ROOT ROOT).
    - reflexivity.
    - intros k N. unfold place_of. destruct (path_dec k ROOT); [contradiction|].
      destruct (find _ _); eauto.
    - assert (Deferred : forall k, is_deferred (place_of k) = false).
      { intro k. unfold place_of. destruct (path_dec k ROOT); [reflexivity|].
        now destruct (find _ _). }
      split.
      + exists (summary data). unfold place_of. now destruct (path_dec [] ROOT).
      + intros a d x E.
        assert (Ka : place_of a <> Fresh) by (eapply content_known; eauto).
        destruct (place_known _ Ka) as (r & Hr & <-). destruct (place_in Hr) as [Er _].
        rewrite Er in E. destruct (fo_link F _ _ Hr E) as (D & De & q & Hq & Pq & Eh).
        destruct (place_in Hq) as [Eq Kq]. rewrite Pq in Eq, Kq.
        split; [assumption|]. split; [assumption|]. split; [now rewrite Deferred|]. split.
        * intros v Ev. unfold content in Eq. rewrite Ev in Eq. cbn in Eq. congruence.
        * intros t v Ev. exfalso. unfold place_of in Ev.
          destruct (path_dec (l_path x) ROOT) as [E0|]; [|destruct (find _ _); discriminate].
          exact (dir_not_root _ D E0).
      + intros a k d Ka Kk D. destruct (place_known _ Ka) as (r & Hr & <-).
        destruct (place_known _ Kk) as (q & Hq & <-). destruct (place_in Hr) as [-> _].
        exact (fo_path F _ _ Hr Hq D).
    - split.
      + intros k v E. unfold place_of in E. destruct (path_dec k ROOT); [discriminate|].
        destruct (find _ _) as [r|] eqn:Fi; [|discriminate]. injection E as <-.
        apply find_some in Fi as [Hr Er]. apply path_eqb_eq in Er. auto.
      + intros k a v E. assert (Kk : place_of k <> Fresh).
        { unfold content in E. destruct (place_of k); discriminate. }
        destruct (place_known _ Kk) as (r & Hr & <-). destruct (place_in Hr) as [Er _].
        rewrite Er in E. subst r. cbn. split; [reflexivity|]. apply Ap in Hr.
        split; [|now apply memory_of_in]. apply in_map_iff. exists (a, v). auto.
      + intros a E. apply memory_of_out. intros v Hin. apply Ap in Hin.
        destruct (place_in Hin) as [_ K]. now apply K.
  Qed.

  (** A verifier that adopts a data set: its certified operations are a run from that very map. *)
  Corollary adopted_serializable {A : Application} cfg submitted v rs E :
    root cfg = summary data ->
    run_all cfg initial submitted = (v, rs) -> outcome_at cfg v E = Certified ->
    find_collision cfg E v rs (summarized data) (map fst data) = None ->
    exists m, sequential (memory_of data) (upto E (operations rs)) m.
  Proof.
    intros Root Run Out None_. eapply serializable_unless_found; eauto.
    rewrite Root. apply summary_adoptable.
  Qed.
End Adopted.
