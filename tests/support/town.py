"""Forty people who live by their mail: they answer what they are asked, by links, over real HTTP."""

import random
from datetime import timedelta
from pathlib import Path

from scheduler import clock
from tests.support.live import Live
from tests.support.mailroom import Mail, Page
from tests.support.story import halves

MENTORS, STUDENTS = 14, 26
DAYS = ("2031-03-10", "2031-03-12", "2031-03-14", "2031-03-18")
DATES = ("--from", "2031-03-10", "--to", "2031-03-21", "--answer-by", "2031-03-06")
YES = "Yes, I'll be there"


class Town:
    """A programme of forty in a live service, its round, and everybody's habits, drawn by `seed`."""

    def __init__(self, live: Live, seed: int) -> None:
        self.live, self._draw = live, random.Random(seed)
        self.answered = 0
        self.round = ""

    def found(self) -> None:
        """The programme, its people and its round, made by the command line; nobody is asked yet."""
        where = ("--timezone", "Europe/Berlin", "--coordinator", "ada@example.org")
        programme = self.live.command("programme", "add", "Charité", *where).split()[0]
        people = self.live.folder / "people.csv"
        self._write(people)
        self.live.command("import", str(people), "--programme", programme)
        self.round = self.live.command("round", "open", "--programme", programme, *DATES).strip()

    def _write(self, path: Path) -> None:
        lines = ["name,email,roles,capacity"]
        for number in range(MENTORS + STUDENTS):
            role = "mentor" if number < MENTORS else "student"
            lines.append(f"{role.title()} {number:02},p{number:02}@example.org,{role},2")
        path.write_text("\n".join(lines))

    def answer(self) -> int:
        """Everybody does what the mail that came since asks of them; how many did something."""
        done = 0
        for who, letter in self.live.collect():
            done += self._act(int(who[1:3]) if who[1:3].isdigit() else -1, letter)
        self.answered += done
        return done

    def _act(self, number: int, letter: Mail) -> bool:
        if letter.subject.startswith("When could you meet a student?"):
            given = [key for day in DAYS[number % 2 :] for key in halves(f"{day} 16:30-18:30")]
            page = letter.open("Pick").press("Send my times", t=given)
        elif letter.subject.startswith("Are you in this round?"):
            page = letter.open("at any of the programme's hours").send()
        elif letter.subject.startswith("Coffee chat: ") and YES in letter.text:
            page = self._invited(letter)
        elif letter.subject.startswith("Did you two meet"):
            page = self._asked(letter)
        else:
            return False
        assert page.status < 500, f"{page.status} on {page.url}: {page.text}"
        return True

    def _invited(self, letter: Mail) -> Page:
        page = letter.open(YES)
        fate = self._draw.random()
        if fate < 0.15 and "form" in page.text:
            page = letter.open("I can't make this time")
            return page.press("Send", act="decline") if "Send" in page.text else page
        return page if fate > 0.9 or "<form" not in page.text else page.send()

    def _asked(self, letter: Mail) -> Page:
        if self._draw.random() < 0.2:
            page = letter.open("No, we did not meet")
            return page.press("Send", said="absent") if "Send" in page.text else page
        page = letter.open("Yes, we met")
        return page.send() if "<form" in page.text else page

    def begin(self) -> None:
        """Everyone is asked and answers, the plan is published, and its invitations are due."""
        self.live.command("round", "ask", self.round)
        self.live.settle()
        self.answer()
        self.live.command("round", "plan", self.round)
        self.live.command("round", "publish", self.round)
        self.live.passes(timedelta(minutes=2))

    def go_on(self, *, hours: int = 1) -> bool:
        """Everybody answers, then time passes, longer if nothing falls due; whether anything is ahead."""
        self.answer()
        due = self.live.next_due()
        if due is None:
            return False
        self.live.passes_to(max(due, clock.now() + timedelta(hours=hours)))
        return True
