"""`coffee-rounds plan`: the planner alone, from an instance in a file to a plan in a file."""

from dataclasses import replace
from pathlib import Path

import click

from scheduler.commands import typed
from scheduler.commands.speaking import Verb
from scheduler.planning import problem, reading, solve


@click.command(cls=Verb)
@click.option("--instance", required=True, type=typed.FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--seed",
    type=typed.Number(-reading.MOST, reading.MOST),
    help="Kept with the instance; this planner needs no chance.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    expose_value=False,
    help="Seconds; this planner limits its work instead, to about one.",
)
def plan(instance: Path, out: Path, seed: int | None) -> None:
    """Plan the round that a file describes; the same instance gives the same plan, byte for byte."""
    given = problem.read_instance(typed.content(instance, reading.MOST_BYTES))
    if seed is not None:
        given = replace(given, seed=seed)
    found = solve.solve(given)
    out.write_text(problem.written(found), encoding="utf-8")
    click.echo(f"{len(found.chats)} chats planned, {len(found.unmatched)} left out.")
