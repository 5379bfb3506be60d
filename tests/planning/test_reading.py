"""Files that are no JSON, or no file of ours, are refused in a sentence."""

import gzip

import pytest

from scheduler.planning import problem
from scheduler.planning.problem import BadInstance, BadPlan


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is not JSON: see line 1, column 1."),
        ('{"format": \n oh', "The file is not JSON: see line 2, column 2."),
        (b"\xff\xfe\x00", "The file is not UTF-8 text."),
        (b"\x1f\x8bnonsense", "The file is a damaged gzip file."),
        (gzip.compress(b"{}" * 5000, mtime=0)[:-20], "The gzip file ends too early."),
        ("[" * 200_000, "The file is nested too deeply to be read."),
        ('{"horizon": ' + "9" * 5000 + "}", "The file holds a number with too many digits."),
        ("[1, 2]", "The instance must be a JSON object."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(content: str | bytes, said: str) -> None:
    with pytest.raises(BadInstance) as refused:
        problem.read_instance(content)
    assert str(refused.value) == said


def test_a_plan_file_that_cannot_be_read_is_a_bad_plan() -> None:
    with pytest.raises(BadPlan, match="not UTF-8"):
        problem.read_plan(b"\xff\xfe")
