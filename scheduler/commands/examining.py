"""`coffee-rounds doctor`: what is well and what is not, in plain sentences."""

import json

import click

from scheduler.commands.speaking import Verb
from scheduler.operating import doctor


@click.command("doctor", cls=Verb)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def examine(context: click.Context, *, as_json: bool) -> None:
    """Look over settings, database, mail and clock; 0 when all is well, else 1."""
    found = doctor.examine()
    is_well = all(finding.is_well for finding in found)
    if as_json:
        click.echo(json.dumps({"is_well": is_well, "findings": [finding._asdict() for finding in found]}))
    else:
        for finding in found:
            click.echo(f"{'well ' if finding.is_well else 'WRONG'}  {finding.about}: {finding.sentence}")
    context.exit(0 if is_well else 1)
