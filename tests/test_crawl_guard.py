"""What a crawl may reach, and that nothing from a page breaks out of a log line."""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pricevane.crawler import PlainFormatter, settings_for, user_agent
from pricevane.crawling import run_crawl
from pricevane.model import Origin, SiteState
from pricevane.wire import Job
from spiders.fetch.guard import is_public, same_site
from tests.crawl_shop import open_shop, product


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_a_private_address_is_refused_unless_the_operator_named_it_his_own(host: str) -> None:
    with open_shop() as shop:
        shop.replies["/p/1"] = product(shop, "/p/1")
        url = shop.url.replace("127.0.0.1", host)
        report = run_crawl(SiteState(url=f"{url}/p/1", local=("http://127.0.0.1:1",), single_page=True, contact="x"))
        assert shop.asked == []
        assert report.failed["private address"] >= 1
        assert report.exit_code == 1


@pytest.mark.slow
def test_a_shop_with_a_certificate_that_nobody_vouches_for_is_not_read(tmp_path: Path) -> None:
    with open_shop() as shop:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path / "shop.pem"))
        shop.server.socket = context.wrap_socket(shop.server.socket, server_side=True)
        url = shop.url.replace("http:", "https:")
        report = run_crawl(SiteState(url=f"{url}/p/1", local=(url,), single_page=True))
        assert shop.asked == []
        assert (report.failed, report.exit_code) == ({"certificate": 1}, 1)


def self_signed(path: Path) -> Path:
    """A key and a fresh certificate for 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")])
    now = datetime.now(UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    certificate = builder.add_extension(loopback, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(certificate.public_bytes(pem) + secret)
    return path


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_only_addresses_that_anyone_can_reach_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("site", "url", "same"),
    [
        ("http://s.example", "http://s.example/p", True),
        ("http://s.example", "https://s.example/p", True),
        ("http://s.example", "https://www.s.example/p", True),
        ("https://www.s.example", "https://s.example/p", True),
        ("https://s.example", "http://s.example/p", False),
        ("https://s.example", "https://s.example:8443/p", False),
        ("https://s.example", "https://shop.s.example/p", False),
        ("https://s.example", "https://s.example.evil.example/p", False),
        ("https://s.example", "https://s.example@evil.example/p", False),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8002/", False),
        ("http://s.example", "ftp://s.example/p", False),
        ("http://s.example", "file:///etc/passwd", False),
        ("http://s.example", "http://[broken", False),
        ("http://s.example", "http://s.example:99999/", False),
    ],
)
def test_a_site_is_its_origin_its_www_variant_and_its_https_twin(site: str, url: str, same: bool) -> None:
    assert same_site(Origin.of(site), url) is same


def test_strangers_are_asked_one_by_one_and_never_faster_than_once_a_second() -> None:
    settings = settings_for(Job(SiteState(url="https://s.example/", delay_s=0.01)))
    assert settings.getfloat("DOWNLOAD_DELAY") == 1.0
    assert settings.getint("CONCURRENT_REQUESTS") == 1
    assert settings.getbool("AUTOTHROTTLE_ENABLED")
    assert settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")


def test_only_http_has_a_download_handler() -> None:
    settings = settings_for(Job(SiteState(url="https://s.example/")))
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}


def test_a_contact_cannot_add_headers() -> None:
    assert user_agent("a@b.example\r\nX-Evil: 1") == "pricevane/0.1 (+a@b.exampleX-Evil: 1)"


def test_a_log_line_stays_one_line_without_control_characters() -> None:
    hostile = "price\nERROR root: all is lost\x1b[2J\u202e\x9b\r"
    record = logging.LogRecord("shop", logging.INFO, __file__, 1, "%s", (hostile,), None)
    line = PlainFormatter("%(message)s").format(record)
    assert line.isprintable()
    assert "all is lost" in line
