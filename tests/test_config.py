"""A wrong setting is refused with its key, what is wrong, what it means and an example; none leaks a secret."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from pricevane.config import EXAMPLE, Config, Guardrails, Section, documented, load
from pricevane.environment import ConfigError

SITE = '[[competitors]]\nname = "Rival"\n[[competitors.sites]]\nname = "rival-fr"\nurl = "https://rival.example/"\n'
SECOND = '[[competitors.sites]]\nname = "rival-de"\nurl = "https://rival-de.example/"\n'
RULE = '[[rules]]\nname = "follow"\naction = "match"\n'
SCHEDULE = '[[schedules]]\nname = "nightly"\n'
# What is wrong: (the toml, what the one line of the message says).
REFUSED = {
    "unknown key": ('curency = "EUR"', "curency: unknown key; did you mean currency?"),
    "unknown key in a section": ("[mail]\nports = 25", "mail.ports: unknown key; did you mean mail.port?"),
    "unknown section": ("[sales]\nx = 1", "sales: unknown key; pricevane.example.toml lists them all"),
    "wrong type": ('[mail]\nport = "many"', "mail.port: Input should be a valid integer"),
    "section as a word": ('database = "sqlite"', "database: "),
    "share in per cent": ("vat = 20", "vat: Input should be less than or equal to 1"),
    "endless number": ("[guardrails]\nmax_change = nan", "guardrails.max_change: "),
    "currency": ('currency = "EURO"', "currency: "),
    "time zone": ('time_zone = "Mars/Base"', "time_zone: no such time zone - for schedules and mails; for example"),
    "time zone outside": ('time_zone = "../../etc/passwd"', "time_zone: no such time zone"),
    "time zone of a schedule": (SCHEDULE + 'cron = "0 1 * * *"\ntime_zone = "CEST"', "schedules.0.time_zone: no such"),
    "bad url": (SITE.replace("https://", "ftp://"), "competitors.0.sites.0.url: 'ftp://rival.example/' is not an http"),
    "url without host": (SITE.replace("rival.example/", ""), "competitors.0.sites.0.url: "),
    "url with a bad port": (SITE.replace("example/", "example:99999/"), "competitors.0.sites.0.url: Port out of"),
    "url with a login": (SITE.replace("rival.ex", "ana:pw@rival.ex"), "url: leave the login out of the address"),
    "site without name": (SITE.replace('name = "rival-fr"', ""), "competitors.0.sites.0.name: Field required"),
    "two sites of one name": (SITE + SECOND.replace("rival-de", "rival-fr"), "two entries for site 'rival-fr'"),
    "two sites of one address": (SITE + SECOND.replace("rival-de.", "rival."), "and region 'rival.example:443'"),
    "proxy by https": (
        SITE + 'proxy = "https://proxy.example/"',
        "0.sites.0.proxy: a proxy's address begins with http",
    ),
    "proxy with a login": (
        SITE + 'proxy = "http://a:hunter2@proxy.example/"',
        "proxy: leave the login out of the address",
    ),
    "secret in place of a variable": (SITE + 'proxy_login = "ana:hunter2"', "competitors.0.sites.0.proxy_login: "),
    "proxy without its login": (
        SITE + 'proxy_login = "PRICEVANE_CH"',
        "proxy_login names PRICEVANE_CH, which is not set to",
    ),
    "too fast": (SITE + "delay_s = 0.1", "competitors.0.sites.0.delay_s: "),
    "hours of no clock": (SITE + 'hours = "22:00-25:00"', "competitors.0.sites.0.hours: "),
    "zone of the hours": (SITE + 'time_zone = "Mars/Base"', "competitors.0.sites.0.time_zone: no such time zone"),
    "fee with lost digits": (SITE + 'currency = "JPY"\ndelivery_fee = 4.5', "delivery_fee of site 'rival-fr': 4.5 JPY"),
    "unknown site in a rule": (SITE + RULE + 'rivals = ["rival-es"]', "'follow' names the unknown site 'rival-es'"),
    "unknown site in a schedule": (SCHEDULE + 'every_minutes = 5\nsites = ["x"]', "'nightly' names the unknown site"),
    "unknown action": (RULE.replace("match", "follow"), "rules.0.action: Input should be 'match', 'beat'"),
    "bad cron": (SCHEDULE + 'cron = "30 2 * *"', "schedules.0.cron: Wrong number of fields; got 4, expected 5"),
    "cron of no day": (SCHEDULE + 'cron = "0 0 30 2 *"', "schedules.0.cron: there is no such day"),
    "cron of no hour": (SCHEDULE + 'cron = "0 25 * * *"', "schedules.0.cron: "),
    "cron with days and weekdays": (SCHEDULE + 'cron = "0 1 1 * 1"', "schedules.0.cron: give days of the month or"),
    "cron and interval": (SCHEDULE + 'cron = "0 1 * * *"\nevery_minutes = 5', "schedules.0: give either cron or"),
    "neither cron nor interval": (SCHEDULE, "schedules.0: give either cron or every_minutes"),
    "password of the mail": (
        '[mail]\npassword = "hunter2"',
        "mail.password holds a password; give it as PRICEVANE_MAIL",
    ),
    "password of the database": (
        '[database]\nurl = "postgresql://ana:hunter2@db/prices"',
        "database.url holds a password; give it as PRICEVANE_DATABASE_URL",
    ),
    "password behind the address": (
        '[database]\nurl = "postgresql://db/prices?user=ana&password=hunter2"',
        "database.url holds a password",
    ),
    "two mail addresses": ('[mail]\nsender = "a@b.example, c@d.example"', "mail.sender: "),
    "manager without @": ('[[categories]]\nname = "Coffee"\nmanager = "ana"', "categories.0.manager: "),
    "broken toml": ("currency = EUR", "cannot be read: "),
}
EXPLAINED = {
    "[mail]\nport = 0": "mail.port: Input should be greater than or equal to 1 - SMTP port; for example port = 587",
    'currency = "EURO"': 'for example currency = "EUR"',
    SITE + "vat = 20": "VAT rate of the shop's country; your own rate if absent; for example vat = 0.2",
}
FROM_ENVIRONMENT: dict[str, tuple[str, Any]] = {
    "PRICEVANE_CONTACT": ("me@shop.example", lambda config: config.contact),
    "PRICEVANE_CURRENCY": ("CHF", lambda config: config.currency),
    "PRICEVANE_VAT": ("0.2", lambda config: str(config.vat)),
    "PRICEVANE_MAIL_PORT": ("25", lambda config: str(config.mail.port)),
    "PRICEVANE_MAIL_PASSWORD": ("hunter2", lambda config: config.mail.password.get_secret_value()),
    "PRICEVANE_DATABASE_URL": ("postgresql://a:b@c/d", lambda config: config.database.url),
    "PRICEVANE_GUARDRAILS_LEAST_MOVE_AMOUNT": ("0.10", lambda config: str(config.guardrails.least_move_amount)),
}


def write(folder: Path, text: str) -> Path:
    path = folder / "pricevane.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("why", REFUSED)
def test_a_wrong_setting_is_refused_in_one_line_that_names_it(tmp_path: Path, why: str) -> None:
    toml, message = REFUSED[why]
    path = write(tmp_path, toml)
    with pytest.raises(ConfigError) as refused:
        load(path, {})
    told = str(refused.value)
    assert message in told
    assert told.startswith(str(path))
    assert len(told.splitlines()) == 1
    assert "hunter2" not in told


@pytest.mark.parametrize("toml", EXPLAINED)
def test_the_message_says_what_the_setting_means_and_gives_an_example(tmp_path: Path, toml: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write(tmp_path, toml), {})
    assert EXPLAINED[toml] in str(refused.value)


def test_each_of_several_mistakes_has_a_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write(tmp_path, 'vat = 20\ncurency = "EUR"\n[mail]\nport = 0'), {})
    assert len(str(refused.value).splitlines()) == 3


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist; `pricevane init` writes one"):
        load(tmp_path / "pricevane.toml", {})


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "pricevane.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"pricevane\.toml cannot be read"):
        load(tmp_path / "pricevane.toml", {})


@pytest.mark.parametrize("toml", ["", '[database]\nurl = "sqlite:///other.db"\n[mail]\nport = 2525'])
@pytest.mark.parametrize("variable", FROM_ENVIRONMENT)
def test_the_environment_overrides_the_file(tmp_path: Path, variable: str, toml: str) -> None:
    value, read = FROM_ENVIRONMENT[variable]
    path = write(tmp_path, toml)
    assert read(load(path, {variable: value})) == value
    secret = tmp_path / "secret"
    secret.write_text(value + "\n", "utf-8")
    assert read(load(path, {variable + "_FILE": str(secret)})) == value


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'currency = "SEK"')
    assert load(None, {"PRICEVANE_CONFIG": str(path)}).currency == "SEK"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"PRICEVANE_MAIL_PASSWORD_FILE names .*nowhere, which cannot be read"):
        load(write(tmp_path, ""), {"PRICEVANE_MAIL_PASSWORD_FILE": str(tmp_path / "nowhere")})


def test_a_wrong_value_of_the_environment_is_explained_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mail\.port: Input should be a valid integer"):
        load(write(tmp_path, ""), {"PRICEVANE_MAIL_PORT": "many"})
    with pytest.raises(ConfigError, match="database: "):
        load(write(tmp_path, 'database = "sqlite"'), {"PRICEVANE_DATABASE_URL": "sqlite:///x.db"})


def test_a_secret_is_in_no_rendering_of_the_configuration(tmp_path: Path) -> None:
    config = load(write(tmp_path, ""), {"PRICEVANE_MAIL_PASSWORD": "hunter2"})
    assert "hunter2" not in f"{config!r}{config}{config.mail!r}{config.model_dump()}{config.model_dump_json()}"


def test_money_in_the_file_is_exact(tmp_path: Path) -> None:
    assert load(write(tmp_path, SITE + "delivery_fee = 4.10"), {}).sites["rival-fr"].delivery_fee == Decimal("4.10")


def test_a_category_without_a_manager_writes_to_the_fallback(tmp_path: Path) -> None:
    toml = '[mail]\nfallback = "all@shop.example"\n[[categories]]\nname = "A"\n[[categories]]\nname = "B"\n'
    config = load(write(tmp_path, toml + 'manager = "ben@shop.example"'), {})
    assert [config.manager_of(name) for name in ("A", "B", "C", "")] == [
        *("all@shop.example", "ben@shop.example", "all@shop.example", "all@shop.example")
    ]


def sections(model: type[Section], prefix: str = "") -> Iterator[tuple[str, type[Section], str]]:
    """(dotted key, its section, its field) of every setting."""
    for name, field in model.model_fields.items():
        inner = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
        nested = [part for part in inner if issubclass(part, Section)]
        if nested:
            yield from sections(nested[0], f"{prefix}{name}.")
        elif name != "root":
            yield f"{prefix}{name}", model, name


def test_the_example_explains_every_setting_and_no_other() -> None:
    assert set(documented()) == {key for key, _, _ in sections(Config)}
    assert all(meaning and example for meaning, example in documented().values())


def test_the_example_loads_and_shows_the_defaults(tmp_path: Path) -> None:
    config = load(write(tmp_path, EXAMPLE.read_text("utf-8")), {})
    assert (config.guardrails, config.mail, config.database) == (Guardrails(), Config().mail, Config().database)
    assert (config.currency, config.vat, config.time_zone, config.contact) == ("EUR", 0.0, "UTC", "")
    assert [len(part) for part in (config.competitors, config.categories, config.rules, config.schedules)] == [1] * 4


def test_every_example_of_a_setting_is_a_right_one(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("# ") and " = " in line and "password" not in line and "every_minutes" not in line:
            text = text.replace(line, line.removeprefix("# "))
    assert load(write(tmp_path, text), {}).competitors[0].sites[0].delivery_fee == Decimal("4.90")
