"""How far each function and each of its derivatives is from the truth, in ulps, beside others.

Every function of the language is taken at points spread over the whole line of doubles: as many
in each power of two, many between -50 and 50, and many beside the places where a function has
a pole, a zero, an edge or saturates. The truth is mpmath's, to 400 bits, of the function as
mathematics defines it. An ulp is the distance between doubles at the true value.

`python benchmarks/ulps.py` prints the worst error and the error that 99 % of the points stay
within: of programs over floats, over arrays, and of the libraries that are installed.
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

sys.path.insert(0, str(Path(__file__).parent.parent))

BITS = 400
SPECIAL = ("erf", "erfc", "gamma", "lgamma", "digamma", "trigamma", "tetragamma", "gelu")

Number = Any
Point = tuple[float, ...]


class Entry(NamedTuple):
    """A function: its program, its truth, the terms of each derivative, and where to look."""

    text: str
    value: Callable[..., Number]
    slopes: tuple[Callable[..., Any], ...]
    """The derivative by each argument; a list of terms where they cancel."""
    beside: tuple[float, ...] = ()
    ends: tuple[float, float] = (-math.inf, math.inf)
    numpy: str = ""
    scipy: str = ""
    torch: str = ""
    jax: str = ""


def _sigmoid(x: Number) -> Number:
    return 1 / (1 + mp.exp(-x))


def _phi(x: Number) -> Number:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _lower(x: Number) -> Number:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _cbrt(x: Number) -> Number:
    return mp.sign(x) * mp.cbrt(abs(x))


def _gauss(x: Number) -> Number:
    return 2 * mp.exp(-x * x) / mp.sqrt(mp.pi)


def _sinc_terms(x: Number) -> list[Number]:
    """The terms of the derivative, which cancel; beside 0 its series (DLMF 10.53.1)."""
    if abs(x) < 2:
        return [-x / 3 * mp.hyp0f1(mpf(5) / 2, -x * x / 4)]
    return [mp.cos(x) / x, -mp.sin(x) / x**2]


def _digamma(x: Number) -> list[Number]:
    """The terms of the reflection, which cancel beside the negative zeros."""
    return [mp.psi(0, 1 - x), -mp.pi * mp.cot(mp.pi * x)] if x < 0 else [mp.psi(0, x)]


def _lgamma_terms(x: Number) -> list[Number]:
    """The terms of the reflection, which cancel beside the negative zeros."""
    if x > 0:
        return [mp.loggamma(x)]
    return [mp.log(mp.pi / abs(mp.sin(mp.pi * x))), -mp.loggamma(1 - x)]


def _polygamma(n: int) -> Callable[[Number], list[Number]]:
    """The terms of the reflection of a derivative of digamma; those of an even order cancel."""

    def terms(x: Number) -> list[Number]:
        if x > 0:
            return [mp.psi(n, x)]
        cot, square = mp.cot(mp.pi * x), mp.csc(mp.pi * x) ** 2
        slope = (square, -2 * square * cot, 2 * square * (square + 2 * cot**2))[n - 1]
        return [(-1) ** n * mp.psi(n, 1 - x), mp.pi ** (n + 1) * slope]

    return terms


def _power_slope(a: Number, b: Number) -> Number:
    return b * mp.power(a, b - 1)


_ALL = (-math.inf, math.inf)
_HALF = (0.0, math.inf)
_WHOLES = tuple(float(-k) for k in range(25))
_ZEROS = (
    -2.4570247382208005, -2.7476826467274127, -3.1435808883499798, -3.9552942848585980,
    -4.0391615313854, -4.991544640560048, -5.0082181683, -5.9986806633, -6.00138529445,
)  # fmt: skip
_PSI = (1.4616321449683623, -0.5040830082644554, -1.5734984731623904, -2.6107208684441447,
        -3.635293366436901, -4.653237761743142)  # fmt: skip

ENTRIES: dict[str, Entry] = {
    "sqrt": Entry("sqrt({})", mp.sqrt, (lambda x: 1 / (2 * mp.sqrt(x)),), (), _HALF,
                  "sqrt", "", "sqrt", "sqrt"),
    "cbrt": Entry("cbrt({})", _cbrt, (lambda x: 1 / (3 * _cbrt(x) ** 2),), (), _ALL,
                  "cbrt", "cbrt", "", "cbrt"),
    "exp": Entry("exp({})", mp.exp, (mp.exp,), (709.0, -709.0, -745.0, 0.0), _ALL,
                 "exp", "", "exp", "exp"),
    "expm1": Entry("expm1({})", mp.expm1, (mp.exp,), (0.0, -37.0, 709.0), _ALL,
                   "expm1", "", "expm1", "expm1"),
    "log": Entry("log({})", mp.log, (lambda x: 1 / x,), (1.0,), _HALF, "log", "", "log", "log"),
    "log1p": Entry("log1p({})", mp.log1p, (lambda x: 1 / (1 + x),), (0.0, -1.0),
                   (-1.0, math.inf), "log1p", "", "log1p", "log1p"),
    "log2": Entry("log2({})", lambda x: mp.log(x) / mp.ln2, (lambda x: 1 / (x * mp.ln2),), (1.0,),
                  _HALF, "log2", "", "log2", "log2"),
    "log10": Entry("log10({})", lambda x: mp.log(x) / mp.ln10, (lambda x: 1 / (x * mp.ln10),),
                   (1.0,), _HALF, "log10", "", "log10", "log10"),
    "sin": Entry("sin({})", mp.sin, (mp.cos,), (0.0, math.pi, math.pi / 2, 22.0), _ALL,
                 "sin", "", "sin", "sin"),
    "cos": Entry("cos({})", mp.cos, (lambda x: -mp.sin(x),), (0.0, math.pi, math.pi / 2), _ALL,
                 "cos", "", "cos", "cos"),
    "tan": Entry("tan({})", mp.tan, (lambda x: 1 / mp.cos(x) ** 2,),
                 (0.0, math.pi, math.pi / 2, 1.5 * math.pi), _ALL, "tan", "", "tan", "tan"),
    "sinc": Entry("sinc({})", mp.sinc, (_sinc_terms,),
                  (0.0, 1.5, math.pi, 4.493409457909064, 7.725251836937707), _ALL),
    "asin": Entry("asin({})", mp.asin, (lambda x: 1 / mp.sqrt(1 - x * x),), (1.0, -1.0, 0.0),
                  (-1.0, 1.0), "arcsin", "", "asin", "arcsin"),
    "acos": Entry("acos({})", mp.acos, (lambda x: -1 / mp.sqrt(1 - x * x),), (1.0, -1.0, 0.0),
                  (-1.0, 1.0), "arccos", "", "acos", "arccos"),
    "atan": Entry("atan({})", mp.atan, (lambda x: 1 / (1 + x * x),), (0.0, 1.0), _ALL,
                  "arctan", "", "atan", "arctan"),
    "sinh": Entry("sinh({})", mp.sinh, (mp.cosh,), (0.0, 710.0, -710.0), _ALL,
                  "sinh", "", "sinh", "sinh"),
    "cosh": Entry("cosh({})", mp.cosh, (mp.sinh,), (0.0, 710.0, -710.0), _ALL,
                  "cosh", "", "cosh", "cosh"),
    "tanh": Entry("tanh({})", mp.tanh, (lambda x: mp.sech(x) ** 2,), (0.0, 19.0, 355.0, 372.0),
                  _ALL, "tanh", "", "tanh", "tanh"),
    "asinh": Entry("asinh({})", mp.asinh, (lambda x: 1 / mp.sqrt(1 + x * x),), (0.0, 1.0), _ALL,
                   "arcsinh", "", "asinh", "arcsinh"),
    "acosh": Entry("acosh({})", mp.acosh, (lambda x: 1 / mp.sqrt(x * x - 1),), (1.0, 2.0),
                   (1.0, math.inf), "arccosh", "", "acosh", "arccosh"),
    "atanh": Entry("atanh({})", mp.atanh, (lambda x: 1 / (1 - x * x),), (1.0, -1.0, 0.0),
                   (-1.0, 1.0), "arctanh", "", "atanh", "arctanh"),
    "sigmoid": Entry("sigmoid({})", _sigmoid, (lambda x: _sigmoid(x) * _sigmoid(-x),),
                     (0.0, 37.0, -37.0, -709.0, -745.0), _ALL, "", "expit", "sigmoid", "sigmoid"),
    "softplus": Entry("softplus({})", lambda x: mp.log1p(mp.exp(x)), (_sigmoid,),
                      (0.0, 37.0, -37.0, -745.0), _ALL, "", "", "softplus", "softplus"),
    "silu": Entry("silu({})", lambda x: x * _sigmoid(x),
                  (lambda x: [_sigmoid(x), x * _sigmoid(x) * _sigmoid(-x)],),
                  (0.0, -1.278464542761074, 37.0, -37.0, -709.0, -745.0, -750.0), _ALL,
                  "", "", "silu", "silu"),
    "elu": Entry("elu({})", lambda x: x if x > 0 else mp.expm1(x),
                 (lambda x: mpf(1) if x > 0 else mp.exp(x),), (0.0,), _ALL, "", "", "elu", "elu"),
    "gelu": Entry("gelu({})", lambda x: x * _lower(x), (lambda x: [_lower(x), x * _phi(x)],),
                  (0.0, -0.7517915, -8.0, -26.0, -37.5, -38.4), _ALL, "", "", "gelu", "gelu"),
    "erf": Entry("erf({})", mp.erf, (_gauss,), (0.0, 5.0, 26.5, 27.2), _ALL,
                 "", "erf", "erf", "erf"),
    "erfc": Entry("erfc({})", mp.erfc, (lambda x: -_gauss(x),), (0.0, 1.3, 26.5, 27.2), _ALL,
                  "", "erfc", "erfc", "erfc"),
    "gamma": Entry("gamma({})", mp.gamma,
                   (lambda x: [mp.gamma(x) * term for term in _digamma(x)],),
                   (1.0, 2.0, 1.4616321449683623, 171.6, *_WHOLES), (-184.0, 172.0),
                   "", "gamma", "", "gamma"),
    "lgamma": Entry("lgamma({})", _lgamma_terms, (_digamma,),
                    (1.0, 2.0, *_WHOLES[:8], *_ZEROS), (-200.0, math.inf),
                    "", "gammaln", "lgamma", "gammaln"),
    "digamma": Entry("digamma({})", _digamma, (_polygamma(1),),
                     (1.0, 2.0, *_WHOLES[:8], *_PSI), (-200.0, math.inf),
                     "", "digamma", "digamma", "digamma"),
    "trigamma": Entry("polygamma(1, {})", _polygamma(1), (_polygamma(2),),
                      (1.0, 2.0, *_WHOLES[:8]), (-200.0, math.inf),
                      "", "trigamma", "trigamma", "trigamma"),
    "tetragamma": Entry("polygamma(2, {})", _polygamma(2), (_polygamma(3),),
                        (1.0, 2.0, *_WHOLES[:8]), (-50.0, math.inf),
                        "", "tetragamma", "tetragamma", "tetragamma"),
    "pow": Entry("{} ^ {}", mp.power,
                 (_power_slope, lambda a, b: mp.power(a, b) * mp.log(a)), (1.0,), _HALF,
                 "power", "", "pow", "power"),
    "hypot": Entry("hypot({}, {})", lambda a, b: mp.sqrt(a * a + b * b),
                   (lambda a, b: a / mp.sqrt(a * a + b * b),
                    lambda a, b: b / mp.sqrt(a * a + b * b)), (), _ALL, "hypot", "", "hypot",
                   "hypot"),
    "atan2": Entry("atan2({}, {})", mp.atan2,
                   (lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b)), (),
                   _ALL, "arctan2", "", "atan2", "arctan2"),
    "div": Entry("{} / {}", lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b**2), (),
                 _ALL, "divide", "", "div", "divide"),
    "mod": Entry("mod({}, {})", lambda a, b: a - b * mp.floor(a / b),
                 (lambda a, b: mpf(1), lambda a, b: -mp.floor(a / b)), (), _ALL,
                 "mod", "", "remainder", "mod"),
    "xlogy": Entry("xlogy({}, {})", lambda a, b: a * mp.log(b),
                   (lambda a, b: mp.log(b), lambda a, b: a / b), (1.0,), _HALF, "", "xlogy",
                   "xlogy", "xlogy"),
}  # fmt: skip


def points(entry: Entry, count: int, rng: random.Random) -> list[Point]:
    """Return about `count` points: over all doubles, about 0, and beside the places named."""
    low, high = entry.ends
    places = len(entry.slopes)

    def anywhere() -> float:
        size = math.ldexp(rng.uniform(1, 2), rng.randint(-1074, 1023))
        return size if rng.random() < 0.5 else -size

    def moderate() -> float:
        return rng.choice((-1, 1)) * rng.choice((1, 6, 50)) * rng.random()

    def near() -> float:
        if not entry.beside:
            return moderate()
        base = rng.choice(entry.beside)
        return base + rng.choice((-1, 1)) * math.ldexp(rng.uniform(1, 2), rng.randint(-56, -1))

    def within() -> float:
        return rng.uniform(max(low, -750.0), min(high, 750.0))

    def single() -> float:
        while True:
            x = rng.choice((anywhere, moderate, near, near, within))()
            if low < x < high or (x == low and low == 1):
                return x

    def pair() -> Point:
        a = single()
        kind = rng.random()
        if kind < 0.4:
            return a, single()
        if kind < 0.7:
            return a, a * rng.uniform(0.5, 2)
        return moderate() if low < 0 else abs(moderate()), moderate()

    return [(single(),) if places == 1 else pair() for _ in range(count)]


def ulps(number: float, terms: Sequence[Number]) -> float:
    """Return how far a double is from the sum of terms, in ulps of the largest of them.

    Beyond the doubles the right answer is infinite, or the largest double.
    """
    truth = sum(terms)
    largest = max([abs(truth), *map(abs, terms)])
    nearest = float(largest)
    if math.isinf(nearest) or math.isinf(number):
        limit = mpf(sys.float_info.max) * (1 - mpf(2) ** -50)
        right = abs(truth) >= limit and (number > 0) == (truth > 0) and abs(number) >= limit
        return 0.0 if right or (terms[1:] and math.isinf(nearest)) else math.inf
    if number != number:
        return math.inf
    return float(abs(truth - mpf(number)) / mpf(math.ulp(nearest)))


def _terms(result: Any) -> list[Number]:
    return result if isinstance(result, list) else [result]


class Truths(NamedTuple):
    """The points of a function, its values there, and the derivatives by each argument."""

    points: list[Point]
    values: list[list[Number]]
    slopes: list[list[list[Number]]]


def truths(entry: Entry, count: int, seed: int = 0) -> Truths:
    """Return the truth at points of a seed; points without a value are left out."""
    mp.prec = BITS
    found = Truths([], [], [])
    for point in points(entry, count, random.Random(seed)):
        if 0.0 in point or ("gamma" in entry.text and point[0] <= 0 and point[0].is_integer()):
            continue
        exact = [mpf(x) for x in point]
        # What is next to 1 needs as many more bits as the point has zeros; of the gamma function
        # and its kin a sum with 1 is never all there is.
        zeros = max(abs(math.frexp(x)[1]) for x in point)
        mp.prec = BITS + (0 if "gamma" in entry.text else 2 * zeros)
        try:
            value = _terms(entry.value(*exact))
            slopes = [_terms(slope(*exact)) for slope in entry.slopes]
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
        finally:
            mp.prec = BITS
        if any(isinstance(term, mp.mpc) for term in value):
            continue
        found.points.append(point)
        found.values.append(value)
        found.slopes.append(slopes)
    return found


def errors(truth: Truths, results: Iterable[tuple[float, Sequence[float]]]) -> list[list[float]]:
    """Return the errors of the value and of each derivative, a list of them for all points."""
    columns: list[list[float]] = [[] for _ in range(1 + len(truth.slopes[0]))]
    for value, slopes, (number, derivatives) in zip(
        truth.values, truth.slopes, results, strict=True
    ):
        columns[0].append(ulps(number, value))
        for place, (terms, derivative) in enumerate(zip(slopes, derivatives, strict=True), 1):
            columns[place].append(ulps(derivative, terms))
    return columns


NAMES = ("x", "y")


def by_scalars(entry: Entry, at: Sequence[Point]) -> list[tuple[float, list[float]]]:
    """Return value and derivatives of the program at every point."""
    import cgcli

    names = NAMES[: len(entry.slopes)]
    program = cgcli.parse(entry.text.format(*names))
    found = []
    for point in at:
        result = program.evaluate(dict(zip(names, point, strict=True)))
        found.append((result.value, [result.gradient[name] for name in names]))
    return found


def by_arrays(entry: Entry, at: Sequence[Point]) -> list[tuple[float, list[float]]]:
    """Return the same, of one program over arrays."""
    import cgcli

    names = NAMES[: len(entry.slopes)]
    program = cgcli.parse(f"v = {entry.text.format(*names)}; sum(v)")
    result = program.evaluate(dict(zip(names, np.array(at).T, strict=True)))
    slopes = [result.gradient[name] for name in names]
    return [(value, list(row)) for value, *row in zip(result["v"].value, *slopes, strict=True)]


def by_rows(entry: Entry, at: Sequence[Point]) -> list[tuple[float, list[float]]]:
    """Return the same, of a compiled function over rows."""
    import cgcli

    names = NAMES[: len(entry.slopes)]
    function = cgcli.parse(entry.text.format(*names)).function(rows=names)
    result = function(dict(zip(names, np.array(at).T, strict=True)))
    slopes = [np.broadcast_to(result.gradient[name], len(at)) for name in names]
    return [(value, list(row)) for value, *row in zip(result.value, *slopes, strict=True)]


def by_numpy(entry: Entry, at: Sequence[Point]) -> Any:
    """Return the values of NumPy or SciPy, which have no derivatives; None where there is none."""
    columns = np.array(at).T
    with np.errstate(all="ignore"):
        if entry.numpy:
            return getattr(np, entry.numpy)(*columns)
        if not entry.scipy:
            return None
        special = importlib.import_module("scipy.special")
        order = {"trigamma": 1, "tetragamma": 2}.get(entry.scipy)
        if order:
            return special.polygamma(order, *columns)
        return getattr(special, entry.scipy)(*columns)


def by_torch(entry: Entry, at: Sequence[Point]) -> Any:
    """Return values and derivatives of PyTorch; None where it lacks the function."""
    import torch

    if not entry.torch:
        return None
    tensors = [torch.tensor(column, requires_grad=True) for column in np.array(at).T]
    order = {"trigamma": 1, "tetragamma": 2}.get(entry.torch)
    if order:
        value = torch.polygamma(order, *tensors)
    else:
        for room in (torch, torch.nn.functional, torch.special):
            if hasattr(room, entry.torch):
                value = getattr(room, entry.torch)(*tensors)
                break
    value.sum().backward()
    slopes = [tensor.grad.numpy() for tensor in tensors]
    return list(zip(value.detach().numpy(), zip(*slopes, strict=True), strict=True))


def by_jax(entry: Entry, at: Sequence[Point]) -> Any:
    """Return values and derivatives of JAX; None where it lacks the function."""
    import jax

    jax.config.update("jax_enable_x64", True)
    if not entry.jax:
        return None
    order = {"trigamma": 1, "tetragamma": 2}.get(entry.jax)
    for room in (jax.numpy, jax.scipy.special, jax.nn):
        if hasattr(room, entry.jax):
            function = getattr(room, entry.jax)
            break
    if order:
        function = lambda x: jax.scipy.special.polygamma(order, x)
    if entry.jax == "gelu":
        function = lambda x: jax.nn.gelu(x, approximate=False)
    columns = np.array(at).T
    places = tuple(range(len(columns)))
    value, slopes = jax.vmap(jax.value_and_grad(function, argnums=places))(*columns)
    return list(zip(np.asarray(value), zip(*map(np.asarray, slopes), strict=True), strict=True))


def summary(column: Sequence[float]) -> tuple[float, float]:
    """Return the worst error, and the one that 99 % stay within."""
    ordered = sorted(column)
    return ordered[-1], ordered[max(0, math.ceil(0.99 * len(ordered)) - 1)]


def measured(name: str, count: int, seed: int, ours: bool) -> dict[str, list[list[float]]]:
    """Return the errors of a function by every method that has it: value, then derivatives."""
    entry = ENTRIES[name]
    truth = truths(entry, count, seed)
    found = {}
    for label, method in METHODS.items():
        if ours and label not in OURS:
            continue
        try:
            results = method(entry, truth.points)
        except ImportError:
            continue
        if results is None:
            continue
        if label == "numpy":
            pairs = zip(results, truth.values, strict=True)
            found[label] = [[ulps(value, terms) for value, terms in pairs]]
        else:
            found[label] = errors(truth, results)
    return found


def main() -> None:
    """Print a table in Markdown, for all functions or for those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ours", action="store_true", help="leave the other libraries out")
    arguments = parser.parse_args()
    labels = OURS if arguments.ours else tuple(METHODS)
    print(f"| | | {' | '.join(labels)} |")
    print(f"| --- | --- |{' ---: |' * len(labels)}")
    for name in arguments.names or ENTRIES:
        found = measured(name, arguments.count, arguments.seed, arguments.ours)
        for place in range(1 + len(ENTRIES[name].slopes)):
            what = ("value", "derivative", "by the second")[place]
            cells = []
            for label in labels:
                columns = found.get(label, [])
                worst = summary(columns[place]) if place < len(columns) else None
                cells.append("" if worst is None else f"{worst[0]:.3g} / {worst[1]:.3g}")
            print(f"| `{name}` | {what} | {' | '.join(cells)} |", flush=True)


OURS = ("scalar", "array", "rows")
METHODS: dict[str, Callable[[Entry, Sequence[Point]], Any]] = {
    "scalar": by_scalars,
    "array": by_arrays,
    "rows": by_rows,
    "numpy": by_numpy,
    "torch": by_torch,
    "jax": by_jax,
}

if __name__ == "__main__":
    main()
