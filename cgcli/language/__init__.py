"""Text → syntax: the grammar's tables, the reader, the parser and its messages."""
