"""Lines → one HTML file that needs nothing else: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable
from cgcli.views.signs import Signs
from cgcli.views.trace.lines import Line
from cgcli.words import Math

__all__ = ["as_html"]

_HEAD: Final = """<!DOCTYPE html>
<html lang="%s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title>
<style>
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --quiet: #59636e;
  --value: #0550ae; --gradient: #116329; --note: #7d4e00; --rule: #d1d9e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --quiet: #9198a1;
  --value: #79c0ff; --gradient: #7ee787; --note: #e3b341; --rule: #3d444d; } }
body { margin: 2rem auto; max-width: 56rem; padding: 0 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
h1 { font-size: 1.25rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem;
  border-bottom: 1px solid var(--rule); }
pre, .m { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.m { font-size: .92em; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
ol, ul { margin: .2rem 0; padding-left: 2.6rem; } li ul { padding-left: 1.2rem; }
li li { list-style: none; }
.l, .a { color: var(--quiet); } .e { color: var(--quiet); }
.given .v, .forward .v { color: var(--value); font-weight: 600; }
.start .v, .sum .v, .chain .v, .part .v, .gradient .v, .entry .v {
  color: var(--gradient); font-weight: 600; }
.note { color: var(--note); }
@media print { body { max-width: none; margin: 0; } li { break-inside: avoid; } }
</style>
</head>
<body>
<h1>%s</h1>
<pre>%s</pre>
"""


def as_html(
    lines: Iterable[Line], signs: Signs, catalogue: Catalogue, language: str, title: str, text: str
) -> Iterator[str]:
    """Return the lines as a page, under a title and the text of the program."""
    title = escape(printable(title))
    shown = "\n".join(escape(printable(line)) for line in text.split("\n"))
    yield _HEAD % (escape(language), title, title, shown)
    outer = ""
    step = False
    for line in lines:
        words = line.kind in ("heading", "words")
        wanted = "" if words else "ol" if line.number else outer or "ul"
        if line.kind in ("given", "gradient", "start"):
            wanted = "ul"
        inner = not words and not line.number and line.kind not in ("given", "gradient", "start")
        if step and not inner:
            yield "</ul></li>\n"
            step = False
        if wanted != outer:
            yield f"</{outer}>\n" if outer else ""
            outer = wanted
            start = f' start="{line.number}"' if line.number else ""
            yield f"<{outer}{start}>\n" if outer else ""
        content = _content(line, signs, catalogue)
        if line.kind == "heading":
            yield f"<h2>{content}</h2>\n"
        elif words:
            yield f"<p>{content}</p>\n"
        elif inner:
            yield f'<li class="{line.kind}">{content}</li>\n'
        else:
            yield f'<li class="{line.kind}">{content}<ul>\n'
            step = True
    yield "</ul></li>\n" if step else ""
    yield f"</{outer}>\n" if outer else ""
    yield "</body>\n</html>\n"


def _content(line: Line, signs: Signs, catalogue: Catalogue) -> str:
    words = _escaped(catalogue, line.label)
    if words and line.kind not in ("heading", "words"):
        words = f'<span class="l">{words}{":" if line.sides or line.aside else ""}</span>'
    parts = [words]
    if line.sides:
        *first, last = (escape(side) for side in line.sides)
        equals = f'<span class="e">{signs.equals}</span>'
        sides = equals.join([*first, f'<span class="v">{last}</span>'])
        parts.append(f'<span class="m">{sides}</span>')
    if line.conditions:
        inner = escape(", ".join(line.conditions))
        parts.append(f'<span class="a m">({inner})</span>')
    aside = _escaped(catalogue, line.aside)
    if aside:
        bare = line.kind in ("note", "pullback")
        parts.append(aside if bare else f'<span class="a">({aside})</span>')
    return " ".join(part for part in parts if part)


def _escaped(catalogue: Catalogue, message: str) -> str:
    """Return words escaped, with what is mathematics in its own letters."""
    pieces = catalogue.say(message, _marked).split("\x02")
    texts = [escape(pieces[0], quote=False)]
    for piece in pieces[1:]:
        inside, _, after = piece.partition("\x03")
        texts.append(f'<span class="m">{escape(inside)}</span>{escape(after, quote=False)}')
    return "".join(texts)


def _marked(value: str) -> str:
    return f"\x02{value}\x03" if isinstance(value, Math) else printable(value)
