"""`coffee-rounds plan`: the planner alone, from an instance in a file to a plan in a file."""

from dataclasses import replace
from pathlib import Path

import click

from scheduler.commands.speaking import Verb
from scheduler.planning import problem, solve


@click.command(cls=Verb)
@click.option("--instance", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", type=int, help="Kept with the instance; this planner needs no chance.")
@click.option("--time-limit", type=float, help="Seconds; this planner limits its work instead, to about one.")
def plan(instance: Path, out: Path, seed: int | None, time_limit: float | None) -> None:
    """Plan the round that a file describes; the same instance gives the same plan, byte for byte."""
    given = problem.read_instance(instance.read_bytes())
    if seed is not None:
        given = replace(given, seed=seed)
    if time_limit is not None and time_limit <= 0:
        raise click.BadParameter("must be more than no time at all", param_hint="--time-limit")
    found = solve.solve(given)
    out.write_text(problem.written(found), encoding="utf-8")
    click.echo(f"{len(found.chats)} chats planned, {len(found.unmatched)} left out.")
