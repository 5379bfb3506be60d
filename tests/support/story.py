"""The cast as a walk tells of them: people press links in their mail, Ada presses buttons on the board."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import unescape

from scheduler import clock, db
from scheduler.programme.coordinator import Coordinator
from scheduler.programme.person import Person
from scheduler.programme.programme import Programme
from tests.support.mailroom import Mail, Page
from tests.support.world import CAST, ZONE, World

FIRST, LAST = "2027-03-08", "2027-03-19"
EVENINGS = ("2027-03-09 16:30-18:30", "2027-03-11 16:30-18:30", "2027-03-16 16:30-18:30")
ROW = re.compile(r"<tr>(.*?)</tr>", re.S)
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.S)


class Story(World):
    """A world entered through the front door alone; Eve runs, and takes part in, another programme."""

    round_page = ""

    def begin(self, *, zone: str = ZONE, names: Sequence[str] = CAST) -> None:
        """The cast, and Eve in a programme of her own."""
        super().begin(zone=zone, names=names)
        now = clock.now()
        with db.transaction() as session:
            other = Programme(name="Lakeside", timezone=zone, created_at=now)
            session.add(other)
            session.add(Coordinator(email="eve@example.org", name="Eve", created_at=now, programmes=[other]))
            session.add(
                Person(
                    programme=other,
                    name="Eve",
                    email="eve@example.org",
                    created_at=now,
                    is_mentor=True,
                    is_student=True,
                )
            )

    def opens_round(self, first: str = FIRST, last: str = LAST) -> None:
        """Ada opens a round and has everyone asked."""
        page = self.board().follow("Open a round").press("Open the round", first_on=first, last_on=last)
        self.round_page = page.press("Ask everyone").url
        self.run()

    def offers(self, name: str, *spans: str, **more: str) -> Page:
        """A mentor ticks these times ("2027-03-09 16:30-18:30") behind the newest link for it."""
        page = self.find(name, "When could you meet a student?").open("Pick")
        return page.press("Send my times", t=[key for span in spans for key in halves(span)], **more)

    def wishes(self, name: str, *spans: str) -> Page:
        """A student is in: at these times or, without any, at all of the programme's hours."""
        letter = self.find(name, "Are you in this round?")
        if not spans:
            return letter.open("at any of the programme's hours").send()
        keys = [key for span in spans for key in halves(span)]
        return letter.open("and pick my times").send(t=keys)

    def find(self, name: str, subject: str) -> Mail:
        """The newest mail to somebody whose subject begins so."""
        mails = [mail for mail in self.mailroom.to(name) if mail.subject.startswith(subject)]
        assert mails, f"{name} has {[mail.subject for mail in self.mailroom.to(name)]}"
        return mails[-1]

    def subjects(self, name: str) -> list[str]:
        """The subjects of all mail to somebody, oldest first."""
        return [mail.subject for mail in self.mailroom.to(name)]

    def signup_link(self) -> str:
        """The link by which anyone joins, as Ada copies it from the board."""
        page = self.board().follow("People").follow("Signup links")
        return next(word for word in page.text.split('"') if "/join/" in word)

    def publishes(self) -> None:
        """Ada plans the round and sends it out; the invitations have left."""
        self.board(self.round_page).press("Plan now").press("Publish the plan")
        self.later(minutes=2)

    def invites(self, mentor: str = "maya", student: str = "sam", *spans: str) -> Mail:
        """A round in which these two are planned, with an invitation to the student; the mail it came in."""
        self.opens_round()
        self.offers(mentor, *(spans or EVENINGS))
        self.wishes(student, *(spans or EVENINGS))
        self.publishes()
        return self.last(student)

    def agrees(self) -> None:
        """Maya and Sam have a chat on Tuesday 9 March at half past four, and both have been told."""
        self.invites().press("Yes, I'll be there")
        self.later(minutes=3)

    def says(self, name: str, said: str) -> None:
        """Somebody answers the newest question whether they met: "met", or why not ("could_not")."""
        words = "Yes, we met" if said == "met" else "No, we did not meet"
        self.find(name, "Did you two meet").open(words).press("Send", said=said)
        self.run()

    def chats(self) -> list[str]:
        """The round's chats as the board shows them: "Sam and Maya, Tue 9 Mar, 4:30 – 5:00 pm, agreed"."""
        rows = ROW.findall(self.board(f"{self.round_page}?tab=chats").text)
        cells = [[plain(cell) for cell in CELL.findall(row)] for row in rows]
        return [
            f"{who.replace(' Lind', '').replace('Dr ', '').replace(' Okafor', '')}, {when}, {state}"
            for who, when, _, state in (row for row in cells if len(row) == 4 and " and " in row[0])
        ]


def plain(html: str) -> str:
    """What a piece of a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def halves(span: str) -> list[str]:
    """The keys of the picker's half-hours in a span of one day."""
    day, _, hours = span.partition(" ")
    starts, ends = (datetime.fromisoformat(f"{day} {wall}") for wall in hours.split("-"))
    count = (ends - starts) // timedelta(minutes=30)
    begins = [starts + timedelta(minutes=30 * number) for number in range(count)]
    return [f"{at:%Y%m%d-%H%M}-{at + timedelta(minutes=30):%H%M}" for at in begins]
