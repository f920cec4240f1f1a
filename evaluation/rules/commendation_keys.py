"""What the rules of commendation read of a pack: its numbers, the questions it answers, the grounds it cites."""

from __future__ import annotations

from evaluation.rules.verdicts import Award

WITH_THRESHOLD = (Award.CSTDT, Award.CSTDTQ, Award.BKTTG, Award.COCP)
NUMBERS = frozenset(
    {
        "title_share",
        "council_surely_percent",
        "council_never_percent",
        *(f"council_threshold_{award.value.lower()}" for award in WITH_THRESHOLD),
        "months_left_after_discipline",
        "months_needed_at_old_unit",
        "months_needed_to_be_rated",
        "cstdt_consecutive_years",
        "cstdtq_titles",
        "ttldtt_ldtt_share",
        "ttldxs_ldtt_share",
        "ttldxs_cstdcs",
        "cot_cluster_rank",
        "cocp_leaders_share",
        "bkt_cstdcs_years",
        "bkt_excellent_years",
        "bkt_initiatives",
        "bkttg_years",
        "bkttg_initiatives",
        "hcld3_years",
        "hcld3_excellent_years",
        "hcld3_cstdcs",
    }
)
STATES = frozenset({"IN_FORCE", "TEXT_UNKNOWN", "ABOLISHED"})
CHOICES: dict[str, frozenset[str | bool]] = {
    "title_rounding": frozenset({"FLOOR", "HALF_UP"}),
    "cstdcs_condition": frozenset({"EXCELLENT_OR_INITIATIVE", "EXCELLENT_AND_INITIATIVE"}),
    "reform_result_needed_for": frozenset({"EVERYONE", "HEADS"}),
    "unit_rating_needed_for": frozenset({"EVERYONE", "HEADS"}),
    "reform_gate_binds": frozenset({"HEADS", "EVERYONE"}),
    "ttldtt_no_warning": frozenset({"REFUSE", "IGNORE"}),
    "ttldxs_no_warning": frozenset({"REFUSE", "IGNORE"}),
    **{f"award_{award}": STATES for award in Award},
}
GROUNDS = frozenset(
    {
        "pack",
        "reform_known",
        "rating_known",
        "pending",
        "discipline",
        "reform_gate",
        "criticism",
        "subordinate_discipline",
        "head_limit",
        "unit_dissolved",
        "rating",
        "unit_rating",
        "unrated",
        "old_unit_opinion",
        "ldtt_standard",
        "cstdcs_standard",
        "cstdt_standard",
        "cstdt_initiative",
        "cstdtq_standard",
        "cstdtq_initiative",
        "ttldxs_standard",
        "cot_standard",
        "cocp_standard",
        "gk_standard",
        "bkt_standard",
        "bkttg_standard",
        "hcld3_standard",
        "hcld2_standard",
        "hcld1_standard",
        "collective_limb",
        "duplicate",
    }
)
