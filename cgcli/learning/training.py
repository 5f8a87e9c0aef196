"""Training: a task, its rows and the options of a run → parameters, and how they came about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import numpy as np

from cgcli.errors import CgraphError
from cgcli.learning.descent import Descent, DivergedError
from cgcli.learning.doubts import at_bound, bottomless, course, undetermined, unmoved
from cgcli.learning.fitting import Fit, fit_lbfgs, fit_residuals, judged, likelihood
from cgcli.learning.logbook import Folds, Logbook, Record, State, Turn, Watch
from cgcli.learning.losses import Loss
from cgcli.learning.noted import locate, note_rows
from cgcli.learning.objective import Measure, Objective, measured
from cgcli.learning.optimisers import OPTIMISERS, Schedule
from cgcli.learning.preparing import Prepared
from cgcli.learning.residuals import residuals_of
from cgcli.learning.run import BATCHLESS, EPOCHS, Options, Trained, bounded
from cgcli.learning.statistics import Statistics
from cgcli.learning.stopping import Doubt, End
from cgcli.learning.task import check_parameters, joined
from cgcli.learning.unscaling import begun, unscaled
from cgcli.plan.compiled import Engine
from cgcli.plan.sweep import SHARD
from cgcli.words import counted

if TYPE_CHECKING:
    from cgcli.learning.workers import Workers

_ITERATIONS: Final = 10_000
_ALIKE: Final = 1e-6
"""Costs that differ by a smaller part are those of one minimum."""
_NOTHING: Final = 1e-9
"""A cost that is so small beside that at the start is as good as 0."""


class Training:
    """A run, ready to go: `descent` is None for the optimisers that are SciPy's.

    >>> from cgcli.learning.given import Given
    >>> from cgcli.learning.preparing import Reading, prepare
    >>> from cgcli.learning.reading import open_source
    >>> from cgcli.learning.logbook import Watch
    >>> from cgcli.program import parse
    >>> import io
    >>> rows = io.BytesIO(b"x,y\\n1,2\\n2,4\\n3,6\\n")
    >>> given = Given(parse("(w*x - y)^2"), {"w": 0.0}, {})
    >>> prepared = prepare(given, open_source("rows.csv", rows, "csv"), Reading())
    >>> training = Training(prepared, Options(rate=0.1))
    >>> training.run(Watch()).end.message, round(prepared.task.parameters.values()["w"], 6)
    ('100 epochs are done (--epochs)', 2.0)
    """

    def __init__(
        self,
        prepared: Prepared,
        options: Options,
        workers: Workers | None = None,
        engine: Engine | None = None,
    ) -> None:
        loss = Loss(options.loss, options.loss_scale) if options.loss else None
        mean = options.reduce == "mean"
        self.task = prepared.task._replace(mean=mean, engine=engine, loss=loss)
        self.prepared = prepared._replace(task=self.task)
        self.options = options
        check_parameters(self.task)
        units = None
        if self.task.scaling:
            anywhere = options.optimizer in BATCHLESS or options.rate is None
            self.task, units = begun(self.task, prepared.train, anywhere=anywhere)
        if workers is not None and prepared.train.count > SHARD:
            from cgcli.learning.workers import share

            share(workers, self.prepared._replace(task=self.task))
        self._measure()
        criteria = bounded(options.criteria)
        if criteria.patience is not None and prepared.held is None:
            message = "--patience looks at rows that are held out"
            raise CgraphError("usage", message, "add --holdout 0.2")
        optimiser, flat = OPTIMISERS.get(options.optimizer), self.task.parameters.flat
        memory = {} if optimiser is None else optimiser.start(flat.size)
        state, measure = State(memory=memory, sum=np.zeros_like(flat)), self._train
        measures = self._held, measure if self.task.metrics else None
        self.log = Logbook(state, flat, criteria, *measures, units)
        self.descent: Descent | None = None
        self.statistics: Statistics | None = None
        if optimiser is None:
            return
        batch, seed = options.batch, options.seed
        epochs = criteria.epochs if options.criteria.epochs is not None else EPOCHS
        objective = Objective(self.task, prepared.train, batch, seed, epochs or 1)
        setting = {**optimiser.settings, **options.settings}
        rate = optimiser.rate if options.rate is None else options.rate
        bounds = (criteria.steps, objective.steps * (criteria.epochs or 0))
        total = min(bound for bound in bounds if bound is not None)
        kind, warmup, every = options.schedule, options.warmup, options.every
        schedule = Schedule(kind, rate, warmup, every, options.factor, total)
        self.descent = Descent(
            objective, self.log, optimiser, setting, schedule, criteria, options.clip
        )

    @property
    def engine(self) -> str:
        """What computes the rows, numpy or native: the last bits are its own."""
        return self.task.engine.name if self.task.engine is not None else "numpy"

    def run(self, watch: Watch) -> Trained:
        """Train; the task's parameters are the result."""
        descent, task, table = self.descent, self.task, self.prepared.train
        with np.errstate(all="ignore"):
            self.log.go_on()
            task.parameters.enter()
            start, before = self._train.run()[0], task.parameters.flat.copy()
            state, fit = self.log.state, None
            steps = state.step
            try:
                if descent is None:
                    fit = self._fitted(watch)
                    end = fit.end
                else:
                    end = self._descended(descent, watch)
            except DivergedError as error:
                failure = locate(task, table, error.parameters)
                end = End("diverged", f"it diverged: {error}", failure=failure)
                # What the optimiser remembers led there: who goes on begins it anew.
                for memory in state.memory.values():
                    memory.fill(0.0)
            else:
                cost = self._train.run()[0]
                moved = self.options.optimizer == "lbfgs"
                if descent is not None:
                    moved = state.step > steps
                doubts = self._course(end, start, cost)
                if moved and abs(cost) > _NOTHING * abs(start) and table.arrays is not None:
                    full = descent.objective if descent and descent.objective.full else None
                    # A few steps more pay for no compiler.
                    plain = task._replace(engine=None)
                    objective = full or Objective(plain, table)
                    first = max((record["gradient_norm"] for record in self.history[:1]), default=0)
                    falling = [doubt.grave for doubt in doubts if doubt.kind == "falling"]
                    if falling:
                        # Who says when to stop may know that it falls on and on.
                        endless = bottomless(objective, before, cost)
                        doubts = [d._replace(grave=falling[0]) for d in endless] or doubts
                    # What grows without bound is saturated in the end.
                    if not any(doubt.kind == "unbounded" for doubt in end.doubts):
                        doubts += unmoved(objective, before, first)
                end = end._replace(doubts=(*end.doubts, *doubts))
            return self._by_turns(self._trained(end, start, fit), watch)

    def _by_turns(self, trained: Trained, watch: Watch) -> Trained:
        """Add the cost and the metrics of rows that are held out by turns, where they are."""
        folds, doubts = Folds([], {}), list(trained.end.doubts)
        for number, part in enumerate(self.prepared.folds(), 1):
            other = Training(part, self.options, engine=self.task.engine).run(Turn(watch))
            if watch.asked_to_stop():
                return trained
            assert other.holdout is not None
            folds.costs.append(other.holdout)
            for name, parts in other.metrics.items():
                folds.metrics.setdefault(name, []).append(parts["holdout"])
            why = next((d.message for d in other.end.doubts if d.grave), other.end.message)
            if not other.end.reliable:
                message = f"without part {number} of the rows, {why}"
                doubts.append(Doubt("fold", message, "its figures are not to be relied on"))
        end = trained.end._replace(doubts=tuple(doubts))
        return trained._replace(end=end, folds=folds if folds.costs else None)

    def _descended(self, descent: Descent, watch: Watch) -> End:
        """Descend; where neither rate nor limit is given, by L-BFGS in the end, if it is there."""
        decay = self.options.settings.get("weight_decay") or None
        plain = (*self.options.criteria, self.options.rate, self.options.clip, decay)
        begun = descent.state.step or self.options.schedule != "constant"
        asked = begun or any(bound is not None for bound in plain)
        if asked or not descent.objective.full or find_spec("scipy") is None:
            return descent.run(watch)
        try:
            end = descent.run(watch)
            doubts = course([record["cost"] for record in self.history], asked=True)
            why = doubts[0].message if doubts else "the cost was not at its minimum"
        except DivergedError:
            if not self.history:
                raise
            end, why = None, "the cost grew"
        first, usual = self.history[0]["gradient_norm"], descent.schedule.rate
        if end is not None and (end.kind != "stopped" or not first):
            return end
        message = f"in {counted(descent.state.epoch, 'epoch')} at the usual rate, {usual:g}, {why}"
        hint = f"L-BFGS took it on; --lr {usual:g} keeps to that rate"
        # What the optimiser remembers is of another way.
        for memory in descent.state.memory.values():
            memory.fill(0.0)
        descent.go_back()
        end = fit_lbfgs(descent.objective, _ITERATIONS, self.log.teller(watch), first).end
        return end._replace(doubts=(*end.doubts, Doubt("tuned", message, hint, grave=False)))

    @property
    def history(self) -> list[Record]:
        """What was told of the epochs, or of the iterations of a fit."""
        return self.log.state.history

    def _course(self, end: End, start: float, cost: float) -> list[Doubt]:
        """Return what the costs of a descent leave in doubt."""
        if self.descent is None or end.kind == "interrupted":
            return []
        doubts = []
        if end.kind == "stopped" and not end.doubts:
            asked = self.options.criteria.limited
            costs, norms = ([r[k] for r in self.history] for k in ("cost", "gradient_norm"))
            doubts = course(costs, norms, asked=asked)
        if cost > start:
            before, after = map(self.log.in_units, (start, cost))
            message = f"the cost rose, from {before:.6g} to {after:.6g}"
            smaller = "try a smaller --lr" if self.options.rate else "try --scale, or a small --lr"
            grave = self.descent.objective.full and not self.options.criteria.limited
            doubts.append(Doubt("rising", message, smaller, grave))
        # Of batches the costs go up and down by chance.
        return [d for d in doubts if self.descent.objective.full or d.kind != "swinging"]

    def _trained(self, end: End, start: float, fit: Fit | None) -> Trained:
        log, seen = self.log, self.task
        if self.prepared.task.scaling and log.state.current is None:
            # Who goes on does so with the columns scaled.
            log.state.current = self.task.parameters.flat.copy()
        if self.task.scaling:
            end, fit = self._in_units(end, fit)
        doubts, table = list[Doubt](), self.prepared.train
        # What is flat here and around may lead on far away.
        settled = end.kind in ("converged", "stopped")
        settled &= not any(doubt.grave and doubt.kind != "dead" for doubt in end.doubts)
        if self.options.likelihood and end.kind != "diverged":
            figures, doubts = likelihood(self.task, table)
            fit = (fit or Fit(end, 0))._replace(statistics=figures)
        elif settled and self.options.optimizer != "lm":
            at_end = end.kind == "converged" and self.options.criteria[2:6] == (None,) * 4
            # What is told apart with columns scaled may be so far down in the digits without.
            doubts = undetermined(seen, table, start, log.in_units, at_end=at_end)
            if doubts and seen is not self.task:
                doubts = undetermined(self.task, table, log.in_units(start), float, at_end=at_end)
            is_level = any(doubt.kind == "undetermined" for doubt in end.doubts)
            doubts = [d for d in doubts if d.grave or (end.reliable and not is_level)]
        held = at_bound(self.task.parameters) if end.kind != "diverged" else []
        costs, metrics = measured(train=self._train, holdout=self._held)
        end = end._replace(doubts=(*end.doubts, *held, *doubts, *self._spoilt(end, costs)))
        self.statistics = fit and fit.statistics
        note_rows(self.task, table, self.prepared.report)
        state = None if self.descent is None else self.descent.state
        both = costs["train"], costs.get("holdout")
        history = [log.record_in_units(record) for record in self.history]
        return Trained(end, log.in_units(start), *both, metrics, history, state, fit)

    def _spoilt(self, end: End, costs: Mapping[str, float]) -> list[Doubt]:
        """Return the doubt of rows held out whose cost is not finite: no figure is told of them."""
        held = self.prepared.held
        if held is None or end.kind == "diverged" or np.isfinite(costs["holdout"]):
            return []
        failure = locate(self.task, held, self.task.parameters.flat)
        message = "on the rows held out the cost is not finite"
        if failure.row is not None:
            message += f": row {failure.row}, node {failure.node}: {failure.message}"
        return [Doubt("fold", message, "mend that row, or hold out others")]

    def _in_units(self, end: End, fit: Fit | None) -> tuple[End, Fit | None]:
        """Undo the scaling of columns where parameters can, and tell all in the data's units."""
        plain, table = unscaled(self.task, self.prepared.train), self.prepared.train
        squared = self.options.optimizer == "lm"
        if plain is None:
            names = joined(list(self.task.scaling))
            message = f"the parameters are for {names} scaled to mean 0 and deviation 1"
            hint = "a program with a constant, w*x + b, and no penalty has some in the data's units"
            doubt = Doubt("scaled", message, hint, grave=False)
            self.log.units = None
            return end._replace(doubts=(*end.doubts, doubt)), fit
        self.task, units = plain
        self.log.units = units._replace(cost=units.cost**2) if squared else units
        # The workers have the columns scaled.
        table.sums = None
        self._measure()
        if fit is not None and fit.statistics is not None:
            known = judged(residuals_of(self.task, table), self.task, table, fit)
            fit = fit._replace(statistics=known.statistics)
            end = end._replace(doubts=known.end.doubts)
        return end, fit

    def _measure(self) -> None:
        squared, held = self.options.optimizer == "lm", self.prepared.held
        self._train = Measure(self.task, self.prepared.train, squared=squared)
        self._held = None if held is None else Measure(self.task, held, squared=squared)

    def _fitted(self, watch: Watch) -> Fit:
        """Fit by a method of SciPy's, in as many iterations as are left of those asked for."""
        table, criteria, state = self.prepared.train, self.options.criteria, self.log.state
        self.log.go_on()
        bounds = (criteria.epochs, criteria.steps, state.epoch + _ITERATIONS)
        most = min(bound for bound in bounds if bound is not None) - state.epoch
        if self.options.optimizer == "lm":
            return self._restarted(lambda: self._least_squares(max(1, most)))
        if state.epoch and most <= 0:
            end = criteria.exhausted(state.step, state.epoch, 0.0)
            assert end is not None
            return Fit(end, 0)
        first = self.history[0]["gradient_norm"] if self.history else 0.0
        objective = Objective(self.task, table)
        return self._restarted(lambda: fit_lbfgs(objective, most, self.log.teller(watch), first))

    def _least_squares(self, most: int) -> Fit:
        fit, state = fit_residuals(self.task, self.prepared.train, most), self.log.state
        state.epoch += fit.evaluations
        state.step = state.epoch
        return fit

    def _restarted(self, run: Callable[[], Fit]) -> Fit:
        """Return the best of the fits from several starting points, and leave its parameters."""
        parameters, count, begun = self.task.parameters, self.options.restarts, self.log.state
        starts = [parameters.flat.copy(), *parameters.elsewhere(count or 0, self.options.seed)]
        fits, failed = [], None
        for start in starts:
            np.copyto(parameters.flat, start)
            self.log.state = replace(begun, history=[*begun.history])
            try:
                fit = run()
            except DivergedError as error:
                failed = failed or error
                continue
            fit = fit._replace(end=self.log.best(fit.end))
            fits.append((self._train.run()[0], fit, parameters.flat.copy(), self.log.state))
            if fit.end.kind == "interrupted":
                break
        if not fits:
            np.copyto(parameters.flat, starts[0])
            assert failed is not None
            raise failed
        cost, fit, flat, self.log.state = min(fits, key=lambda fit: fit[0])
        np.copyto(parameters.flat, flat)
        if not count:
            return fit
        ended = sum(other <= cost + _ALIKE * abs(cost) for other, *_ in fits)
        message = f"{fit.end.message}; {ended} of {count + 1} starts ended there"
        return fit._replace(
            end=fit.end._replace(message=message),
            starts=(count + 1, ended),
        )
