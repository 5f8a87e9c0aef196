"""A program as one HTML file: its graph and its working, with numbers that can be moved."""
