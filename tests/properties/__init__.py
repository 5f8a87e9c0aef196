"""Random programs of the language, and the properties that all of them have."""
