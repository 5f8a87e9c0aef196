"""Models on disk: parameters to the bit, the program, and all that it takes to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, shorten
from cgcli.learning.descent import Best, Record, State
from cgcli.learning.parameters import Parameters

__all__ = ["SCHEMA", "Model", "as_json", "bindings", "is_model"]

SCHEMA: Final = "cgraph.model/1"


def is_model(found: Any) -> bool:
    """Whether a JSON document is a model."""
    return isinstance(found, dict) and found.get("schema") == SCHEMA


def bindings(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters and the constants of a model's document, to bind a program's names.

    >>> bindings({"schema": SCHEMA, "parameters": {"w": 2.0}, "fixed": {"c": 1.0}})
    {'c': 1.0, 'w': 2.0}
    """
    parts = [found.get("fixed", {}), found.get("parameters", {})]
    if not all(isinstance(part, dict) for part in parts):
        raise _broken("its parameters are no object")
    return {**parts[0], **parts[1]}


def as_json(value: Any) -> str:
    """Return JSON on one line; a number that is not finite is a string.

    >>> as_json({"cost": 0.5, "holdout": float("nan"), "memory": [float("inf")]})
    '{"cost": 0.5, "holdout": "NaN", "memory": ["Infinity"]}'
    """
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        # Only what needs it is walked through: a large model is saved often.
        return json.dumps(_spelt(value), allow_nan=False)


def _spelt(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _spelt(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_spelt(each) for each in value]
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _record(found: Mapping[str, Any]) -> Record:
    """Return a record of the history, its numbers that are strings as numbers again."""
    record = {name: each if type(each) is int else _numbers(each) for name, each in found.items()}
    _count(record["epoch"])
    if not all(isinstance(record[name], int | float) for name in ("cost", "gradient_norm", "rate")):
        raise TypeError
    return record


def _numbers(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _numbers(each) for name, each in found.items()}
    return float(found)


def _count(found: Any) -> int:
    if type(found) is not int or not 0 <= found < 2**63:
        raise ValueError
    return found


def _broken(why: str) -> CgraphError:
    return CgraphError("file", f"this model cannot be used: {why}", "train it again")


class Model:
    """A program with its parameters, what they were trained on and how, and where that stands.

    `program` has the text, `data` what the rows were and how they are read, `settings` the
    options of the run. `state` is None for a model of least squares, which has nothing to go on
    from.
    """

    def __init__(
        self,
        program: str,
        parameters: Parameters,
        fixed: Mapping[str, Any],
        data: dict[str, Any],
        settings: dict[str, Any],
        state: State | None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.program = program
        self.parameters = parameters
        self.fixed = dict(fixed)
        self.data = data
        self.settings = settings
        self.state = state
        self.more = dict(more or {})

    def check(self) -> None:
        """Raise what a part that is missing raises where it is asked for, or `ValueError`."""
        self.stacks()
        self.scaling()
        if not self.parameters.flat.size or not {"rows", "held", "fingerprint"} <= set(self.data):
            raise ValueError
        if not isinstance(self.data.get("path"), str | None):
            raise TypeError

    def stacks(self) -> dict[str, str]:
        """Return the columns that are stacked, as patterns by name."""
        return {str(name): str(pattern) for name, pattern in self.data["stack"].items()}

    def scaling(self) -> dict[str, tuple[Any, Any]]:
        """Return the mean and the deviation of the columns that are scaled."""
        return {n: (_array(mean), _array(d)) for n, (mean, d) in self.data["scale"].items()}

    def document(self) -> dict[str, Any]:
        """Return the model as the document `cgraph.model/1`."""
        return {
            "schema": SCHEMA,
            "program": self.program,
            "parameters": _plain(self.parameters.values()),
            "fixed": _plain(self.fixed),
            "data": self.data,
            "settings": self.settings,
            **self.more,
            "state": None if self.state is None else _state(self.state, self.parameters),
        }

    def text(self) -> str:
        """Return the document as JSON: a line for each of its parts."""
        parts = [f"{json.dumps(name)}: {as_json(value)}" for name, value in self.document().items()]
        return "{\n" + ",\n".join(parts) + "\n}\n"

    @classmethod
    def read(cls, found: Any, called: str) -> Model:
        """Return the model of a document; raises `CgraphError` for any other JSON."""
        if not is_model(found):
            message = f"{shorten(called, 80)}: this is no model"
            raise CgraphError("file", message, "a model is what cgraph train -o writes")
        try:
            parameters = Parameters(
                {str(name): _array(value) for name, value in found["parameters"].items()}
            )
            state = None
            if found["state"] is not None:
                state = _read_state(found["state"], parameters)
            model = cls(
                str(found["program"]),
                parameters,
                {str(name): _array(value) for name, value in found["fixed"].items()},
                dict(found["data"]),
                dict(found["settings"]),
                state,
            )
            model.check()
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            message = f"{shorten(called, 80)}: this model is not whole, or was changed by hand"
            raise CgraphError("file", message, "train it again") from None
        return model


def _array(value: Any) -> Any:
    array = np.array(value, dtype=np.float64)
    if array.ndim > 2 or not np.isfinite(array).all():
        raise ValueError
    return array if array.shape else float(array)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.tolist() if np.shape(value) else float(value) for name, value in values.items()
    }


def _state(state: State, parameters: Parameters) -> dict[str, Any]:
    best = None
    if state.best is not None:
        values = _plain(parameters.values(state.best.flat))
        best = {"cost": state.best.cost, "epoch": state.best.epoch, "parameters": values}
    return {
        "step": state.step,
        "epoch": state.epoch,
        "position": state.position,
        "costs": state.costs,
        "rows": state.rows,
        "sum": state.sum.tolist() if state.sum.any() else [],
        "before": state.before,
        "stride": state.stride,
        "memory": {name: value.tolist() for name, value in state.memory.items()},
        "current": None if state.current is None else state.current.tolist(),
        "best": best,
        "history": state.history,
    }


def _read_state(found: Mapping[str, Any], parameters: Parameters) -> State:
    size = parameters.flat.size
    memory = {str(name): _vector(value, size) for name, value in found["memory"].items()}
    state = State(size, memory)
    for name in ("step", "epoch", "position", "rows", "stride"):
        setattr(state, name, _count(found[name]))
    if not state.stride or bool(state.rows) != bool(state.position):
        raise ValueError
    state.costs = float(found["costs"])
    state.before = None if found["before"] is None else float(found["before"])
    if found["sum"]:
        state.sum = _vector(found["sum"], size)
    if found["current"] is not None:
        state.current = _vector(found["current"], size)
    if found["best"] is not None:
        flat = np.zeros(size)
        views = parameters.look(flat)
        for name, value in found["best"]["parameters"].items():
            np.copyto(views[name], np.asarray(value, dtype=np.float64))
        state.best = Best(float(found["best"]["cost"]), int(found["best"]["epoch"]), flat)
    state.history = [_record(record) for record in found["history"]]
    return state


def _vector(found: Any, size: int) -> Any:
    vector = np.array(found, dtype=np.float64)
    if vector.shape != (size,):
        raise ValueError
    return vector
