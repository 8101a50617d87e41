"""Mails on their way: their parts, the outbox, and real mail servers with and without encryption and login."""

from __future__ import annotations

import socket
from base64 import b64decode
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from pydantic import SecretStr
from selectolax.lexbor import LexborHTMLParser

from pricevane.alerts import mail as mails
from pricevane.alerts.digest import Rendered, render
from pricevane.alerts.mail import MailRefused, OutboxUnwritable, as_page, compose, deliver
from pricevane.config import Mail
from tests.alerts_digests import AS_OF, digest, line
from tests.smtp_server import PASSWORD, USER, serving, write_certificate

KEY = "digest-7-anna@shop.example"
SMALL = Rendered("Prices", "<p>€ 1</p>", "€ 1\n.\nafter a lone dot\n", {})


def small() -> EmailMessage:
    """A mail without pictures."""
    return compose(SMALL, "pricevane@shop.example", "anna@shop.example", AS_OF, KEY)


def parsed(raw: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    return message_from_bytes(raw, EmailMessage, policy=SMTP)


def test_plain_text_comes_first_and_pictures_belong_to_the_html() -> None:
    rendered = render(digest(line(17), line(18)))
    raw = compose(rendered, "pricevane@shop.example", "anna@shop.example", AS_OF, KEY).as_bytes()
    message = parsed(raw)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
    ]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == rendered.text
    assert html.get_content().replace("\r\n", "\n").strip() == rendered.html.strip()
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert {str(part["Content-ID"])[1:-1]: part.get_content() for part in pictures} == rendered.pictures
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998


def test_headers_name_who_when_what_and_the_same_key_gives_the_same_message_id() -> None:
    message = parsed(small().as_bytes())
    assert (message["From"], message["To"]) == ("pricevane@shop.example", "anna@shop.example")
    assert message["Date"].datetime == AS_OF
    assert message["Subject"] == "Prices"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == small()["Message-ID"]
    assert message["Message-ID"].endswith("@shop.example>")
    other = compose(SMALL, "pricevane@shop.example", "anna@shop.example", AS_OF, KEY + "x")
    assert other["Message-ID"] != message["Message-ID"]


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@shop.example", "a@x.example, b@x.example", "a@x.example\nBcc: b@x.example", "ä@x.example"],
)
@pytest.mark.parametrize("which", ["sender", "recipient"])
def test_what_is_not_exactly_one_address_gets_no_mail(address: str, which: str) -> None:
    people = {"sender": "pricevane@shop.example", "recipient": "anna@shop.example"} | {which: address}
    with pytest.raises(MailRefused, match="not one plain mail address"):
        compose(SMALL, made_at=AS_OF, key=KEY, **people)


def test_a_subject_with_a_line_break_never_becomes_a_header() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        compose(Rendered("Prices\r\nBcc: b@x.example", "", "", {}), "a@x.example", "b@x.example", AS_OF, KEY)


@pytest.mark.parametrize("key", [KEY, "../../etc/passwd", "/etc/passwd", "..", "", "a\x00b", "ключ", "k" * 500])
def test_every_mail_is_a_file_in_the_outbox_whatever_its_key(tmp_path: Path, key: str) -> None:
    where = Path(deliver(small(), Mail(), tmp_path, key, AS_OF))
    assert where.parent == tmp_path / "outbox"
    assert where.name.startswith("2026-03-03-")
    assert parsed(where.read_bytes())["Subject"] == "Prices"
    assert list(tmp_path.rglob("*.*")) == [where]


def test_a_repeated_key_replaces_its_file_and_another_key_never_does(tmp_path: Path) -> None:
    places = [deliver(small(), Mail(), tmp_path, key, AS_OF) for key in ("a.b", "a.b", "a-b")]
    assert places[0] == places[1] != places[2]
    assert len(list((tmp_path / "outbox").iterdir())) == 2


def test_the_outbox_may_lie_elsewhere(tmp_path: Path) -> None:
    where = deliver(small().as_bytes(), Mail(outbox=str(tmp_path / "mails")), Path("/nowhere"), KEY, AS_OF)
    assert Path(where).parent == tmp_path / "mails"


def test_a_link_planted_in_the_outbox_is_replaced_and_not_followed(tmp_path: Path) -> None:
    where = Path(deliver(small(), Mail(), tmp_path, KEY, AS_OF))
    target = tmp_path / "precious"
    target.write_text("precious")
    where.unlink()
    where.symlink_to(target)
    deliver(small(), Mail(), tmp_path, KEY, AS_OF)
    assert target.read_text() == "precious"
    assert not where.is_symlink()


def test_an_outbox_that_cannot_be_written_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(OutboxUnwritable, match=r"check mail\.outbox"):
        deliver(small(), Mail(), tmp_path, KEY, AS_OF)
    blocked = Path(deliver(small(), Mail(outbox="other"), tmp_path, KEY, AS_OF))
    blocked.unlink()
    blocked.mkdir()
    with pytest.raises(OutboxUnwritable):
        deliver(small(), Mail(outbox="other"), tmp_path, KEY, AS_OF)
    assert list(blocked.parent.iterdir()) == [blocked]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts yet."""
    return write_certificate(tmp_path_factory.mktemp("certificate") / "server.pem")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same certificate, trusted by this process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


@pytest.mark.parametrize("login", [False, True])
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_mail_server_gets_exactly_the_bytes_of_the_file(
    tmp_path: Path, trusted: Path, security: str, login: bool
) -> None:
    with serving(security, trusted, login) as server:
        secret = {"user": USER, "password": SecretStr(PASSWORD)} if login else {}
        settings = Mail.model_validate({"host": "127.0.0.1", "port": server.port, "security": security, **secret})
        where = deliver(small(), settings, tmp_path, KEY, AS_OF)
    path = next((tmp_path / "outbox").iterdir())
    assert where == f"{path} and 127.0.0.1:{server.port}"
    assert server.messages == [path.read_bytes()]
    assert server.envelopes == [("pricevane@shop.example", ["anna@shop.example"])]
    assert server.logged_in == [login]
    assert PASSWORD not in where + path.read_text()


def refused(settings: Mail, root: Path, recipient: str = "anna@shop.example") -> str:
    """Why a mail did not leave; the file is there all the same."""
    message = compose(SMALL, "pricevane@shop.example", recipient, AS_OF, KEY)
    with pytest.raises(MailRefused) as error:
        deliver(message, settings, root, KEY, AS_OF)
    assert parsed(next((root / "outbox").iterdir()).read_bytes())["To"] == recipient
    return str(error.value)


def test_a_wrong_password_is_told_without_showing_it(tmp_path: Path, trusted: Path) -> None:
    with serving("starttls", trusted, login=True) as server:
        settings = Mail(host="127.0.0.1", port=server.port, user=USER, password=SecretStr("battery staple"))
        told = refused(settings, tmp_path)
    assert "535" in told
    assert "battery" not in told
    assert server.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    tmp_path: Path, certificate: Path, security: str
) -> None:
    with serving(security, certificate) as server:
        settings = Mail.model_validate({"host": "127.0.0.1", "port": server.port, "security": security})
        told = refused(settings, tmp_path)
    assert "CERTIFICATE_VERIFY_FAILED" in told
    assert server.messages == []


def test_a_certificate_for_another_address_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write_certificate(tmp_path / "other.pem", ("127.9.9.9",))
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with serving("tls", other) as server:
        told = refused(Mail(host="127.0.0.1", port=server.port, security="tls"), tmp_path)
    assert "mismatch" in told
    assert server.messages == []


def test_a_server_without_starttls_gets_nothing_in_the_clear(tmp_path: Path) -> None:
    with serving("none", None) as server:
        told = refused(Mail(host="127.0.0.1", port=server.port, security="starttls"), tmp_path)
    assert "STARTTLS" in told
    assert server.messages == []


def test_a_server_that_asks_for_a_login_is_told_where_none_is_set(tmp_path: Path, trusted: Path) -> None:
    with serving("tls", trusted, login=True) as server:
        told = refused(Mail(host="127.0.0.1", port=server.port, security="tls"), tmp_path)
    assert "log in first" in told


def test_a_mailbox_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with serving("none", None) as server:
        settings = Mail(host="127.0.0.1", port=server.port, security="none")
        told = refused(settings, tmp_path, "nobody@shop.example")
    assert "no such mailbox" in told


@pytest.mark.parametrize("host", ["mail.shop.example", "192.0.2.1", "localhost.shop.example", "0.0.0.0"])
def test_no_mail_leaves_this_machine_unencrypted(tmp_path: Path, host: str) -> None:
    assert "set it to starttls or tls" in refused(Mail(host=host, security="none"), tmp_path)


def test_a_server_that_is_down_is_told_with_where_the_mail_is_kept(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        told = refused(Mail(host="127.0.0.1", port=free.getsockname()[1], security="none"), tmp_path)
    assert "kept as" in told


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = refused(Mail(host="127.0.0.1", port=silent.getsockname()[1], security="none"), tmp_path)
    assert "timed out" in told


def test_a_page_for_the_browser_holds_its_pictures_itself() -> None:
    rendered = render(digest(line(17), line(18, name='src="cid:chart-17@pricevane"')))
    message = compose(rendered, "pricevane@shop.example", "anna@shop.example", AS_OF, KEY)
    page = as_page(message.as_bytes())
    assert page == as_page(message)
    sources = [node.attributes["src"] or "" for node in LexborHTMLParser(page).css("img")]
    assert [b64decode(source.removeprefix("data:image/png;base64,")) for source in sources] == [
        *rendered.pictures.values()
    ]
    assert "src=&#34;cid:chart-17@pricevane&#34;" in page


def test_a_mail_without_html_has_no_page() -> None:
    plain = EmailMessage(policy=SMTP)
    plain["Date"] = datetime(2026, 3, 3, tzinfo=UTC)
    plain.set_content("only text")
    with pytest.raises(ValueError, match="no HTML part"):
        as_page(plain)
