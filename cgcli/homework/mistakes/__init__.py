"""The table of mistakes: each with the number that it gives."""
