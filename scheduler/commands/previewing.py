"""`coffee-rounds preview`: every letter, with sample people, as files to look at."""

from pathlib import Path

import click
from markupsafe import escape

from scheduler import clock, settings, wiring
from scheduler.commands import typed
from scheduler.commands.speaking import Verb
from scheduler.mail import letter
from scheduler.simulation import samples

PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Letters</title><h1>Letters</h1><ul>{}</ul>\n'
)


@click.command(cls=Verb)
@click.argument("folder", metavar="DIR", type=typed.FOLDER)
def preview(folder: Path) -> None:
    """Write every letter into DIR, as text and as HTML; begin with its index.html."""
    wiring.start(settings.load())
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for sample in samples.every(clock.now()):
        words = letter.render(sample.letter, sample.context)
        name = f"{sample.letter}.{sample.reader}"
        (folder / f"{name}.txt").write_text(f"{words.subject}\n\n{words.text}", encoding="utf-8")
        (folder / f"{name}.html").write_text(words.html, encoding="utf-8")
        files = f'<a href="{name}.html">{name}</a>, <a href="{name}.txt">as text</a>'
        lines.append(f"<li>{files}: {escape(words.subject)}</li>")
    (folder / "index.html").write_text(PAGE.format("\n".join(lines)), encoding="utf-8")
    click.echo(f"{len(lines)} letters are in {folder}; begin with {folder / 'index.html'}.")
