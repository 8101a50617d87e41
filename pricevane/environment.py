"""Settings and secrets from the environment, or from the files that its variables name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PREFIX = "PRICEVANE_"


class ConfigError(ValueError):
    """A setting is wrong; the message names the key, what it means and an example."""


def variable(section: str, key: str) -> str:
    """The name of the variable for a setting, like PRICEVANE_MAIL_HOST."""
    return (PREFIX + (f"{section}_" if section else "") + key).upper()


def given(name: str, environ: Mapping[str, str]) -> str | None:
    """The value of a variable, or the content of the file that the one with _FILE names; raises ConfigError."""
    if name in environ:
        return environ[name]
    if file := environ.get(name + "_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE names {file}, which cannot be read: {error}") from error
    return None


def login(name: str, environ: Mapping[str, str], where: str) -> str:
    """A variable's `user:password`; raises ConfigError, which does not repeat it, for anything else."""
    found = given(name, environ)
    if not found or ":" not in found:
        raise ConfigError(f"{where}: proxy_login names {name}, which is not set to user:password in the environment")
    return found
