"""The pages of the site that are made: one a command, from its rows, and the first from the README.

MkDocs calls the hooks at the end; a test calls `pages`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cgcli.commands.shared import COMMANDS, page
from cgcli.views.manual import Page

ROOT = Path(__file__).parent.parent


def pages() -> dict[str, str]:
    """Return the Markdown of every page that is made, by its path in the site."""
    made = {f"commands/{name}.md": command(name, page(name)) for name in COMMANDS}
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
    """List the pages of the commands in the navigation."""
    listed = [{name: f"commands/{name}.md"} for name in COMMANDS]
    config["nav"] = [{"Commands": listed} if "Commands" in part else part for part in config["nav"]]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page without the links that lead out of the pages: those are for the checkout."""
    return re.sub(r"\[([^\]]+)\]\((?:\.\./)+(?:benchmarks|examples|tests)[^)]*\)", r"\1", markdown)
