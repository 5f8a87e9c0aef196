"""Answers: what a program is asked for, as a document, as a file, and as a notebook shows it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.calculus.result import Result
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.library.choices import check_form
from cgcli.library.files import ending_of, write_file
from cgcli.program import Program, evaluate_program
from cgcli.views.terminal import as_html, as_text

if TYPE_CHECKING:
    from cgcli.algebra.formulas import Formulas
    from cgcli.algebra.values import Point
    from cgcli.calculus.explain import Explanation
    from cgcli.calculus.kind import Kind
    from cgcli.export.routine import Routine
    from cgcli.views.schemas import graphs, results
    from cgcli.views.trace.writing import Wanted


class Answer:
    """What can be saved, and is a document of the JSON contract: see `cgraph schema`.

    `endings` are those of the files that it can be saved as.
    """

    endings: Sequence[str] = ("json",)

    def to_dict(self) -> Mapping[str, Any]:
        """Return the answer as the JSON document that the command of its kind prints."""
        raise NotImplementedError

    def written(self, ending: str) -> bytes:
        """Return what a file with one of the `endings` holds; raises `CgraphError` for another."""
        if ending not in self.endings:
            message = f"nothing is written as .{shorten(ending)}"
            raise CgraphError("usage", message, "end the name with ." + ", .".join(self.endings))
        text = self._text(ending)
        return text if isinstance(text, bytes) else text.encode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file in the form that its ending names, as a whole or not at all.

        Raises `CgraphError` for another ending, and where the file cannot be written.
        """
        name = os.fspath(path)
        write_file(name, self.written(ending_of(name)))

    def __repr__(self) -> str:
        """Return what kind of answer it is, and what it is saved as."""
        return f"<{type(self).__name__}, saved as {', '.join(self.endings)}>"

    def _text(self, ending: str) -> str | bytes:
        return json.dumps(self.to_dict(), allow_nan=False) + "\n" if ending == "json" else str(self)


class Table(Answer):
    """An answer that is a table: `str` is it as text, and a notebook shows it in colours."""

    def print_on(self, out: Any) -> None:
        """Print it on a console of Rich's."""
        raise NotImplementedError

    def __str__(self) -> str:
        """Return the table as text."""
        return as_text(self.print_on)

    def _repr_html_(self) -> str:
        return as_html(self.print_on)


class Evaluation(Result, Table):
    """A `Result` as the library gives it: with a document, and a table, which `str` is too.

    >>> import cgcli
    >>> result = cgcli.parse("(x+y)*z").evaluate(x=1, y=3, z=-3)
    >>> result.to_dict()["gradient"]
    {'x': -3.0, 'y': -3.0, 'z': 4.0}
    """

    def __init__(self, result: Result) -> None:
        # The same numbers, and no copy of them.
        self.__dict__.update(result.__dict__)

    def to_dict(self) -> results.Evaluation:
        """Return the values and gradients as the document `cgraph.eval/1`."""
        from cgcli.views.document import evaluation

        return evaluation(self, self.graph.text)

    def print_on(self, out: Any) -> None:
        """Print the nodes, of very many the first and the last, with the notes on them."""
        from cgcli.views.table import print_result

        print_result(self, 6, 40, out)


def evaluate(
    program: Program,
    bindings: Mapping[str, Any] | None,
    names: Mapping[str, Any],
    of: str | None = None,
    wrt: Sequence[str] | None = None,
    kind: Kind | None = None,
) -> Evaluation:
    """Return the values and gradients of a program; every one of the `names` must be used."""
    check_form("bindings", bindings or {}, Mapping, "dict(x=1)")
    repeated = sorted(set(bindings or ()) & set(names))
    if repeated:
        raise CgraphError("binding", f"'{excerpt(repeated[0])}' is bound twice")
    wanted = [wrt] if isinstance(wrt, str) else wrt
    return Evaluation(evaluate_program(program, names, bindings or {}, of, wanted, kind))


_TRACES: Final = {"txt": "text", "md": "markdown", "tex": "latex", "html": "html"}
"""By ending of a file the form of a trace."""


class Trace(Answer):
    """Every step of both passes, each with its reason; `str` is its text.

    >>> import cgcli
    >>> trace = cgcli.parse("p = x + y; p*z").trace(x=1, y=3, z=-3)
    >>> trace.to_dict()["steps"][3]["formula"]
    'x + y'
    """

    def __init__(self, explanation: Explanation, wanted: Wanted) -> None:
        self.explanation = explanation
        self.wanted = wanted

    endings = ("json", *_TRACES)

    def _text(self, ending: str) -> str:
        return self.text(_TRACES.get(ending, ending))

    def text(self, form: str = "text") -> str:
        """Return the steps as `text`, `markdown`, `latex`, `html` or `json`."""
        from cgcli.views.trace.show import text_of

        wanted = self.wanted._replace(format=form, standalone=form == "latex")
        return text_of(self.explanation, wanted)

    def to_dict(self) -> results.Trace:
        """Return the steps as the document `cgraph.trace/1`."""
        from cgcli.views.trace.document import as_document

        return as_document(self.explanation, self.wanted)

    def __str__(self) -> str:
        """Return the steps as text."""
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.text("markdown")


class Page(Answer):
    """A web page whose numbers move, of one file that needs nothing else; `str` is its HTML.

    >>> import cgcli
    >>> str(cgcli.parse("x*y").page(x=2, y=3)).startswith("<!DOCTYPE html>")
    True
    """

    endings = ("html",)

    def __init__(self, explanation: Explanation, wanted: Wanted) -> None:
        from cgcli.views.catalogue import catalogue
        from cgcli.views.page.page import as_page

        title = wanted.title or f"cgraph: {explanation.result.output}"
        self.html = "".join(
            as_page(explanation, wanted._replace(title=title), catalogue(wanted.language))
        )

    def to_dict(self) -> dict[str, str]:
        """Return the page's HTML."""
        return {"html": self.html}

    def __str__(self) -> str:
        """Return the page's HTML."""
        return self.html

    def _repr_html_(self) -> str:
        from html import escape

        # In a frame of its own the page's style and script are nobody else's.
        frame = '<iframe sandbox="allow-scripts" style="width: 100%; height: 48em; border: 0"'
        return f'{frame} srcdoc="{escape(self.html)}"></iframe>'


class Derivatives(Answer):
    """Derivatives as formulas, and what they come to where the program is bound.

    `formulas` are texts by name, each a program again; `values` are numbers and arrays by the same
    names, or None; `conditions` say where the formulas hold, `notes` what the values lack.

    >>> import cgcli
    >>> cgcli.parse("sin(x^2)").diff().formulas
    {'f_x': '2*x*cos(x^2)'}
    """

    def __init__(self, formulas: Formulas, share: bool, point: Point | None) -> None:
        from cgcli.views.formulas import as_document

        self._formulas, self._share, self._point = formulas, share, point
        self._document = document = as_document(formulas, share, point)
        self.formulas = {row["name"]: row["formula"] for row in document["derivatives"]}
        self.values = dict(zip(self.formulas, point.values, strict=True)) if point else None
        self.notes = list(point.notes) if point else []
        self.conditions = document["conditions"]

    endings = ("json", "tex", "txt")

    def _text(self, ending: str) -> str | bytes:
        return self.latex() + "\n" if ending == "tex" else super()._text(ending)

    def latex(self) -> str:
        """Return the formulas in LaTeX, a line each."""
        from cgcli.views.formulas import as_latex

        return as_latex(self._formulas, self._share).rstrip("\n")

    def to_dict(self) -> graphs.Differentiation:
        """Return the formulas as the document `cgraph.diff/1`."""
        return self._document.copy()

    def __str__(self) -> str:
        """Return the formulas as a program."""
        from cgcli.views.formulas import as_text

        return as_text(self._formulas, self._share, self._point)

    def _repr_latex_(self) -> str:
        lines = [line for line in self.latex().split("\n") if not line.startswith("%")]
        return "\n\n".join(f"$\\displaystyle {line}$" for line in lines)


class Code(Answer):
    """A program as a function in another language; `str` is its source.

    >>> import cgcli
    >>> print(str(cgcli.parse("x*y").export("python")).splitlines()[0])
    def f(x, y):
    """

    def __init__(self, routine: Routine, to: str, name: str) -> None:
        from cgcli.export.targets import source
        from cgcli.views.formats import TARGETS

        self.language = to
        self.endings = ("json", *TARGETS[to])
        self._routine, self._name = routine, name
        self.source = source(routine, to, name)

    def _text(self, ending: str) -> str | bytes:
        from cgcli.export.targets import binary, source

        if ending == "h":
            return source(self._routine, self.language, self._name, header=True)
        return binary(self.source) if ending == "onnx" else super()._text(ending)

    def to_dict(self) -> dict[str, str]:
        """Return the language, the function's name and its source."""
        return {"language": self.language, "name": self._name, "source": self.source}

    def __str__(self) -> str:
        """Return the source."""
        return self.source

    def _repr_markdown_(self) -> str:
        return f"```{self.language}\n{self.source}```"
