"""Whether letters could leave, as the doctor sees it: by a dialogue with a mail server, or into a folder."""

import shutil
import socket
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.operating.conftest import Told
from tests.support import left_out
from tests.support.sink import Sink

pytestmark = pytest.mark.usefixtures("healthy", "smtp_allowed")
SENDER = "Coffee Rounds <rounds@rounds.example.edu>"


class Identity:
    """A certificate for 127.0.0.1 that nobody vouches for."""

    def __init__(self, folder: Path) -> None:
        left_out.require(shutil.which("openssl"), "no openssl to make a certificate with")
        self.path, key = folder / "certificate", folder / "key"
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        words += ["-nodes", "-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*words, "-keyout", key, "-out", self.path], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.path, key)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(tmp_path_factory.mktemp("identity"))


def knows(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, said: object) -> AuthResult:
    """Whether it is ada with her password."""
    is_ada = isinstance(said, LoginPassword) and (said.login, said.password) == (b"ada", b"pass/word")
    return AuthResult(success=is_ada, handled=False)


def signed(url: str, scheme: str, name: str = "ada:pass%2Fword@") -> str:
    return url.replace("smtp://", f"{scheme}://{name}")


def out(told: Told, mark: str, url: str, **more: str) -> str:
    return told(mark, SMTP_URL=url, MAIL_FROM=SENDER, **more).get("mail out", "")


def test_a_server_that_encrypts_and_knows_us_is_well(
    identity: Identity, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.path))
    with Sink(tls_context=identity.context, authenticator=knows) as sink:
        name = sink.url.removeprefix("smtp://")
        said = out(told, "well", signed(sink.url, "smtp+starttls"))
        assert said == f"The mail server {name} takes us (encrypted, signed in)."
        assert sink.mails == []


def test_a_wrong_password_is_told_without_it(
    identity: Identity, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.path))
    with Sink(tls_context=identity.context, authenticator=knows) as sink:
        said = out(told, "wrong", signed(sink.url, "smtp+starttls", "ada:battery@"))
    assert "the mail server refuses our password (535" in said
    assert "battery" not in said


def test_a_certificate_nobody_vouches_for_is_told(identity: Identity, told: Told) -> None:
    with Sink(tls_context=identity.context) as sink:
        said = out(told, "wrong", signed(sink.url, "smtp+starttls", ""))
    assert "certificate is not to be trusted" in said


def test_a_server_that_cannot_encrypt_though_it_should_is_told(told: Told) -> None:
    with Sink() as sink:
        said = out(told, "wrong", signed(sink.url, "smtp+starttls", ""))
    assert "STARTTLS extension not supported" in said


def test_a_server_that_is_away_is_told(told: Told) -> None:
    with closing(socket.socket()) as door:
        door.bind(("127.0.0.1", 0))
        said = out(told, "wrong", f"smtp://127.0.0.1:{door.getsockname()[1]}")
    assert said.startswith("Mail cannot go out by 127.0.0.1:")
    assert "cannot be reached" in said


def test_a_server_of_this_machine_needs_no_encryption_nor_signing_in(told: Told) -> None:
    with Sink() as sink:
        assert out(told, "well", sink.url).endswith("takes us (not encrypted, not signed in).")


def test_a_sender_nobody_can_have_is_wrong(told: Told) -> None:
    with Sink() as sink:
        assert told("wrong", SMTP_URL=sink.url) == {
            "mail out": "MAIL_FROM is an address nobody can have, so mail servers refuse it: set your own."
        }


def test_a_folder_that_can_be_written_is_well_but_not_in_production(told: Told, tmp_path: Path) -> None:
    words = f"Letters become files in the folder {tmp_path / 'letters'}."
    assert out(told, "well", f"maildir://{tmp_path / 'letters'}") == words
    production = {"ENVIRONMENT": "production", "BASE_URL": "https://rounds.example.edu"}
    assert out(told, "wrong", f"maildir://{tmp_path / 'letters'}", **production) == (
        "Letters go into a folder of this machine and to nobody: set SMTP_URL."
    )


def test_a_folder_that_cannot_be_written_is_wrong(told: Told) -> None:
    said = out(told, "wrong", "maildir:///proc/letters")
    assert said.startswith("The mail folder /proc/letters cannot be written: ")
