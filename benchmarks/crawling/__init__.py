"""What the crawl benchmark asks for and compares with: pages of real size, a fast server, crawlers without a reader."""
