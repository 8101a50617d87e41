"""Our own side as it comes in: products and sales from files, feeds and our own shop, as diffs."""
