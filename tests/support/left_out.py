"""What a test needs from the machine: without it the test is left out on a laptop and fails where CI=true."""

import os

import pytest


def require(condition: object, why: str) -> None:
    """Goes on when `condition` holds; else skips the test saying `why`, or fails it where `CI=true`."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"may not be left out here: {why}", pytrace=False)
    pytest.skip(why)
