(** The tree of receipts: what grows leaf by leaf has the standard's root, and a path that leads to
    the root begins at a leaf of the tree, or two different messages have one hash.

    Seen level by level, the standard's tree pairs neighbours up, and a last one without a neighbour
    goes up as it is; so [pair_up] is one level of it. *)
From Coq Require Import NArith PArith Pnat PeanoNat List Lia Bool.
From zeta Require Import Spec.Width Spec.Record Spec.ReceiptTree.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** Two different messages of the list with one hash. *)
Definition message_collision {P : Primitives} (l : list bytes) : Prop :=
  exists a b, In a l /\ In b l /\ a <> b /\ sha256 a = sha256 b.

Section ReceiptTree.
  Context {P : Primitives}.

  Lemma message_collision_incl l l' : incl l l' -> message_collision l -> message_collision l'.
  Proof. intros I (a & b & ? & ? & ?). exists a, b. auto. Qed.

  (** Two messages of the list with one hash are the same, or show a collision. *)
  Lemma same_message a b l : In a l -> In b l -> sha256 a = sha256 b ->
    a = b \/ message_collision l.
  Proof.
    intros Ia Ib E. destruct (bytes_dec a b) as [|N]; [now left|]. right. exists a, b. auto.
  Qed.

  Definition is_hash (d : digest) : Prop := length d = 32%nat.

  Lemma app_same_length A (a b c d : list A) : length a = length c -> a ++ b = c ++ d ->
    a = c /\ b = d.
  Proof.
    revert c. induction a as [|x a IH]; intros [|y c] L E; try discriminate; [now split|].
    injection E as -> E. destruct (IH c) as [-> ->]; auto.
  Qed.

  Lemma inner_message_inj a b c d : is_hash a -> is_hash c ->
    inner_message a b = inner_message c d -> a = c /\ b = d.
  Proof. unfold is_hash. intros La Lc [= E]. apply app_same_length in E; [assumption|congruence].
  Qed.

  (** ** Levels *)

  Fixpoint pair_up (l : list digest) : list digest :=
    match l with a :: b :: l => inner_hash a b :: pair_up l | _ => l end.
  (** What is hashed on the way to the next level, and to the root. *)
  Fixpoint pair_messages (l : list digest) : list bytes :=
    match l with a :: b :: l => inner_message a b :: pair_messages l | _ => [] end.
  Fixpoint level_messages (levels : nat) (l : list digest) : list bytes :=
    match levels with
    | O => []
    | S levels => pair_messages l ++ level_messages levels (pair_up l)
    end.
  Definition tree_messages (l : list digest) : list bytes := level_messages (length l) l.

  Inductive levels : list digest -> digest -> Prop :=
  | level_root a : levels [a] a
  | level_up l r : (2 <= length l)%nat -> levels (pair_up l) r -> levels l r.

  Lemma two_steps (Q : list digest -> Prop) : Q [] -> (forall a, Q [a]) ->
    (forall a b l, Q l -> Q (a :: b :: l)) -> forall l, Q l.
  Proof.
    intros N O T. assert (H : forall n l, (length l <= n)%nat -> Q l).
    { induction n as [|n IH]; intros [|a [|b l]] L; auto; cbn in L; try lia.
      apply T, IH. lia. }
    intro l. apply (H (length l)). lia.
  Qed.

  Lemma pair_up_length l : length (pair_up l) = Nat.div2 (S (length l)).
  Proof.
    induction l as [|a|a b l IH] using two_steps; try reflexivity. cbn [pair_up length]. rewrite IH.
    reflexivity.
  Qed.

  Lemma half n : (2 * Nat.div2 n <= n <= 2 * Nat.div2 n + 1)%nat.
  Proof. pose proof (Nat.div2_odd n). destruct (Nat.odd n); cbn [Nat.b2n] in *; lia. Qed.

  Lemma pair_up_app k l1 l2 : length l1 = (2 * k)%nat ->
    pair_up (l1 ++ l2) = pair_up l1 ++ pair_up l2.
  Proof.
    revert l1. induction k as [|k IH]; intros [|a [|b l1]] L; cbn in L; try lia; [reflexivity|].
    cbn. f_equal. apply IH. lia.
  Qed.

  Lemma pair_up_hashes l : Forall is_hash l -> Forall is_hash (pair_up l).
  Proof.
    induction l as [|a|a b l IH] using two_steps; cbn; auto. intro F.
    inversion F as [|? ? _ F']; inversion F'; subst. constructor; [apply sha256_length|auto].
  Qed.

  Lemma level_messages_more f g l : (f <= g)%nat -> incl (level_messages f l) (level_messages g l).
  Proof.
    revert g l. induction f as [|f IH]; intros [|g] l Le; cbn; try lia; [easy|easy|].
    apply incl_app; [apply incl_appl, incl_refl|apply incl_appr, IH]. lia.
  Qed.

  Lemma tree_messages_up l : (2 <= length l)%nat ->
    incl (pair_messages l) (tree_messages l) /\ incl (tree_messages (pair_up l)) (tree_messages l).
  Proof.
    unfold tree_messages. intro L. destruct (length l) as [|n] eqn:E; [lia|].
    cbn [level_messages]. split; [apply incl_appl, incl_refl|].
    apply incl_appr, level_messages_more.
    rewrite pair_up_length, E. pose proof (half (S (S n))). lia.
  Qed.

  (** ** The standard's tree, level by level *)

  Lemma power_positive j : (1 <= Nat.pow 2 j)%nat.
  Proof. pose proof (Nat.pow_nonzero 2 j). lia. Qed.

  (** Two trees, the left one full, are one. *)
  Lemma levels_join k : forall l1 l2 a b, length l1 = Nat.pow 2 k ->
    (1 <= length l2 <= Nat.pow 2 k)%nat -> levels l1 a -> levels l2 b ->
    levels (l1 ++ l2) (inner_hash a b).
  Proof.
    induction k as [|k IH]; intros l1 l2 a b L1 L2 T1 T2.
    - cbn in L1, L2. inversion T1 as [|? ? Two]; subst; [|lia].
    inversion T2 as [|? ? Two]; subst; [|lia].
      apply level_up; [cbn; lia|]. apply level_root.
    - cbn [Nat.pow] in L1, L2. pose proof (power_positive k) as Pos.
      inversion T1 as [x Ex|? ? _ U1]; subst; [cbn in L1; lia|].
      apply level_up; [rewrite app_length; lia|]. rewrite (@pair_up_app (Nat.pow 2 k)) by lia.
      assert (H1 : length (pair_up l1) = Nat.pow 2 k).
      { rewrite pair_up_length. pose proof (half (S (length l1))). lia. }
      assert (H2 : (1 <= length (pair_up l2) <= Nat.pow 2 k)%nat).
      { rewrite pair_up_length. pose proof (half (S (length l2))). lia. }
      apply IH; auto. inversion T2 as [x|? ? _ U2]; subst; [apply level_root|assumption].
  Qed.

  Lemma tree_hash_levels fuel : forall l, (length l <= fuel)%nat -> l <> [] ->
    levels l (tree_hash fuel l).
  Proof.
    induction fuel as [|fuel IH]; intros l L N; [destruct l; [congruence|cbn in L; lia]|].
    destruct l as [|x [|y l]]; [congruence|apply level_root|]. set (m := x :: y :: l) in *.
    change (tree_hash (S fuel) m) with
      (let middle := Nat.pow 2 (Nat.log2 (length m - 1)) in
       inner_hash (tree_hash fuel (firstn middle m)) (tree_hash fuel (skipn middle m))).
    cbv zeta. set (k := Nat.log2 (length m - 1)).
    assert (Lm : (2 <= length m)%nat) by (cbn; lia).
    destruct (Nat.log2_spec (length m - 1)) as [Lo Hi]; [lia|]. fold k in Lo, Hi.
    cbn [Nat.pow] in Hi. pose proof (power_positive k) as Pos.
    rewrite <- (firstn_skipn (Nat.pow 2 k) m) at 1.
    assert (F1 : length (firstn (Nat.pow 2 k) m) = Nat.pow 2 k) by (apply firstn_length_le; lia).
    assert (F2 : length (skipn (Nat.pow 2 k) m) = (length m - Nat.pow 2 k)%nat)
      by apply skipn_length.
    apply (@levels_join k); try lia; apply IH; try lia; intro E;
      apply (f_equal (@length _)) in E; rewrite ?F1, ?F2 in E; cbn [length] in E; lia.
  Qed.

  Lemma levels_unique l a b : levels l a -> levels l b -> a = b.
  Proof.
    intro T. revert b. induction T as [a|l a L T IH]; intros b T'; inversion T'; subst; auto;
      cbn in *; lia.
  Qed.

  (** ** What grows leaf by leaf *)

  (** The peaks over some leaves, of which there are [p] times two to the power of [j]. *)
  Fixpoint peaks_over (j : nat) (p : positive) (leaves peaks : list digest) : Prop :=
    match p with
    | xH => exists r, peaks = [r] /\ length leaves = Nat.pow 2 j /\ levels leaves r
    | xO p => peaks_over (S j) p leaves peaks
    | xI p => exists l1 l2 r rest, leaves = l1 ++ l2 /\ peaks = r :: rest /\
        length l2 = Nat.pow 2 j /\ levels l2 r /\ peaks_over (S j) p l1 rest
    end.

  Lemma merge_peaks p : forall j l peaks m h, peaks_over j p l peaks -> length m = Nat.pow 2 j ->
    levels m h -> peaks_over j (Pos.succ p) (l ++ m) (merge (trailing_ones p) peaks h).
  Proof.
    induction p as [p IH|p IH|]; intros j l peaks m h R L T; cbn [Pos.succ trailing_ones].
    - destruct R as (l1 & l2 & r & rest & -> & -> & L2 & T2 & R). cbn [merge peaks_over].
      rewrite <- app_assoc. apply IH; auto.
      + rewrite app_length. cbn [Nat.pow]. lia.
      + apply (@levels_join j); auto. pose proof (power_positive j). lia.
    - cbn [merge peaks_over]. exists l, m, h, peaks. auto.
    - destruct R as (r & -> & L1 & T1). cbn [merge peaks_over]. exists (inner_hash r h).
      split; [reflexivity|]. split; [rewrite app_length; cbn [Nat.pow]; lia|].
      apply (@levels_join j); auto. pose proof (power_positive j). lia.
  Qed.

  Lemma fold_peaks p : forall j l peaks m h, peaks_over j p l peaks ->
    (1 <= length m <= Nat.pow 2 j)%nat -> levels m h ->
    levels (l ++ m) (fold_left (fun r l => inner_hash l r) peaks h).
  Proof.
    induction p as [p IH|p IH|]; intros j l peaks m h R L T.
    - destruct R as (l1 & l2 & r & rest & -> & -> & L2 & T2 & R). cbn [fold_left].
      rewrite <- app_assoc. eapply IH; [exact R| |apply (@levels_join j); auto; lia].
      rewrite app_length. cbn [Nat.pow]. lia.
    - eapply IH; [exact R| |exact T]. cbn [Nat.pow]. lia.
    - destruct R as (r & -> & L1 & T1). cbn [fold_left]. apply (@levels_join j); auto.
  Qed.

  Lemma root_of_peaks p : forall j l peaks, peaks_over j p l peaks ->
    exists last rest, peaks = last :: rest /\
      levels l (fold_left (fun r l => inner_hash l r) rest last).
  Proof.
    induction p as [p IH|p IH|]; intros j l peaks R.
    - destruct R as (l1 & l2 & r & rest & -> & -> & L2 & T2 & R). exists r, rest.
      split; [reflexivity|]. eapply fold_peaks; [exact R| |exact T2].
      pose proof (power_positive j). cbn [Nat.pow]. lia.
    - eapply IH. exact R.
    - destruct R as (r & -> & L1 & T1). exists r, []. auto.
  Qed.

  Definition frontier_over (f : frontier) (leaves : list digest) : Prop :=
    count f = N.of_nat (length leaves) /\
    match count f with N0 => peaks f = [] | Npos p => peaks_over 0 p leaves (peaks f) end.

  Lemma push_over f leaves d : frontier_over f leaves -> N.of_nat (length leaves) < u64_max ->
    frontier_over (push f d) (leaves ++ [d]).
  Proof.
    intros [C R] Lt. unfold frontier_over, push. cbn [count peaks].
    rewrite saturating_add_u64_exact by lia. rewrite app_length. cbn [length]. split; [lia|].
    destruct (count f) as [|p].
    - cbn. destruct leaves; [|discriminate]. exists d. rewrite R. repeat split. apply level_root.
    - replace (Npos p + 1) with (Npos (Pos.succ p)) by lia.
    apply merge_peaks; [exact R|reflexivity|apply level_root].
  Qed.

  Lemma frontier_of_over leaves : N.of_nat (length leaves) <= u64_max ->
    frontier_over (frontier_of leaves) leaves.
  Proof.
    unfold frontier_of. induction leaves as [|d leaves IH] using rev_ind; intro L; [now split|].
    rewrite fold_left_app. cbn [fold_left]. rewrite app_length in L. cbn in L.
    apply push_over; [apply IH|]; lia.
  Qed.

  (** The incremental root is the standard's. *)
  Theorem frontier_is_tree_root leaves : N.of_nat (length leaves) <= u64_max ->
    frontier_root (frontier_of leaves) = tree_root leaves /\
    count (frontier_of leaves) = N.of_nat (length leaves).
  Proof.
    intro L. destruct (frontier_of_over leaves L) as [C R]. split; [|exact C].
    unfold frontier_root. rewrite C in R. destruct leaves as [|d leaves]; [reflexivity|].
    cbn [length N.of_nat] in R. apply root_of_peaks in R as (last & rest & -> & T).
    eapply levels_unique; [exact T|]. apply tree_hash_levels; [reflexivity|discriminate].
  Qed.

  (** ** Paths *)

  (** What is hashed along a path. *)
  Fixpoint walk_messages (path : list digest) (at_ last : N) (hash : digest) : list bytes :=
    match path with
    | [] => []
    | sibling :: path =>
        if N.odd at_ || (at_ =? last) then
          let (at_, last) := match at_ with N0 => (0, last) | Npos n => to_right_child n last end in
          inner_message sibling hash ::
          walk_messages path (N.div2 at_) (N.div2 last) (inner_hash sibling hash)
        else
          inner_message hash sibling ::
          walk_messages path (N.div2 at_) (N.div2 last) (inner_hash hash sibling)
    end.

  Definition leaf_at (l : list digest) (at_ : N) : digest := nth (N.to_nat at_) l [].

  (** A pair, one level up. *)
  Lemma pair_up_at l : forall n, (2 * n + 1 < length l)%nat ->
    nth n (pair_up l) [] = inner_hash (nth (2 * n) l []) (nth (2 * n + 1) l []) /\
    In (inner_message (nth (2 * n) l []) (nth (2 * n + 1) l [])) (pair_messages l).
  Proof.
    induction l as [|a|a b l IH] using two_steps; intros n L; cbn in L; try lia.
    destruct n as [|n]; [cbn; auto|]. destruct (IH n) as [E I]; [lia|].
    replace (2 * S n)%nat with (S (S (2 * n))) by lia. cbn. split; [exact E|auto].
  Qed.

  (** A last one without a neighbour goes up as it is. *)
  Lemma pair_up_last l : forall n, length l = S (2 * n) -> nth n (pair_up l) [] = nth (2 * n) l [].
  Proof.
    induction l as [|a|a b l IH] using two_steps; intros n L; cbn in L; try lia.
    - destruct n; [reflexivity|lia].
    - destruct n as [|n]; [lia|]. replace (2 * S n)%nat with (S (S (2 * n))) by lia.
    cbn [nth pair_up].
      apply IH. lia.
  Qed.

  (** One step from a right child: its neighbour, and it, are what was hashed there. *)
  Lemma right_child_step hs l n sibling hash :
    Forall is_hash l -> is_hash sibling -> (2 * n + 1 < length l)%nat ->
    incl (pair_messages l) hs -> In (inner_message sibling hash) hs ->
    inner_hash sibling hash = nth n (pair_up l) [] ->
    hash = nth (2 * n + 1) l [] \/ message_collision hs.
  Proof.
    intros F Hs L I Im E. destruct (pair_up_at l n L) as [Ep Ip]. rewrite Ep in E.
    destruct (@same_message _ _ hs Im (I _ Ip) E) as [Em|C]; [left|now right].
    apply inner_message_inj in Em as [_ Eh]; auto. rewrite Forall_forall in F. apply F, nth_In. lia.
  Qed.

  Lemma left_child_step hs l n sibling hash :
    Forall is_hash l -> is_hash hash -> (2 * n + 1 < length l)%nat ->
    incl (pair_messages l) hs -> In (inner_message hash sibling) hs ->
    inner_hash hash sibling = nth n (pair_up l) [] ->
    hash = nth (2 * n) l [] \/ message_collision hs.
  Proof.
    intros F Hh L I Im E. destruct (pair_up_at l n L) as [Ep Ip]. rewrite Ep in E.
    destruct (@same_message _ _ hs Im (I _ Ip) E) as [Em|C]; [left|now right].
    apply inner_message_inj in Em as [Eh _]; auto. rewrite Forall_forall in F. apply F, nth_In. lia.
  Qed.

  (** A last leaf that is a left child stands one level up as it is, until it is a right child. *)
  Lemma climb p : forall l root hs, length l = S (Pos.to_nat p) -> levels l root ->
    Forall is_hash l -> incl (tree_messages l) hs ->
    exists l' n, to_right_child p (Npos p) = (N.of_nat (2 * n + 1), N.of_nat (2 * n + 1)) /\
      length l' = (2 * n + 2)%nat /\ levels l' root /\ Forall is_hash l' /\
      incl (tree_messages l') hs /\ nth (2 * n + 1) l' [] = nth (Pos.to_nat p) l [].
  Proof.
    induction p as [p IH|p IH|]; intros l root hs L T F I; cbn [to_right_child].
    - exists l, (Pos.to_nat p). rewrite Pos2Nat.inj_xI in *.
      replace (2 * Pos.to_nat p + 1)%nat with (S (2 * Pos.to_nat p)) by lia.
      repeat split; auto; try lia; f_equal; lia.
    - rewrite Pos2Nat.inj_xO in *. pose proof (Pos2Nat.is_pos p) as Pos.
      inversion T as [x|? ? Two U]; subst; [cbn in L; lia|].
      destruct (tree_messages_up l Two) as [_ Up].
      destruct (IH (pair_up l) root hs) as (l' & n & E & L' & T' & F' & I' & At); auto.
      + rewrite pair_up_length, L. pose proof (half (S (S (2 * Pos.to_nat p)))). lia.
      + now apply pair_up_hashes.
      + eapply incl_tran; eauto.
      + exists l', n. repeat split; auto. rewrite At. now apply pair_up_last.
    - exists l, 0%nat. repeat split; auto.
  Qed.

  (** A path that leads to the root of a tree begins at the leaf of its index, or there is a
      collision among what the tree and the path hash. *)
  Theorem walk_sound hs path : forall at_ last hash root l,
    walk path at_ last hash = Some root -> levels l root -> Forall is_hash l ->
    length l = S (N.to_nat last) -> at_ <= last -> is_hash hash -> Forall is_hash path ->
    incl (tree_messages l) hs -> incl (walk_messages path at_ last hash) hs ->
    hash = leaf_at l at_ \/ message_collision hs.
  Proof.
    induction path as [|sibling path IH]; intros at_ last hash root l W T F L Le Hh Fp I Iw;
      cbn [walk] in W.
    - destruct (N.eqb_spec last 0) as [->|]; [|discriminate]. injection W as ->.
      inversion T as [x|? ? Two]; subst; [|cbn in L; lia]. left.
      replace at_ with 0 by lia. reflexivity.
    - destruct (N.eqb_spec last 0) as [|Nz]; [discriminate|]. inversion Fp as [|? ? Hs Fp']; subst.
      cbn [walk_messages] in Iw.
      (* A pair's level is the one above; [IH] is about the rest of the path there. *)
      assert (Up : forall l last', length l = S (N.to_nat last') -> (2 <= length l)%nat ->
        length (pair_up l) = S (N.to_nat (N.div2 last'))).
      { clear. intros l last' L Two. rewrite pair_up_length, L, N2Nat.inj_div2. reflexivity. }
      assert (Right : forall l at' last', N.odd at' = true -> at' <= last' ->
        length l = S (N.to_nat last') -> levels l root -> Forall is_hash l ->
        incl (tree_messages l) hs ->
        walk path (N.div2 at') (N.div2 last') (inner_hash sibling hash) = Some root ->
        incl (inner_message sibling hash ::
              walk_messages path (N.div2 at') (N.div2 last') (inner_hash sibling hash)) hs ->
        hash = leaf_at l at' \/ message_collision hs).
      { clear l at_ last T F L Le I W Iw Nz. intros l at_ last Odd Le L T F I W Iw.
        pose proof (N.div2_odd at_) as D. rewrite Odd in D. cbn [N.b2n] in D.
        inversion T as [x|? ? Two U]; subst; [cbn in L; lia|].
        destruct (tree_messages_up l Two) as [Here Above].
        destruct (IH _ _ _ _ (pair_up l) W U) as [E|C]; auto.
        - now apply pair_up_hashes.
        - pose proof (N.div2_odd last). destruct (N.odd last); cbn [N.b2n] in *; lia.
        - apply sha256_length.
        - eapply incl_tran; eauto.
        - eapply incl_tran; [|exact Iw]. apply incl_tl, incl_refl.
        - unfold leaf_at in *. replace (N.to_nat at_) with (2 * N.to_nat (N.div2 at_) + 1)%nat by
          lia.
          apply right_child_step with (sibling := sibling); auto; [lia| |apply Iw; now left].
          eapply incl_tran; eauto. }
      destruct (N.odd at_) eqn:Odd; [|destruct (N.eqb_spec at_ last) as [<-|Ne]];
        cbn [orb] in W, Iw.
      + destruct at_ as [|p]; [discriminate|].
        assert (E : to_right_child p last = (Npos p, last)) by now destruct p.
        rewrite E in W, Iw. now apply Right with (last' := last).
      + destruct at_ as [|p]; [congruence|].
        destruct (@climb p l root hs) as (l' & n & E & L' & T' & F' & I' & At);
          auto.
        rewrite E in W, Iw. unfold leaf_at. change (N.to_nat (N.pos p)) with (Pos.to_nat p).
        rewrite <- At. rewrite <- (Nat2N.id (2 * n + 1)).
        apply Right with (last' := N.of_nat (2 * n + 1)); auto; try lia.
        apply N.odd_spec. exists (N.of_nat n). lia.
      + pose proof (N.div2_odd at_) as D. rewrite Odd in D. cbn [N.b2n] in D.
        inversion T as [x|? ? Two U]; subst; [cbn in L; lia|].
        destruct (tree_messages_up l Two) as [Here Above].
        destruct (IH _ _ _ _ (pair_up l) W U) as [E|C]; auto.
        * now apply pair_up_hashes.
        * pose proof (N.div2_odd last). destruct (N.odd last); cbn [N.b2n] in *; lia.
        * apply sha256_length.
        * eapply incl_tran; eauto.
        * eapply incl_tran; [|exact Iw]. apply incl_tl, incl_refl.
        * unfold leaf_at in *. replace (N.to_nat at_) with (2 * N.to_nat (N.div2 at_))%nat by lia.
          apply left_child_step with (sibling := sibling); auto; [lia| |apply Iw; now left].
          eapply incl_tran; eauto.
  Qed.

  (** The same for the root that was signed. *)
  Theorem path_sound hs leaf index count path l :
    root_of_path leaf index count path = Some (tree_root l) -> N.of_nat (length l) = count ->
    Forall is_hash l -> is_hash leaf -> Forall is_hash path -> incl (tree_messages l) hs ->
    incl (walk_messages path index (count - 1) leaf) hs ->
    (leaf = leaf_at l index /\ index < count) \/ message_collision hs.
  Proof.
    unfold root_of_path. intros W L F Hh Fp I Iw.
    destruct (N.ltb_spec index count) as [Lt|_]; [|discriminate].
    assert (Ne : l <> []) by (intros ->; cbn in L; lia).
    pose proof (@tree_hash_levels (length l) l (le_n _) Ne) as T.
    destruct (@walk_sound hs path index (count - 1) leaf (tree_root l) l) as [E|C]; auto;
      try lia.
  Qed.

  (** ** Not every path is refused *)

  Lemma walk_up path m hash :
    walk path (Npos (xO m)) (Npos (xO m)) hash = walk path (Npos m) (Npos m) hash.
  Proof.
    destruct path as [|sibling path]; [reflexivity|]. cbn [walk].
    change (Npos (xO m) =? 0) with false. change (Npos m =? 0) with false.
    rewrite !N.eqb_refl, !orb_true_r. reflexivity.
  Qed.

  Lemma levels_have_paths l root : levels l root -> Forall is_hash l -> forall at_ last,
    length l = S (N.to_nat last) -> at_ <= last ->
    exists path, Forall is_hash path /\ walk path at_ last (leaf_at l at_) = Some root.
  Proof.
    induction 1 as [a|l root Two T IH]; intros F at_ last L Le.
    { exists []. split; [constructor|]. cbn in L. replace last with 0 by lia.
      replace at_ with 0 by lia. reflexivity. }
    pose proof (N.div2_odd at_) as D. pose proof (N.div2_odd last) as Dl.
    assert (Le' : N.div2 at_ <= N.div2 last).
    { destruct (N.odd at_), (N.odd last); cbn [N.b2n] in *; lia. }
    destruct (IH (pair_up_hashes F) (N.div2 at_) (N.div2 last)) as (path & Fp & W); auto.
    { rewrite pair_up_length, L, N2Nat.inj_div2. reflexivity. }
    assert (Hash : forall n, (n < length l)%nat -> is_hash (nth n l [])).
    { intros n Hn. rewrite Forall_forall in F. apply F, nth_In, Hn. }
    assert (Nz : (last =? 0) = false) by (apply N.eqb_neq; lia).
    unfold leaf_at in *. destruct (N.odd at_) eqn:Odd; cbn [N.b2n] in D.
    - exists (nth (N.to_nat at_ - 1) l [] :: path). split; [constructor; auto; apply Hash; lia|].
      cbn [walk]. rewrite Nz, Odd. cbn [orb]. destruct at_ as [|p]; [discriminate|].
      assert (E : to_right_child p last = (Npos p, last)) by now destruct p.
      rewrite E. destruct (@pair_up_at l (N.to_nat (N.div2 (Npos p)))) as [Ep _]; [lia|].
      rewrite Ep in W. rewrite <- W. f_equal. f_equal; f_equal; lia.
    - destruct (N.eq_dec at_ last) as [->|Ne].
      + exists path. split; [exact Fp|]. destruct last as [|p]; [discriminate|].
        destruct p as [p|p|]; try discriminate. rewrite walk_up. cbn [N.div2] in W. rewrite <- W.
        f_equal. rewrite (@pair_up_last l (N.to_nat (Npos p))) by (rewrite L; lia). f_equal. lia.
      + exists (nth (N.to_nat at_ + 1) l [] :: path).
        split; [constructor; auto; apply Hash; lia|]. cbn [walk]. rewrite Nz, Odd.
        apply N.eqb_neq in Ne as Ne'. rewrite Ne'. cbn [orb].
        destruct (@pair_up_at l (N.to_nat (N.div2 at_))) as [Ep _]; [lia|].
        rewrite Ep in W. rewrite <- W. f_equal. f_equal; f_equal; lia.
  Qed.

  (** Each leaf of a tree has a path that leads to the root. *)
  Theorem leaf_has_path l index : Forall is_hash l -> index < N.of_nat (length l) ->
    exists path, Forall is_hash path /\
      root_of_path (leaf_at l index) index (N.of_nat (length l)) path = Some (tree_root l).
  Proof.
    intros F Lt. assert (Ne : l <> []) by (intros ->; cbn in Lt; lia).
    pose proof (@tree_hash_levels (length l) l (le_n _) Ne) as T.
    destruct (@levels_have_paths l _ T F index (N.of_nat (length l) - 1)) as (path & Fp & W);
      [lia|lia|].
    exists path. split; [exact Fp|]. unfold root_of_path. apply N.ltb_lt in Lt. rewrite Lt. exact W.
  Qed.
End ReceiptTree.
