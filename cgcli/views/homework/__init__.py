"""Marked sheets and blank ones, for people and for scripts."""
