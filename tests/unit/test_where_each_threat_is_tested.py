"""The rules of what an intruder must not succeed with, and the tests that hold each of them.

An index for readers; the test keeps it true when tests are renamed.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ATTACK = "unit/attack"

HELD_BY: dict[str, dict[str, list[str]]] = {
    "1. one release, one attack": {
        f"{ATTACK}/test_tables.py": [
            "test_microdata_complete_a_table_of_the_same_source",
            "test_a_top_code_and_an_exact_total_give_the_excess_so_both_are_refused",
            "test_a_count_and_a_sum_of_one_source_are_not_judged_apart",
        ],
        "unit/test_check_refuses.py": [
            "test_a_plan_is_refused_with_exit_code_2",
            "test_one_source_under_two_plans_is_refused",
        ],
    },
    "2. the sealed bytes are attacked": {
        f"{ATTACK}/test_public_files.py": [
            "test_a_direct_identifier_anywhere_blocks",
            "test_a_changed_byte_does_not_match_the_sums",
            "test_files_that_do_not_belong_to_a_release_block",
        ],
    },
    "3. every published column counts": {
        f"{ATTACK}/test_determination.py": [
            "test_a_number_per_year_of_marriage_gives_the_years_away",
            "test_a_column_that_refines_a_generalised_one_blocks",
        ],
        f"{ATTACK}/test_microdata.py": ["test_an_attribute_without_a_reason_blocks"],
    },
    "4. units, not rows": {
        f"{ATTACK}/test_microdata.py": [
            "test_five_visits_of_one_patient_are_not_five_people",
            "test_a_published_household_link_makes_its_composition_identifying",
        ],
        f"{ATTACK}/test_tables.py": ["test_thresholds_count_every_kind_of_unit"],
    },
    "5. files do not link": {
        f"{ATTACK}/test_microdata.py": [
            "test_rows_in_the_order_of_the_source_block",
            "test_two_files_with_the_same_pseudonyms_link",
        ],
        "unit/test_check.py": ["test_any_order_of_the_records_gives_the_same_bytes"],
    },
    "6. public numbers are functions of public bytes": {
        f"{ATTACK}/test_tables.py": [
            "test_the_split_into_primary_and_secondary_gives_all_four_cells",
            "test_margins_six_and_twenty_five_are_safe_without_the_split",
        ],
        f"{ATTACK}/test_public_files.py": ["test_the_report_states_what_is_on_the_closed_list"],
    },
    "7. no oracles": {
        "unit/record/test_verify.py": [
            "test_a_commitment_opens_with_its_own_content_and_salt_only",
            "test_a_salt_of_another_length_is_refused",
        ],
        "integration/flows/test_release_flow.py": ["test_the_reason_is_in_neither_ledger_nor_log"],
    },
    "8. sensitive attributes need a model": {
        f"{ATTACK}/test_microdata.py": [
            "test_five_people_with_one_diagnosis_are_not_diverse",
            "test_a_sensitive_attribute_without_a_model_blocks",
        ],
        f"{ATTACK}/test_tables.py": ["test_a_sensitive_dimension_blocks"],
    },
    "9. floors": {
        f"{ATTACK}/test_microdata.py": ["test_policies_below_the_floor_block"],
        "unit/test_check_refuses.py": [
            "test_a_policy_is_refused_with_exit_code_2",
            "test_material_that_is_not_personal_keeps_protection_on",
        ],
    },
    "10. domains come from public lists or published values": {
        f"{ATTACK}/test_public_files.py": [
            "test_a_maximum_from_before_top_coding_blocks",
            "test_a_category_that_was_suppressed_everywhere_is_named_nowhere",
            "test_an_extent_is_not_taken_from_the_raw_data",
        ],
    },
    "11. Prefect is a low-trust place": {
        "unit/test_report.py": [
            "test_prefect_sees_no_number_below_the_floor",
            "test_prefect_sees_no_loss_no_split_and_no_message",
        ],
        "integration/flows/test_no_value_leaks.py": ["test_a_release_leaks_no_value"],
    },
    "12. a decision names its bytes": {
        "contract/test_judge.py": ["test_a_code_seen_in_two_answers_voids_both"],
        "unit/adapters/test_samples.py": [
            "test_nobody_approves_unattended_outside_of_a_demonstration",
            "test_nobody_approves_unattended_for_another_portal",
        ],
        "integration/flows/test_release_flow.py": [
            "test_fresh_data_do_not_slip_under_an_old_approval"
        ],
    },
    "13. releases meet": {
        f"{ATTACK}/test_releases.py": [
            "test_a_class_minus_a_part_of_it_is_a_class",
            "test_different_variables_coarsened_cross_each_other",
            "test_corrected_data_of_the_same_period_are_refused",
            "test_values_that_do_not_change_single_somebody_out",
            "test_who_came_or_left_is_many_and_diverse_or_nobody",
            "test_a_class_minus_a_published_part_of_it_is_no_small_rest",
            "test_tables_from_a_source_are_refused_where_they_differ",
            "test_a_change_note_gives_no_counts",
        ],
        "property/test_releases.py": [
            "test_two_codings_are_safe_if_their_join_is",
            "test_two_periods_are_safe_if_no_comparison_singles_out",
        ],
        "unit/test_check_earlier.py": [
            "test_a_later_period_is_compared_with_every_earlier_release"
        ],
        "unit/test_publication.py": [
            "test_a_release_that_became_public_meanwhile_asks_for_a_new_attack"
        ],
        "contract/test_memory.py": ["test_the_head_moves_with_the_datasets_own_releases_only"],
        "unit/adapters/test_vault_files.py": ["test_a_memory_that_lost_something_blocks"],
    },
}


@pytest.mark.parametrize("rule", HELD_BY)
def test_every_test_that_the_index_names_is_there(rule: str) -> None:
    for file, names in HELD_BY[rule].items():
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert set(names) <= there
