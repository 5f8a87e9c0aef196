"""Answer sheets: reading them, marking them, and saying which mistake was made."""
