"""`cgraph trace` in the programs that show it: pdflatex and a browser, where there are any."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.views.test_trace_formats import HOSTILE, PROGRAMS, traced

Run = Callable[..., Any]

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), "")
needs_latex = pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex")
needs_browser = pytest.mark.skipif(not BROWSER, reason="no chromium")

WIDEST = 40
"""By so many points a line may stick out: a formula is not folded."""
OTHERS = [
    ("x^2/y^3 + abs(x - y)^2 + sqrt(x^2 + y)^3 + cbrt(y)", "x=1.5", "y=-2e-7"),
    ("floor(x)*gamma(y) + atan2(x, y) + where(x >= y, log2(y), log10(y))", "x=1.5", "y=2"),
    ("sum(transpose(A) @ A) + norm(A, 1)[0] + sum(outer(A[0], A[1]))", "A=[[1,2],[3,4]]"),
    ("(x != y)*(x <= y)*x + log_softmax([x, y])[0]", "x=1", "y=2"),
    ("gamma_1 = x_a*alpha; beta2 = gamma_1^2; a_b_c = beta2 + 1", "x_a=2", "alpha=0.5"),
]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)


def compiled(source: str, folder: Path) -> str:
    """Compile, and return the log, in which no error stands and no line that sticks out far."""
    (folder / "trace.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "trace.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    log = (folder / "trace.log").read_text(encoding="latin-1")
    errors = re.findall(r"^!.*(?:\n.*){0,4}", log, re.MULTILINE)
    assert not errors, errors[:3]
    assert ran.returncode == 0
    assert (folder / "trace.pdf").read_bytes().startswith(b"%PDF")
    assert "Missing character" not in log
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(wide, default=0) <= WIDEST, sorted(wide)[-5:]
    return log


def standalone(cgraph: Run, *arguments: str) -> str:
    ran = cgraph("trace", *arguments, "--format", "latex", "--standalone")
    assert (ran.status, ran.err) == (0, "")
    out = ran.out
    assert isinstance(out, str)
    return out


@needs_latex
def test_documents_compile(cgraph: Run, tmp_path: Path) -> None:
    documents = [standalone(cgraph, *each) for each in [*PROGRAMS.values(), *OTHERS]]
    documents += [
        standalone(cgraph, *PROGRAMS["recurrence"], "--hide", hidden)
        for hidden in ("values", "gradients", "values,gradients")
    ]
    (head,) = {document.partition("\\begin{document}")[0] for document in documents}
    bodies = [
        d.partition("\\begin{document}")[2].removesuffix("\\end{document}\n") for d in documents
    ]
    together = "\\clearpage\n".join(bodies)
    compiled(f"{head}\\begin{{document}}{together}\\end{{document}}\n", tmp_path)


@needs_latex
def test_one_document_compiles_as_it_is(cgraph: Run, tmp_path: Path) -> None:
    compiled(standalone(cgraph, *PROGRAMS["network"]), tmp_path)


@needs_latex
def test_a_fragment_compiles_in_an_article_with_amsmath(cgraph: Run, tmp_path: Path) -> None:
    names = ("seed", "neuron", "powers", "at kinks", "where", "a matrix")
    fragments = [cgraph("trace", *PROGRAMS[name], "--format", "latex").out for name in names]
    fragments += [
        cgraph("trace", "-", "x_1=2", "y=3", "--format", "latex", stdin=text.encode()).out
        for text in HOSTILE
        if text.isprintable()
    ]
    head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n"
    (tmp_path / "a.tex").write_text(fragments[0], encoding="utf-8")
    body = "\\input{a}\n" + "".join(fragments[1:])
    # The margins of an article are its own: what sticks out of them is not counted here.
    compiled(f"{head}\\setlength{{\\textwidth}}{{17cm}}{body}\\end{{document}}\n", tmp_path)


@needs_browser
@pytest.mark.parametrize("name", ["recurrence", "at kinks", "broadcasting", "hostile"])
def test_a_page_opens_without_errors_or_requests(name: str, cgraph: Run, tmp_path: Path) -> None:
    if name == "hostile":
        text = "\n".join(
            [
                "f = x_1*y",
                *(line.partition("#")[1] + line.partition("#")[2] for line in HOSTILE[:4]),
            ]
        )
        ran = cgraph("trace", "-", "x_1=2", "y=3", "--format", "html", stdin=text.encode())
        assert ran.status == 0, ran
        page = ran.out
    else:
        page = traced(cgraph, "html", *PROGRAMS[name])
    ran, requests = opened(page, tmp_path)
    found = ran.stdout.decode()
    console = [x for x in ran.stderr.decode(errors="replace").splitlines() if "CONSOLE" in x]
    assert not console
    assert found.count('<button type="button" class="number"') == page.count('"number":')
    assert not requests


@needs_browser
def test_a_request_would_be_seen(tmp_path: Path) -> None:
    _, requests = opened('<p>1</p><img src="http://example.test/1.png">', tmp_path)
    assert requests


def opened(page: str, folder: Path) -> tuple[subprocess.CompletedProcess[bytes], list[str]]:
    """Open a page; return what came of it and the requests that it made itself."""
    (folder / "trace.html").write_text(page, encoding="utf-8")
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=2000"),
        *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={folder / 'net.json'}"),
        *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
        # The browser has errands of its own.
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"),
        (folder / "trace.html").as_uri(),
    ]
    ran = subprocess.run(command, capture_output=True, check=False, timeout=120)
    net = (folder / "net.json").read_text(encoding="utf-8", errors="replace")
    begun = re.findall(r'"initiator":"([^"]*)"', net)
    return ran, [each for each in begun if each != "not an origin"]
