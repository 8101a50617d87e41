"""pricevane.toml and the environment, read once into a frozen, checked Config."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from pricevane import cron
from pricevane.environment import PREFIX, ConfigError, given, login, variable
from pricevane.model import LostDigits, Money, Origin

FILE = "pricevane.toml"
SECRET = re.compile(r"://[^/@]*:[^/@]*@|[?&]password=", re.IGNORECASE)
EXAMPLE = Path(__file__).parent.parent / "pricevane.example.toml"


class Section(BaseModel):
    """A frozen part of the configuration that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _address(url: str) -> str:
    Origin.of(url)
    if urlsplit(url).username is not None:
        raise ValueError("leave the login out of the address")
    return url


def _proxy(url: str) -> str:
    if url and not _address(url).startswith("http://"):
        raise ValueError("a proxy's address begins with http://")
    return url


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone") from error
    return name


def _cron(line: str) -> str:
    cron.trigger(line)
    return line


Zone = Annotated[str, AfterValidator(_zone)]
CurrencyCode = Annotated[str, BeforeValidator(_upper), Field(pattern="^[A-Z]{3}$")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12)]
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[\w][\w .&+-]{0,79}$")]
# A variable of the environment, so that nobody writes the secret itself there.
Variable = Annotated[str, Field(pattern="^(PRICEVANE_[A-Z0-9_]+)?$")]
# What tells a shop's regions apart, in a header and in an address.
Plain = Annotated[str, Field(pattern=r"^[\w.:/+~|%-]{1,200}$")]
Email = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$")]


class Site(Section):
    """One web shop of a competitor."""

    name: Name
    url: Annotated[str, AfterValidator(_address)]
    currency: CurrencyCode | None = None
    language: str = ""
    region: str = ""
    cookies: dict[Plain, Plain] = {}
    query: dict[Plain, Plain] = {}
    proxy: Annotated[str, AfterValidator(_proxy)] = ""
    proxy_login: Variable = ""
    vat: Share | None = None
    tax_included: bool = True
    render: Literal["auto", "http", "browser"] = "auto"
    local: bool = False
    marketplace: bool = False
    delay_s: Annotated[float, Field(ge=1, le=3600)] = 1.0
    hours: Annotated[str, Field(pattern=r"^((([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d))?$")] = ""
    time_zone: Zone | None = None
    max_pages: Annotated[int, Field(ge=1)] = 100_000
    budget: Annotated[int, Field(ge=0)] = 0
    discover_days: Annotated[int, Field(ge=0)] = 0
    feeds: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    delivery_fee: Amount = Decimal(0)

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return Origin.of(self.url)

    @property
    def place(self) -> str:
        """Host and port, and the region for which they are asked: no two sites have both."""
        return f"{self.origin.key} {self.region}".strip()


class Competitor(Section):
    """A business and its shops."""

    name: Name
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    sites: tuple[Site, ...]


class Category(Section):
    """How one category of our products is managed."""

    name: Annotated[str, Field(min_length=1)]
    manager: Email | None = None
    floor_margin: Share | None = None


class Rule(Section):
    """What to do when the market moves; the first rule that fits a product is used."""

    name: Name
    categories: tuple[str, ...] = ()
    key_value_items: bool | None = None
    action: Literal["match", "beat", "stay_above", "index", "hold"]
    reference: Literal["lowest", "highest", "average", "median", "named", "rrp", "cost"] = "median"
    rivals: tuple[str, ...] = ()
    by_pct: Annotated[Decimal, Field(ge=0, le=50)] = Decimal(0)
    by_amount: Amount = Decimal(0)
    index: Annotated[Decimal, Field(ge=50, le=200)] = Decimal(100)
    direction: Literal["both", "up", "down"] = "both"
    min_rivals: Annotated[int, Field(ge=1)] = 1
    in_stock_only: bool = True


class Guardrails(Section):
    """Limits that no proposal breaks, and when a whole run is held."""

    landed_cost_factor: Annotated[float, Field(ge=1)] = 1.03
    cap_market_factor: Annotated[float, Field(ge=1)] = 1.10
    max_change: Share = 0.10
    max_change_30d: Share = 0.15
    cooldown_days: Annotated[int, Field(ge=0)] = 7
    cooldown_days_kvi: Annotated[int, Field(ge=0)] = 3
    least_move: Share = 0.005
    least_move_amount: Amount = Decimal("0.05")
    changes_30d: Annotated[int, Field(ge=1)] = 2
    max_age_hours: Annotated[int, Field(ge=1)] = 48
    min_match_score: Share = 0.95
    rival_quarantined_share: Share = 0.05
    run_share: Share = 0.02
    run_count: Annotated[int, Field(ge=0)] = 20
    run_median_move: Share = 0.04
    endings: tuple[Annotated[int, Field(ge=0, le=99)], ...] = (99, 95, 90, 49)

    def cooldown(self, key_value_item: bool) -> timedelta:
        """How long a price rests after a change."""
        return timedelta(days=self.cooldown_days_kvi if key_value_item else self.cooldown_days)


class Mail(Section):
    """How alerts leave: as files in the outbox, or by SMTP when a host is named."""

    outbox: str = "outbox"
    sender: Email = "pricevane@localhost"
    fallback: Email = "managers@localhost"
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = Field(SecretStr(""), exclude=True)
    proposals: Annotated[int, Field(ge=1, le=50)] = 7


class Database(Section):
    """Where prices are kept."""

    url: str = "sqlite:///pricevane.db"


class Archive(Section):
    """Whether the pages behind prices are kept, where and how long."""

    folder: str = ""
    keep_days: Annotated[int, Field(ge=1, le=36500)] = 90
    changed_only: bool = True


class Schedule(Section):
    """When to crawl which sites, and what follows."""

    name: Name
    cron: Annotated[str, AfterValidator(_cron)] | None = None
    every_minutes: Annotated[int, Field(ge=1)] | None = None
    time_zone: Zone | None = None
    sites: tuple[str, ...] = ()
    then: tuple[Literal["match", "propose", "digest"], ...] = ("match", "propose", "digest")
    latest_minutes: Annotated[int, Field(ge=1)] = 60

    @model_validator(mode="after")
    def _one(self) -> Schedule:
        if (self.cron is None) == (self.every_minutes is None):
            raise ValueError("give either cron or every_minutes")
        return self


class Config(Section):
    """All of pricevane.toml."""

    contact: str = ""
    currency: CurrencyCode = "EUR"
    vat: Share = 0.0
    time_zone: Zone = "UTC"
    database: Database = Database()
    mail: Mail = Mail()
    archive: Archive = Archive()
    guardrails: Guardrails = Guardrails()
    competitors: tuple[Competitor, ...] = ()
    categories: tuple[Category, ...] = ()
    rules: tuple[Rule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    root: Path = Field(Path(), exclude=True)
    _logins: dict[str, SecretStr] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _names(self) -> Config:
        sites = self.sites
        for what, names in (
            ("competitor", [c.name for c in self.competitors]),
            ("site", [s.name for c in self.competitors for s in c.sites]),
            ("site address (host:port) and region", [s.place for c in self.competitors for s in c.sites]),
            ("category", [c.name for c in self.categories]),
            ("rule", [r.name for r in self.rules]),
            ("schedule", [s.name for s in self.schedules]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"two entries for {what} {sorted(twice)[0]!r}; names must differ")
        known = sites
        for owner, wanted in [(r.name, r.rivals) for r in self.rules] + [(s.name, s.sites) for s in self.schedules]:
            for name in wanted:
                if name not in known:
                    raise ValueError(
                        f"{owner!r} names the unknown site {name!r}; known: {', '.join(sorted(known)) or 'none'}"
                    )
        return self

    @model_validator(mode="after")
    def _fees(self) -> Config:
        for site in self.sites.values():
            try:
                _ = Money(site.delivery_fee, site.currency or self.currency).minor
            except LostDigits as error:
                raise ValueError(f"delivery_fee of site {site.name!r}: {error}") from error
        return self

    @property
    def sites(self) -> dict[str, Site]:
        """Every site by name."""
        return {site.name: site for competitor in self.competitors for site in competitor.sites}

    @property
    def archive_folder(self) -> Path | None:
        """Where pages are kept, or None where they are not."""
        return self.root / Path(self.archive.folder).expanduser() if self.archive.folder else None

    def proxy_of(self, site: Site) -> str:
        """The address of a site's proxy with its login in it, or ""."""
        login = self._logins[site.proxy_login].get_secret_value() if site.proxy and site.proxy_login else ""
        user, _, password = login.partition(":")
        return site.proxy.replace("://", f"://{quote(user, '')}:{quote(password, '')}@", 1) if login else site.proxy

    def manager_of(self, category: str) -> str:
        """Who gets the digest of a category."""
        return next((c.manager for c in self.categories if c.name == category and c.manager), self.mail.fallback)


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `path` (default: pricevane.toml here, or PRICEVANE_CONFIG), environment on top.

    Raises ConfigError with one line a problem; secrets are taken from the environment or a named file.
    """
    path = (path or Path(environ.get(PREFIX + "CONFIG", FILE))).expanduser().absolute()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; `pricevane init` writes one") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return build(values, path.parent, environ, str(path))


def build(values: Mapping[str, Any], root: Path, environ: Mapping[str, str], where: str = FILE) -> Config:
    """A Config from parsed values; see `load`."""
    merged = {key: {**value} if isinstance(value, dict) else value for key, value in values.items()}
    for section, key in (("database", "url"), ("mail", "password")):
        table = merged.get(section, {})
        if isinstance(table, dict) and _holds_secret(key, table.get(key)):
            raise ConfigError(f"{where}: {section}.{key} holds a password; give it as {variable(section, key)} instead")
    for section, key in _overridable():
        value = given(variable(section, key), environ)
        table = merged.setdefault(section, {}) if section else merged
        if value is not None and isinstance(table, dict):
            table[key] = value
    try:
        config = Config.model_validate({**merged, "root": root})
    except ValidationError as error:
        raise ConfigError("\n".join(f"{where}: {_explain(problem)}" for problem in error.errors())) from error
    for name in {site.proxy_login for site in config.sites.values()} - {""}:
        config._logins[name] = SecretStr(login(name, environ, where))
    return config


def _holds_secret(key: str, value: object) -> bool:
    in_address = isinstance(value, str) and SECRET.search(value) is not None
    return bool(value) and (key == "password" or in_address)


def _overridable() -> list[tuple[str, str]]:
    """(section, key) of every plain setting outside the repeated tables."""
    found = []
    for name, info in Config.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, Section):
            found += [
                (name, key) for key, inner in section.model_fields.items() if get_origin(inner.annotation) is not tuple
            ]
        elif get_origin(section) is not tuple and name != "root":
            found.append(("", name))
    return found


def _explain(problem: Any) -> str:
    """One line for a pydantic error: the key, what is wrong, what it means, an example."""
    key = ".".join(str(part) for part in problem["loc"])
    plain = ".".join(part for part in map(str, problem["loc"]) if not part.isdigit())
    wrong = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"].removeprefix("Value error, ")
    meaning, example = documented().get(plain, ("", ""))
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(plain, documented(), n=1)
        return f"{key}: unknown key" + (
            f"; did you mean {near[0]}?" if near else "; pricevane.example.toml lists them all"
        )
    return ": ".join(filter(None, (key, wrong))) + (f" - {meaning}; for example {example}" if meaning else "")


@cache
def documented() -> dict[str, tuple[str, str]]:
    """Dotted key -> (meaning, example line), read from pricevane.example.toml, where each key has a comment."""
    section, found = "", {}
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"#?\s*\[+([\w.]+)\]+\s*(?:#.*)?", line):
            section = heading[1] + "."
        elif setting := re.fullmatch(r"#?\s?(\w+) = (.+?)\s+# (.+)", line):
            found[section + setting[1]] = (setting[3], f"{setting[1]} = {setting[2]}")
    return found
