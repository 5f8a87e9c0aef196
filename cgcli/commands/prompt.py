"""The prompt: `cgraph` alone on a terminal. One program at a time, and values for its names."""

from __future__ import annotations

import contextlib
import gc
import re
import shlex
from collections.abc import Callable
from typing import Final

from cgcli.calculus.result import Result
from cgcli.commands.inputs import BETWEEN, constant, read_program
from cgcli.commands.options import Options
from cgcli.commands.pages import text_of
from cgcli.commands.problem import Problem, solve
from cgcli.commands.shared import COMMANDS, function_of, page
from cgcli.commands.typed import Reader, reader
from cgcli.errors import CgraphError, excerpt, few, suggest
from cgcli.language.free import free_names, given_names
from cgcli.language.syntax import Function, Syntax
from cgcli.limits import Limits
from cgcli.operations.table import CONSTANTS, WORDS
from cgcli.program import UnboundError, parse
from cgcli.views.catalogue import heard
from cgcli.views.manual import Entry, Page
from cgcli.views.streams import publish
from cgcli.words import Message, ask

Run = Callable[[list[str], bool], int]
Report = Callable[[CgraphError], int]

_NAME: Final = r"[^\W\d]\w*"
_BINDING: Final = re.compile(rf"\s*({_NAME})\s*=(?!=)\s*(.+?)\s*", re.DOTALL)
_PAIR: Final = rf"{_NAME}\s*=(?!=)\s*[^\s=]\S*"
_PAIRS: Final = re.compile(rf"\s*(?:{_PAIR}\s*)+")
_DIGITS: Final = 6
_ROWS: Final = 100
_NAMED: Final = 8
_OWN: Final = ("help", "names", "clear", "quit")
_STRAY: Final = re.compile(rf"({_NAME}|\?)(\(\))?(\s+(?:--|[^\W\d]).*)?")
"""What may be a command without its colon: trace, exit(), help diff."""
_DERIVATIVE: Final = re.compile(r"d\w*\s*/\s*d(\w+)")
_UNREADABLE: Final = ("syntax", "name", "arity", "file")
"""The kinds of errors that no values mend: a line with one leaves the program as it was."""
_GREETING: Final = "cgraph: type an expression, then x = 1 for its names; :help tells more"


class Prompt:
    """A program, the values of names, and what was last printed of them.

    `run` runs a command line, told that it was typed here, and `report` says an error; both
    print, and return a status. The `language` is that of all commands that name no other.
    """

    def __init__(self, run: Run, report: Report, language: str = "") -> None:
        self._run, self._report = run, report
        self._language = ["--lang", language] if language else []
        ask(self._language)
        self.lines: list[str] = []
        self.values: dict[str, str] = {}
        self.shown: Result | None = None

    @property
    def program(self) -> str:
        """The lines so far as one text, or @ with a file; empty where there is none."""
        return "\n".join(self.lines)

    def loop(self, read: Reader) -> None:
        """Answer lines until there are no more, or :quit."""
        goes_on = True
        while goes_on:
            # Ctrl-C leaves a line, or what it asks for, and never the program.
            try:
                goes_on = self._turn(read)
            except KeyboardInterrupt:
                publish(["\n"])

    def _turn(self, read: Reader) -> bool:
        """Answer a line, or several that go on; return whether the prompt does."""
        try:
            text = read("> ")
            while _is_open(text):
                text += "\n" + read(". ")
            return self.answer(text)
        except EOFError:
            publish(["\n"])
            return False
        except CgraphError as error:
            self._report(error)
            return True

    def answer(self, text: str) -> bool:
        """Answer what was typed, and return whether the prompt goes on; raises `CgraphError`."""
        line = text.strip()
        if line.startswith(":"):
            return self._command(line[1:])
        if not line or line.startswith("#"):
            return True
        stray = _STRAY.fullmatch(line)
        if stray and stray[1] in (*_OWN, *COMMANDS, "exit", "?") and not self._knows(stray[1]):
            return self._command("help" if stray[1] == "?" else stray[1] + (stray[3] or ""))
        values = self._bindings(line)
        if values is None:
            self._take(line)
            return True
        for name in values:
            if name in self._assigned():
                message = f"'{excerpt(name)}' is computed by the program"
                hint = f"type its formula, {excerpt(name)} = …, or values for {few(self._inputs())}"
                raise CgraphError("binding", message, hint)
        self.values.update(values)
        if self.lines:
            self._show()
        return True

    def _take(self, line: str) -> None:
        """Add a line to the program, or begin one with it; raises where it can be none."""
        before = self.lines, self.shown
        try:
            self.lines, self.shown = self._joined(line), None
            self._show()
        except CgraphError as error:
            if error.kind in _UNREADABLE:
                self.lines, self.shown = before
            raise

    def _joined(self, line: str) -> list[str]:
        """Return the lines of the program with this one; it alone where it begins anew.

        What assigns or defines is added, in the place of what did so for the same name, and so
        is an expression that reads what is assigned; the expressions before are left out.
        """
        syntax = parse(read_program(line, "eval")).syntax
        given = given_names(syntax)
        if line.startswith("@") or not (given or self._reads(line)):
            if (slope := _DERIVATIVE.fullmatch(line)) is not None:
                message, hint = "a derivative is not written in a program", f"--wrt {slope[1]}"
                raise CgraphError("syntax", message, f"write :diff {hint}")
            if not self.lines or not re.fullmatch(_NAME, line) or line in CONSTANTS:
                return [line]
            if line not in self._inputs() and (not self.shown or line != self.shown.output):
                message = f"the program has no '{excerpt(line)}'"
                raise CgraphError("name", message, ":help tells what to type")
            return self.lines
        texts = (read_program(one, "eval") for one in self.lines)
        kept = [text for text in texts if given_names(parse(text).syntax)]
        for place, text in enumerate(kept):
            is_alike = text.partition("=")[0].split() == line.partition("=")[0].split()
            # A line that assigns more is not lost for one of its names.
            if is_alike and given_names(parse(text).syntax) <= given:
                return [*kept[:place], line, *kept[place + 1 :]]
        return [*kept, line]

    def words(self) -> list[str]:
        """Return what completes a word: commands, names, functions."""
        commands = [f":{name}" for name in (*_OWN, *COMMANDS)]
        return [*commands, *self.values, *self._inputs(), *WORDS, *CONSTANTS]

    def _syntax(self) -> Syntax | None:
        """Return what the program says; None where there is none, or its file is gone."""
        with contextlib.suppress(CgraphError):
            return parse(read_program(self.program, "eval")).syntax if self.lines else None
        return None

    def _inputs(self) -> list[str]:
        """Return the names that the program reads and does not assign."""
        syntax = self._syntax()
        return list(free_names(syntax)) if syntax else []

    def _assigned(self) -> set[str]:
        """Return the names that the program assigns or defines."""
        syntax = self._syntax()
        return given_names(syntax) if syntax else set()

    def _reads(self, text: str) -> bool:
        """Whether a text has a word that the program assigns or defines."""
        return bool(self._assigned() & set(re.findall(_NAME, text)))

    def _knows(self, name: str) -> bool:
        """Whether the program reads, assigns or defines a name, or the name has a value."""
        return name in self.values or name in self._inputs() or name in self._assigned()

    def _bindings(self, line: str) -> dict[str, str] | None:
        """Return the values that a line gives to names, as text; None where it is a program.

        A value is constant: x = 1, x = pi/2; x=1 y=2 are two, and so are x=1, y=2. What assigns
        from names is a program, unless the name is an input of the one there is.
        """
        pieces = re.split(f"{BETWEEN}|;", line)
        parts = [v for p in pieces for v in (re.findall(_PAIR, p) if _PAIRS.fullmatch(p) else [p])]
        values = {}
        for part in filter(str.strip, parts):
            match = _BINDING.fullmatch(part)
            if match is None:
                return None
            name, value = match.groups()
            try:
                if not value.startswith("@"):
                    constant(value, name, Limits(), part, match.start(2))
            except CgraphError:
                reads = free_names(parse(value).syntax) or self._reads(value)
                if name in self._inputs() or not reads:
                    raise
                return None
            values[name] = value
        return values

    def _bound(self) -> list[str]:
        """Return the bindings that the program has a use for, as a command line has them."""
        return [f"{n}={self.values[n]}" for n in self._inputs() if n in self.values]

    def _show(self) -> None:
        """Print the table of the program, or what of it is not as it was."""
        from cgcli.views.table import print_changes, print_result

        syntax = self._syntax()
        if syntax and isinstance(syntax.block[-1], Function):
            return
        asked = Options(program=self.program, bindings=self._bound())
        try:
            result = solve(Problem("eval", asked)).result
        except UnboundError as error:
            publish([heard().read(f"{error.message}; {missing(error)}"), "\n"])
            return
        if self.shown is None:
            print_result(result, _DIGITS, _ROWS)
        else:
            print_changes(self.shown, result, _DIGITS)
        self.shown = result

    def _command(self, line: str) -> bool:
        """Run a command behind its colon, on the program where it takes one."""
        try:
            name, *words = shlex.split(line) or ["help"]
        except ValueError as error:
            message = "a quote is opened and never closed"
            raise CgraphError("usage", message, 'write :draw -o "my graph.svg"') from error
        if name in ("quit", "exit", "q"):
            return False
        if name == "clear":
            self.lines, self.values, self.shown = [], {}, None
        elif name == "names":
            program = [f"{self.program}\n"] if self.program else []
            publish([*program, *(f"{name} = {text}\n" for name, text in self.values.items())])
        elif name == "help" and not words:
            publish([text_of(_help()), "\n"])
        elif name not in COMMANDS:
            hint = suggest(name, (*_OWN, *COMMANDS), ":help lists them", 0.6, written=":{}")
            raise CgraphError("usage", f"there is no command :{excerpt(name)}", hint)
        else:
            named = any(word.partition("=")[0] == "--lang" for word in words)
            language = [] if named else self._language
            self._run([name, *self._given(name), *language, *words], True)
            ask(self._language)
        return True

    def _given(self, name: str) -> list[str]:
        """Return the program and the values as arguments of a command that takes them."""
        rows = function_of(name).rows
        if "program" not in rows:
            return []
        if not self.program:
            raise CgraphError("usage", "there is no program yet", "type one: (x+y)*z")
        return [self.program, *(self._bound() if "bindings" in rows else [])]


def missing(error: UnboundError) -> str:
    """Return what to type at the prompt for the names that have no value.

    >>> missing(UnboundError(["x", "y"], (), ""))
    'type x=… y=…'
    """
    return "type " + " ".join(f"{excerpt(name)}=…" for name in error.names[:_NAMED])


def _is_open(text: str) -> bool:
    """Whether the next line goes on with a text: brackets are open, and all else is right so far.

    An empty line ends it.

    >>> _is_open("for t in 0..3 {"), _is_open("x[0] # ("), _is_open("(x +* y")
    (True, False, False)
    """
    code = re.sub(r"#.*", "", text)
    count = sum((letter in "([{") - (letter in ")]}") for letter in code)
    if count <= 0 or text.endswith("\n"):
        return False
    try:
        parse(text)
    except CgraphError as error:
        return bool(error.places) and error.places[0].start >= len(code.rstrip())
    return False


def _help() -> Page:
    groups = {
        "What to type": [
            Entry(
                "(x+y)*z", Message("A program; its table is printed once its names have values.")
            ),
            Entry("x = 1", Message("A value; what it changes is printed. Also x=1 y=3.")),
            Entry(
                "p = x + y",
                Message("A step or a function: added to the program, in its old place if any."),
            ),
            Entry("p*z", Message("An expression: of steps it ends the program, else begins one.")),
            Entry("for t in 0..3 {", Message("Lines go on while a bracket is open.")),
        ],
        "Commands": [
            Entry(":names", Message("Print the program and the values.")),
            Entry(":clear", Message("Forget both.")),
            Entry(":quit", Message("Leave; Ctrl-D does too.")),
            *(Entry(f":{name}", Message(page(name).summary)) for name in COMMANDS),
        ],
    }
    summary = "Commands work on the program, and take their options: :trace --tree"
    return Page("", summary, [], groups)


def open_prompt(run: Run, report: Report, language: str) -> None:
    """Answer what is typed on a terminal, until :quit or the end of input."""
    # A session makes cycles, and may last for days.
    gc.enable()
    prompt = Prompt(run, report, language)
    publish([heard().read(_GREETING), "\n"])
    prompt.loop(reader(prompt.words))
