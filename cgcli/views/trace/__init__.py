"""The steps of an evaluation → text, Markdown, LaTeX, HTML, JSON and a tree."""
