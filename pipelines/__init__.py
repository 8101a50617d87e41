"""From an offer to an observation: clean, validate, deduplicate, store; one step a file."""
