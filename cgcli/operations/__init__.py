"""The table of operations: everything the program knows of any one operation stands in its row."""
