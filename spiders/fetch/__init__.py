"""Fetching politely and safely: every request of a crawl passes these rooms."""
