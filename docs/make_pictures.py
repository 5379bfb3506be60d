"""The README's pictures: the demo is started in a temporary folder and photographed by a headless Chromium.

By hand, or by `make pictures`:  .venv/bin/python docs/make_pictures.py
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PHONE, DESK = (375, 812), (1200, 900)
MENTOR, STUDENT = "maya.okafor@riverside.example.org", "sam.rivera@students.riverside.example.org"
COORDINATOR = "ada.marsh@riverside.example.org"


class Browser:
    """Chromium, spoken to over two pipes (the DevTools protocol, its messages ended by a zero byte)."""

    def __init__(self, folder: str) -> None:
        program = next(
            (found for name in ("chromium", "google-chrome", "chrome") if (found := shutil.which(name))), None
        )
        if program is None:
            raise SystemExit("No Chromium is installed here, and without it there are no pictures.")
        to_browser, from_browser = os.pipe(), os.pipe()
        # Chromium reads from descriptor 3 and writes to 4, and the shell puts ours there.
        script = f'exec "$0" "$@" 3<&{to_browser[0]} 4>&{from_browser[1]}'
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
        ]
        self._process = subprocess.Popen(  # noqa: S603 - a browser found on this machine
            ["/bin/bash", "-c", script, program, *flags, f"--user-data-dir={folder}"],
            pass_fds=(to_browser[0], from_browser[1]),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        self._to, self._from = os.fdopen(to_browser[1], "wb", 0), os.fdopen(from_browser[0], "rb")
        self._number, self._unread = 0, b""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._page = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def open(self, url: str, size: tuple[int, int]) -> None:
        """Load a page in a window of this size, and wait until it is there with all it brings."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=2,
            mobile=size == PHONE,
        )
        self._ask("Page.navigate", url=url)
        self._wait_for("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of a script in the page, as the page's own developer would type it."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, userGesture=True)
        return answer.get("result", {}).get("value")

    def press(self, words: str) -> None:
        """Press the first button whose words these are, and wait for the page it leads to."""
        has_words = f"one => one.textContent.includes({json.dumps(words)})"
        self.run(f"[...document.querySelectorAll('button')].find({has_words}).click()")
        self._wait_for("Page.loadEventFired")

    def photograph(self, path: Path, *, whole: bool = False) -> None:
        """The window, or the whole page, as a PNG file."""
        shot = self._ask(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole)
        )
        path.write_bytes(base64.b64decode(shot["data"]))

    def end(self) -> None:
        """Close the browser."""
        self._to.write(b'{"id":0,"method":"Browser.close"}\0')
        self._process.wait(timeout=20)

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        call = {"id": self._number, "method": method, "params": params}
        if hasattr(self, "_page"):
            call["sessionId"] = self._page
        self._to.write(json.dumps(call).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _wait_for(self, event: str) -> None:
        while self._read().get("method") != event:
            pass

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            more = os.read(self._from.fileno(), 1 << 20)
            if not more:
                raise SystemExit("The browser went away.")
            self._unread += more
        message, self._unread = self._unread.split(b"\0", 1)
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def the_demo(folder: str) -> Iterator[str]:
    """The demo on a free port, and its address."""
    command = [str(Path(sys.executable).with_name("coffee-rounds")), "demo", "--data", folder, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    try:
        yield next(
            found[0] for line in process.stdout or () if (found := re.search(r"http://[\d.]+:\d+", line))
        )
    finally:
        process.terminate()
        process.communicate(timeout=20)


def link_in(browser: Browser, address: str, reader: str, purpose: str) -> str:
    """The first link of this purpose in somebody's newest mail."""
    browser.open(f"{address}/demo?to={reader}&view=text", DESK)
    return str(browser.run(f"document.querySelector('pre a[href*=\"/{purpose}/\"]').href"))


def take(browser: Browser, address: str) -> None:
    """The picker on a phone; then a round is planned and sent out: a mail, and the coordinator's board."""
    offer = link_in(browser, address, MENTOR, "offer")
    browser.open(offer, PHONE)
    chips = "document.querySelectorAll('fieldset > .chips input[name=t]')"
    browser.run(f"[1, 2, 6].forEach(at => {chips}[at].click())")
    browser.run(
        "[...document.querySelectorAll('h2')].find(h2 => h2.textContent.includes('tick')).scrollIntoView()"
    )
    browser.photograph(DOCS / "picker-phone.png")
    browser.open(f"{address}/demo?to={COORDINATOR}", DESK)
    browser.press("Let everybody else answer")
    browser.press("Sign in as the coordinator")
    browser.press("Sign in")
    for button in ("Plan now", "Publish the plan"):
        browser.open(f"{address}/board/1/rounds/2?tab=plan", DESK)
        browser.press(button)
    browser.open(f"{address}/demo?to={STUDENT}", DESK)
    browser.press("One hour on")
    frame = browser.run("document.querySelector('iframe').src")
    browser.open(frame, (640, 800))
    browser.photograph(DOCS / "mail.png", whole=True)
    browser.open(f"{address}/demo?to={STUDENT}", DESK)
    browser.press("Let everybody else answer")
    browser.press("One day on")
    browser.open(f"{address}/board/1", DESK)
    browser.photograph(DOCS / "board.png")


def main() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as folder, the_demo(f"{folder}/demo") as address:
        browser = Browser(f"{folder}/browser")
        try:
            take(browser, address)
        finally:
            browser.end()


if __name__ == "__main__":
    main()
