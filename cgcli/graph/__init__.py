"""Syntax and shapes → the graph: a list of operations in topological order."""
