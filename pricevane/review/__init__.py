"""What a person is asked of matches, in which order, and what the answers do; no terminal and no web in it."""
