"""`coffee-rounds doctor`: what is well and what is not, in plain sentences."""

import json

import click

from scheduler.commands.speaking import Verb
from scheduler.operating import doctor

MARKS = {"wrong": "WRONG", "note": "note ", "well": "well "}


@click.command("doctor", cls=Verb)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def examine(context: click.Context, *, as_json: bool) -> None:
    """Look over settings, database, broker, clock, mail and disk; 0 when nothing is wrong, else 1."""
    found = doctor.examine()
    is_well = all(finding.is_well for finding in found)
    if as_json:
        findings = [{**finding._asdict(), "is_well": finding.is_well} for finding in found]
        click.echo(json.dumps({"is_well": is_well, "findings": findings}))
    else:
        for finding in found:
            click.echo(f"{MARKS[finding.mark]}  {finding.about}: {finding.sentence}")
    context.exit(0 if is_well else 1)
