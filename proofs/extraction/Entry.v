(** The checks of the entries: one pure function for each, from one fixed view to an update.

    Checks stand in the order in which they are made; fatal checks come before those that end in
    [Retry], but for RunApp, whose rows are asked for after the floor has let it in. *)
From Coq Require Import Extraction.
Require Import Primitives.
From zeta Require Spec.AddM Spec.AddB Spec.EvictM Spec.EvictB Spec.EvictBM Spec.Epoch Spec.RunApp.
Extraction Language JSON.
Extraction Library Bounds.
Extraction Library AddM.
Extraction Library AddB.
Extraction Library EvictM.
Extraction Library EvictB.
Extraction Library EvictBM.
Extraction Library Epoch.
Extraction Library RunApp.
