"""pricevane: competitive price monitoring on your own machine."""
