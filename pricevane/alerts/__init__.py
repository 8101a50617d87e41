"""What a category manager gets: the digest, its charts and the mail that carries it."""
