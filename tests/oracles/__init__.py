"""Answers that owe nothing to the program under test."""
