"""`python -m scheduler.operating.revising WORDS REVISION`: a migration to the tables as they are.

For developers. Read it before it is kept: a renamed column looks like one dropped and one added.
"""

import click
from alembic import command

from scheduler import wiring
from scheduler.db import Base
from scheduler.operating import schema


@click.command()
@click.argument("words")
@click.argument("revision")
def revise(words: str, revision: str) -> None:
    """Write the migration that leads from the newest revision to the tables as they are."""
    with schema.alone("sqlite://") as connection:
        config = schema.alembic_config(connection)
        config.attributes["metadata"] = Base.metadata
        command.upgrade(config, "head")
        command.revision(config, words, autogenerate=True, rev_id=revision)
    path = schema.MIGRATIONS / "versions" / f"{revision}_{words.replace(' ', '_')}.py"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    click.echo(f"{path}: from the tables of {len(wiring.NOUNS)} modules.")


if __name__ == "__main__":
    revise()
