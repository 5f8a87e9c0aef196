"""Function → its code, after the helpers that it calls: the language's table says how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cgcli.export.target import Function, Line, Target
from cgcli.operations.row import Shape


def defined(target: Target, function: Function) -> str:
    """Return the code of a function, after what it needs.

    >>> from cgcli.export.target import Function, Line
    >>> from cgcli.export.targets import target
    >>> lines, results = [Line(["const value = 2*x;"])], [("value", "value", ())]
    >>> print(defined(target("js"), Function("f", "2 * x", [("x", ())], lines, results)), end="")
    /** value of 2 * x */
    export function f(x) {
        const value = 2*x;
        return {value};
    }
    """
    opening, returned = _opening(target, function.arguments), []
    for name, flat, shape in function.results:
        text = _nested(target, flat, shape)
        returned.append(name if name == text else target.word("result", name=name, text=text))
    shapes = [f"{n} {'x'.join(map(str, shape))}" for n, shape in function.arguments if shape]
    text = target.word(
        "function",
        function=function.name,
        title=described(function),
        shapes="; " * bool(shapes) + ", ".join(shapes),
        notes=[*function.notes],
        arguments=", ".join(name for name, _ in function.arguments),
        opening=opening,
        body=[*commented(function.lines, target.code["comment"])],
        results=", ".join(returned),
    )
    helpers = target.helpers(
        [*(line for part in function.lines for line in part.text), *opening, *returned]
    )
    return joined(target, target.code.get("imports", ()), [*helpers, text])


def _opening(target: Target, arguments: Sequence[tuple[str, Shape]]) -> list[str]:
    """Return the lines that make arguments what the body takes them for."""
    if "arguments" in target.code and len(arguments) > 1:
        return [target.word("arguments", names=", ".join(name for name, _ in arguments))]
    word = "matrix" if "matrix" in target.code else "argument"
    return [
        target.word(word, name=name)
        for name, shape in arguments
        if word in target.code and (word == "argument" or len(shape) == 2)
    ]


def _nested(target: Target, text: str, shape: Shape) -> str:
    """Return a result in its shape; where a language has no arrays, it lies in a row."""
    for length in reversed(shape[1:]) if "rows" in target.code else ():
        text = target.word("rows", text=text, length=length)
    return text


def joined(target: Target, imports: Sequence[str], blocks: Sequence[str]) -> str:
    """Return a file of blocks, after the modules whose names stand in them."""
    between: str = target.code["between"]
    code = between.join(blocks) + "\n"
    needed = [line for line in imports if f"{line.split()[-1]}." in code]
    return between.join(["\n".join(needed), code]) if needed else code


def described(function: Function) -> str:
    """Return what a function computes, in words."""
    return f"{', '.join(name for name, _, _ in function.results)} of {function.title}"


def commented(lines: Iterable[Line], mark: str) -> Iterator[str]:
    """Yield the lines of code, what each stands for behind it."""
    for line in lines:
        *before, last = line.text
        yield from before
        plain = line.comment and line.comment.replace(" ", "") not in last.replace(" ", "")
        yield f"{last}  {mark}{line.comment}" if plain else last
