"""Twenty faults that must do no harm: what is promised, and the tests that do each one on purpose."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One fault: its number in the failure model, the promise in a sentence, and the tests as file::function."""

    number: int
    promise: str
    tests: tuple[str, ...]


OUTAGES = "tests/faults/test_database_outages.py"
BACKGROUND = "tests/faults/test_work_in_the_background.py"
JOBS = "tests/runtime/test_jobs.py"
RACES = "tests/services/test_review_races.py"
REPORTS = "tests/services/test_reports.py"

FAULTS = (
    Fault(
        1,
        "A form sent twice is one submission, and the second sender gets the same result page.",
        (
            f"{REPORTS}::test_submitting_twice_with_one_transaction_id_is_one_submission",
            f"{REPORTS}::test_two_requests_at_once_with_one_transaction_id_are_one_submission",
            f"{RACES}::test_a_double_press_of_accept_scores_once_and_answers_the_same",
            "tests/services/test_workplans.py::test_the_same_form_sent_twice_is_one_line",
        ),
    ),
    Fault(
        2,
        "Of two tabs the second save sees both versions; nothing typed is lost.",
        (
            f"{REPORTS}::test_a_second_tab_with_other_values_is_refused_and_shows_both",
            "tests/web/test_reports.py::test_two_tabs_the_second_gets_both_versions_and_can_keep_its_own",
            "tests/web/test_reviews.py::test_two_tabs_the_second_save_keeps_what_was_typed_and_shows_what_is_stored",
            "tests/web/test_workplans.py::test_a_second_tab_is_shown_both_values_and_may_then_decide",
        ),
    ),
    Fault(
        3,
        "Of two superiors who score at once one wins and the other reads who and when.",
        (
            f"{RACES}::test_head_and_delegate_score_at_once_and_one_wins_while_the_other_reads_who",
            "tests/services/test_reviews.py::test_an_old_form_is_refused_and_says_who_was_quicker",
            "tests/services/test_workplans.py::test_of_two_supervisors_at_once_one_wins_and_the_other_is_told_who",
        ),
    ),
    Fault(
        4,
        "What was submitted is what is scored; later edits need the sheet to be returned.",
        (
            f"{REPORTS}::test_what_was_submitted_is_what_the_supervisor_scores",
            f"{REPORTS}::test_a_submitted_sheet_takes_no_draft",
            f"{REPORTS}::test_a_sheet_with_a_supervisors_finding_goes_back_only_by_being_returned",
        ),
    ),
    Fault(
        5,
        "Whatever 32 clients do to one sheet, its history is a path of the table of moves.",
        (
            f"{RACES}::test_thirty_two_clients_hammer_one_sheet_and_its_history_is_a_path_of_the_moves",
            f"{RACES}::test_withdrawing_while_it_is_scored_leaves_one_of_the_two",
        ),
    ),
    Fault(
        6,
        "Ten approvers at once never exceed the quota of excellent.",
        ("tests/services/test_grades.py::test_ten_approvers_at_once_never_exceed_the_quota",),
    ),
    Fault(
        7,
        "A web worker killed after the commit: the same form sent again gets the committed result.",
        (
            "tests/faults/test_web_worker_killed.py"
            "::test_killed_after_the_commit_the_same_form_sent_again_gets_the_committed_result",
        ),
    ),
    Fault(
        8,
        "A web worker killed before the commit: nothing is stored and the draft is intact.",
        (
            "tests/faults/test_web_worker_killed.py"
            "::test_killed_before_the_commit_nothing_is_stored_and_the_draft_is_intact",
        ),
    ),
    Fault(
        9,
        "A worker killed in the middle of a roll-up: the totals are those of an undisturbed run.",
        (
            f"{JOBS}::test_a_worker_killed_in_the_middle_and_started_again_gives_the_totals_of_an_undisturbed_run",
            f"{JOBS}::test_a_chunk_whose_worker_dies_three_times_ends_the_job",
            f"{JOBS}::test_a_slow_worker_is_not_taken_for_a_dead_one",
            "tests/runtime/test_stopping.py"
            "::test_a_worker_whose_time_is_over_gives_its_piece_back_at_once_and_another_goes_on",
        ),
    ),
    Fault(
        10,
        "One message delivered ten times has one effect.",
        (
            f"{JOBS}::test_the_same_message_ten_times_has_one_effect",
            "tests/runtime/test_brokers.py::test_a_message_delivered_ten_times_has_one_effect_whatever_carries_it",
        ),
    ),
    Fault(
        11,
        "A message that comes after its month was closed, or after a newer run of it, changes nothing.",
        (
            f"{BACKGROUND}::test_a_message_to_open_a_month_that_was_closed_meanwhile_adds_nothing",
            f"{BACKGROUND}::test_the_message_of_a_roll_up_that_was_overtaken_by_a_newer_one_changes_nothing",
            f"{BACKGROUND}::test_a_message_for_a_job_that_failed_or_is_gone_does_nothing",
        ),
    ),
    Fault(
        12,
        "With the broker away submitting works, and what was asked for is done once it is back.",
        (
            f"{BACKGROUND}::test_with_the_broker_away_submitting_works_and_work_asked_for_is_done_once_it_is_back",
            "tests/runtime/test_doorbells.py::test_a_broker_that_does_not_answer_is_logged_and_stops_nobody",
            "tests/web/test_admin_port.py::test_a_broker_that_is_away_degrades_and_turns_nobody_away",
            "tests/services/test_alarms.py"
            "::test_a_reconciler_that_was_not_heard_of_is_told_to_those_who_can_mend_it",
        ),
    ),
    Fault(
        13,
        "A broker that lost its tables in the middle is made again, and the work is rung for again.",
        (
            f"{BACKGROUND}"
            "::test_a_broker_whose_tables_are_dropped_while_everybody_uses_it_is_made_again_and_the_work_is_done",
            f"{JOBS}::test_a_job_whose_message_was_lost_with_the_broker_is_found_again",
            "tests/runtime/test_brokers.py"
            "::test_a_broker_emptied_in_the_middle_loses_no_work_and_the_totals_are_those_of_an_undisturbed_run",
        ),
    ),
    Fault(
        14,
        "A database stopped at once leaves whole saves; each answer says what was saved; no restart is needed after.",
        (
            f"{OUTAGES}"
            "::test_a_database_stopped_at_once_during_writes_leaves_whole_saves_and_each_answer_told_the_truth",
            f"{OUTAGES}::test_while_the_database_is_away_pages_scripts_and_health_answer_without_it",
            f"{OUTAGES}::test_a_fault_after_the_commit_says_that_it_was_saved_and_offers_no_second_sending",
        ),
    ),
    Fault(
        15,
        "Without a free connection, or with a slow statement, the answer is 503 with a time; live stays, ready turns.",
        (
            f"{OUTAGES}::test_with_no_connection_free_the_answer_is_503_with_a_time_and_health_stays_live",
            f"{OUTAGES}::test_a_slow_statement_of_a_page_is_stopped_and_one_of_a_job_is_not",
        ),
    ),
    Fault(
        16,
        "A deadlock or a serialization failure is repeated at most three times, then told clearly.",
        (
            f"{OUTAGES}::test_a_deadlock_is_repeated_unseen",
            f"{OUTAGES}::test_three_collisions_are_repeated_and_the_fourth_attempt_stands",
            f"{OUTAGES}::test_who_collides_four_times_is_told_and_nothing_is_saved",
            f"{RACES}::test_accepting_the_same_sheets_in_opposite_order_never_locks_up",
        ),
    ),
    Fault(
        17,
        "A full disk refuses the file with a sentence; no part of it stays.",
        (
            "tests/faults/test_disk_full.py"
            "::test_evidence_that_the_disk_does_not_take_is_refused_and_leaves_nothing",
        ),
    ),
    Fault(
        18,
        "Two timetables at once do everything once.",
        (
            "tests/faults/test_two_timetables.py::test_everything_on_the_timetable_asked_for_twice_at_once_is_done_once",
            "tests/services/test_workplans.py::test_two_beats_at_once_open_one_month",
            f"{JOBS}::test_the_same_request_while_it_is_alive_is_the_same_job",
            "tests/services/test_periods.py::test_reminders_come_the_working_day_before_and_only_once_a_day",
        ),
    ),
    Fault(
        19,
        "The date in Vietnam decides, to the second; there is no grace after the last day but an extension.",
        (
            "tests/faults/test_clock.py::test_the_last_day_ends_at_midnight_in_vietnam_which_is_17_hours_utc",
            f"{REPORTS}::test_the_last_day_is_a_day_in_vietnam_and_the_day_after_is_refused",
            f"{REPORTS}::test_an_extension_lets_a_late_sheet_in_and_says_that_it_was_late",
        ),
    ),
    Fault(
        20,
        "A clock that goes back changes neither the order of the history nor who was last.",
        (
            "tests/faults/test_clock.py"
            "::test_a_clock_that_goes_back_changes_neither_the_order_of_the_history_nor_who_was_last",
        ),
    ),
)
