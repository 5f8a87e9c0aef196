"""Plan → kernels: functions of C, and the calls of them in order.

A kernel is told addresses alone, so that layers and turns of one form share it.
"""

from __future__ import annotations

from cgcli.export.target import Target
from cgcli.native.steps import Address
from cgcli.native.writing import Writing
from cgcli.plan.plan import Plan
from cgcli.plan.tape import ROWS


class Kernels(Writing):
    """The kernels of a plan; `functions` are their texts, and `calls` has them by stage."""

    def __init__(self, plan: Plan, target: Target, lacking: frozenset[str]) -> None:
        super().__init__(plan, target, lacking)
        self.functions: list[str] = []
        self.calls: dict[int, list[tuple[int, list[Address]]]] = {}
        numbers: dict[str, int] = {}
        for stage, steps in self.steps.items():
            self.calls[stage] = []
            for step in steps:
                at = numbers.setdefault("\n".join(step.text), len(numbers))
                if at == len(self.functions):
                    self.functions.append(step.function(at))
                self.calls[stage].append((at, [*step.operands]))

    def source(self, rows: int, head: str, end: str) -> str:
        """Return the kernels as a file of C, for blocks of so many rows."""
        names = ", ".join(f"cg_kernel_{k}" for k in range(len(self.functions)))
        table = f"static const cg_kernel cg_kernels[] = {{{names or '0'}}};"
        helpers = self.target.helpers([head, *self.functions])
        return "\n\n".join([f"#define CG_ROWS {rows}", head, *helpers, *self.functions, table, end])

    def memory(self) -> tuple[dict[int, int], int]:
        """Return where each base with rows begins, and how many elements there are in all.

        What a base held is free again after the last call that names it.
        """
        uses = [[a.base for a in operands] for _, operands in self.calls[ROWS]]
        last = {base: k for k, bases in enumerate(uses) for base in bases if base in self.sizes}
        last.update(dict.fromkeys(self.outs, len(uses)))
        columns = [base for base in last if base not in self.made and base <= len(self.tape)]
        starts: dict[int, int] = {}
        free: dict[int, list[int]] = {}
        total = 0
        for number_of, bases in enumerate([columns, *uses, self.outs], -1):
            for base in dict.fromkeys(bases):
                elements = self.sizes.get(base)
                if elements is not None and base not in starts:
                    if free.get(elements):
                        starts[base] = free[elements].pop()
                    else:
                        starts[base], total = total, total + elements
            for base in dict.fromkeys(bases):
                if last.get(base) == number_of:
                    free.setdefault(self.sizes[base], []).append(starts[base])
        return starts, total
