"""Finding a shop's product pages: sitemaps first, category pages where there are none."""
