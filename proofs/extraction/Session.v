(** The checks of sessions: who may ask, and whether a request is new.

    What is refused is the client's fault, or nobody's; none of these checks poisons a thread. *)
From Coq Require Import Extraction.
Require Import Primitives.
From zeta Require Spec.Session.
Extraction Language JSON.
Extraction Library Session.
