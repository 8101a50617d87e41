"""Fetch and read: from a shop's address to offers."""
