"""Models on disk: parameters to the bit, the program, and all that it takes to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.learning.bands import Spreading
from cgcli.learning.logbook import Best, State
from cgcli.learning.tables import plain
from cgcli.learning.task import Parameters

if TYPE_CHECKING:
    from cgcli.learning import documents
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


def model_of(
    training: Training, path: str | list[str], settings: documents.Settings, stopped: str
) -> Model:
    """Return the model of a training as it stands, of the data at a path, and why it stopped."""
    task, prepared = training.task, training.prepared
    scaling, report, given = prepared.task.scaling, prepared.report, prepared.given
    assert given is not None
    train, held = prepared.train, prepared.held
    data: documents.Data = {
        "path": path,
        "rows": train.count,
        "held": held.count if held else 0,
        "fingerprint": train.fingerprint + (held.fingerprint if held else ""),
        "skipped": report.bad,
        "columns": list(task.columns),
        "stack": dict(prepared.stacks),
        "scale": {name: (plain(mean), plain(width)) for name, (mean, width) in scaling.items()},
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
    data: documents.Data
    settings: documents.Settings
    state: State | None
    stopped: str = ""
    spreading: Spreading | None = None

    def scaling(self) -> dict[str, tuple[Any, Any]]:
        """Return the mean and the deviation of the columns that a run scales, which goes on."""
        scaling = {}
        for name, (mean, width) in self.data["scale"].items():
            place = f"data.scale.{excerpt(name)}"
            scaling[name] = _array(mean, f"{place}[0]"), _array(width, f"{place}[1]")
            if not np.all(scaling[name][1] > 0):
                raise _broken(f"{place}[1]", "a deviation is greater than 0")
        return scaling

    @property
    def in_units(self) -> bool:
        """Whether the parameters are those for columns as the data has them."""
        return not self.data["scale"] or bool(self.data.get("unscaled"))

    def document(self) -> documents.Model:
        """Return the model as the document `cgraph.model/1`."""
        document: documents.Model = {
            "schema": SCHEMA,
            "program": self.program,
            "parameters": _plain(self.parameters.views),
            "fixed": _plain(self.fixed),
            "data": self.data,
            "settings": self.settings,
            "stopped": self.stopped,
            "state": None if self.state is None else _state(self.state, self.parameters),
        }
        if self.spreading is not None:
            document["spreading"] = self.spreading.document()
        return document

    def text(self) -> str:
        """Return the document as JSON: a line for each of its parts."""
        parts = [f"{json.dumps(name)}: {as_json(value)}" for name, value in self.document().items()]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @classmethod
    def read(cls, parts: documents.Model) -> Model:
        """Return the model of a document that its schema allows; raises `CgraphError`."""
        parameters = Parameters(_arrays(parts["parameters"], "parameters"))
        state = None if parts["state"] is None else _read_state(parts["state"], parameters)
        fixed = _arrays(parts["fixed"], "fixed")
        spreading, size = None, parameters.flat.size
        if "spreading" in parts:
            covariance = _array(parts["spreading"]["covariance"], "spreading.covariance")
            if np.shape(covariance) != (size, size):
                raise _broken("spreading.covariance", f"it is not {size} by {size}")
            spreading = Spreading(**{**parts["spreading"], "covariance": covariance})
        rest = parts["data"], parts["settings"], state, parts["stopped"], spreading
        model = cls(parts["program"], parameters, fixed, *rest)
        model.scaling()
        if not size:
            raise _broken("parameters", "there is none")
        return model


def _arrays(values: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: _array(value, f"{part}.{excerpt(name)}") for name, value in values.items()}


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


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items()}


def _state(state: State, parameters: Parameters) -> Any:
    """Return where a run stands as a model has it, which is `documents.RunState`."""
    best, current, memory = state.best, state.current, _plain(state.memory)
    values = best and _plain(parameters.look(best.flat))
    return {
        **vars(state),
        "sum": state.sum.tolist() if state.sum.any() else [],
        "memory": memory,
        "current": None if current is None else current.tolist(),
        "best": best and {"cost": best.cost, "epoch": best.epoch, "parameters": values},
    }


def _read_state(saved: documents.RunState, parameters: Parameters) -> State:
    size, best = parameters.flat.size, None
    memory = {n: _vector(v, size, f"memory.{excerpt(n)}") for n, v in saved["memory"].items()}
    if bool(saved["rows"]) != bool(saved["position"]):
        raise _broken("state.rows", "they are not those of the position")
    current, before = saved["current"], saved["before"]
    if saved["best"] is not None:
        parts = Parameters(_arrays(saved["best"]["parameters"], "parameters"))
        if parts.shapes != parameters.shapes:
            raise _broken("state.best.parameters", "they are not those of the model")
        best = Best(float(saved["best"]["cost"]), saved["best"]["epoch"], parts.flat)
    read: dict[str, Any] = {
        **saved,
        "memory": memory,
        "costs": float(saved["costs"]),
        "before": None if before is None else float(before),
        "sum": _vector(saved["sum"], size, "sum") if saved["sum"] else np.zeros(size),
        "current": None if current is None else _vector(current, size, "current"),
        "best": best,
        "history": list(map(_numbers, saved["history"])),
    }
    return State(**read)


def _vector(numbers: Any, size: int, part: str) -> Any:
    if len(numbers) != size:
        raise _broken(f"state.{part}", f"it has {len(numbers)} numbers, and the parameters {size}")
    return np.array(numbers, dtype=np.float64)
