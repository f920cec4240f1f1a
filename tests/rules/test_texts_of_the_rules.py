"""Every text the rules hand to a reader has its Vietnamese wording."""

import ast
from collections.abc import Iterator
from pathlib import Path

from evaluation.language import read_catalogue
from evaluation.rules import (
    bands,
    commendation,
    condition_words,
    criteria_met,
    extra_income,
    grading,
    organisation_class,
    party,
    scoring,
    weighted_raters,
)
from evaluation.rules.commendation_votes import VoteResult

RULES = Path(__file__).resolve().parents[2] / "evaluation" / "rules"
PLACE_OF_TEXT = {"fine": 2, "ask": 3, "hold": 3, "refuse": 3, "add": 1, "ratio": 1, "Step": 1}
LABELLED = (
    bands.Band,
    scoring.WorkKind,
    scoring.ScoreStatus,
    grading.Leave,
    grading.Blocker,
    grading.AnnualStatus,
    grading.QuotaBase,
    commendation.Award,
    commendation.VerdictStatus,
    organisation_class.OrganisationStatus,
    organisation_class.Condition,
    extra_income.IncomeNote,
    party.PartyStatus,
    VoteResult,
    criteria_met.CriteriaStatus,
    weighted_raters.RatersStatus,
    condition_words.Rater,
)


def texts_of_steps_and_findings() -> Iterator[str]:
    files = [
        RULES / "scoring.py",
        RULES / "grading.py",
        RULES / "criteria_met.py",
        RULES / "organisation_class.py",
        RULES / "extra_income.py",
        RULES / "party.py",
        RULES / "weighted_raters.py",
        *RULES.glob("commendation*.py"),
    ]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                at = PLACE_OF_TEXT.get(called)
                if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                    yield str(node.args[at].value)  # type: ignore[attr-defined]


def test_every_text_of_the_rules_has_its_vietnamese_wording() -> None:
    catalogue = read_catalogue("vi")
    found = set(texts_of_steps_and_findings())
    assert {"Quality", "No discipline touches the year", "Mean of the scored months"} <= found
    labels = {member.label for kind in LABELLED for member in kind}
    missing = [
        text
        for text in found | labels | {*commendation.CODE_LABELS.values(), *condition_words.FACTS.values()}
        if catalogue.get(text) is None
    ]
    assert not missing
