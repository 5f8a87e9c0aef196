"""A program as homework: its answer sheets, and answers to it marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cgcli import program as core
from cgcli.library.answers import evaluate
from cgcli.library.choices import check_form, one_of
from cgcli.library.keywords import all_by_keywords
from cgcli.views.formats import NUMBERS

if TYPE_CHECKING:
    from cgcli.homework.exercise import Exercise
    from cgcli.library.homework import Marking, Sheet

Bindings = Mapping[str, Any] | None


@all_by_keywords
class Exercises(core.Program):
    """A program that is a problem to be set."""

    def sheet(
        self,
        bindings: Bindings = None,
        /,
        *,
        key: bool = False,
        seed: int | None = None,
        values: str = "integer",
        language: str = "en",
        **names: Any,
    ) -> Sheet:
        """Return a blank answer sheet in the order of working, or filled in, its `key`.

        A `seed` chooses values for what is not bound: `integer`, `rational` or `decimal` ones.
        Where nothing is bound and there is no seed, formulas are asked for.

        >>> import cgcli
        >>> print(str(cgcli.parse("x*y").sheet(x=2, y=3, key=True)).splitlines()[-1])
        df/dy = 2
        """
        from cgcli.homework import choosing
        from cgcli.library.homework import Sheet

        one_of("values", values, NUMBERS)
        if seed is None:
            return Sheet(self._exercise(bindings, names), {}, key, language)
        check_form("seed", seed, int, "7")
        drawing = choosing.Drawing(self, self.inputs(bindings, names))
        drawn = drawing.choose(seed, values)
        return Sheet(drawn.exercise, choosing.written(drawn), key, language)

    def check(
        self,
        answers: str | Iterable[str] | Mapping[str, Any],
        bindings: Bindings = None,
        /,
        *,
        require: str = "answered",
        tolerance: str | float | None = None,
        points: str | float | None = None,
        reveal: str = "hint",
        language: str = "en",
        **names: Any,
    ) -> Marking:
        """Return answers marked: the text of a sheet, single answers, or numbers by question.

        `require`, `tolerance`, `points` and `reveal` are as the options of `cgraph check`.

        >>> import cgcli
        >>> program = cgcli.parse("p = x + y; g = p*z")
        >>> program.check({"dg/dx": 3}, x=1, y=3, z=-3).complete
        False
        """
        from cgcli.library.homework import mark

        return mark(
            self._exercise(bindings, names),
            answers,
            require=require,
            tolerance=tolerance,
            points=points,
            reveal=reveal,
            language=language,
        )

    def _exercise(self, bindings: Bindings, names: dict[str, Any]) -> Exercise:
        """Return the program as a problem: of numbers, or of formulas where nothing is bound."""
        from cgcli.homework.choosing import symbolic
        from cgcli.homework.exercise import Exercise

        if not bindings and not names and self.graph().inputs:
            return symbolic(self)
        return Exercise(self, evaluate(self, bindings, names))
