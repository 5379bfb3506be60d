"""The demo as a newcomer meets it: a real process, a whole way from an invitation to an accepted chat."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.browser import Browser

SAM = "sam.rivera@students.riverside.example.org"
MAYA = "maya.okafor@riverside.example.org"
ADA = "ada.marsh@riverside.example.org"
COMMAND = [str(Path(sys.executable).with_name("coffee-rounds")), "demo"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


@contextmanager
def demo(folder: Path) -> Iterator[tuple[Browser, "subprocess.Popen[str]"]]:
    """The demo in `folder` on a free port, its browser at the mail; Ctrl-C ends it within seconds."""
    process = subprocess.Popen(
        [*COMMAND, "--data", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "SMTP_URL": ""},
        cwd=folder.parent,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/demo", line):
                break
        else:
            raise AssertionError("".join(said))
        browser = Browser()
        browser.open(found[0])
        yield browser, process
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0, rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.communicate()


def read(browser: Browser, address: str) -> str:
    return browser.open(f"/demo?to={address}&view=text")


def own_link(browser: Browser, purpose: str) -> str:
    """The first link of this purpose in the mail that is open."""
    found = re.search(rf'href="(http://127[^"]*/{purpose}/[a-z2-7]+)"', browser.text)
    assert found is not None, browser.text
    return found[1]


def walk_to_the_invitation(browser: Browser) -> None:
    """A mentor gives last round's times, a student is in, the others answer; the coordinator publishes."""
    read(browser, MAYA)
    browser.open(own_link(browser, "offer"))
    assert "Maya Okafor" in browser.text
    browser.press("send these times")
    assert browser.status == 200, browser.text
    read(browser, ADA)
    browser.press("Let everybody else answer")
    browser.press("Sign in as the coordinator")
    browser.press("Sign in")
    assert "/board" in browser.url, browser.text
    browser.open("/board/1/rounds/2?tab=plan")
    browser.press("Plan now")
    browser.open("/board/1/rounds/2?tab=plan")
    browser.press("Publish the plan")
    assert browser.status == 200, browser.text
    read(browser, SAM)
    browser.press("One hour on")
    read(browser, SAM)


def test_a_round_is_walked_stopped_and_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with demo(folder) as (browser, _):
        walk_to_the_invitation(browser)
        assert "in the calendar, not answered" in browser.text
        browser.press("Accept")
        assert "applied: accepted" in browser.text
        read(browser, SAM)
        subject = re.search(r'id="subject"[^>]*>([^<]+)', browser.text)
        assert subject is not None
        assert "accepted in the calendar" in browser.text
    with demo(folder) as (browser, _):
        read(browser, SAM)
        assert subject[0] in browser.text
        assert "accepted in the calendar" in browser.text
        assert browser.open(own_link(browser, "chat"))
        assert browser.status == 200


def test_it_refuses_a_real_mail_server(tmp_path: Path) -> None:
    answer = subprocess.run(
        [*COMMAND, "--data", str(tmp_path / "data"), "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "SMTP_URL": "smtp://mail.example.org:25"},
    )
    assert answer.returncode == 1
    assert (
        answer.stderr == "The demo's people are invented, so it sends no mail: start it without SMTP_URL.\n"
    )
    assert answer.stdout == ""
