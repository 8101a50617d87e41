"""From a page to an offer, without any I/O."""
