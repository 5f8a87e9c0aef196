"""Results → what a person or a script reads: tables, JSON, messages."""
