(** Texts: byte strings that are UTF-8. *)
From Coq Require Import NArith List Bool Lia.
From zeta Require Import Spec.Record.
Import ListNotations.
Open Scope N_scope.

Definition within (low high b : N) : bool := (low <=? b) && (b <=? high).
Definition goes_on (b : N) : bool := within 128 191 b.

(** Table 3-7 of the Unicode standard: neither overlong forms nor surrogates nor more. *)
Fixpoint is_utf8 (text : bytes) : bool :=
  match text with
  | [] => true
  | a :: l =>
      if a <? 128 then is_utf8 l else
      match l with
      | [] => false
      | b :: l =>
          if within 194 223 a then goes_on b && is_utf8 l else
          match l with
          | [] => false
          | c :: l =>
              if within 224 239 a then
                within (if a =? 224 then 160 else 128) (if a =? 237 then 159 else 191) b
                && goes_on c && is_utf8 l
              else
              match l with
              | [] => false
              | d :: l =>
                  within 240 244 a
                  && within (if a =? 240 then 144 else 128) (if a =? 244 then 143 else 191) b
                  && goes_on c && goes_on d && is_utf8 l
              end
          end
      end
  end.

Lemma is_utf8_app x y : is_utf8 x = true -> is_utf8 y = true -> is_utf8 (x ++ y) = true.
Proof.
  intros X Y. remember (length x) as n eqn:N. assert (L : (length x <= n)%nat) by lia. clear N.
  revert x X L. induction n as [| n IH]; intros [| a l] X L; cbn [app]; try exact Y;
    cbn [length] in L; [lia |].
  cbn [is_utf8] in *. destruct (a <? 128); [apply IH; [exact X | lia] |].
  destruct l as [| b l]; [discriminate |]. cbn [app length] in *.
  destruct (within 194 223 a).
  { apply andb_true_iff in X as [-> X]. apply IH; [exact X | lia]. }
  destruct l as [| c l]; [discriminate |]. cbn [app length] in *.
  destruct (within 224 239 a).
  { apply andb_true_iff in X as [X1 X]. rewrite X1. apply IH; [exact X | lia]. }
  destruct l as [| d l]; [discriminate |]. cbn [app length] in *.
  apply andb_true_iff in X as [X1 X]. rewrite X1. apply IH; [exact X | lia].
Qed.
