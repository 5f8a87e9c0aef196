"""The graph as a picture: SVG, PNG, PDF, DOT, Mermaid, and boxes in a terminal."""
