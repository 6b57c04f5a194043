(** What each theorem rests on, compared with [assumptions.expected]. *)
From zeta Require Import Thm.AddB Thm.Soundness Thm.Adopted Thm.KeyValue Thm.MultisetHash.
From zeta Require Import Codec.Laws Codec.Elements Exec.Refines Exec.Answers.
From zeta Require Import Thm.Decided Thm.Honest Thm.Examples.
From zeta Require Import Program.Loaded Program.Certified Program.Canonical.
From zeta Require Import Program.KeyValue Program.CertifiedKeyValue.
From zeta Require Import Thm.ReceiptTree Thm.Sessions Thm.Receipts Thm.SessionExamples.
From zeta Require Import Thm.HonestClient.
From zeta Require Thm.Certified.
Print Assumptions log_lawful.
Print Assumptions encode_prefix_free.
Print Assumptions encode_injective.
Print Assumptions parse_shortens.
Print Assumptions parsed_is_checked.
Print Assumptions element_bytes_injective.
Print Assumptions machine_refines.
Print Assumptions machine_ends_alike.
Print Assumptions every_log_splits.
Print Assumptions call_agrees.
Print Assumptions decide_add_b_ok.
Print Assumptions within_budget.
Print Assumptions added_before_clock.
Print Assumptions clock_never_decreases.
Print Assumptions other_element_is_published.
Print Assumptions update_in_width.
Print Assumptions retry_after_fatal_checks.
Print Assumptions rejection_ignores_published.
Print Assumptions strictly_serializable.
Print Assumptions serializable_unless_found.
Print Assumptions certified_is_prefix.
Print Assumptions certified_is_frozen.
Print Assumptions find_collision_sound.
Print Assumptions find_collision_complete.
Print Assumptions without_published_clocks.
Print Assumptions summary_adoptable.
Print Assumptions adopted_serializable.
Print Assumptions certified_get_returns_last_put.
Print Assumptions unnoticed_mismatch.
Print Assumptions collision_is_equation.
Print Assumptions closed_epoch_is_decided.
Print Assumptions honest_host_is_never_refused.
Print Assumptions honest_is_sequential.
Print Assumptions loaded_call_is_sound.
Print Assumptions loaded_asks_for_few.
Print Assumptions depends_on_what_is_read.
Print Assumptions program_strictly_serializable.
Print Assumptions load_canonical.
Print Assumptions key_value_loads.
Print Assumptions key_value_means.
Print Assumptions certified_answers_are_of_a_map.
Print Assumptions honest_client_is_never_refused.
Print Assumptions request_runs_once.
Print Assumptions request_is_authorised.
Print Assumptions strict_order_is_kept.
Print Assumptions asked_number_never_runs.
Print Assumptions rows_are_granted.
Print Assumptions frontier_is_tree_root.
Print Assumptions path_sound.
Print Assumptions leaf_has_path.
Print Assumptions receipt_is_of_run.
Print Assumptions Thm.Certified.receipt_is_of_the_sequential_run.
Print Assumptions Thm.Certified.certification_message_inj.
Print Assumptions Thm.Certified.find_receipt_collision_sound.
Print Assumptions Thm.Certified.find_receipt_collision_complete.
Print Assumptions receipt_verifies.
