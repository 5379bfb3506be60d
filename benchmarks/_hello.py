"""The baseline of pages: Flask saying hello, and nothing else."""

from flask import Flask

pages = Flask("hello")


@pages.get("/")
@pages.get("/healthz")
def hello() -> str:
    """Hello."""
    return "hello"
