"""A shop that nobody here wrote: django-oscar with a filled catalogue, always in a process of its own.

Django takes its settings once per process, so neither `render` nor `serve` ever imports it here. Prices stand with
a fifth of tax; wordings are Oscar's own, in any language whose translations it ships (de, en, es, fr, it, nl, pl …).
"""

from tests.oscar.nouns import OscarPage, Variant
from tests.oscar.process import ChildFailed, OscarServer, render, serve

__all__ = ["ChildFailed", "OscarPage", "OscarServer", "Variant", "render", "serve"]
