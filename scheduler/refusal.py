"""Refusals: what stands against a wish, in a sentence that a page, a command or a mail can show as it is."""


class Refusal(Exception):
    """Something stands against it; the text is a sentence for whoever asked, whichever way they did."""
