"""The pages of the site that are made: of each command, of each notebook, and of the README.

MkDocs calls the hooks at the end; a test calls `pages`.
"""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

from cgcli.commands.shared import COMMANDS, page
from cgcli.views.manual import Page

ROOT = Path(__file__).parent.parent
NOTEBOOKS = [ROOT / "docs" / "notebooks" / f"{name}.ipynb" for name in ("seed", "neuron", "fit")]


def pages() -> dict[str, str]:
    """Return the Markdown of every page that is made, by its path in the site."""
    made = {f"commands/{name}.md": command(name, page(name)) for name in COMMANDS}
    for path in NOTEBOOKS:
        made |= notebook(path)
    return {"index.md": first((ROOT / "README.md").read_text("utf-8")), **made}


def command(name: str, described: Page) -> str:
    """Return the page of a command: what it is for, its examples, its options under headings."""
    lines = [f"# cgraph {name}", "", described.summary, "", "```text", described.usage, "```", ""]
    if described.examples:
        lines += ["## Examples", "", "```sh", *described.examples, "```", ""]
    for heading, entries in described.groups.items():
        lines += [f"## {heading}", "", "| | |", "|---|---|"]
        lines += [f"| `{entry.name}` | {_plain(entry.text)} |" for entry in entries]
        lines.append("")
    return "\n".join(lines)


def notebook(path: Path) -> dict[str, str]:
    """Return the page of a notebook as it was saved, and its pictures, each by its path.

    What a cell gave stands below it as text: tables without their colours, which are those of
    one ground alone, and traces without the marks of Markdown, of which sites read another kind.
    """
    parts: list[str] = []
    made: dict[str, str] = {}
    for place, cell in enumerate(json.loads(path.read_text("utf-8"))["cells"]):
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else _fence("python", source))
        for output in cell.get("outputs", ()):
            data = {kind: "".join(lines) for kind, lines in output.get("data", {}).items()}
            if "image/svg+xml" in data:
                name = f"{path.stem}-{place}.svg"
                made[f"notebooks/{name}"] = data["image/svg+xml"]
                parts.append(f"![the picture that the cell above draws]({name})")
            else:
                parts.append(_given(data or {"text/plain": "".join(output["text"])}))
    parts.append(f"The notebook itself: [{path.name}]({path.name}).")
    return {f"notebooks/{path.stem}.md": "\n\n".join(parts) + "\n", **made}


def _given(data: dict[str, str]) -> str:
    """Return what a cell gave as a block of text."""
    if "text/latex" in data:
        return _fence("latex", re.sub(r"\$(?:\\displaystyle )?", "", data["text/latex"]))
    if "text/markdown" in data:
        return _fence("text", re.sub(r"(?m)`|^#+ ", "", data["text/markdown"]))
    if "text/html" in data:
        return _fence("text", unescape(re.sub(r"<[^>]*>", "", data["text/html"])))
    return _fence("text", data["text/plain"])


def _fence(language: str, text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.rstrip().split("\n"))
    return f"```{language}\n{lines}\n```"


def _plain(text: str) -> str:
    """Return a text as Markdown that reads nothing into it."""
    return re.sub(r"([*_\[\]<>|\\`])", r"\\\1", text)


def first(readme: str) -> str:
    """Return the README as the site has it: its links lead from the folder of the pages.

    What is no page is named without a link.
    """
    text = readme.replace("](docs/", "](")
    return re.sub(r"\[([^\]]+)\]\((?:benchmarks/|CHANGELOG)[^)]*\)", r"\1", text)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made to the site's files."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_config(config: Any) -> Any:
    """List the pages of the commands, and those of the notebooks, in the navigation."""
    made = {
        "Commands": [{name: f"commands/{name}.md"} for name in COMMANDS],
        "Notebooks": [f"notebooks/{path.stem}.md" for path in NOTEBOOKS],
    }
    config["nav"] = [{name: made.get(name, part[name]) for name in part} for part in config["nav"]]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page without the links that lead out of the pages: those are for the checkout."""
    return re.sub(r"\[([^\]]+)\]\((?:\.\./)+(?:benchmarks|examples|tests)[^)]*\)", r"\1", markdown)
