"""The library: programs, and answers that show themselves, become JSON and are saved."""
