"""Names, texts, addresses and zones as they are cleaned on entry."""

import unicodedata
import zoneinfo

import pytest
from hypothesis import example, given, settings, strategies

from scheduler.programme import names

ANY_TEXT = strategies.text(strategies.characters(), max_size=120)
# Characters whose meeting is what goes wrong: bases, marks of several classes, joiners, overrides, blanks.
TROUBLE = strategies.text(
    "aeq"
    + '"'
    + " \t\r\n\x00\x85\u00a0\u2028\u2029\u0301\u0308\u0323\u0304\u05b0\u0958\u093c\u1100\u1161\u11a8"
    "\u200b\u200c\u200d\u200e\u202e\u2066\ufeff\u3164\ud800\ue000\ufffe\U000e0041\u212a\u0130\u00df",
    max_size=200,
)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("  Maya\t Lindqvist \r\n", "Maya Lindqvist"),
        ("Zoe\u0308 Mu\u0308ller", "Zo\u00eb M\u00fcller"),
        ('Sam "Bear" Okoye', "Sam Bear Okoye"),
        ("Lee, Jordan (they) O'Neil-\u00d1and\u00fa", "Lee, Jordan (they) O'Neil-\u00d1and\u00fa"),
        ("Eve\r\nBcc: ada@example.org", "Eve Bcc: ada@example.org"),
        ("Eve\u2028DESCRIPTION:x\u2029y\x85z", "Eve DESCRIPTION:x y z"),
        ("\u202eevE\u202c \u2066x\u2069\u200e", "evE x"),
        ("Sa\u200bm\x00\x1b\ufeff", "Sam"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\u200dSam\u200c \u200dOkoye\u200d", "Sam Okoye"),
        ("\u0301Sam \u0301Okoye", "Sam Okoye"),
        ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e"),
        ("\u3164\u2800\u200b", ""),
        ('" "', ""),
        ("\ud800\ue000\ufffe", ""),
    ],
)
def test_a_name_is_one_clean_line(written, name):
    assert names.clean_name(written) == name


def test_a_name_ends_after_eighty_characters():
    assert names.clean_name("x" * 81) == "x" * 80
    assert names.clean_name("x" * 79 + " y") == "x" * 79


def test_a_base_is_not_cut_from_its_marks():
    # q has no composed form with either mark, so the third character of the cluster is the 81st.
    assert names.clean_name("x" * 78 + "q\u0323\u0308") == "x" * 78


def test_a_cluster_that_ends_at_the_limit_stays():
    assert names.clean_name("x" * 77 + "q\u0323\u0308" + "y") == "x" * 77 + "q\u0323\u0308"


def test_a_tower_of_marks_is_made_low():
    assert names.clean_name("q" + "\u0301" * 500) == "q" + "\u0301" * 8


def test_free_text_keeps_its_quotes():
    assert names.clean_text('on "balance"\nand pay', 120) == 'on "balance" and pay'


@settings(max_examples=300)
@given(ANY_TEXT | TROUBLE)
def test_any_text_becomes_one_short_safe_line(text):
    name = names.clean_name(text)
    assert len(name) <= 80
    assert '"' not in name
    assert name == " ".join(name.split())
    assert len(name.splitlines()) <= 1
    assert unicodedata.is_normalized("NFC", name)
    kinds = {unicodedata.category(character) for character in name if character not in "\u200c\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not name or not unicodedata.category(name[0]).startswith("M")


@settings(max_examples=300)
@given(ANY_TEXT | TROUBLE, strategies.sampled_from([1, 3, 80]))
@example("\u01df" + "\u200b\u0323" * 9, 80)
@example("a\u0301\u200d\u200d\u0323b", 80)
def test_cleaning_twice_is_cleaning_once(text, limit):
    name, line = names.clean_name(text), names.clean_text(text, limit)
    assert names.clean_name(name) == name
    assert names.clean_text(line, limit) == line


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Sam.Okoye@Example.ORG", "sam.okoye@example.org"),
        (" \u00a0sam@example.org\u200b\r\n", "sam@example.org"),
        ("\u202asam@example.org\u202c", "sam@example.org"),
        ("o'neil+round=2@example.org", "o'neil+round=2@example.org"),
        ("sam@M\u00dcNCHEN.de", "sam@xn--mnchen-3ya.de"),
        ("sam@xn--mnchen-3ya.de", "sam@xn--mnchen-3ya.de"),
        ("sam@\uff45xample.org", "sam@example.org"),
    ],
)
def test_an_address_has_one_form(written, address):
    assert names.clean_address(written) == address
    assert names.clean_address(address) == address


@pytest.mark.parametrize(
    "written",
    [
        "",
        "  ",
        "\u200b",
        "sam",
        "sam@",
        "@example.org",
        "sam@localhost",
        "sam@example..org",
        "sam.@example.org",
        "sam@example.org.",
        "Sam <sam@example.org>",
        '"sam"@example.org',
        "sam@[127.0.0.1]",
        "sam@ex ample.org",
        "sam@example.org\r\nBcc: eve@example.org",
        "sam@example.org, lee@example.org",
        "sa\u200bm@example.org",
        "mailto:sam@example.org",
        "s\u00e4m@example.org",
        "mi\u212ae@example.org",
        "\u0130da@example.org",
        "sam\x00@example.org",
        "sam@" + "x." * 200 + "org",
        "\ud800@example.org",
    ],
)
def test_what_is_no_address_is_refused_in_one_sentence(written):
    with pytest.raises(names.BadAddress, match=r"^[^\r\n]{1,300}\.$"):
        names.clean_address(written)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("sam\n@example.org", "it has a line break in it"),
        ("sam lind@example.org", "it has a blank in it"),
        ("sam\x00@example.org", "it has a letter that cannot be seen in it"),
        ("sam@example.x1", "no address ends like that"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_in_plain_words(written, why):
    with pytest.raises(names.BadAddress, match=f"is not a mail address: {why}\\.$"):
        names.clean_address(written)


def test_a_letter_that_folds_to_ascii_makes_no_one_elses_address():
    assert "\u212a".lower() == "k"
    with pytest.raises(names.BadAddress, match="has letters before the @-sign"):
        names.clean_address("mi\u212ae@example.org")


@settings(max_examples=300)
@given(
    ANY_TEXT
    | TROUBLE
    | strategies.builds("{}@{}.org".format, strategies.text(max_size=8), strategies.text(max_size=8))
)
def test_any_text_is_an_address_or_a_bad_address(text):
    try:
        address = names.clean_address(text)
    except names.BadAddress:
        return
    assert address.isascii()
    assert address == address.lower()
    assert names.clean_address(address) == address


def test_every_zone_of_the_list_but_two_is_known():
    for zone in zoneinfo.available_timezones() - {"localtime", "Factory"}:
        assert names.known_zone(zone) == zone


def test_a_zone_may_be_written_in_any_capitals():
    assert names.known_zone(" europe/berlin ") == "Europe/Berlin"
    assert names.find_zone("utc") == "UTC"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "localtime",
        "LOCALTIME",
        "Factory",
        "posixrules",
        "right/UTC",
        "America",
        "../../etc/passwd",
        "/etc/localtime",
        "x" * 5000,
        "Europe/Berlin\x00",
        "PST",
        "UTC+2",
    ],
)
def test_what_is_no_zone_is_refused_in_one_sentence(written):
    assert names.find_zone(written) is None
    with pytest.raises(names.BadZone, match=r"^[^\r\n]{1,200}[.?]$"):
        names.known_zone(written)


def test_lines_are_kept_and_cleaned_each():
    written = "\r\n one  two\u202e\r\nthree\u2028\n\n\n\nfour\t \n\n"
    assert names.clean_lines(written, 80) == "one two\nthree\n\nfour"


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("Kolkatta", "Asia/Kolkata"),
    ],
)
def test_a_wrong_zone_is_answered_with_the_nearest(written, nearest):
    with pytest.raises(names.BadZone, match=f"did you mean {nearest}"):
        names.known_zone(written)
