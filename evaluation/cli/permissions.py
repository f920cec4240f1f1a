"""`flask permissions` prints who may do what, and when, as the program decides it."""

import click

from evaluation.services import permission_table


@click.command("permissions")
def commands() -> None:
    """Print the table of rights: action, who may take it, in which states."""
    for title, rights in permission_table.groups():
        click.echo(f"\n{title}")
        for right in rights:
            click.echo(f"  {right.what} [{right.action}]")
            click.echo(f"      {'; '.join(right.who)}")
            for when in right.when:
                click.echo(f"      {when}")
            if right.never_for_oneself:
                click.echo(f"      {permission_table.NEVER}")
