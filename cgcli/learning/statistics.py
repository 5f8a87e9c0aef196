"""What least squares tells of its parameters: how far the rows determine them, and how well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import required
from cgcli.learning.losses import Loss
from cgcli.learning.stopping import Doubt
from cgcli.learning.tables import ROW, Table
from cgcli.learning.task import Parameters, Task

_PLAIN: Final = 100.0
"""Numbers whose exponents are no greater, or less, are squared as they are."""
_UNDETERMINED: Final = 1e-13
"""A singular value this small beside the greatest, of columns of length 1, is one of rounding."""
PART: Final = 1e-6
"""What is so small beside something else is as good as 0."""
_FAINT: Final = 1e-8
_BEYOND: Final = 1e3
_SHOWN: Final = 4
_QUARTILES: Final = 1.3489795
"""How far apart the quartiles of a normal distribution are, in its deviations."""
LEVEL: Final = 0.95
"""How often an interval of confidence has the parameter in it."""
_RANKED: Final = 2**24
"""So many residuals are put in order at most."""
_SIDES: Final = 32
_MATRIX: Final = 200
"""Of more parameters than these the covariance is not told."""


def powers(sizes: Any) -> Any:
    """Return what brings sizes to where they can be squared: powers of 2, which lose no bit.

    What is left over keeps room for the derivatives.

    >>> powers(np.array([0.0, 1e-3, 1e-160])).tolist() == [1.0, 1.0, 2.0**199]
    True
    """
    exponents = np.log10(np.where((sizes > 0) & (sizes < np.inf), sizes, 1.0))
    excess = exponents - np.clip(exponents, -_PLAIN, _PLAIN)
    return 2.0 ** -np.round(excess / np.log10(2))


def lengths(jacobian: Any) -> Any:
    """Return the lengths of columns, of which none is beyond the doubles."""
    usual = np.linalg.norm(jacobian, axis=0)
    if ((usual > 10**-_PLAIN) & (usual < 10**_PLAIN)).all():
        return usual
    units = powers(np.abs(jacobian).max(axis=0, initial=0.0))
    return np.minimum(np.linalg.norm(jacobian * units, axis=0) / units, np.finfo(float).max)


class Spread(NamedTuple):
    """The matrix (JᵀJ)⁻¹, infinite on its diagonal for what is not determined, and what is not.

    `rank` is how many combinations of parameters the rows determine, `least` the smallest
    singular value among them beside the greatest. A `robust` one is the covariance itself. It is
    of parameters in `units`, which are 1 but where its own numbers were none. What is `idle` does
    not matter.
    """

    inverse: Any
    rank: int
    doubts: list[Doubt]
    least: float = 1.0
    robust: bool = False
    units: Any = 1.0
    idle: Any = False

    def loosely(self, parameters: Parameters, errors: Any) -> list[Doubt]:
        """Return what is to be said of errors far beyond their parameters, which go together."""
        loose = (errors > _BEYOND * np.abs(parameters.flat)) & np.isfinite(errors)
        if self.least > _FAINT or loose.sum() < 2:
            return []
        message = f"{parameters.named(loose)}: hardly determined apart, with errors far beyond them"
        return [Doubt("undetermined", message, "hold one of them with --fix, or leave it out")]


def spread(jacobian: Any, parameters: Parameters) -> Spread:
    """Return how far residuals determine their parameters, from the Jacobian rows × parameters.

    By the singular values of J with its columns scaled to length 1, as in Golub and Van Loan,
    Matrix Computations, 4th ed., section 5.5. A parameter does not matter where to double it, or
    to add 1 to it, is lost in the digits of what the parameters bring about. What is at a bound
    counts as known, and has no part in the matrix: it is NaN there.

    >>> two = np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]])
    >>> of = spread(two, Parameters(dict(a=1, b=1, c=1)))
    >>> of.rank, [doubt.message[:30] for doubt in of.doubts]
    (1, ['c does not matter: no row depe', 'a and b: not determined apart,'])
    """
    size = jacobian.shape[1]
    if not np.isfinite(jacobian).all():
        return Spread(np.full((size, size), np.inf), size, [])
    held = parameters.at_bound
    scale = np.where(held, 0.0, lengths(jacobian))
    share = scale * np.abs(parameters.flat)
    # Of parameters that are all 0 a step of 1 is all there is to compare with.
    largest = share.max(initial=0.0) or scale.max(initial=0.0)
    idle = (scale == 0) | (np.maximum(share, scale) < _UNDETERMINED * largest)
    scale[idle] = 1.0
    _, sizes, directions = np.linalg.svd(np.where(idle, 0, jacobian / scale), full_matrices=False)
    known = sizes > _UNDETERMINED * sizes[0]
    loose = directions[~known & (np.abs(directions[:, ~idle]).max(axis=1, initial=0) > PART)]
    mixed = (np.abs(loose).max(axis=0, initial=0.0) > PART) & ~idle
    rooted = directions[known] / sizes[known, None]
    units = powers(scale)
    inverse = (rooted.T @ rooted) / np.outer(scale * units, scale * units)
    unknown = mixed | idle
    inverse[unknown], inverse[:, unknown] = np.nan, np.nan
    inverse[unknown, unknown] = np.inf
    inverse[held, held] = np.nan
    idle &= ~held
    doubts = []
    if idle.any():
        names = parameters.named(idle)
        do = "do" if " " in names else "does"
        message = f"{names} {do} not matter: no row depends on that here"
        doubts.append(Doubt("undetermined", message, "hold it with --fix, or start elsewhere"))
    if mixed.any():
        way = ""
        if len(loose) == 1 and mixed.sum() <= _SHOWN:
            step = loose[0][mixed] / scale[mixed]
            way = f" by ({', '.join(f'{part:.4g}' for part in step / step[np.abs(step).argmax()])})"
        message = (
            f"{parameters.named(mixed)}: not determined apart, the rows tell a combination of them "
            f"alone: moved together{way}, they fit as well"
        )
        doubts.append(Doubt("undetermined", message, "hold one of them with --fix"))
    least = float(sizes[known].min() / sizes[0]) if known.any() else 1.0
    return Spread(inverse, int(known.sum()), doubts, least, units=units, idle=idle)


def sandwich(known: Spread, slopes: Any, residuals: Any, loss: Loss) -> Spread:
    """Return the covariance of parameters that a loss of residuals determines.

    It is A⁻¹BA⁻¹ times n/(n - p), of A the second derivatives of the loss and B the products of
    the first: Huber and Ronchetti, Robust Statistics, 2nd ed. (2009), sections 6.3 and 7.6.
    """
    _, first, second = loss(residuals)
    fine = np.isfinite(known.inverse.diagonal())
    columns, free = (slopes * known.units)[:, fine], max(len(residuals) - known.rank, 1)
    curvature = first + 2 * residuals**2 * second
    bread = np.linalg.pinv((columns * curvature[:, None]).T @ columns)
    parts = (columns * (first * residuals)[:, None]) @ bread
    inverse = known.inverse.copy()
    inverse[np.ix_(fine, fine)] = parts.T @ parts * (len(residuals) / free)
    return known._replace(inverse=inverse, robust=True)


class Statistics(NamedTuple):
    """What the residuals at the minimum tell, their number less the rank being `free`.

    By parameter, flat: standard `errors`, `t`, the probability `p` of one as far from 0, and the
    ends `low` and `high` of the interval of confidence, all by the distribution of t of so many
    `degrees`, or the normal one where the residuals' deviation is known. `covariance` is None of
    very many. `r_squared` compares with the best constant, weighted as the residuals are; `aic`
    and `bic` are those of normal residuals, whose spread counts as a parameter unless it is known:
    then the sum is a chi-square, as great by chance with the probability `chi_square_p`. Of a
    robust loss the deviation is that of the quartiles. `quartiles` are the five of the residuals.
    Of a likelihood there are none of these, and no sum.
    """

    sum: float | None
    free: int
    degrees: int | None = None
    deviation: float | None = None
    errors: Any = None
    t: Any = None
    p: Any = None
    low: Any = None
    high: Any = None
    covariance: Any = None
    correlation: Any = None
    r_squared: float | None = None
    adjusted_r_squared: float | None = None
    aic: float | None = None
    bic: float | None = None
    chi_square_p: float | None = None
    log_likelihood: float | None = None
    quartiles: Any = None


def statistics(
    task: Task, table: Table, residuals: Any, known: Spread, factor: float
) -> Statistics:
    """Return the statistics of residuals, which with their Jacobian were brought to a factor.

    Instead of the residuals there may be any numbers with the same sum of squares.
    """
    special = required("scipy.special", "train", "for the distribution of t")
    flat, count = task.parameters.flat, table.count
    scaled = float(residuals @ residuals)
    free = count - known.rank
    quartiles = _quartiles(task, table)
    fit, absolute = scaled / factor / factor, task.known and not known.robust
    result = Statistics(fit, free, None if absolute else free, quartiles=quartiles)
    if absolute:
        result = result._replace(
            aic=fit + 2 * known.rank, bic=fit + np.log(count) * known.rank,
            chi_square_p=float(special.chdtrc(free, fit)) if free > 0 else None,
        )  # fmt: skip
    elif scaled > 0 and not known.robust:
        logarithm = count * (np.log(2 * np.pi * scaled / count) - 2 * np.log(factor) + 1)
        weight = known.rank + 1
        result = result._replace(aic=logarithm + 2 * weight, bic=logarithm + np.log(count) * weight)
    if free <= 0 and not absolute:
        return result
    if known.robust:
        variance, deviation = 1.0, (quartiles[3] - quartiles[1]) / _QUARTILES
    else:
        variance = factor**2 if absolute else scaled / free
        deviation = np.sqrt(variance) / factor
    result = intervals(result._replace(deviation=deviation), known, variance, flat)
    total = None if known.robust else _about_constant(task, table, factor)
    if total is not None and total > 0 and free > 0:
        part = scaled / total
        adjusted = 1 - part * (count - 1) / free
        result = result._replace(r_squared=1 - part, adjusted_r_squared=adjusted)
    return result


def intervals(of: Statistics, known: Spread, variance: float, flat: Any) -> Statistics:
    """Return statistics with the errors of parameters and what follows from these."""
    special = required("scipy.special", "train", "for the distribution of t")
    roots = np.sqrt(known.inverse.diagonal())
    errors = np.where(roots == np.inf, np.inf, np.sqrt(variance) * roots * known.units)
    t = flat / errors
    reach = quantile(of.degrees) * errors
    of = of._replace(
        errors=errors, t=t, p=2 * special.stdtr(of.degrees or np.inf, -np.abs(t)), low=flat - reach,
        high=flat + reach,
    )  # fmt: skip
    if len(flat) > _MATRIX:
        return of
    correlation = known.inverse / np.outer(roots, roots)
    covariance = variance * known.inverse * np.outer(known.units, known.units)
    return of._replace(covariance=covariance, correlation=correlation)


def quantile(degrees: float | None, level: float = LEVEL) -> float:
    """Return how many standard errors an interval reaches, that has the truth in it so often.

    >>> round(quantile(None), 4), round(quantile(8), 4)
    (1.96, 2.306)
    """
    special = required("scipy.special", "train", "for the distribution of t")
    return float(special.stdtrit(degrees or np.inf, (1 + level) / 2))


class Line:
    """Residuals as lines of a prediction p, r = α p + β, brought to a factor.

    The node is p itself, or where it `is_target` what p is compared with, t = -β/α.
    """

    def __init__(self, task: Task, node: int, factor: float, *, is_target: bool = False) -> None:
        self.node, self.is_target, graph = node, is_target, task.graph
        text = graph.text[graph.starts[node] : graph.ends[node]]
        self.name = graph.names[node] if node in graph.given else text
        self._flat, self._factor = task.parameters.flat, factor
        self._compiled = task.through(node)

    def of(self, chunk: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Return β, α and r of rows."""
        residual, value, slope = self._compiled.rows(chunk, len(chunk[ROW]))
        slope, residual = slope * self._factor, residual * self._factor
        if self.is_target:
            return slope * value, -slope, residual
        return residual - slope * value, slope, residual

    def is_fixed(self, chunk: Mapping[str, Any]) -> bool:
        """Whether α does not depend on the parameters."""
        kept = self._flat.copy()
        slope = self.of(chunk)[1]
        np.copyto(self._flat, kept * (1 + PART) + PART)
        moved = self.of(chunk)[1]
        np.copyto(self._flat, kept)
        return np.array_equal(moved, slope)

    def is_even(self, chunk: Mapping[str, Any]) -> bool:
        """Whether α is not 0 and does not depend on the node, where that is a column."""
        slope, name = self.of(chunk)[1], self.name
        moved = {**chunk, name: np.roll(chunk[name], 1)} if name in chunk else chunk
        return bool(slope.all()) and np.array_equal(self.of(moved)[1], slope)


def line_of(
    task: Task, chunks: Callable[[], Iterable[Mapping[str, Any]]], factor: float = 1.0
) -> Line | None:
    """Return the line of the prediction, None where there is no telling it from a target.

    The target is the one node of the data alone that a residual rises or falls by evenly, such as
    log(y), or the one column in it, such as y in s*y; or what stands beside the first node p on
    the way down, β.
    """
    graph, first = task.graph, next(iter(chunks()))

    def only(nodes: Iterable[int]) -> Line | None:
        few = [node for node in nodes if not graph.shape(node)][: _SIDES + 1]
        lines = [Line(task, node, factor, is_target=True) for node in few]
        lines = [line for line in lines if line.is_fixed(first) and line.is_even(first)]
        return lines[0] if len(lines) == 1 and len(few) <= _SIDES else None

    columns = [graph.inputs[name] for name in task.columns]
    active, data = graph.dependents(task.inputs), graph.dependents(columns)
    users = [node for node in range(len(graph)) if active[node]]
    beside = {a for node in users for a in graph.arguments[node] if data[a] and not active[a]}
    if (target := only(sorted(beside))) is not None:
        within = graph.ancestors([target.node])
        return only(node for node in columns if within[node]) or target
    for node in task.bottlenecks[1:]:
        if not graph.shape(node):
            line = Line(task, node, factor)
            sizes = [[np.abs(part).max() for part in line.of(chunk)] for chunk in chunks()]
            target, _, residual = np.max(sizes, axis=0)
            if target > PART**2 * residual:
                return line
    return None


def _about_constant(task: Task, table: Table, factor: float) -> float | None:
    """Return the least sum of squares where the prediction is one number for all rows.

    None where there is no prediction, and where α depends on the parameters.
    """
    line = line_of(task, table.chunks, factor)
    if line is None or not all(map(line.is_fixed, table.chunks())):
        return None
    squares = products = total = 0.0
    for target, slope, _ in map(line.of, table.chunks()):
        squares += slope @ slope
        products += slope @ target
    for target, slope, _ in map(line.of, table.chunks()):
        left = target - slope * (products / squares)
        total += float(left @ left)
    return total


def _quartiles(task: Task, table: Table) -> Any:
    """Return the five quartiles of the residuals; of very many, those of some equally far apart."""
    parts = [part[:: -(-table.count // _RANKED)] for part in task.costs(table)]
    return np.quantile(np.concatenate(parts), (0, 0.25, 0.5, 0.75, 1))
