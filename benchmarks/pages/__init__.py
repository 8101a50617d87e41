"""Saved product pages as shops that can be crawled, with the prices that people read on them."""
