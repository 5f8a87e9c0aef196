"""Models on disk: parameters to the bit, the program, and all that it takes to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.learning.bands import Spreading
from cgcli.learning.logbook import Best, State
from cgcli.learning.tables import plain
from cgcli.learning.task import Parameters

if TYPE_CHECKING:
    from cgcli.learning.preparing import Prepared
    from cgcli.learning.training import Training

SCHEMA: Final = "cgraph.model/1"


def as_json(value: Any) -> str:
    """Return JSON on one line; a number that is not finite is a string.

    >>> as_json({"cost": 0.5, "holdout": float("nan"), "memory": [float("inf")]})
    '{"cost": 0.5, "holdout": "NaN", "memory": ["Infinity"]}'
    """
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        # Only what needs it is read again: a large model is saved often.
        return json.dumps(json.loads(json.dumps(value), parse_constant=str))


def rows_of(prepared: Prepared) -> dict[str, Any]:
    """Return how many rows there are to train on, how many held out, and what tells them."""
    train, held = prepared.train, prepared.held
    both = train.fingerprint + (held.fingerprint if held else "")
    return {"rows": train.count, "held": held.count if held else 0, "fingerprint": both}


def model_of(
    training: Training, path: str | list[str], settings: Mapping[str, Any], stopped: str
) -> Model:
    """Return the model of a training as it stands, of the data at a path, and why it stopped."""
    task, prepared = training.task, training.prepared
    scaling, report, given = prepared.task.scaling, prepared.report, prepared.given
    assert given is not None
    data = {
        "path": path,
        **rows_of(prepared),
        "skipped": report.bad,
        "columns": list(task.columns),
        "stack": dict(prepared.stacks),
        "scale": {name: [*map(plain, pair)] for name, pair in scaling.items()},
        "skip_bad": report.skip,
    }
    if scaling and not task.scaling:
        data["unscaled"] = True
    if read := report.manner.document():
        data["read"] = read
    state = training.log.state
    text, parameters, known = given.program.text, task.parameters, training.statistics
    spreading = None
    if known is not None and known.covariance is not None and not np.isinf(known.covariance).any():
        deviation = None if given.weighted else known.deviation
        with suppress(ValueError):
            # One number is that of all rows; those of other weights have others.
            deviation = float(given.sigma) if given.sigma else deviation
        spreading = Spreading.of(known, deviation)
    return Model(text, parameters, task.constants, data, settings, state, stopped, spreading)


def _numbers(record: Any) -> Any:
    """Return a record of the history, its numbers that are strings as numbers again."""
    if isinstance(record, dict):
        return {name: _numbers(part) for name, part in record.items()}
    return record if type(record) is int else float(record)


def _broken(place: str, why: str) -> CgraphError:
    return CgraphError("file", f"at {place}, {why}")


class Model(NamedTuple):
    """A program with its parameters, what they were trained on and how, and where that stands.

    `program` has the text, `data` what the rows were and how they are read, `settings` the
    options of the run. `state` is None for an older model of SciPy's, which has nothing to go on
    from. Of a fit with statistics `spreading` has what predictions vary by.
    """

    program: str
    parameters: Parameters
    fixed: Mapping[str, Any]
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    state: State | None
    stopped: str = ""
    spreading: Spreading | None = None

    def scaling(self) -> dict[str, tuple[Any, Any]]:
        """Return the mean and the deviation of the columns that a run scales, which goes on."""
        return {
            name: (_array(mean, f"data.scale.{name}[0]"), _array(width, f"data.scale.{name}[1]"))
            for name, (mean, width) in self.data["scale"].items()
        }

    @property
    def in_units(self) -> bool:
        """Whether the parameters are those for columns as the data has them."""
        return not self.data["scale"] or bool(self.data.get("unscaled"))

    def document(self) -> dict[str, Any]:
        """Return the model as the document `cgraph.model/1`."""
        return {
            "schema": SCHEMA,
            "program": self.program,
            "parameters": _plain(self.parameters.views),
            "fixed": _plain(self.fixed),
            "data": self.data,
            "settings": self.settings,
            "stopped": self.stopped,
            "state": None if self.state is None else _state(self.state, self.parameters),
            **({} if self.spreading is None else {"spreading": self.spreading.document()}),
        }

    def text(self) -> str:
        """Return the document as JSON: a line for each of its parts."""
        parts = [f"{json.dumps(name)}: {as_json(value)}" for name, value in self.document().items()]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @classmethod
    def read(cls, parts: Any, called: str) -> Model:
        """Return the model of a document that its schema allows; raises `CgraphError`."""
        message, hint = f"{shorten(called, 80)}: this model cannot be used", "train it again"
        try:
            parameters = Parameters(_arrays(parts, "parameters"))
            state = None if parts["state"] is None else _read_state(parts["state"], parameters)
            fixed, data, settings = _arrays(parts, "fixed"), parts["data"], parts["settings"]
            spreading = _read_spreading(parts.get("spreading"), parameters.flat.size)
            program, stopped = parts["program"], parts["stopped"]
            model = cls(program, parameters, fixed, data, settings, state, stopped, spreading)
            model.scaling()
            if not parameters.flat.size:
                raise _broken("parameters", "there is none")
        except CgraphError as error:
            raise CgraphError("file", f"{message}: {error.message}", hint) from None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            message += ": it is not whole, or was changed by hand"
            raise CgraphError("file", message, hint) from None
        return model


def _arrays(parts: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: _array(value, f"{part}.{excerpt(name)}") for name, value in parts[part].items()}


def _array(value: Any, place: str) -> Any:
    try:
        array = np.array(value, dtype=np.float64)
    except ValueError:
        raise _broken(place, "its rows are not of one length") from None
    if array.ndim > 2 or not array.size:
        axes = f"it has {array.ndim} axes, and values have 2 at most"
        raise _broken(place, axes if array.size else "it is empty")
    if not np.isfinite(array).all():
        index = "".join(f"[{k}]" for k in np.argwhere(~np.isfinite(array))[0])
        raise _broken(place + index, "it is not finite")
    return array if array.shape else float(array)


def _read_spreading(saved: Any, size: int) -> Spreading | None:
    if saved is None:
        return None
    covariance = _array(saved["covariance"], "spreading.covariance")
    if np.shape(covariance) != (size, size):
        raise _broken("spreading.covariance", f"it is not {size} by {size}")
    return Spreading(**{**saved, "covariance": covariance})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items()}


def _state(state: State, parameters: Parameters) -> dict[str, Any]:
    record = dict(vars(state))
    record["sum"] = state.sum.tolist() if state.sum.any() else []
    record["memory"] = _plain(state.memory)
    if state.current is not None:
        record["current"] = state.current.tolist()
    if state.best is not None:
        values = _plain(parameters.look(state.best.flat))
        record["best"] = {"cost": state.best.cost, "epoch": state.best.epoch, "parameters": values}
    return record


def _read_state(saved: Mapping[str, Any], parameters: Parameters) -> State:
    size = parameters.flat.size
    memory = {n: _vector(v, size, f"memory.{excerpt(n)}") for n, v in saved["memory"].items()}
    if bool(saved["rows"]) != bool(saved["position"]):
        raise ValueError
    best, current, before = saved["best"], saved["current"], saved["before"]
    if best is not None:
        parts = Parameters(_arrays(best, "parameters"))
        if parts.shapes != parameters.shapes:
            raise _broken("state.best.parameters", "they are not those of the model")
        best = Best(float(best["cost"]), best["epoch"], parts.flat)
    return State(
        **{name: saved[name] for name in ("step", "epoch", "position", "rows", "stride")},
        memory=memory,
        costs=float(saved["costs"]),
        before=None if before is None else float(before),
        sum=_vector(saved["sum"], size, "sum") if saved["sum"] else np.zeros(size),
        current=None if current is None else _vector(current, size, "current"),
        best=best,
        history=[_numbers(record) for record in saved["history"]],
    )


def _vector(numbers: Any, size: int, part: str) -> Any:
    if len(numbers) != size:
        raise _broken(f"state.{part}", f"it has {len(numbers)} numbers, and the parameters {size}")
    return np.array(numbers, dtype=np.float64)
