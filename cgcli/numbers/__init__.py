"""The kinds of number a row can be run over, each a namespace of functions."""
