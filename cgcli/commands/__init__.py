"""The command line: arguments → one call of the library → one view → an exit status."""
