(** What each entry does to a thread, said in the terms of the invariant. *)
From Coq Require Import NArith List Lia Bool.
From zeta Require Import Spec.Width Spec.Time Spec.Path Spec.Record Spec.Reason Spec.Bounds.
From zeta Require Import Spec.Table Spec.Entry Spec.Application Spec.Access Spec.Thread.
From zeta Require Import Thm.Path Thm.Machine Thm.Tree Thm.Slots Thm.Coherent.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
Import ListNotations.
Open Scope N_scope.
Set Implicit Arguments.

(** Goes through the checks that [H] says were passed. *)
Ltac passed H :=
  repeat match type of H with
  | context [require ?b _] =>
      let E := fresh "Check" in
      destruct b eqn:E; cbn [require and_then] in H; [|discriminate H]
  end.

(** ** Slots as the invariant sees them *)

Definition strip (c : cell) : kept := Kept (c_record c) (c_added c) (c_left c) (c_right c).
Definition view (m : table cell) : N -> option kept := fun n => option_map strip (get m n).

Lemma view_set m n c n' : view (set m n c) n' = upd (view m) n (Some (strip c)) n'.
Proof.
  unfold view, upd. destruct (N.eqb_spec n' n) as [->|N].
  - now rewrite get_set_eq.
  - now rewrite get_set_neq.
Qed.

Lemma view_unset m n n' : view (unset m n) n' = upd (view m) n None n'.
Proof.
  unfold view, upd. destruct (N.eqb_spec n' n) as [->|N].
  - now rewrite get_unset_eq.
  - now rewrite get_unset_neq.
Qed.

Lemma view_change m n f c n' : get m n = Some c ->
  view (change m n f) n' = upd (view m) n (Some (strip (f c))) n'.
Proof.
  intro G. unfold view, upd. destruct (N.eqb_spec n' n) as [->|N].
  - now rewrite get_change_eq, G.
  - now rewrite get_change_neq.
Qed.

(** Parents are invisible. *)
Lemma view_set_parent m n p n' : view (change m n (set_parent p)) n' = view m n'.
Proof.
  unfold view. destruct (N.eq_dec n' n) as [->|N].
  - rewrite get_change_eq. now destruct (get m n) as [[]|].
  - now rewrite get_change_neq.
Qed.

Lemma strip_set_child d s c : strip (set_child d s c) = set_kid (strip c) d s.
Proof. now destruct d. Qed.
Lemma strip_set_record r c : strip (set_record r c) = set_val (strip c) r.
Proof. reflexivity. Qed.
Lemma cell_child_strip c d : cell_child c d = kid_slot (strip c) d.
Proof. reflexivity. Qed.

Lemma is_some_true A (o : option A) : is_some o = true -> exists a, o = Some a.
Proof. destruct o; [eauto|discriminate]. Qed.
Lemma is_some_false A (o : option A) : negb (is_some o) = true -> o = None.
Proof. now destruct o. Qed.

Section Entries.
  Context {P : Primitives} {A : Application}.
  Variable cfg : config.

  (** A thread goes one step, by an entry that was applied. *)
  Inductive thread_step (t : N) (s : thread) : event -> thread -> Prop :=
  | step_add_m n a r s' ev :
      add_m cfg s n a r = Ok (s', ev) -> thread_step t s ev s'
  | step_add_b n evictor m s' ev :
      in_width (e_time m) -> add_b cfg t s n evictor m = Ok (s', ev) ->
        thread_step t s ev s'
  | step_evict_m n a s' ev : evict_m cfg s n a = Ok (s', ev) -> thread_step t s ev s'
  | step_evict_b n tm s' ev :
      in_width tm -> evict_b cfg t s n tm = Ok (s', ev) -> thread_step t s ev s'
  | step_evict_bm n a tm s' ev :
      in_width tm -> evict_bm cfg t s n a tm = Ok (s', ev) -> thread_step t s ev s'
  | step_next_epoch s' ev : next_epoch_entry s = Ok (s', ev) -> thread_step t s ev s'
  | step_verify_epoch room s' ev : verify_epoch s room = Ok (s', ev) -> thread_step t s ev s'
  | step_run_app r o call s' ev :
      begin_call (asked o) = inr call ->
      run_app cfg r s o (call (epoch (clock s))) = Ok (s', ev) -> thread_step t s ev s'.

  Definition took (ev : event) : option element :=
    match ev with AddedDeferred m => Some m | _ => None end.
  Definition gave (ev : event) : option element :=
    match ev with EvictedDeferred m => Some m | _ => None end.
  (** The records whose hash was computed, and the keys whose leaf was. *)
  Definition hashed (ev : event) : list record :=
    match ev with AddedTree r true => [r] | EvictedTree r => [r] | _ => [] end.
  Definition located (ev : event) : list key :=
    match ev with AddedTree (App k _) _ => [k] | _ => [] end.
  Definition answered (ev : event) : list ran :=
    match ev with Answered r => [r] | _ => [] end.

  Lemma one_way ev m : took ev = Some m -> gave ev = None.
  Proof. now destruct ev. Qed.

  (** ** AddM *)

  (** A record that is new to the tree, below [ra] on side [d]; it takes over what [ra] pointed to
      on that side, if anything. *)
  Definition inserted (V V' : N -> option kept) (n a : N) (r : record) : Prop :=
    exists ra d w l k,
      V n = None /\ V a = Some ra /\ side_of (k_path ra) (path_of r) = Some d /\
      is_node (k_val ra) = true /\ is_initial r = true /\ path_of w = path_of r /\
      (forall e y, pointer_of w e = Some y <->
         pointer_of (k_val ra) d = Some y /\ side_of (path_of r) (l_path y) = Some e) /\
      (forall y, pointer_of (k_val ra) d = Some y ->
         exists e, side_of (path_of r) (l_path y) = Some e) /\
      (forall e, kid_slot (Kept w EvictB.Tree l k) e =
         match pointer_of w e with Some _ => kid_slot ra d | None => None end) /\
      (forall b v, w = App b v -> w = r) /\
      forall n', V' n' = upd (upd V a (Some (set_kid (set_val ra (set_pointer (k_val ra) d
        (Link (path_of r) unknown_digest false))) d (Some n)))) n
        (Some (Kept w EvictB.Tree l k)) n'.

  (** A record that the tree's hash vouches for. *)
  Definition vouched (V V' : N -> option kept) (n a : N) (r : record) : Prop :=
    exists ra d x,
      V n = None /\ V a = Some ra /\ side_of (k_path ra) (path_of r) = Some d /\
      pointer_of (k_val ra) d = Some x /\ l_path x = path_of r /\ l_deferred x = false /\
      kid_slot ra d = None /\ l_hash x = record_hash r /\
      forall n', V' n' = upd (upd V a (Some (set_kid ra d (Some n)))) n
        (Some (Kept r EvictB.Tree None None)) n'.

  Lemma digest_eqb_eq a b : digest_eqb a b = true -> a = b.
  Proof. unfold digest_eqb. destruct (bytes_dec a b); [auto|discriminate]. Qed.

  Lemma initial_pointer r d : is_initial r = true -> pointer_of r d = None.
  Proof. now destruct r as [|? [|] [|]], d. Qed.

  (** The table after AddM, slot by slot. *)
  Lemma view_add_m m n a d r u ca : get m n = None -> get m a = Some ca ->
    forall n', view (slots_after_add_m m n a d r u) n' =
      upd (upd (view m) a (Some (strip (ancestor_after n d (path_of r) u ca)))) n
          (Some (strip (added_cell a d r u))) n'.
  Proof.
    intros Gn Ga n'. assert (Na : a <> n) by congruence. unfold slots_after_add_m.
    set (m1 := set m n (added_cell a d r u)).
    set (m2 := match u with AddM.CutEdge {| AddM.child' := Some _ |} => _ | _ => _ end).
    assert (V2 : forall x, view m2 x = view m1 x).
    { intro x. unfold m2. destruct u as [| |[below l [c|]]]; auto. apply view_set_parent. }
    assert (G2 : exists c2, get m2 a = Some c2 /\ strip c2 = strip ca).
    { specialize (V2 a). unfold view in V2. unfold m1 in V2. rewrite get_set_neq, Ga in V2 by auto.
      destruct (get m2 a) as [c2|]; [|discriminate]. exists c2. injection V2 as E1 E2 E3 E4.
      split; [reflexivity|]. unfold strip. congruence. }
    destruct G2 as (c2 & G2 & E2). erewrite view_change by exact G2.
    assert (Strip : strip (ancestor_after n d (path_of r) u c2) =
                    strip (ancestor_after n d (path_of r) u ca)).
    { unfold ancestor_after. rewrite !strip_set_child. f_equal.
      assert (Er : c_record c2 = c_record ca) by (unfold strip in E2; congruence).
      destruct u; rewrite ?strip_set_record, ?Er, ?E2; reflexivity. }
    rewrite Strip. unfold upd at 1 2. destruct (N.eqb_spec n' a) as [->|N].
    - destruct (N.eqb_spec a n); [congruence|]. now rewrite upd_eq.
    - rewrite V2. unfold m1. rewrite view_set. unfold upd.
      destruct (N.eqb_spec n' n); [reflexivity|]. destruct (N.eqb_spec n' a);
        [congruence|reflexivity].
  Qed.

  Lemma add_m_facts s n a r s' ev : add_m cfg s n a r = Ok (s', ev) ->
    clock s' = clock s /\ added s' = added s /\ Thread.evicted s' = Thread.evicted s /\
    exists named, ev = AddedTree r named /\
      (named = true -> vouched (view (slots s)) (view (slots s')) n a r) /\
      (named = false -> inserted (view (slots s)) (view (slots s')) n a r).
  Proof.
    unfold add_m. intros H.
    destruct (AddM.decide_add_m _) as [u|] eqn:Dec; [|discriminate].
    cbn [and_then] in H. injection H as <- <-.
    split; [reflexivity|]. split; [reflexivity|]. split; [reflexivity|].
    eexists. split; [reflexivity|]. cbn [slots with_slots].
    unfold AddM.decide_add_m in Dec. cbn -[AddM.decide_edge] in Dec. passed Dec.
    apply is_some_true in Check1 as (ca & Ga). apply is_some_false in Check3.
    apply is_below_side in Check2 as (La & d & D). rewrite Ga in *. cbn [ancestor_path] in D.
    assert (Ed : side (Some ca) (path_of r) = d) by exact (side_direction _ _ D).
    set (ra := strip ca).
    assert (Vn : view (slots s) n = None) by (unfold view; now rewrite Check3).
    assert (Va : view (slots s) a = Some ra) by (unfold view; now rewrite Ga).
    change (path_of (c_record ca)) with (k_path ra) in D.
    assert (Nd : is_node (k_val ra) = true).
    { cbn. destruct (c_record ca) as [k v|p x y] eqn:Er; [|reflexivity]. exfalso.
      cbn in La. rewrite Er in La. cbn in La. rewrite leaf_length in La. lia. }
    destruct (AddM.decide_edge _) as [u'|] eqn:Edge; [|discriminate]. cbn [and_then] in Dec.
    passed Dec. injection Dec as <-. clear Check0 Check.
    pose proof (@view_add_m (slots s) n a d r u' ca Check3 Ga) as View.
    rewrite Ed in *. unfold AddM.decide_edge in Edge. cbn [AddM.pointer AddM.path] in Edge.
    unfold pointer_above in Edge. rewrite Ed in Edge.
    destruct (pointer_of (c_record ca) d) as [x|] eqn:Sd.
    - destruct (path_eqb (l_path x) (path_of r)) eqn:Ex.
      + (* the hash vouches *)
        apply path_eqb_eq in Ex. unfold AddM.decide_named in Edge. cbn in Edge. passed Edge.
        injection Edge as <-. split; [intros _|discriminate].
        exists ra, d, x. repeat split; auto.
        * now destruct (l_deferred x).
        * unfold child_above in Check0. rewrite Ed in Check0. rewrite cell_child_strip in Check0.
          fold ra in Check0. now destruct (kid_slot ra d).
        * now apply digest_eqb_eq.
        * intro n'. rewrite View. unfold ancestor_after. now rewrite strip_set_child.
      + (* the edge is cut *)
        unfold AddM.decide_cut in Edge. cbn in Edge. passed Edge. injection Edge as <-.
        split; [discriminate|intros _].
        apply is_below_side in Check as (Lr & d2 & D2).
        pose proof (side_direction _ _ D2) as E2. rewrite E2 in *.
        assert (Nr : is_node r = true).
        { destruct r as [k v|]; [|reflexivity]. cbn in Lr. rewrite leaf_length in Lr. lia. }
        rewrite Ed, cell_child_strip in *. fold ra in View |- *.
        exists ra, d, (set_pointer r d2 x), (if d2 then None else kid_slot ra d),
          (if d2 then kid_slot ra d else None).
        split; [assumption|]. split; [assumption|]. split; [assumption|]. split; [assumption|].
        split; [assumption|]. split; [apply path_set_pointer|].
        assert (Sp : forall e, pointer_of (set_pointer r d2 x) e = if Bool.eqb d2 e then Some x
          else None).
        { intro e. rewrite pointer_set by assumption. now rewrite (initial_pointer r e). }
        split; [|split; [|split; [|split]]].
        * intros e y. rewrite Sp. change (k_val ra) with (c_record ca). rewrite Sd.
          destruct (Bool.eqb d2 e) eqn:E3.
          -- apply eqb_prop in E3 as ->. split; [intros [= <-]; auto|]. now intros [E _].
          -- split; [discriminate|]. intros [[= <-] E]. rewrite D2 in E. injection E as ->.
             now rewrite eqb_reflx in E3.
        * intros y. change (k_val ra) with (c_record ca). rewrite Sd. intros [= <-]. eauto.
        * intro e. rewrite Sp. now destruct d2, e.
        * intros b v E. destruct r, d2; discriminate.
        * intro n'. rewrite View. unfold ancestor_after, added_cell.
          rewrite !strip_set_child, !strip_set_record. now destruct d2.
    - (* nothing there *)
      unfold AddM.decide_new_edge in Edge. cbn in Edge. passed Edge. injection Edge as <-.
      split; [discriminate|intros _].
      exists ra, d, r, None, None. cbn in Check. repeat split; auto.
      + rewrite (initial_pointer r e Check) in H. discriminate.
      + rewrite (initial_pointer r e Check) in H. discriminate.
      + intros [Hy _]. cbn in Hy. congruence.
      + intros y Hy. cbn in Hy. congruence.
      + intro e. rewrite (initial_pointer r e Check). now destruct e.
      + intro n'. rewrite View. unfold ancestor_after.
        rewrite strip_set_child, strip_set_record. reflexivity.
  Qed.

  (** ** AddB *)

  Lemma add_b_facts t s n evictor m s' ev : add_b cfg t s n evictor m = Ok (s', ev) ->
    ev = AddedDeferred m /\ le (clock s) (clock s') /\ lt (e_time m) (clock s') /\
    added s' = m :: added s /\ Thread.evicted s' = Thread.evicted s /\
    next_epoch s' = next_epoch s /\ next_epoch s <= element_epoch m /\
    (e_thread m = t \/ exists o, evictor = Some o /\ le (e_time m) (published o)) /\
    view (slots s) n = None /\
    forall n', view (slots s') n' =
      upd (view (slots s)) n (Some (Kept (e_record m) EvictB.Deferred None None)) n'.
  Proof.
    unfold add_b. intro H. destruct (AddB.decide_add_b _) as [u|] eqn:Dec; [|discriminate].
    cbn [and_then] in H. injection H as <- <-. unfold AddB.decide_add_b in Dec.
    cbn -[next_count in_window fits at_or_before later after N.ltb N.leb] in Dec. passed Dec.
    destruct (next_count _) as [counted|]; [|discriminate]. cbn [and_then] in Dec. passed Dec.
    injection Dec as <-. cbn [AddB.clock'].
    apply is_some_false in Check1. apply N.leb_le in Check3. apply N.ltb_lt in Check4.
    repeat split; auto.
    - apply later_left.
    - eapply lt_le_trans; [now apply before_after|apply later_right].
    - apply orb_true_iff in Check6 as [Own|Le]; [left; now apply N.eqb_eq|right].
      destruct evictor as [o|]; [|discriminate]. exists o. split; [auto|].
      now apply at_or_before_le.
    - unfold view. now rewrite Check1.
    - intro n'. apply view_set.
  Qed.

  (** ** Evictions *)

  Lemma has_children_strip c : has_children c = false -> childless (strip c) = true.
  Proof. now destruct c as [? ? ? [|] [|]]. Qed.

  Lemma evict_b_facts t s n tm s' ev : evict_b cfg t s n tm = Ok (s', ev) ->
    exists m, ev = EvictedDeferred m /\ e_time m = tm /\ e_thread m = t /\ clock s' = tm /\
      lt (clock s) tm /\ added s' = added s /\ Thread.evicted s' = m :: Thread.evicted s /\
      view (slots s) n = Some (Kept (e_record m) EvictB.Deferred None None) /\
      forall n', view (slots s') n' = upd (view (slots s)) n None n'.
  Proof.
    unfold evict_b. intro H. destruct (EvictB.decide_evict_b _) as [u|] eqn:Dec; [|discriminate].
    cbn [and_then] in H. injection H as <- <-.
    unfold EvictB.decide_evict_b, evict_view in Dec. cbn -[next_count in_window] in Dec. passed Dec.
    apply is_some_true in Check0 as (c & G). rewrite G in *. apply before_lt in Check2.
    unfold record_in. rewrite G.
    exists (Element (c_record c) tm t). repeat split; auto.
    - unfold view. rewrite G. destruct c as [r [|] q [x|] [y|]]; try discriminate. reflexivity.
    - intro n'. apply view_unset.
  Qed.

  Lemma names_true x p : names x p = true -> exists l, x = Some l /\ l_path l = p.
  Proof. unfold names, holds. destruct x; [|discriminate]. rewrite path_eqb_eq. eauto. Qed.

  Lemma view_after_evict m n a d l ca : a <> n -> get m a = Some ca -> forall n',
    view (slots_after_evict m n a d l) n' = after_evict (view m) n a (strip ca) d l n'.
  Proof.
    intros Na Ga n'. unfold slots_after_evict, after_evict.
    erewrite view_change by (rewrite get_unset_neq; eassumption).
    rewrite strip_set_child, strip_set_record. unfold upd at 1 2.
    destruct (N.eqb_spec n' a) as [->|N].
    - destruct (N.eqb_spec a n); [congruence|]. now rewrite upd_eq.
    - rewrite view_unset. unfold upd.
      destruct (N.eqb_spec n' n); [reflexivity|]. destruct (N.eqb_spec n' a);
        [congruence|reflexivity].
  Qed.

  (** The facts that both evictions from the tree share. *)
  Lemma evict_linked s n a c ca :
    get (slots s) n = Some c -> get (slots s) a = Some ca ->
    is_below (path_of (c_record c)) (ancestor_path (Some ca)) = true ->
    names (pointer_above (Some ca) (path_of (c_record c))) (path_of (c_record c)) = true ->
    exists x, pointer_above (Some ca) (path_of (c_record c)) = Some x /\ a <> n /\
      linked (view (slots s)) n a (strip c) (strip ca)
        (side (Some ca) (path_of (c_record c))) x.
  Proof.
    intros Gn Ga Below Names. apply is_below_side in Below as (_ & d & D).
    apply names_true in Names as (x & Ex & Px). exists x. split; [assumption|].
    assert (Ed : side (Some ca) (path_of (c_record c)) = d) by exact (side_direction _ _ D).
    split.
    - intros ->. rewrite Gn in Ga. injection Ga as <-. cbn in D. now rewrite dir_irrefl in D.
    - rewrite Ed. unfold pointer_above in Ex. rewrite Ed in Ex.
      unfold linked, view. rewrite Gn, Ga. repeat split; auto.
  Qed.

  Lemma evict_m_facts s n a s' ev : evict_m cfg s n a = Ok (s', ev) ->
    clock s' = clock s /\ added s' = added s /\ Thread.evicted s' = Thread.evicted s /\
    exists r ra d x, ev = EvictedTree (k_val r) /\
      linked (view (slots s)) n a r ra d x /\ childless r = true /\
      forall n', view (slots s') n' = after_evict (view (slots s)) n a ra d
        (Link (k_path r) (record_hash (k_val r)) false) n'.
  Proof.
    unfold evict_m. intro H. destruct (EvictM.decide_evict_m _) as [u|] eqn:Dec; [|discriminate].
    cbn [and_then] in H. injection H as <- <-.
    split; [reflexivity|]. split; [reflexivity|]. split; [reflexivity|].
    unfold EvictM.decide_evict_m in Dec.
    cbn -[names pointer_above is_below child_above parent_is] in Dec. passed Dec. clear Dec.
    apply is_some_true in Check1 as (c & Gn). apply is_some_true in Check2 as (ca & Ga).
    unfold record_in in *. rewrite Gn, Ga in *.
    destruct (evict_linked s n a Gn Ga Check3 Check5) as (x & Ex & Na & L).
    exists (strip c), (strip ca), (side (Some ca) (path_of (c_record c))), x.
    repeat split; try apply L.
    - apply has_children_strip. cbn in Check4. now destruct (has_children c).
    - intro n'. cbn [slots with_slots]. now rewrite (@view_after_evict _ n a _ _ ca Na Ga).
  Qed.

  Lemma evict_bm_facts t s n a tm s' ev : evict_bm cfg t s n a tm = Ok (s', ev) ->
    exists m, ev = EvictedDeferred m /\ e_time m = tm /\ e_thread m = t /\ clock s' = tm /\
      lt (clock s) tm /\ added s' = added s /\ Thread.evicted s' = m :: Thread.evicted s /\
      exists r ra d x, e_record m = k_val r /\
        linked (view (slots s)) n a r ra d x /\ childless r = true /\
        forall n', view (slots s') n' = after_evict (view (slots s)) n a ra d
          (Link (k_path r) (l_hash x) true) n'.
  Proof.
    unfold evict_bm. intro H. destruct (EvictBM.decide_evict_bm _) as [u|] eqn:Dec; [|discriminate].
    cbn [and_then] in H. injection H as <- <-.
    unfold EvictBM.decide_evict_bm, evict_view in Dec.
    cbn -[names pointer_above is_below child_above parent_is next_count in_window] in Dec.
    passed Dec. clear Dec.
    apply is_some_true in Check1 as (c & Gn). apply is_some_true in Check2 as (ca & Ga).
    unfold record_in in *. rewrite Gn, Ga in *. apply before_lt in Check4.
    destruct (evict_linked s n a Gn Ga Check7 Check8) as (x & Ex & Na & L).
    exists (Element (c_record c) tm t). repeat split; auto.
    exists (strip c), (strip ca), (side (Some ca) (path_of (c_record c))), x.
    repeat split; try apply L.
    - apply has_children_strip. cbn in Check5. now destruct (has_children c).
    - intro n'. cbn [slots with_slots give]. rewrite (@view_after_evict _ n a _ _ ca Na Ga).
      now rewrite Ex.
  Qed.

  (** ** Epochs *)

  Lemma next_epoch_facts s s' ev : next_epoch_entry s = Ok (s', ev) ->
    ev = Turned /\ le (clock s) (clock s') /\ added s' = added s /\
    Thread.evicted s' = Thread.evicted s /\ slots s' = slots s.
  Proof.
    unfold next_epoch_entry, Epoch.decide_next_epoch. intro H. passed H. injection H as <- <-.
    cbn. repeat split. apply N.ltb_lt in Check. unfold last_epoch in Check. unfold le, next; cbn.
    rewrite saturating_add_u32_exact by lia. lia.
  Qed.

  Lemma verify_epoch_facts s room s' ev : verify_epoch s room = Ok (s', ev) ->
    ev = Verified (next_epoch s) /\ clock s' = clock s /\ added s' = added s /\
    Thread.evicted s' = Thread.evicted s /\ slots s' = slots s.
  Proof.
    unfold verify_epoch, Epoch.decide_verify_epoch. intro H. cbn in H. passed H.
    injection H as <- <-. cbn. auto.
  Qed.

  (** ** Operations *)

  (** Slot [n] holds the record of [k]. *)
  Definition slot_of (V : N -> option kept) (n : N) (k : key) : Prop :=
    exists v m l r, V n = Some (Kept (App k v) m l r).

  Definition same_write (V : N -> option kept) (w : N * value) (w' : key * value) : Prop :=
    slot_of V (fst w) (fst w') /\ snd w = snd w'.

  Lemma resolve_same V used bound ws : Forall2 (slot_of V) used bound ->
    Forall2 (same_write V) (resolve used ws) (resolve bound ws).
  Proof.
    intro F. induction ws as [|[i v] ws IH]; cbn; [constructor|].
    assert (Nth : match nth_error used i, nth_error bound i with
                  | Some n, Some k => slot_of V n k
                  | None, None => True
                  | _, _ => False
                  end).
    { clear - F. revert i. induction F; intros [|i]; cbn; auto. apply IHF. }
    destruct (nth_error used i), (nth_error bound i); try tauto; cbn; auto.
    constructor; [split; auto|assumption].
  Qed.

  Lemma lift_ok B (r : result B) b : lift r = Ok b -> r = Ok b.
  Proof. destruct r; [|discriminate]. cbn. congruence. Qed.

  (** A call over slots does what it does over a memory that agrees with them. *)
  Lemma execute_evaluate rt m (mem : memory) c : forall listed used bound over x,
    (forall n k v b l r, view m n = Some (Kept (App k v) b l r) -> mem k = v) ->
    Forall2 (slot_of (view m)) used bound ->
    execute cfg rt m listed used over c = Ok x ->
    exists ws, evaluate mem bound c = (x_answer x, ws) /\
      Forall2 (same_write (view m)) (x_writes x) ws.
  Proof.
    induction c as [result writes|code|k next IH|row next IH]; cbn -[RunApp.decide_bind];
      intros listed used bound over x M F H.
    - injection H as <-. eexists. split; [reflexivity|]. now apply resolve_same.
    - injection H as <-. eexists. split; [reflexivity|]. constructor.
    - unfold Session.decide_access in H. passed H.
      destruct (RunApp.decide_bind _) as [[]|] eqn:D; [|discriminate].
      cbn [lift and_then] in H. unfold RunApp.decide_bind in D. cbn in D. passed D.
      destruct listed as [|n listed]; [discriminate|]. cbn in *.
      destruct (get m n) as [[[k' v|] by_ q l r]|] eqn:G; try discriminate. cbn in *.
      unfold key_eqb in Check3. destruct (key_dec k' k) as [->|]; [|discriminate].
      assert (Vn : view m n = Some (Kept (App k v) by_ l r)) by (unfold view; now rewrite G).
      eapply IH; eauto. apply Forall2_app; [assumption|]. constructor; [|constructor].
      unfold slot_of. eauto.
    - assert (Same : match row_in m (nth_error used row) with Some (_, v) => v | None => None end =
                     match nth_error bound row with Some k => mem k | None => None end).
      { clear - M F. revert row. induction F as [|n k used bound Sl F IH]; intros [|row]; cbn;
          try reflexivity; [|apply IH].
        destruct Sl as (v & b & l & r & V). rewrite (M _ _ _ _ _ _ V). unfold view in V.
        destruct (get m n) as [[rec' q' p' l' r']|]; [|discriminate]. cbn in V.
        injection V as -> _ _ _. reflexivity. }
      rewrite <- Same. eapply IH; eauto.
  Qed.

  Lemma run_app_facts rt s o c s' ev : run_app cfg rt s o c = Ok (s', ev) ->
    clock s' = clock s /\ added s' = added s /\ Thread.evicted s' = Thread.evicted s /\
    exists x, ev = Answered (Ran (asked o) (epoch (clock s)) (x_answer x)) /\
      execute cfg rt (slots s) (listed o) [] false c = Ok x /\
      slots s' = write_slots (slots s) (x_writes x) /\ granted rt (slots s) x = true.
  Proof.
    unfold run_app. intro H.
    destruct (execute cfg rt (slots s) (listed o) [] false c) as [x|] eqn:E; [|discriminate].
    cbn [and_then] in H. destruct (lift (RunApp.decide_commit _)); [|discriminate].
    cbn [and_then] in H. unfold Session.decide_access in H. passed H.
    injection H as <- <-. cbn. repeat split. eauto 10.
  Qed.

  (** What else of the thread stays. *)
  Lemma run_app_lane rt s o c s' ev : run_app cfg rt s o c = Ok (s', ev) ->
    published s' = published s /\ next_epoch s' = next_epoch s /\ closed s' = closed s.
  Proof.
    unfold run_app. intro H. destruct (execute _ _ _ _ _ _ _); [|discriminate].
    cbn [and_then] in H. destruct (lift (RunApp.decide_commit _)); [|discriminate].
    cbn [and_then] in H. destruct (Session.decide_access _); [|discriminate].
    injection H as <- <-. auto.
  Qed.
End Entries.
