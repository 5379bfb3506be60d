"""Taking in a class list: all or nothing, twice is once, and nothing touched that the file does not name."""

import codecs
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from scheduler import db
from scheduler.mail.envelope import Outgoing
from scheduler.programme import class_list, enrolling
from scheduler.programme.enrolling import Change
from scheduler.programme.pairing import Exclusion, Why
from scheduler.programme.person import Person, Standing
from scheduler.programme.programme import Programme

NOW = datetime(2027, 3, 1, 14, tzinfo=UTC)


@pytest.fixture
def session(service):
    with db.transaction() as opened:
        yield opened


@pytest.fixture
def programme(session):
    made = Programme(name="Riverside", timezone="America/New_York", created_at=NOW)
    session.add(made)
    session.flush()
    return made


def coordinators_file():
    """Forty people as a spreadsheet saves them: a mark at the front, semicolons, capitals, stray blanks,
    quoted names, blank lines at the end, letters beyond ASCII."""
    lines = ["Name;Email;Roles;Stage;Institution;Specialty;Capacity;Timezone;Offers;Wants;Not_with"]
    lines += [
        "Dr. Amara Okafor;a.okafor@hospital.example;mentor;attending;University Hospital;Medicine;2;;"
        '"career model; stretch";;sam.okoye@school.example',
        '"Lindqvist, Maya"; Maya@Hospital.example;Mentor;resident;University Hospital;Surgery;1;;near-peer;;',
        'Noor Haddad;noor@hospital.example;"mentor;student";fellow;;Cardiology;;;outside;different path;',
        "José Ángel Núñez;jose@clinic.example;mentor;attending;Clínica Norte;Surgery;3;America/Chicago;;;",
    ]
    lines += [f"Dr Mentor {n};mentor{n}@hospital.example;mentor;resident;;Surgery;1;;;;" for n in range(1, 9)]
    lines += ["Sam  Okoye ;sam.okoye@school.example;student;year 2;;;;;;near-peer;"]
    lines += [f"Student {n};student{n}@school.example;student;year {n % 4 + 1};;;;;;;" for n in range(1, 28)]
    return codecs.BOM_UTF8 + ("\r\n".join(lines) + "\r\n;;;;;;;;;;\r\n").encode()


def read(text):
    return class_list.read(text.encode() if isinstance(text, str) else text)


def take_in(session, programme, text, **how):
    return enrolling.take_in(session, programme, read(text), NOW, **how)


def person(session, email):
    return session.scalar(select(Person).where(Person.email == email))


def count(session):
    return session.scalar(select(func.count(Person.id)))


def apart(session):
    """Who is kept from whom, as addresses."""
    emails = dict(session.execute(select(Person.id, Person.email)).all())
    rows = session.execute(
        select(Exclusion.person_id, Exclusion.other_id).where(Exclusion.round_id.is_(None))
    )
    return sorted((emails[one], emails[other]) for one, other in rows)


def test_forty_people_come_in_active_and_without_a_mail(session, programme):
    found = take_in(session, programme, coordinators_file())
    assert found.summary == "40 new, 0 changed, 0 unchanged, 0 wrong"
    assert count(session) == 40
    assert session.scalar(select(func.count(Outgoing.id))) == 0
    maya, noor = person(session, "maya@hospital.example"), person(session, "noor@hospital.example")
    assert (maya.name, maya.stage, maya.own_timezone) == ("Lindqvist, Maya", "resident", None)
    assert (noor.is_mentor, noor.is_student, noor.offers) == (True, True, ["outside"])
    jose = person(session, "jose@clinic.example")
    assert (jose.name, jose.capacity, jose.timezone) == ("José Ángel Núñez", 3, "America/Chicago")
    assert {one.standing for one in session.scalars(select(Person))} == {Standing.ACTIVE}
    amara, sam = "a.okafor@hospital.example", "sam.okoye@school.example"
    assert apart(session) == [(amara, sam), (sam, amara)]


def test_the_same_list_again_changes_nothing(session, programme):
    take_in(session, programme, coordinators_file())
    before = apart(session)
    again = take_in(session, programme, coordinators_file())
    assert again.summary == "0 new, 0 changed, 40 unchanged, 0 wrong"
    assert not session.dirty
    assert (count(session), apart(session)) == (40, before)


def test_a_preview_shows_the_same_and_changes_nothing(session, programme):
    found = enrolling.preview(session, programme, read(coordinators_file()), NOW)
    assert (found.summary, count(session)) == ("40 new, 0 changed, 0 unchanged, 0 wrong", 0)


def test_a_change_is_shown_from_old_to_new_and_absent_columns_are_left(session, programme):
    take_in(session, programme, coordinators_file())
    text = (
        "email,name,roles,timezone,wants\n"
        "noor@hospital.example,Noor H. Haddad,mentor,Europe/Berlin,outside;stretch\n"
    )
    [changed] = take_in(session, programme, text).changed
    assert changed.changes == (
        Change("name", "Noor Haddad", "Noor H. Haddad"),
        Change("student", "yes", "no"),
        Change("timezone", "the programme's", "Europe/Berlin"),
        Change("wants", "different path", "outside; stretch"),
    )
    noor = person(session, "noor@hospital.example")
    assert (noor.name, noor.is_student, noor.timezone) == ("Noor H. Haddad", False, "Europe/Berlin")
    assert (noor.stage, noor.specialty, noor.offers) == ("fellow", "Cardiology", ["outside"])
    assert count(session) == 40


def test_an_empty_cell_empties_what_was_there(session, programme):
    take_in(session, programme, coordinators_file())
    take_in(session, programme, "name,email,roles,stage,timezone\nJosé,jose@clinic.example,mentor,,\n")
    jose = person(session, "jose@clinic.example")
    assert (jose.stage, jose.own_timezone, jose.capacity) == ("", None, 3)


def test_topics_are_a_mentors_to_speak_of_and_a_students_to_ask(session, programme):
    take_in(
        session,
        programme,
        "name,email,roles,topics\nMaya,maya@example.org,mentor,pay\n"
        "Sam,sam@example.org,student,pay;leave\nNoor,noor@example.org,mentor;student,children\n",
    )
    said = {
        name: (
            person(session, f"{name}@example.org").topics,
            person(session, f"{name}@example.org").asks_about,
        )
        for name in ("maya", "sam", "noor")
    }
    assert said == {
        "maya": (["pay"], []),
        "sam": ([], ["pay", "leave"]),
        "noor": (["children"], ["children"]),
    }


def test_a_preview_does_not_show_what_a_student_asks_and_an_empty_cell_leaves_it(session, programme):
    header = "name,email,roles,topics\n"
    take_in(session, programme, header + "Sam,sam@example.org,student,\n")
    person(session, "sam@example.org").asks_about = ["burnout"]
    found = enrolling.preview(session, programme, read(header + "Sam,sam@example.org,student,pay\n"), NOW)
    assert found.changed[0].changes == (Change("asks_about", "kept private", "pay"),)
    assert take_in(session, programme, header + "Sam,sam@example.org,student,\n").changed == ()
    assert person(session, "sam@example.org").asks_about == ["burnout"]


def test_one_wrong_line_keeps_everybody_out(session, programme):
    text = "name,email,roles\nMaya,maya@example.org,mentor\nSam,sam@,student\n"
    with pytest.raises(enrolling.NotTaken) as caught:
        take_in(session, programme, text)
    assert [(wrong.row, wrong.column) for wrong in caught.value.preview.wrong] == [(3, "email")]
    assert count(session) == 0
    assert (
        take_in(session, programme, text, skip_bad=True).summary == "1 new, 0 changed, 0 unchanged, 1 wrong"
    )
    assert count(session) == 1


def test_not_with_somebody_unknown_is_wrong_also_when_skipping_made_them_so(session, programme):
    text = (
        "name,email,roles,not_with\n"
        "Maya,maya@example.org,mentor,sam@example.org\n"
        "Sam,sam@example.org,student,nobody@example.org\n"
        "Lee,lee@example.org,student,\n"
    )
    found = take_in(session, programme, text, skip_bad=True)
    assert [wrong.sentence for wrong in found.wrong] == [
        "Line 2, column not_with: sam@example.org stands neither in this list nor in the programme.",
        "Line 3, column not_with: nobody@example.org stands neither in this list nor in the programme.",
    ]
    assert list(session.scalars(select(Person.email))) == ["lee@example.org"]


def pairs_file(maya="", sam=""):
    return (
        f"name,email,roles,not_with\nMaya,maya@example.org,mentor,{maya}\nSam,sam@example.org,student,{sam}\n"
    )


def test_a_pair_stays_apart_until_neither_names_the_other(session, programme):
    maya, sam = "maya@example.org", "sam@example.org"
    take_in(session, programme, pairs_file(maya=sam))
    assert apart(session) == [(maya, sam), (sam, maya)]
    assert take_in(session, programme, pairs_file(sam=maya)).changed == ()
    assert apart(session) == [(maya, sam), (sam, maya)]
    take_in(session, programme, f"name,email,roles,not_with\nMaya,{maya},mentor,\n")
    take_in(session, programme, f"name,email,roles\nMaya,{maya},mentor\nSam,{sam},student\n")
    assert apart(session) == [(maya, sam), (sam, maya)]
    found = take_in(session, programme, pairs_file())
    assert [one.changes for one in found.changed] == [
        (Change("not_with", sam, ""),),
        (Change("not_with", maya, ""),),
    ]
    assert apart(session) == []


def test_what_the_coordinator_keeps_apart_is_not_the_lists_to_undo(session, programme):
    take_in(session, programme, pairs_file())
    one, other = (person(session, f"{name}@example.org").id for name in ("maya", "sam"))
    session.add(Exclusion(person_id=one, other_id=other, why=Why.COORDINATOR, made_at=NOW))
    session.flush()
    take_in(session, programme, pairs_file())
    assert apart(session) == [("maya@example.org", "sam@example.org")]


def test_someone_who_left_or_paused_is_not_brought_back_by_a_list(session, programme):
    take_in(session, programme, pairs_file())
    person(session, "maya@example.org").leave()
    person(session, "sam@example.org").pause(None)
    found = take_in(session, programme, pairs_file())
    assert [row.name for row in found.away] == ["Maya", "Sam"]
    assert person(session, "maya@example.org").standing is Standing.LEFT


def test_the_same_address_in_another_programme_is_another_person(session, programme):
    other = Programme(name="Hillside", timezone="Europe/Berlin", created_at=NOW)
    session.add(other)
    session.flush()
    take_in(session, programme, pairs_file(maya="sam@example.org"))
    assert take_in(session, other, pairs_file()).summary == "2 new, 0 changed, 0 unchanged, 0 wrong"
    assert count(session) == 4
