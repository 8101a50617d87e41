"""A Chromium is found in the stated order, verified before it is used, and really shows pages."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from pricevane import chromium
from pricevane.chromium import __main__ as setup
from pricevane.chromium import fetch


def program(path: Path, answer: str) -> Path:
    """A program that gives its name when asked for its version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return path


def packed(path: Path, name: str, content: bytes = b"x") -> bytes:
    """A tar archive of one file."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        files.addfile(member, io.BytesIO(content))
    path.write_bytes(archive.getvalue())
    return archive.getvalue()


@pytest.mark.slow
def test_the_chromium_found_runs_the_scripts_of_a_page() -> None:
    with sync_playwright() as playwright, playwright.chromium.launch(**chromium.launch_options()) as browser:
        page = browser.new_page()
        page.set_content("<p id=p></p><script>p.textContent = (19.99).toFixed(1)</script>")
        assert page.inner_text("#p") == "20.0"


@pytest.mark.slow
def test_setup_says_which_chromium_starts(capsys: pytest.CaptureFixture[str]) -> None:
    setup.main()
    found = chromium.find()
    assert found
    assert capsys.readouterr().out == f"chromium: {chromium.version(found)} ({found})\n"


def test_the_variable_comes_before_the_path_and_the_path_in_order(tmp_path: Path) -> None:
    named = program(tmp_path / "own/browser", "echo Own 1")
    program(tmp_path / "bin/google-chrome", "echo Chrome 1")
    broken = program(tmp_path / "bin/chromium", "echo snap is not running; exit 1")
    environ = {"PATH": str(tmp_path / "bin")}
    assert chromium.find(environ) == tmp_path / "bin/google-chrome"
    program(broken, "echo Chromium 1")
    assert chromium.find(environ) == broken
    assert chromium.find({**environ, "PRICEVANE_CHROMIUM": str(named)}) == named


@pytest.mark.parametrize("content", ["exit 1", "exec /nowhere/at/all"])
def test_a_named_chromium_that_does_not_start_is_refused_not_replaced(tmp_path: Path, content: str) -> None:
    named = program(tmp_path / "browser", content)
    with pytest.raises(chromium.ChromiumMissing, match=f"PRICEVANE_CHROMIUM names {named}"):
        chromium.find({"PATH": os.environ["PATH"], "PRICEVANE_CHROMIUM": str(named)})


def test_the_browser_never_sees_our_settings_and_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRICEVANE_MAIL_PASSWORD", "hush")
    told = program(tmp_path / "browser", "env")
    assert "PATH=" in chromium.version(told)
    assert "hush" not in chromium.version(told)


def test_only_the_unpacked_chromium_gets_its_own_libraries() -> None:
    unpacked = chromium.cache() / fetch.VERSION / "chromium"
    own = chromium.launch_environment(unpacked)["LD_LIBRARY_PATH"].split(":")
    assert own[:2] == [str(unpacked.parent / "lib"), str(unpacked.parent)]
    assert chromium.launch_environment(Path("/usr/bin/chromium")).get("LD_LIBRARY_PATH") == os.environ.get(
        "LD_LIBRARY_PATH"
    )


def test_the_sandbox_is_off_for_root_only_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    root = os.geteuid() == 0
    assert chromium.sandbox_args() == ["--no-sandbox"] * root
    assert ("sandbox is off" in caplog.text) == root


def test_a_package_with_another_hash_is_not_used(tmp_path: Path) -> None:
    package = tmp_path / "chromium.tgz"
    package.write_bytes(b"something else")
    with pytest.raises(fetch.FetchError, match="was pinned; it is not used"):
        fetch.verify(package)


def test_an_npm_that_fails_is_reported_in_its_own_words(tmp_path: Path) -> None:
    npm = program(tmp_path / "npm", "echo registry is down >&2; exit 7")
    with pytest.raises(fetch.FetchError, match="registry is down"):
        fetch.fetch([str(npm)], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "lib/../../escaped"])
def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(fetch.FetchError, match="leads out of the folder"):
        fetch.extract(packed(tmp_path / "a.tar", name), tmp_path / "into")
    assert not (tmp_path / "escaped").exists()


def test_an_archive_is_unpacked_with_its_folders(tmp_path: Path) -> None:
    fetch.extract(packed(tmp_path / "a.tar", "lib/libnss3.so", b"nss"), tmp_path / "into")
    assert (tmp_path / "into/lib/libnss3.so").read_bytes() == b"nss"


@pytest.mark.slow
def test_without_any_chromium_the_exit_is_1_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "ROOT", tmp_path)
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    for variable in ("PATH", "HOME", "PLAYWRIGHT_BROWSERS_PATH"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(SystemExit, match="apt-get install chromium"):
        setup.main()
    assert "npm cannot fetch @sparticuz/chromium" in capsys.readouterr().err
