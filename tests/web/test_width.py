"""No page is wider than its window, on a phone or at a desk, however long a name: measured in a browser."""

import json
import re
import shutil
import subprocess
from datetime import date
from html import escape, unescape
from pathlib import Path

from flask import Flask

from scheduler import db
from tests.support import desk, left_out, looking, sources
from tests.support.world import World

PHONE, DESK = 390, 1280
CSS = (sources.ROOT / "scheduler/web/static/app.css").read_text(encoding="utf-8")
LONG = "M" * 80
MEASURE = """<script>onload = () => { document.title = JSON.stringify([...document.querySelectorAll('iframe')]
  .map(one => [one.id, one.contentDocument.documentElement.scrollWidth])) }</script>"""
ROUND = "/board/1/rounds/1"


def widths(pages: dict[str, str], folder: Path) -> dict[str, int]:
    """How wide each page becomes at each width of the window, by "page at width"."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    left_out.require(browser, "no Chromium here, so no page is measured")
    frames = [
        f'<iframe id="{escape(name)} at {width}" width="{width}" srcdoc="{escape(html)}"></iframe>'
        for name, html in pages.items()
        for width in (PHONE, DESK)
    ]
    file = folder / "frames.html"
    file.write_text("<!doctype html><meta charset=utf-8>" + MEASURE + "".join(frames), encoding="utf-8")
    command = [
        str(browser),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}/browser",
    ]
    drawn = subprocess.run(
        [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    title = re.search(r"<title>(.*?)</title>", drawn.stdout.partition("<iframe")[0])
    assert title is not None, drawn.stdout[:500]
    return dict(json.loads(unescape(title[1])))


def with_style(html: str) -> str:
    return re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{CSS}</style>", html)


def test_no_page_is_wider_than_its_window(world: World, app: Flask, tmp_path: Path) -> None:
    number = world.round(first=date(2027, 3, 8), last=date(2027, 3, 19))
    with db.transaction() as session:
        for name in ("maya", "noor", "sam", "lee"):
            world.person(session, name).name = LONG
    for name in ("maya", "sam"):
        world.gives(number, name, ("2027-03-09 16:30", "2027-03-09 17:00"))
    world.gives(number, "lee", ("2027-03-11 16:30", "2027-03-11 17:30"))
    picker = looking.opened(world, looking.ask_path(world, number, "noor", "pick")).text
    ada = desk.sign_in(app)
    ada.press(f"{ROUND}/plan")
    pages = {"picker": picker}
    paths = ("/board/1", "/board/1/people", "/board/1/people/1", "/board/1/mail", "/board/1/settings")
    for path in (*paths, ROUND, f"{ROUND}?tab=people", f"{ROUND}?tab=chats", "/board/1/chats/1"):
        ada.see(path)
        pages[path] = ada.text
    found = widths({name: with_style(html) for name, html in pages.items()}, tmp_path)
    assert len(found) == 2 * len(pages)
    assert [name for name, width in found.items() if width > int(name.rpartition(" ")[2])] == []
