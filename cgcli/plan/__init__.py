"""Graph → plan: both passes over many rows at once, lowered once to a list of array operations."""
