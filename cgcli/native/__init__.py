"""The native engine: a plan's rows by code that a C compiler makes."""
