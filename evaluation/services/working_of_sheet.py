"""The working of a month's score: every line and criterion as it was frozen, who entered it, how the sums came out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from evaluation.models import AuditEvent, ItemMark, Report, ScoreSheet, Stage, WorkItem
from evaluation.queries import subordinates
from evaluation.queries import workings as queries
from evaluation.rules import scoring
from evaluation.rules.bands import Band
from evaluation.rules.explain import Step, equals, parse_exact, steps_from_json, written
from evaluation.rules.rulebook import GeneralCriterion, Rulebook, RulebookError
from evaluation.rules.work import Sums, WorkLine
from evaluation.rules.working import Column, Entered, Inputs, Row, Working
from evaluation.services import frozen_scores, rulebook_sources, rulebooks
from evaluation.services.frozen_scores import FrozenLine

SHOWN_TERMS = 12
STAGES = {
    Stage.OWN: "Self-assessment",
    Stage.SUPERVISOR: "Supervisor's score",
    Stage.FINAL: "Final score",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read once for a working: the frozen values, the rulebook if its text still stands, events and names."""

    sheet: ScoreSheet
    report: Report
    lines: Sequence[FrozenLine]
    book: Rulebook | None
    events: Sequence[AuditEvent]
    names: Mapping[int, str]
    unit: str

    @property
    def own(self) -> bool:
        return self.sheet.stage is Stage.OWN

    def entered(self, how: str, person_id: int | None, at: Any) -> Entered:
        return Entered(how, self.names.get(person_id) if person_id else None, at)


def of_sheet(sheet: ScoreSheet) -> Working:
    """The working of one frozen score, from what was frozen with it; the sheet is loaded as `queries.sheet` gives it."""
    report = sheet.report
    known = _known(sheet)
    book = known.book
    inputs = [_lines(known), _general(known)]
    if sheet.inputs.get("leader") is not None:
        inputs.append(_leader(known))
    steps = steps_from_json(sheet.steps)
    if book is not None:
        steps = _with_sums(steps, known, book)
    return Working(
        title=_(STAGES[sheet.stage]),
        whose=" · ".join(filter(None, [report.person.full_name, report.title, known.unit])),
        period=report.period.covers,
        points=parse_exact(sheet.exact_total) if sheet.exact_total else None,
        out_of=100,
        band=sheet.band if rulebooks.month_has_class(report.period.month) else None,
        says=_(sheet.status.label),
        inputs=tuple(inputs),
        steps=steps,
        source=rulebook_sources.source_of(sheet.rulebook, sheet.fingerprint),
        computed_at=sheet.decided_at,
        computed_by=known.names.get(sheet.decided_by),
        notes=_notes(known),
        report_id=report.id,
    )


def _known(sheet: ScoreSheet) -> _Known:
    report = sheet.report
    lines = frozen_scores.lines_of(sheet.inputs)
    events = queries.writings(report.id)
    people = {report.person_id, report.scored_by, report.confirmed_by, sheet.decided_by}
    for item in report.items:
        people |= {item.assigned_by, *(mark.marked_by for mark in item.marks)}
    people |= {event.actor_id for event in events}
    names, unit = queries.names_around(people, report.unit_id, report.period.month)
    return _Known(
        sheet,
        report,
        lines,
        rulebook_sources.unchanged(sheet.rulebook, sheet.fingerprint),
        events,
        names,
        unit,
    )


def _notes(known: _Known) -> tuple[str, ...]:
    sheet, found = known.sheet, []
    if sheet.superseded_at is not None:
        reason = sheet.superseded_reason or _("scored again")
        found.append(_("This score was replaced by a later one (%(reason)s).", reason=reason))
    if known.book is None:
        found.append(
            _(
                "The rulebook has another text today, so the converted units of each line are not worked out anew;"
                " the steps are those frozen with the score."
            )
        )
    return tuple(found)


def _lines(known: _Known) -> Inputs:
    items = {item.id: item for item in known.report.items}
    columns = [
        Column(_("Product / task")),
        Column(_("Coefficient"), True),
        Column(_("Assigned quantity"), True),
        Column(_("Done"), True),
        Column(_("Failed reviews"), True),
        Column(_("Delays"), True),
    ]
    sums = scoring.NO_SUMS
    if known.book is not None:
        columns += [Column("D", True), Column("Na", True), Column("Nb", True), Column("Nc", True)]
    rows = []
    for one in known.lines:
        line = one.line
        cells: list[Any] = [
            _task(items.get(one.item_id), one),
            line.coefficient,
            line.assigned,
            line.done,
            line.quality_fails,
            line.delays,
        ]
        if known.book is not None:
            part = scoring.line_sums(line, book=known.book, day=known.report.period.month)
            sums += part
            cells += [part.assigned, part.done, part.quality, part.progress]
        rows.append(_row(known, one, items.get(one.item_id), cells))
    if rows and known.book is not None:
        total = (_("Sum"), *[None] * 5, sums.assigned, sums.done, sums.quality, sums.progress)
        rows.append(Row(total, is_sum=True))
    return Inputs(
        _("Tasks and products"),
        tuple(columns),
        tuple(rows),
        note=_(
            "D: assigned; Na: done; Nb: done with quality; Nc: done on time, all in converted units"
            " (quantity × coefficient, less what each finding costs)."
        )
        if known.book is not None
        else "",
        empty=_("Nothing was assigned in this period"),
        article=known.book.article("assigned") if known.book is not None else "",
    )


def _task(item: WorkItem | None, one: FrozenLine) -> str:
    task = item.task if item is not None else _("a line that was removed later")
    kind = one.line.kind
    return task if kind is scoring.WorkKind.PLANNED else f"{task} ({_(kind.label).lower()})"


def _row(known: _Known, one: FrozenLine, item: WorkItem | None, cells: list[Any]) -> Row:
    if item is None:
        return Row(tuple(cells))
    entered = [known.entered(_("assigned"), item.assigned_by, item.assigned_at)]
    if item.added_by_owner:
        entered = [known.entered(_("added by the official"), known.report.person_id, item.assigned_at)]
    entered += _reported(known, f"line-{item.id}-")
    note = []
    mark = None if known.own else _mark_of(item, one.line)
    if mark is not None:
        entered.append(known.entered(_("found by the supervisor"), mark.marked_by, mark.marked_at))
        note.append(_("Supervisor: %(reason)s", reason=mark.reason))
    if one.line.exempt_quality_fails or one.line.exempt_delays:
        note.append(
            _(
                "objective cause confirmed: %(fails)s failed reviews, %(delays)s delays not counted",
                fails=one.line.exempt_quality_fails,
                delays=one.line.exempt_delays,
            )
        )
    return Row(tuple(cells), tuple(entered), "; ".join(note))


def _reported(known: _Known, place: str) -> list[Entered]:
    """Who last saved a value on the sheet, else who sent the sheet in."""
    for event in known.events:
        if event.action == "report.saved" and any(key.startswith(place) for key in event.after or {}):
            return [known.entered(_("reported"), event.actor_id, event.at)]
    report = known.report
    if report.submitted_at is None:
        return []
    return [known.entered(_("reported"), report.person_id, report.submitted_at)]


def _mark_of(item: WorkItem, line: WorkLine) -> ItemMark | None:
    """The newest finding that says what was frozen; a finding made after the score says something else."""
    for mark in reversed(item.marks):
        said = (mark.done, mark.quality_fails, mark.delays, mark.exempt_quality_fails, mark.exempt_delays)
        if said == (
            line.done,
            line.quality_fails,
            line.delays,
            line.exempt_quality_fails,
            line.exempt_delays,
        ):
            return mark
    return None


def _general(known: _Known) -> Inputs:
    stored = {row.code: row for row in known.report.criteria}
    frozen: Mapping[str, str | None] = known.sheet.inputs.get("general", {})
    rules = {rule.code: rule for rule in _criteria(known)}
    rows = []
    for code, value in sorted(frozen.items()):
        row = stored.get(code)
        points = None if value is None else parse_exact(value)
        own = None if row is None or row.own_points is None else Fraction(row.own_points)
        entered, note = _reported(known, f"criterion-{code}"), ""
        if not known.own and row is not None and row.given_points is not None:
            entered.append(
                known.entered(_("given by the supervisor"), known.report.scored_by, known.report.scored_at)
            )
            note = _("Supervisor: %(reason)s", reason=row.reason) if row.reason else ""
        title = f"{code[1:]}. {rules[code].title}" if code in rules else code[1:]
        most = rules[code].max_points if code in rules else None
        cells = (title, most, own, points) if not known.own else (title, most, points)
        rows.append(Row(cells, tuple(entered), note))
    columns = [Column(_("Criterion")), Column(_("At most"), True), Column(_("Own points"), True)]
    if not known.own:
        columns.append(Column(_("Points counted"), True))
    return Inputs(
        _("General criteria"),
        tuple(columns),
        tuple(rows),
        empty=_("No criterion has points yet."),
        article=known.book.article("general_criteria") if known.book is not None else "",
    )


def _criteria(known: _Known) -> tuple[GeneralCriterion, ...]:
    """The criteria by name: a later text of the rulebook may be worded otherwise, their codes are those of the form."""
    try:
        book = rulebooks.shelf().named(known.sheet.rulebook)
        return book.general_criteria(known.report.period.month)
    except RulebookError:
        return ()


def _leader(known: _Known) -> Inputs:
    report, ratios = known.report, known.sheet.inputs["leader"]
    set_by = (
        () if known.own else (known.entered(_("set by the supervisor"), report.scored_by, report.scored_at),)
    )
    d = None if ratios["unit_result"] is None else parse_exact(ratios["unit_result"])
    rows = [
        Row((_("d. Result of the unit or field in charge"), d), note=_below(known, d)),
        Row(
            (_("đ. Organising the work"), parse_exact(ratios["organising"])),
            set_by,
            "" if known.own else report.organising_reason or "",
        ),
        Row(
            (_("e. Uniting the officials"), parse_exact(ratios["cohesion"])),
            set_by,
            "" if known.own else report.cohesion_reason or "",
        ),
    ]
    article = known.book.article("unit_result") if known.book is not None else ""
    columns = (Column(_("Ratio of a leader")), Column("%", True))
    return Inputs(_("A leader's three ratios"), columns, tuple(rows), article=article)


def _below(known: _Known, d: Fraction | None) -> str:
    """Whose scores d was taken from, as they stand now."""
    if known.own or known.book is None:
        return _("d is set when the subordinates have their final scores.") if d is None else ""
    book, day = known.book, known.report.period.month
    below = subordinates.of_leader(known.report, by_field=book.choice("deputy_unit_result", day) == "FIELD")
    failing = [
        one.name
        for one in below
        if one.total is not None and scoring.band_of(one.total, book=book, day=day) is Band.KHTNV
    ]
    said = _(
        "%(count)s subordinates, %(scored)s of them with a final score today",
        count=len(below),
        scored=sum(one.total is not None for one in below),
    )
    if failing:
        said += "; " + _("at “tasks not completed”: %(names)s", names=", ".join(failing[:SHOWN_TERMS]))
    return said


def _with_sums(steps: Sequence[Step], known: _Known, book: Rulebook) -> tuple[Step, ...]:
    """The frozen steps with the sums before the ratios that use them, and the points before the thirty."""
    day = known.report.period.month
    parts = [scoring.line_sums(one.line, book=book, day=day) for one in known.lines]
    total: Sums = sum(parts, scoring.NO_SUMS)
    added = {
        "assigned": [
            ("D", "Assigned work in converted units", [one.assigned for one in parts], total.assigned)
        ],
        "quantity": [("Na", "Done, in converted units", [one.done for one in parts], total.done)],
        "quality": [
            ("Nb", "Done with quality, in converted units", [one.quality for one in parts], total.quality)
        ],
        "progress": [
            ("Nc", "Done on time, in converted units", [one.progress for one in parts], total.progress)
        ],
    }
    points = [
        parse_exact(value) for value in known.sheet.inputs.get("general", {}).values() if value is not None
    ]
    found: list[Step] = []
    for step in steps:
        if step.code == "general":
            found.append(
                Step(
                    "points",
                    "Points of the general criteria added up",
                    _added("Σ", points, step.value),
                    step.value,
                    step.article,
                )
            )
        for symbol, says, terms, value in added.get(step.code, ()):
            found.append(Step(f"sum_{step.code}", says, _added(symbol, terms, value), value, step.article))
        if step.code != "assigned":
            found.append(step)
    return tuple(found)


def _added(symbol: str, terms: Sequence[Fraction], value: Fraction) -> str:
    """'Na = 4 + 10 + 2 = 16'; beyond a dozen terms the table above holds them."""
    terms = [term for term in terms if term]
    if not terms:
        return f"{symbol} = 0"
    if len(terms) > SHOWN_TERMS:
        first = " + ".join(written(term) for term in terms[:3])
        return f"{symbol} = {first} + … ({len(terms)}) {equals(value, 4)}"
    if len(terms) == 1:
        return f"{symbol} {equals(value, 4)}"
    return f"{symbol} = {' + '.join(written(term) for term in terms)} {equals(value, 4)}"
