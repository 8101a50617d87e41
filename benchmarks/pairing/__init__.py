"""What the matching benchmark reads, measures and compares with."""
