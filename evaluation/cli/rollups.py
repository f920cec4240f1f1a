"""`flask rollups run 2026-03`: a month or a quarter rolled up here and now, without a worker."""

import click
from flask.cli import AppGroup

from evaluation.rules.periods import parse_stretch
from evaluation.services import rollups
from evaluation.services.refusals import Refusal

commands = AppGroup("rollups", help="Roll a month up to units, leaders and averages.")


@commands.command("run")
@click.argument("month")
def run(month: str) -> None:
    """Roll up MONTH (2026-03, or a quarter as 2026-Q3) in this process; running it again gives the same."""
    try:
        figures = rollups.run_month_now(parse_stretch(month))
    except (Refusal, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(
        f"{month}: {figures.sheets} sheets, {figures.scored} scored, {figures.not_rated} not rated,"
        f" {figures.units} units, {figures.differing} differ from their frozen sheet"
    )
