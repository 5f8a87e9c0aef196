"""Graphs as source code: one emitter, and a table of templates for each language."""
