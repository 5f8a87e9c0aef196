"""Cases with known answers, taken from published sources."""
