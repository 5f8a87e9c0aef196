"""Formulas as people write them: normal forms, their derivatives, and their graphs."""
