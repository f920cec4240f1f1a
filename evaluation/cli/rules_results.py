"""`flask rules explain`, `impact` and `verify`: results that were frozen, against the law as its files say it now."""

import sys
import time

import click
from flask_babel import gettext as _

from evaluation.cli.rules import commands
from evaluation.clock import PROVINCE_ZONE
from evaluation.files.says import Reader
from evaluation.files.working_text import lines_of
from evaluation.queries import frozen_results as queries
from evaluation.rules.explain import written
from evaluation.rules.periods import Month, Span, Stretch, parse_stretch, stretch_of
from evaluation.rules.rulebook import RulebookError
from evaluation.services import explanations, rulebooks, verification
from evaluation.services.refusals import Refusal
from evaluation.services.verification import Difference

NAMED = 20
READER = Reader(
    _,
    written,
    lambda moment: f"{moment.astimezone(PROVINCE_ZONE):%H:%M %d/%m/%Y}",
    str,
    lambda band: _(band.label),
)
SHOWN_DIFFERENCES = 100


@commands.command("explain")
@click.argument("person")
@click.argument("period")
def explain(person: str, period: str) -> None:
    """The full arithmetic of PERSON (official number) in PERIOD (2026-03, 2026-Q1, 2026-H1 or 2026) as text."""
    try:
        found = explanations.explain(person, _period(period))
    except Refusal as refused:
        raise click.ClickException(refused.message) from refused
    for working in found:
        for line in lines_of(working, READER):
            click.echo(line)


@commands.command("impact")
@click.argument("rulebook")
@click.option("--all", "everything", is_flag=True, help=f"Name every result, not only the first {NAMED}.")
def impact(rulebook: str, everything: bool) -> None:
    """Frozen results made by another text of RULEBOOK than its file has now, by period and agency."""
    try:
        book = rulebooks.shelf().named(rulebook)
    except RulebookError as error:
        raise click.ClickException(str(error)) from error
    key = (book.name, book.fingerprint)
    click.echo(f"{book.name}: {book.title}, sha256 {book.fingerprint[:12]} now")
    sheets, classes, lists = queries.other_scores(*key), queries.other_grades(*key), queries.other_lists(*key)
    for row in sheets:
        click.echo(f"  {stretch_of(row.month, row.cycle)}  {row.agency}: {row.number} scores")
    for row in classes:
        click.echo(f"  {row.year}  {row.agency}: {row.number} classes of the year")
    for run in lists:
        click.echo(f"  {run.year}  {run.award}: list {run.id}, sha256 {run.fingerprint[:12]}")
    in_force = sum(row.number for row in sheets) + sum(row.number for row in classes)
    click.echo(
        f"{in_force} results in force and {len(lists)} lists carry another text;"
        f" {queries.superseded(*key)} replaced ones too"
    )
    _name(key, None if everything else NAMED, in_force)


def _name(key: tuple[str, str], limit: int | None, in_force: int) -> None:
    named = 0
    for row in queries.named_scores(*key, limit):
        named += 1
        click.echo(
            f"  {row.official_number} {row.full_name}, {stretch_of(row.month, row.cycle)} {row.stage.value}:"
            f" {row.exact_total or '–'} {row.band or ''} (sha256 {row.fingerprint[:12]})"
        )
    for row in queries.named_grades(*key, None if limit is None else max(0, limit - named)):
        named += 1
        click.echo(
            f"  {row.official_number} {row.full_name}, {row.year}: {row.klass or '–'}"
            f" (sha256 {row.fingerprint[:12]})"
        )
    if named < in_force:
        click.echo(f"  … and {in_force - named} more; --all names them")


@commands.command("verify")
@click.option("--month", "period", help="Only the scores of one period: 2026-03 or 2026-Q1.")
def verify(period: str | None) -> None:
    """Work out all frozen results again from their snapshots; exits with 1 when one comes out otherwise."""
    shown = 0

    def tell(difference: Difference) -> None:
        nonlocal shown
        shown += 1
        if shown <= SHOWN_DIFFERENCES:
            click.echo(f"{difference.what}: {difference.value} was {difference.frozen}, is {difference.now}")

    began = time.perf_counter()
    found = verification.verify(_evaluated(period) if period else None, tell)
    seconds = time.perf_counter() - began
    if shown > SHOWN_DIFFERENCES:
        click.echo(f"… and {shown - SHOWN_DIFFERENCES} more differences")
    for (name, fingerprint), count in sorted(found.of_another_text.items()):
        click.echo(
            f"not worked out again: {count} results by {name}, sha256 {fingerprint[:12]}:"
            " the file has another text now (flask rules impact)"
        )
    for table, count in sorted(found.without_snapshot.items()):
        click.echo(f"not worked out again: {count} rows of {table} hold no snapshot")
    click.echo(
        f"{found.scores} scores and {found.grades} classes worked out again in {seconds:.1f} s,"
        f" {found.differing} differ"
    )
    if found.differing:
        sys.exit(1)


def _evaluated(text: str) -> Stretch:
    try:
        return parse_stretch(text)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--month") from wrong


def _period(text: str) -> Stretch:
    for read in (Month.parse, Span.parse):
        try:
            return read(text)
        except ValueError:
            continue
    raise click.BadParameter(
        f"{text!r} is not a period. Write 2026-03, 2026-Q1, 2026-H1 or 2026.", param_hint="PERIOD"
    )
