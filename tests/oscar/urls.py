"""The shop's addresses: Oscar's own, and its own page for what is not there."""

from __future__ import annotations

from django.apps import apps
from django.urls import include, path

urlpatterns = [path("", include(apps.get_app_config("oscar").urls[0]))]
handler404 = "oscar.views.handler404"
