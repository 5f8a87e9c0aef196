"""The documents of rows: values of a data file's rows, what a run came to, models."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from cgcli.documents import Count, Double, Doubles, Positive, RowNote, Rule
from cgcli.learning.manner import MISSING
from cgcli.learning.optimisers import OPTIMISER_NAMES, SCHEDULES
from cgcli.learning.stopping import DoubtKind, EndKind
from cgcli.limits import MOST_COUNT

# cgraph map and cgraph predict


class Row(TypedDict):
    """A row's values by name, and its number."""

    row: Positive
    """The row's number in the file, from 1."""
    notes: NotRequired[list[str]]
    """With --notes the kinds of notes that the row has."""


class Mapping(TypedDict):
    """What `cgraph map` and `cgraph predict` print with --json."""

    schema: Literal["cgraph.map/1"]
    rows: list[Annotated[Row, Rule(additionalProperties=True)]]
    """A line of JSON Lines is one of these.

    By name the values that are asked for; with --keep columns of the data, whatever they hold.
    """
    notes: NotRequired[dict[str, RowNote]]
    """By kind."""
    read: NotRequired[str]
    """What was read and how, where that is more than the file's name says."""


# cgraph train


class Measured(TypedDict):
    """The mean of a metric over the rows trained on, and over those held out."""

    train: NotRequired[Double]
    holdout: NotRequired[Double]


Metrics: TypeAlias = dict[str, Measured]


class RecordHead(TypedDict):
    """An epoch of a run."""

    step: Count
    cost: Double
    gradient_norm: Double
    rate: Double
    holdout: NotRequired[Double]
    metrics: NotRequired[Metrics]


class EpochRecord(RecordHead):
    """An epoch of a run."""

    epoch: Count


class Spread(TypedDict):
    """A figure of every part of the rows, their mean, and their sample standard deviation."""

    mean: Double
    deviation: Double
    values: list[Double]


class Folds(TypedDict):
    """What was measured of rows that were held out by turns."""

    cost: Spread
    metrics: dict[str, Spread]


class RowCounts(TypedDict):
    """How many rows there are of each sort."""

    train: Count
    holdout: Count
    skipped: Count


class Divergence(TypedDict):
    """Where a cost or a gradient stopped being finite."""

    row: int | None
    node: str
    message: str


class Doubt(TypedDict):
    """What is not certain of a run, and what to try."""

    kind: DoubtKind
    message: str
    hint: str
    grave: bool
    """Whether the answer is not to be relied on for it."""


class End(TypedDict):
    """How a run ended, and what that leaves in doubt; one not reliable has exit status 1."""

    kind: EndKind
    reliable: bool
    doubts: list[Doubt]


class Statistics(TypedDict):
    """Of least squares or a likelihood; null where nothing is left over, or there is no meaning.

    Matrices are in the order of the parameters' elements. AIC and BIC of least squares are those of
    normal residuals, whose spread counts as a parameter unless it is known. What is at a bound has
    NaN.
    """

    degrees_of_freedom: int
    t: dict[str, Doubles] | None
    """With --sigma or --likelihood z, by the normal distribution."""
    p_value: dict[str, Doubles] | None
    confidence_95: dict[str, Doubles] | None
    """The two ends of the interval."""
    covariance: Doubles | None
    correlation: Doubles | None
    r_squared: Double | None
    adjusted_r_squared: Double | None
    aic: Double | None
    bic: Double | None
    chi_square_p: NotRequired[Double]
    """With --sigma how often chance makes the sum of squares as large."""
    log_likelihood: NotRequired[Double]
    residual_quartiles: Doubles | None
    """The least, the quartiles and the greatest."""


class Starts(TypedDict):
    """With --restarts how many starting points were tried, and how many led to the best fit."""

    tried: Positive
    ended_there: Positive


class Run(TypedDict):
    """What `cgraph train --json` prints."""

    schema: Literal["cgraph.train/1"]
    expression: str
    parameters: dict[str, Doubles]
    cost: Double
    """Of the rows trained on, at the parameters found."""
    start_cost: Double
    holdout_cost: Double | None
    metrics: Metrics
    folds: NotRequired[Folds]
    """With --folds."""
    rows: RowCounts
    optimizer: str
    seed: Count
    steps: Count
    epochs: Count
    stopped: str
    """Which criterion was met."""
    end: End
    doubts: list[str]
    """The doubts of the end as sentences: what is not certain, and what to try."""
    diverged: Divergence | None
    """Null where all numbers are finite."""
    standard_errors: dict[str, Doubles] | None
    statistics: Statistics | None
    starts: NotRequired[Starts]
    sum_of_squares: Double | None
    residual_deviation: Double | None
    notes: NotRequired[dict[str, RowNote]]
    """By kind."""
    read: NotRequired[str]
    """What was read and how, where that is more than the file's name says."""
    history: list[EpochRecord]
    """An entry an epoch; of very many only every second, fourth and so on."""


# What cgraph train -o writes

Kept: TypeAlias = Annotated[int, Rule(minimum=0, maximum=MOST_COUNT)]
"""A whole number that is counted on from."""

KeptPositive: TypeAlias = Annotated[int, Rule(minimum=1, maximum=MOST_COUNT)]


class KeptRecord(RecordHead):
    """An epoch of a run."""

    epoch: Kept


class Manner(TypedDict):
    """How data is read, where it is not plain: the options of the command line."""

    kind: NotRequired[str]
    delimiter: NotRequired[str]
    decimal: NotRequired[str]
    thousands: NotRequired[str]
    percent: NotRequired[bool]
    comment: NotRequired[str]
    encoding: NotRequired[str]
    sheet: NotRequired[str]
    missing: NotRequired[Annotated[str, Rule(enum=MISSING)]]
    levels: NotRequired[dict[str, dict[str, Count]]]
    """By column of categories the number of each."""
    unseen: NotRequired[Literal["error", "other"]]
    dates: NotRequired[dict[str, str]]
    pads: NotRequired[dict[str, Positive]]
    means: NotRequired[dict[str, Doubles]]
    """What fills missing cells."""


class Data(TypedDict):
    """What the rows were, and how they are read."""

    path: str | list[str] | None
    rows: Count
    held: Count
    skipped: Count
    fingerprint: str
    columns: list[str]
    stack: dict[str, str | Annotated[list[str], Rule(minItems=1)]]
    """Of each stack the columns by name, or the one column that it gives another name."""
    scale: dict[str, tuple[Doubles, Doubles]]
    """By column the mean and the deviation that it is scaled by."""
    skip_bad: bool
    unscaled: NotRequired[bool]
    """Whether the parameters are in the data's units: only a run that goes on scales."""
    read: NotRequired[Manner]


class Settings(TypedDict):
    """The options of a run."""

    optimizer: Annotated[str, Rule(enum=OPTIMISER_NAMES)]
    rate: float | None
    settings: dict[str, float]
    schedule: Annotated[str, Rule(enum=SCHEDULES)]
    warmup: Kept
    every: KeptPositive
    factor: float
    batch: Literal["all"] | KeptPositive
    clip: float | None
    reduce: Literal["mean", "sum"]
    seed: Kept
    holdout: Annotated[float, Rule(minimum=0, maximum=0.9)] | str
    """The part of the rows that is held out, or the file of them."""
    metrics: dict[str, str]
    criteria: Annotated[list[float | None], Rule(minItems=7, maxItems=7)]
    """Epochs, steps, cost, change, gradient, patience and seconds."""
    engine: NotRequired[Literal["numpy", "native"]]
    """What computed the rows: the last bits are its own."""


class BestState(TypedDict):
    """The parameters of the lowest cost."""

    cost: Double
    epoch: Kept
    parameters: dict[str, Doubles]


class RunState(TypedDict):
    """What it takes to go on to the same bits."""

    step: Kept
    epoch: Kept
    position: Kept
    costs: Double
    rows: Kept
    sum: list[Double]
    before: Double | None
    stride: KeptPositive
    memory: dict[str, list[Double]]
    current: list[Double] | None
    best: BestState | None
    history: list[KeptRecord]


class Spreading(TypedDict):
    """What the predictions of a fit vary by, for their bands."""

    covariance: Doubles
    """Of the parameters' elements, in their order."""
    degrees_of_freedom: Positive | None
    """Of the distribution of t; null for the normal one."""
    deviation: float | None
    """How far a row lies from its prediction; null where that is not known, or not one for all."""


class Model(TypedDict):
    """What `cgraph train -o` writes."""

    schema: Literal["cgraph.model/1"]
    program: str
    parameters: dict[str, Doubles]
    fixed: dict[str, Doubles]
    data: Data
    settings: Annotated[Settings, Rule(additionalProperties=True)]
    stopped: str
    """Which criterion was met; empty while the run goes on."""
    state: RunState | None
    """Null in older models of a fit by SciPy."""
    spreading: NotRequired[Spreading]
