"""Django's settings for the Oscar shop: SQLite in a folder, no network, no search server, one language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import oscar
from oscar import defaults

HOST = "oscar.example"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    "oscar.apps.basket.middleware.BasketMiddleware",
]
CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.template.context_processors.i18n",
    "django.contrib.messages.context_processors.messages",
    "oscar.apps.search.context_processors.search_form",
    "oscar.apps.checkout.context_processors.checkout",
    "oscar.apps.communication.notifications.context_processors.notifications",
    "oscar.core.context_processors.metadata",
]


class NoMigrations:
    """Tables are made straight from the models, which takes a tenth of the time."""

    def __contains__(self, app: str) -> bool:
        """Every app is listed."""
        return True

    def __getitem__(self, app: str) -> None:
        """No app has migrations."""


def settings(folder: Path, currency: str, language: str) -> dict[str, Any]:
    """What `django.conf.settings.configure` takes for one shop."""
    own = {name: getattr(defaults, name) for name in dir(defaults) if name.startswith(("OSCAR_", "HAYSTACK_"))}
    return own | {
        "SECRET_KEY": "only ever served on loopback",
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", HOST],
        "DATABASES": {"default": _database(folder)},
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "SESSION_ENGINE": "django.contrib.sessions.backends.cache",
        "MIGRATION_MODULES": NoMigrations(),
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": oscar.INSTALLED_APPS,
        "MIDDLEWARE": MIDDLEWARE,
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": CONTEXT_PROCESSORS},
            }
        ],
        "ROOT_URLCONF": "tests.oscar.urls",
        "STATIC_URL": "/static/",
        "SITE_ID": 1,
        "USE_TZ": True,
        "LANGUAGE_CODE": language,
        "LANGUAGES": [(language, language)],
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "HAYSTACK_CONNECTIONS": {"default": {"ENGINE": "tests.oscar.search.Engine"}},
        "OSCAR_SHOP_NAME": "Hermes",
        "OSCAR_DEFAULT_CURRENCY": currency,
        "OSCAR_EAGER_ALERTS": False,
        "OSCAR_THUMBNAILER": "tests.oscar.policies.Thumbnailer",
        "OSCAR_DYNAMIC_CLASS_LOADER": "tests.oscar.policies.load",
    }


def _database(folder: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "oscar.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
        },
    }
