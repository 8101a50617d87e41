"""A Chromium out of the npm registry: pinned, verified, unpacked with Python alone."""

from __future__ import annotations

import base64
import hashlib
import io
import platform
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

import brotli

PACKAGE = "@sparticuz/chromium"
VERSION = "153.0.0"
INTEGRITY = "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
# What the package holds, and the folder that each archive is unpacked into.
ARCHIVES = {"al2023.tar.br": ".", "fonts.tar.br": "fonts", "swiftshader.tar.br": "."}


class FetchError(RuntimeError):
    """The package could not be had, or is not the one that was pinned."""


def fits() -> bool:
    """Whether the package's binaries run here."""
    return (platform.system(), platform.machine()) == ("Linux", "x86_64")


def fetch(npm: Sequence[str], into: Path) -> Path:
    """Download and unpack under `into` with the command `npm`; returns the program. Raises FetchError."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as folder:
        _download(npm, Path(folder))
        package = next(Path(folder).glob("*.tgz"))
        verify(package)
        return unpack(package, into / VERSION)


def _download(npm: Sequence[str], folder: Path) -> None:
    command = [*npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--ignore-scripts"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600)  # noqa: S603
    except subprocess.CalledProcessError as error:
        raise FetchError(f"npm cannot fetch {PACKAGE}: {(error.stderr or error.stdout).strip()[-500:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"npm cannot fetch {PACKAGE}: {error}") from error


def verify(package: Path) -> None:
    """Raise FetchError unless the file has the pinned SHA-512."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise FetchError(f"{package.name} is {found}, but {INTEGRITY} was pinned; it is not used")


def unpack(package: Path, into: Path) -> Path:
    """The libraries, the fonts and at last the program out of the package; returns the program."""
    with tarfile.open(package) as files:
        for archive, folder in ARCHIVES.items():
            extract(_member(files, archive), into / folder)
        fonts = into / "fonts" / "fonts.conf"
        fonts.write_text(fonts.read_text("utf-8").replace("/tmp/fonts", str(fonts.parent)), "utf-8")  # noqa: S108
        program = into / "chromium"
        program.write_bytes(_member(files, "chromium.br"))
    program.chmod(0o755)
    return program


def _member(files: tarfile.TarFile, name: str) -> bytes:
    held = files.extractfile(f"package/bin/{name}")
    if held is None:
        raise FetchError(f"{PACKAGE} {VERSION} holds no {name}")
    return bytes(brotli.decompress(held.read()))


def extract(archive: bytes, into: Path) -> None:
    """Write an archive's regular files; raises FetchError for a name that leads out of the folder."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            target = (into / member.name).resolve()
            if not target.is_relative_to(into.resolve()):
                raise FetchError(f"{PACKAGE} {VERSION} holds {member.name!r}, which leads out of the folder")
            if member.isfile() and (held := files.extractfile(member)):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(held.read())
