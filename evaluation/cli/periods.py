"""`flask periods open 2026-03` (or 2026-Q3) opens a period by hand; `flask periods list` shows them with dates and sheets."""

import click
from flask.cli import AppGroup

from evaluation.queries import periods as questions
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import parse_stretch
from evaluation.rules.rulebook import RulebookError
from evaluation.services import periods

commands = AppGroup("periods", help="Months under evaluation: open one, list them.")


@commands.command("open")
@click.argument("month")
def open_month(month: str) -> None:
    """Open MONTH (2026-03, or a quarter as 2026-Q3) with every sheet; run again, it adds only what is missing."""
    try:
        period = periods.open_month(parse_stretch(month))
    except (ValueError, RulebookError) as problem:
        raise click.ClickException(str(problem)) from problem
    sheets = sum(questions.sheet_counts([period.id]).get(period.id, {}).values())
    click.echo(f"{month}: {sheets} sheets")


@commands.command("list")
def list_months() -> None:
    """Months with the last day of each step and the number of sheets in each state."""
    months = questions.all_periods()
    counts = questions.sheet_counts(period.id for period in months)
    for period in months:
        dates = ", ".join(
            f"{step.value.lower()} {questions.general_due(period, step):%d/%m/%Y}" for step in StepName
        )
        states = ", ".join(
            f"{state.value} {count}" for state, count in sorted(counts.get(period.id, {}).items())
        )
        click.echo(
            f"{period.covers}{' closed' if period.closed_at else ''}: {dates}; {states or 'no sheets'}"
        )
