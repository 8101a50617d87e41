"""Tests on real databases, servers, browsers and mail; the pages they read lie beside them."""
