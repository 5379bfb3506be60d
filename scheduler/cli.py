"""The command line: names and one line each; a command's module is loaded only when it is called."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from click.exceptions import NoArgsIsHelpError

COMMANDS = {
    "demo": ("demonstrating:demo", "An invented programme to try, mail and all."),
    "run": ("serving:run", "All that one machine needs: pages, workers and clock."),
    "web": ("paging:web", "The pages alone, for a Procfile or a container."),
    "work": ("working:work", "The workers alone: whatever is due, and the mail."),
    "clock": ("working:clock", "The clock alone: it wakes the workers as things fall due."),
    "tick": ("working:tick", "Do everything that is due, once, now."),
    "upgrade": ("upgrading:upgrade", "Bring the database to this version's tables."),
    "programme": ("founding:programme", "Add a programme and its first coordinator."),
    "import": ("importing:import_people", "Take in the people of a class list (CSV)."),
    "round": ("arranging:round_", "Open, ask, plan, show, publish and close a round."),
    "hold": ("holding:hold", "Keep all mail back until it is released."),
    "release": ("holding:release", "Let all mail go again."),
    "plan": ("solving:plan", "The planner alone, from file to file."),
    "inbound": ("receiving:inbound", "Take one raw mail from standard input."),
    "preview": ("previewing:preview", "Write every letter, with sample people, into a folder."),
    "doctor": ("examining:examine", "Say in plain sentences what is well and what is not."),
}
"""Where each command is found, and what it does."""


class Misused(click.UsageError):
    """Wrong use, in one line: what is wrong, and where the right use is told."""

    def show(self, file: IO[Any] | None = None) -> None:
        """The line alone, on stderr."""
        said = self.format_message().rstrip(".")
        stop = "" if said.endswith("?") else "."
        where = self.ctx.command_path if self.ctx is not None else "coffee-rounds"
        click.echo(f"{said}{stop} See  {where} --help.", err=True, file=file)


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise Misused(error.format_message(), error.ctx) from error


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read what stands before the command."""
        with _in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Read the command and what stands after it, and run it."""
        with _in_one_line():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"scheduler.commands.{module}"), name)
        assert isinstance(found, click.Command)  # noqa: S101  # the table above says so
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="coffee-rounds", message="coffee-rounds %(version)s")
def commands() -> None:
    """Coffee Rounds: coffee chats between medical students and mentors, arranged by mail.

    Settings come from the environment and from a .env file; coffee-rounds doctor looks them over.
    """


def main(args: list[str] | None = None) -> None:
    """The console script: 0 when done, 2 on wrong use, else 1 with one sentence on stderr."""
    commands.main(args=args, prog_name="coffee-rounds")


if __name__ == "__main__":
    main()
