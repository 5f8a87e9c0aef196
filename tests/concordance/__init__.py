"""One meaning, many ways: random programs, an oracle, and every way to ask held to it."""
