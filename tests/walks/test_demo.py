"""The demo as a newcomer meets it: a real process, and the whole way that the README leads through it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape, unescape
from pathlib import Path

import pytest

from tests.support import readme
from tests.support.browser import Browser

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


class Walk:
    """Somebody who does what the README says, and remembers the words by which they did it."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.named = browser, list[str]()

    def reads(self, name: str) -> None:
        """Open somebody's mail."""
        self.browser.open("/demo")
        found = re.search(
            rf'<option value="([^"]+)"[^>]*>{re.escape(escape(name))}</option>', self.browser.text
        )
        assert found is not None, self.browser.text
        self.browser.open(f"/demo?to={found[1]}")

    def into_the_mail(self) -> None:
        """The mail itself, within the page that shows it."""
        found = re.search(r'src="([^"]+)" title="The mail as HTML"', self.browser.text)
        assert found is not None, self.browser.text
        self.browser.open(unescape(found[1]))

    def press(self, words: str, **changed: str) -> None:
        """Press the button or link of just these words."""
        self.named.append(words)
        tag, as_shown = self._shown()[words]
        self.browser.press(as_shown, **changed) if tag == "button" else self.browser.follow(as_shown)
        assert self.browser.status == 200, self.browser.text

    def sees(self, words: str) -> None:
        """See a heading, a subject, a label or a button that begins so."""
        self.named.append(words)
        assert any(one.startswith(words) for one in self._shown()), (words, self._shown())

    def _shown(self) -> dict[str, tuple[str, str]]:
        """Buttons, links, headings and labels of the page, by their words with plain quotes."""
        found = re.findall(r"<(a|button|h1|h2|label)\b[^>]*>(.*?)</\1>", self.browser.text, re.S)
        texts = [(tag, unescape(" ".join(re.sub("<[^>]+>", "", text).split()))) for tag, text in found]
        return {text.replace("’", "'"): (tag, text) for tag, text in texts}

    def mentor_of_the_chat(self) -> str:
        """Whom the chat in the mail that is open is with."""
        found = re.search(r'class="who"[^>]*>With ([^<]+)<', self.browser.text)
        assert found is not None, self.browser.text
        return unescape(found[1])


def walk_to_the_invitations(walk: Walk) -> None:
    """Steps 1 to 4: answers, the plan, the clock."""
    walk.sees("When could you meet a student?")
    walk.into_the_mail()
    walk.press("Same times as last round")
    walk.press("Yes, send these times")
    walk.press("Back to the mail")
    walk.reads("Sam Rivera")
    walk.sees("Are you in this round?")
    walk.into_the_mail()
    walk.press("I'm in, at any of the programme's hours")
    walk.press("I'm in")
    walk.press("Back to the mail")
    walk.press("Let everybody else answer")
    walk.press("Sign in as the coordinator")
    walk.press("Sign in")
    walk.press("See the answers")
    walk.press("Plan now")
    walk.sees("Pairs")
    walk.sees("Without a chat")
    walk.press("Publish the plan")
    walk.press("Back to the mail")
    walk.press("One hour on")


def accept(walk: Walk) -> str:
    """Step 5: the chat is agreed; the mentor's name."""
    walk.reads("Sam Rivera")
    walk.sees("Coffee chat")
    assert "in the calendar, not answered" in walk.browser.text
    walk.press("Accept")
    assert "applied: accepted" in walk.browser.text
    walk.into_the_mail()
    walk.sees("Yes, I'll be there")
    mentor = walk.mentor_of_the_chat()
    walk.reads("Sam Rivera")
    assert "accepted in the calendar" in walk.browser.text
    walk.press("One hour on")
    walk.reads(mentor)
    assert "in the calendar, not answered" in walk.browser.text
    return mentor


def find_another_time(walk: Walk, mentor: str) -> None:
    """Step 6: the student does not come, and a next time is agreed."""
    walk.reads(mentor)
    walk.press("To their next mail")
    while "Did you two meet" not in (walk.browser.text.partition("<article")[2]):
        walk.browser.press("To their next mail")
    walk.sees("Did you two meet")
    walk.into_the_mail()
    walk.press("No, we did not meet")
    walk.sees("They didn't come")
    walk.press("Send", said="absent")
    assert "Choose this time" in walk.browser.text
    walk.press("Back to the mail")
    walk.press("One hour on")
    walk.reads("Sam Rivera")
    walk.sees("Shall we find another time?")
    walk.into_the_mail()
    walk.browser.follow("day ")
    walk.press("Choose this time")
    assert "did not take place" not in walk.browser.text


def test_a_round_is_walked_as_the_readme_says_stopped_and_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with demo(folder) as (browser, _):
        walk = Walk(browser)
        walk_to_the_invitations(walk)
        mentor = accept(walk)
    with demo(folder) as (browser, _):
        walk.browser = browser
        find_another_time(walk, mentor)
    assert walk.named == [words for step in readme.steps() for words in readme.named(step)]


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
