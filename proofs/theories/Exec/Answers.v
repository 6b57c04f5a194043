(** A call over bytes answers as the verifier of Spec answers to the entries that they encode. *)
From Coq Require Import NArith Wf_nat List Bool Lia.
From zeta Require Import Spec.Width Spec.Record Spec.Reason Spec.Entry Spec.Application.
From zeta Require Import Spec.Thread Spec.Verifier Codec.Bytes Codec.Lawful Codec.Log Codec.Laws.
From zeta Require Import Codec.Answer Exec.Machine Exec.Refines Exec.Call.
Import ListNotations.
Open Scope N_scope.

(** Entries, and what follows them where it is no entry. *)
Definition bytes_of_log (es : list entry) (tail : bytes) : bytes := flat_map encode es ++ tail.

Definition is_tail (tail : bytes) (stop : option Stop) : Prop :=
  match stop with None => tail = [] | Some stop => tail <> [] /\ parse tail = Err stop end.

(** Any bytes are read in one way: entries, and then nothing, or what is none. *)
Theorem every_log_splits bs :
  octets bs ->
  exists es tail stop, Forall entry_ok es /\ is_tail tail stop /\ bs = bytes_of_log es tail.
Proof.
  remember (length bs) as n eqn:len. revert bs len.
  induction n as [n IH] using lt_wf_ind. intros bs -> all.
  destruct (parse bs) as [[e rest] | stop] eqn:found.
  - destruct (parse_canonical _ _ _ all found) as [ok ->].
    destruct (IH (length rest)) with (bs := rest) as (es & tail & stop & oks & end_ & ->).
    + exact (parse_shortens _ _ _ all found).
    + reflexivity.
    + apply octets_app in all. apply all.
    + exists (e :: es), tail, stop. unfold bytes_of_log. cbn [flat_map]. rewrite app_assoc. auto.
  - destruct bs as [| b bs].
    + exists [], [], None. repeat split. constructor.
    + exists [], (b :: bs), (Some stop). repeat split; [constructor | discriminate | exact found].
Qed.

Section Answers.
Context {P : Primitives} {A : Application}.
Variable cfg : config.

(** What Spec's verifier does to entries, and to what follows them: its replies, why it stopped, and
    the entries that it has left. *)
Fixpoint spec_call (v : verifier) (t : N) (es : list entry) (tail : option Stop)
    : verifier * list reply * option Stop * list entry :=
  match es with
  | [] =>
      match tail with
      | None => (v, [], None, [])
      | Some stop => (fst (settle cfg v t (Err stop)), [], Some stop, [])
      end
  | e :: rest =>
      match step cfg v t e with
      | (v, Stopped stop) => (v, [], Some stop, es)
      | (v, r) =>
          let '(v, rs, stop, unread) := spec_call v t rest tail in (v, r :: rs, stop, unread)
      end
  end.

Lemma settle_err_agrees v m t stop :
  agrees cfg v m ->
  agrees cfg (fst (settle cfg v t (Err stop)))
    (Machine (fst (settle cfg (core m) t (Err stop))) (ledger m)).
Proof.
  intros [same books]. destruct (settle_err_blind cfg v t stop) as [blind_same blind_lists].
  rewrite same, blind_same. split; [reflexivity |].
  intros t'. exact (books_ok_same _ _ _ (blind_lists t') (books t')).
Qed.

Lemma encode_cons e rest : exists b bs, encode e ++ rest = b :: bs.
Proof. destruct e as [| | | | | | | [] | | | |]; cbn [encode]; eexists; eexists; reflexivity. Qed.

Theorem process_agrees es tail end_ t : is_tail tail end_ -> Forall entry_ok es ->
  forall fuel v m answers, agrees cfg v m ->
  (length (bytes_of_log es tail) <= length fuel)%nat ->
  let '(v', rs, stop, unread) := spec_call v t es end_ in
  let '(m', (rest, said, stop')) := process cfg fuel m t (bytes_of_log es tail) answers in
  agrees cfg v' m' /\ stop' = stop /\ rest = bytes_of_log unread tail /\
  said = rev (map (put_reply cfg) rs) ++ answers.
Proof.
  intros is_end oks. induction oks as [| e es ok oks IH]; intros fuel v m answers agree enough.
  - cbn [spec_call]. unfold bytes_of_log in *. cbn [flat_map app] in *.
    destruct end_ as [stop |]; cbn in is_end.
    + destruct is_end as [some no_entry]. destruct tail as [| b tail]; [easy |].
      destruct fuel as [| f fuel]; [cbn in enough; lia |].
      cbn [process]. unfold step_bytes. rewrite no_entry.
      pose proof (settle_err_agrees v m t stop agree) as after.
      destruct (settle cfg (core m) t (Err stop)) as [v' r']. cbn [fst] in after. auto.
    + subst tail. destruct fuel; cbn [process]; auto.
  - unfold bytes_of_log in *. cbn [flat_map] in *. rewrite <- app_assoc in *.
    destruct fuel as [| f fuel].
    { destruct (encode_cons e (flat_map encode es ++ tail)) as (b & bs & cons).
      rewrite cons in enough. cbn in enough. lia. }
    assert (length (flat_map encode es ++ tail) <= length fuel)%nat as enough'.
    { rewrite app_length in enough. destruct (encode_cons e []) as (b & bs & cons).
      rewrite app_nil_r in cons. rewrite cons in enough. cbn in enough. lia. }
    cbn [spec_call].
    assert (process cfg (f :: fuel) m t (encode e ++ flat_map encode es ++ tail) answers =
            match step_bytes cfg m t (encode e ++ flat_map encode es ++ tail) with
            | (m, Ok (answer, rest)) => process cfg fuel m t rest (answer :: answers)
            | (m, Err stop) => (m, (encode e ++ flat_map encode es ++ tail, answers, Some stop))
            end) as ->.
    { destruct (encode_cons e (flat_map encode es ++ tail)) as (b & bs & ->). reflexivity. }
    unfold step_bytes. rewrite parse_encode by exact ok.
    destruct (step_agrees cfg v m t e agree) as [same after].
    destruct (step cfg v t e) as [v' r], (step_machine cfg m t e) as [m' r'].
    cbn [fst snd] in same, after. subst r'.
    assert (forall answer,
      let '(v'', rs, stop, unread) := spec_call v' t es end_ in
      let '(m'', (rest, said, stop')) :=
        process cfg fuel m' t (flat_map encode es ++ tail) (answer :: answers) in
      agrees cfg v'' m'' /\ stop' = stop /\ rest = flat_map encode unread ++ tail /\
      said = rev (map (put_reply cfg) rs) ++ answer :: answers) as next_.
    { intros answer. apply IH; assumption. }
    specialize (next_ (put_reply cfg r)).
    destruct r; try
      (destruct (spec_call v' t es end_) as [[[v'' rs] stop] unread];
       destruct (process cfg fuel m' t _ _) as [m'' [[rest said] stop']];
       destruct next_ as (agree' & same_stop & same_rest & same_said);
       cbn [map rev]; rewrite <- app_assoc; cbn [app]; auto).
    cbn [flat_map]. rewrite <- app_assoc. auto.
Qed.

(** A call over the bytes of a thread that was not rejected: its answers are the bytes of Spec's
    replies, it stops where and why Spec does, and has consumed the entries before. *)
Theorem call_agrees v m t es tail end_ :
  agrees cfg v (made m) -> rejection (thread_at cfg v t) = None ->
  is_tail tail end_ -> Forall entry_ok es ->
  let log := bytes_of_log es tail in
  let '(v', rs, stop, unread) := spec_call v t es end_ in
  let '(m', p) := verify_log cfg m t log in
  agrees cfg v' (made m') /\ stopped p = stop /\
  rev (outputs p) = map (put_reply cfg) rs /\
  consumed p = size log - size (bytes_of_log unread tail) /\
  position m' t = position m t + consumed p.
Proof.
  intros agree sound is_end oks log.
  pose proof (process_agrees es tail end_ t is_end oks log v (made m) [] agree (le_n _)) as done.
  unfold verify_log.
  assert (rejection (thread_at cfg (core (made m)) t) = None) as ->.
  { destruct (machine_ends_alike cfg v (made m) agree) as (_ & _ & _ & _ & threads_same).
    destruct (threads_same t) as (_ & _ & ->). exact sound. }
  fold log in done. destruct (spec_call v t es end_) as [[[v' rs] stop] unread].
  destruct (process cfg log (made m) t log []) as [m' [[rest said] stop']].
  destruct done as (agree' & -> & -> & ->). cbn [made stopped outputs consumed].
  rewrite app_nil_r, rev_involutive. repeat split; try assumption; try apply agree'.
  unfold position. cbn [positions]. now rewrite Table.get_set_eq.
Qed.
End Answers.
