"""Programs as the library gives them: each command of `cgraph` is a method."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from cgcli import program as core
from cgcli.library.answers import Code, Derivatives, Evaluation, Page, Trace, evaluate
from cgcli.library.choices import check_number, check_words, one_of
from cgcli.library.exercises import Bindings, Exercises
from cgcli.library.keywords import all_by_keywords
from cgcli.limits import Limits
from cgcli.views.formats import BLANKS, LEFT_OUT, PRACTICE, TARGETS, THEMES

if TYPE_CHECKING:
    from cgcli.library.drawing import Drawing
    from cgcli.library.proofs import Proof


def parse(text: str, limits: Limits = Limits()) -> Program:
    """Return the program that a text writes; raises `CgraphError` that says what is wrong.

    >>> parse("p = x + y; g = p * z").evaluate(x=1, y=3, z=-3).gradient
    {'x': -3.0, 'y': -3.0, 'z': 4.0}
    """
    return Program(core.parse(text, limits).syntax, limits)


@all_by_keywords
class Program(Exercises):
    """A program, of which a graph is made for the shapes of each call's bindings.

    Numbers, nested lists and NumPy arrays are bound by keyword, where each must be used, or by a
    mapping, which may hold more than the program needs, and names that are a parameter here. `of`
    is the name of the node that is differentiated, the output unless it is given, and `wrt` are
    the names that it is differentiated by, every input unless they are. All methods raise
    `CgraphError`.

    >>> parse("a*x^2").evaluate({"a": 2, "x": [1, 2]}).value
    array([2., 8.])
    """

    def evaluate(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        **names: Any,
    ) -> Evaluation:
        """Return values and gradients at a point.

        >>> parse("(x+y)*z").evaluate(x=1, y=3, z=-3).gradient["z"]
        4.0
        """
        return evaluate(self, bindings, names, of, wrt)

    def evaluate_exactly(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        **names: Any,
    ) -> Evaluation:
        """Return values and gradients as fractions; otherwise it is as `evaluate`.

        A float is taken as the fraction that it holds: 0.1 is 1/10 as `Fraction("0.1")` alone.

        >>> parse("x/3 + sqrt(y)").evaluate_exactly(x=1, y=4).value
        Fraction(7, 3)
        """
        from cgcli.calculus.exactly import Exactly

        return evaluate(self, bindings, names, of, wrt, Exactly(self.limits))

    def verify(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        precision: int | None = None,
        max_precision: int | None = None,
        **names: Any,
    ) -> Proof:
        """Return what is proved of values and gradients: how near every float is to the truth.

        With a `precision` it is digits, so many of each number: the numerals of the program are
        then the decimals that were written, and what is bound is as it is for
        `evaluate_exactly`. `max_precision` is how many bits a proof may take at most. It needs
        the extra `verify`.

        >>> parse("exp(x)").verify(x=1, precision=30).value
        '2.71828182845904523536028747135'
        """
        from cgcli.library.proofs import Proof, check_precision

        check_precision(precision, max_precision)
        result, leaves = evaluate(self, bindings, names, of, wrt), None
        if precision is not None:
            from cgcli.calculus.leaves import exact_leaves
            from cgcli.numbers.exact_values import as_exact_inputs

            leaves = exact_leaves(result.graph, as_exact_inputs({**(bindings or {}), **names}))
        return Proof(result, precision, max_precision, leaves)

    def trace(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        only: str | None = None,
        passes: Collection[str] = ("forward", "backward"),
        hide: Collection[str] = (),
        digits: int = 6,
        language: str = "en",
        **names: Any,
    ) -> Trace:
        """Return every step of both passes, each with its reason.

        With `only` they are those that lead to the gradient by one node. `passes` are those that
        are shown, and `hide` leaves `values` or `gradients` blank.

        >>> print(parse("x*y").trace(x=2, y=3, passes=["forward"]))
        Given
          x = 2
          y = 3
        <BLANKLINE>
        Forward: the value of each operation
          1. f = x * y = 2 * 3 = 6
        <BLANKLINE>
        """
        from cgcli.calculus.explain import Explanation
        from cgcli.views.trace.writing import PASSES, Shown, Wanted

        check_words("passes", passes, PASSES)
        check_words("hide", hide, BLANKS)
        check_number("digits", digits, int, 1, 17)
        result = self.evaluate(bindings, of=of, wrt=wrt, **names)
        title = f"cgraph trace: {result.output}"
        wanted = Wanted(language=language, shown=Shown.of(passes, hide, digits), title=title)
        return Trace(Explanation(result, only, complete=of is None), wanted)

    def draw(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        hide: Collection[str] = (),
        theme: str = "auto",
        digits: int = 4,
        **names: Any,
    ) -> Drawing:
        """Return the picture of the graph; where nothing is bound, without numbers.

        `hide` leaves out `values`, `gradients` or `formulas`; themes are auto, light, dark, print
        and transparent. It needs the extra `image`.

        >>> parse("x*y").draw(x=2, y=3).svg().startswith("<svg")
        True
        """
        from cgcli.library.drawing import Drawing
        from cgcli.views.drawing.scene import Picture

        check_words("hide", hide, LEFT_OUT)
        one_of("theme", theme, THEMES)
        check_number("digits", digits, int, 1, 17)
        parts: dict[str, Any] = {part: part not in hide for part in LEFT_OUT}
        picture = Picture(
            **parts,
            digits=digits,
            complete=of is None,
            theme=theme,
        )
        if not bindings and not names:
            return Drawing(self.outline({}, of), None, picture)
        result = self.evaluate(bindings, of=of, wrt=wrt, **names)
        return Drawing(result.graph, result, picture)

    def page(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        practice: Collection[str] = (),
        title: str | None = None,
        digits: int = 6,
        language: str = "en",
        **names: Any,
    ) -> Page:
        """Return a web page to move the numbers in: the graph and the steps of both passes.

        `practice` leaves `values` or `gradients` to be filled in, which the page marks. It needs
        the extra `image`.

        >>> parse("x*y").page(x=2, y=3).endings
        ('html',)
        """
        from cgcli.calculus.explain import Explanation
        from cgcli.views.trace.writing import Shown, Wanted

        check_words("practice", practice, PRACTICE)
        check_number("digits", digits, int, 1, 12)
        result = self.evaluate(bindings, of=of, wrt=wrt, **names)
        shown, blanks = Shown(digits=digits), tuple(sorted(practice))
        wanted = Wanted("page", language, shown, title=title or "", practice=blanks)
        return Page(Explanation(result, complete=of is None), wanted)

    def diff(
        self,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        order: int | None = None,
        hessian: bool = False,
        jacobian: bool = False,
        share: bool = False,
        simplify: bool = False,
        **names: Any,
    ) -> Derivatives:
        """Return derivatives as formulas, with their values where the names are bound.

        `share` names the parts that are used several times; `simplify` lets SymPy simplify them,
        and needs the extra of that name.

        >>> parse("x^2*y").diff(x=3, y=2).values
        {'f_x': 12.0, 'f_y': 9.0}
        """
        from cgcli.algebra.formulas import Formulas
        from cgcli.algebra.values import evaluated
        from cgcli.algebra.wanted import Wanted

        check_number("order", order, int, 1, 20)
        inputs = self.inputs(bindings, names)
        by = (wrt,) if isinstance(wrt, str) else wrt
        wanted = Wanted(None if by is None else tuple(by), order, hessian, jacobian)
        graph, rewrite = self.outline(inputs, of), None
        if simplify:
            from cgcli.algebra.simplify import Simplifier

            rewrite = Simplifier()
        formulas = Formulas(graph, wanted, rewrite)
        if not inputs:
            return Derivatives(formulas, share, None)
        core.require_bound(graph.text, core.input_spans(graph), inputs)
        return Derivatives(formulas, share, evaluated(formulas, inputs))

    def export(
        self,
        to: str,
        bindings: Bindings = None,
        /,
        *,
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        value_only: bool = False,
        jacobian: bool = False,
        name: str | None = None,
        **names: Any,
    ) -> Code:
        """Return the program as a function in another language: its value and its gradients.

        What is bound is a constant in the code. Languages are python, numpy, c, js, sql, jax,
        torch and onnx, which holds the value alone.

        >>> print(parse("x*y").export("python", y=3))
        def f(x):
            \"\"\"Return value, d_x of x * y.\"\"\"
            value = 3*x  # x * y
            return value, 3.0
        <BLANKLINE>
        """
        from cgcli.export.routine import routine

        one_of("to", to, tuple(TARGETS))
        inputs = self.inputs(bindings, names)
        made = routine(
            self.outline(inputs, of),
            inputs,
            wrt,
            needed=of is not None,
            value_only=value_only or to == "onnx",
            jacobian=jacobian,
        )
        return Code(made, to, name or ("data" if to == "sql" else "f"))
