"""Drawing once: what a macro makes of plain values is kept for the next page that shows the same."""

from collections.abc import Hashable
from functools import lru_cache

from flask import get_template_attribute

KEPT = 256
"""Pieces of pages, of a few kilobytes each."""


@lru_cache(maxsize=KEPT)
def drawn(template: str, macro: str, *values: Hashable) -> str:
    """The HTML that a template's macro makes of these values; of the same ones it is made once."""
    html: str = get_template_attribute(template, macro)(*values)
    return html
