"""The sums of the database against the sums of the rules."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from evaluation.extensions import db
from evaluation.models import ItemMark, Stage
from evaluation.queries import sums
from evaluation.rules import scoring
from evaluation.rules.scoring import WorkKind
from evaluation.rules.terms import sql_terms
from evaluation.services import rulebooks, scores
from tests import factories

quantities = st.decimals("0", "99.99", places=2)
coefficients = st.decimals("0.0001", "60", places=4)
findings = st.integers(0, 6)
lines = st.lists(
    st.tuples(
        st.sampled_from(list(WorkKind)),
        quantities,
        quantities,
        coefficients,
        findings,
        findings,
        st.booleans(),
    ),
    max_size=8,
)


@given(lines=lines, choices=st.fixed_dictionaries({"deduction": st.sampled_from(["PER_UNIT", "PER_LINE"])}))
def test_the_database_sums_what_the_rules_sum(database, lines, choices) -> None:
    with db.session.begin_nested() as step:
        office = factories.office()
        report = factories.report(
            office.lan.assignments[0],
            supervising=office.division,
            confirming=office.department,
            agency=office.department,
        )
        for kind, assigned, done, coefficient, fails, delays, marked in lines:
            if kind is WorkKind.TRANSFERRED_OUT:
                done, marked = Decimal(0), False
            item = factories.item(
                report,
                assigned=assigned,
                done=done,
                coefficient=coefficient,
                kind=kind,
                quality_fails=fails,
                delays=delays,
            )
            if marked:
                db.session.add(
                    ItemMark(
                        report_id=report.id,
                        item_id=item.id,
                        done=done / 2,
                        quality_fails=delays,
                        delays=fails,
                        reason="x",
                        marked_by=office.hung.id,
                    )
                )
        db.session.flush()
        db.session.expire_all()
        book = rulebooks.book_of(report).with_choices(choices)
        day = report.period.month
        for stage in (Stage.OWN, Stage.SUPERVISOR):
            by_rules = scoring.sums_of(
                (scores.line_of(item, stage) for item in report.items), book=book, day=day
            )
            (by_database,) = sums.of_reports([report.id], stage, sql_terms(book, day))
            assert by_database.sums == by_rules
        step.rollback()
