"""`cgraph page`: a program as one HTML file whose numbers move."""

from __future__ import annotations

import sys

from cgcli.commands.options import Options, conflict, takes, to_file
from cgcli.commands.problem import Problem, solve
from cgcli.library.choices import choice, count, option
from cgcli.library.files import ending_of, write_file
from cgcli.views.formats import PRACTICE
from cgcli.views.streams import publish


class PageOptions(Options):
    """The options of `cgraph page`."""

    output: str | None = to_file("Write a file, page.html; else standard output.")
    practice: set[str] = choice(
        PRACTICE,
        "Blanks to fill in, which the page marks: {words}; both with a comma.",
        "WHAT",
        several=True,
    )
    title: str | None = option("What stands above the page; else the program's output.", "TEXT")
    digits: int = count("Significant digits shown, 1 to 12.", 1, 12, default=6)


@takes(
    PageOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt",
    output="output practice title language digits",
)
def page_command(given: PageOptions) -> None:
    """A web page to move the numbers in: the graph and the steps.

    cgraph page "p = x + y; g = p*z" x=1 y=3 z=-3 -o page.html
    cgraph page "sigmoid(w*x + b)" w=2 x=-1 b=1 --practice gradients -o task.html
    """
    from cgcli.calculus.explain import Explanation
    from cgcli.library.answers import Page
    from cgcli.views.catalogue import spoken
    from cgcli.views.trace.writing import Shown, Wanted

    if given.output is None and sys.stdout.isatty():
        raise conflict("a page is for a browser, and this is a terminal", "add -o page.html")
    said = spoken(for_script=False)
    result = solve(Problem("page", given)).result
    explanation = Explanation(result, complete=given.of is None)
    shown, blanks = Shown(digits=given.digits), tuple(sorted(given.practice))
    page = Page(explanation, Wanted("page", said, shown, title=given.title or "", practice=blanks))
    if given.output in (None, "-"):
        publish([page.html])
    else:
        write_file(given.output, page.written(ending_of(given.output) or "html"))
