"""The working of a verdict on a title: each condition with its fact and article, the months and the class behind it."""

from typing import Any

from flask_babel import gettext as _

from evaluation.queries import workings as queries
from evaluation.rules.bands import Band
from evaluation.rules.explain import parse_exact, steps_from_json
from evaluation.rules.periods import Month, Span, SpanKind
from evaluation.rules.working import Column, Entered, Ground, Inputs, Row, Working
from evaluation.services import commendation_words as words
from evaluation.services import rulebook_sources
from evaluation.services.commendation_lists import Why


def of_verdict(why: Why) -> Working:
    """The working of one line of a list; the reader was let in by `commendation_lists.why`."""
    run, line = why.run, why.line
    names = queries.names([run.run_by])
    return Working(
        title=words.award_name(run.award),
        whose=" · ".join(filter(None, [line.full_name, line.title, line.unit_name])),
        period=Span(SpanKind.YEAR, run.year),
        points=parse_exact(line.exact_mean) if line.exact_mean else None,
        out_of=100,
        band=Band(line.rating) if line.rating else None,
        says=words.verdict(line),
        inputs=(_registers(line), *([_months(why)] if line.person_id is not None else [])),
        steps=steps_from_json(why.year.steps or ()),
        grounds=tuple(
            Ground(one.met, one.says, one.detail, one.article) for one in words.findings(line, run.year)
        ),
        source=rulebook_sources.source_of(run.rulebook, run.fingerprint),
        computed_at=run.finished_at or run.run_at,
        computed_by=names.get(run.run_by) if run.run_by else None,
        notes=(
            _(
                "Dossiers received on %(received)s; registers read as of %(as_of)s.",
                received=f"{run.received_on:%d/%m/%Y}",
                as_of=f"{run.as_of:%d/%m/%Y}",
            ),
            words.vote_needed(run),
        ),
    )


def _registers(line: Any) -> Inputs:
    """The registers as the list read them."""
    known = (
        ("members", _("Members of the collective"), words.members),
        ("initiatives", _("Initiatives"), words.initiatives),
        ("titles", _("Titles held"), words.titles),
        ("discipline", _("Discipline"), words.disciplines),
        ("pending", _("Open matters"), words.pending),
    )
    found = [(name, tell(line)) for key, name, tell in known if key in line.facts]
    return Inputs(
        _("Facts from the registers"),
        (Column(_("Source register")), Column(_("Entries"))),
        tuple(Row((name, text or _("none"))) for name, text in found),
    )


def _months(why: Why) -> Inputs:
    sheets = [dict(one) if not isinstance(one, dict) else one for one in (why.year.sheets or ())]
    froze = queries.deciders([one["report_id"] for one in sheets])
    rows = []
    for one in sheets:
        by = froze.get((one["report_id"], "FINAL"))
        rows.append(
            Row(
                (Month.parse(one["month"]).short, parse_exact(one["total"]) if one["total"] else None),
                (Entered(_("confirmed"), by.full_name, by.decided_at),) if by is not None else (),
                report_id=one["report_id"],
            )
        )
    return Inputs(
        _("Months of the year"),
        (Column(_("Month")), Column(_("Points"), True)),
        tuple(rows),
        empty=_("No month of the year has a score"),
    )
