"""What is seen of a run: its progress, its result, its curve."""
