"""Steps: the calls of kernels to be."""

from __future__ import annotations

from typing import NamedTuple

from cgcli.export.target import Target
from cgcli.operations.row import Shape


class LackingError(Exception):
    """The engine has no words for an operation."""


class Address(NamedTuple):
    """Where an argument of a kernel begins: a base, and an element of it."""

    base: int
    offset: int


class Step:
    """A kernel's call to be: the places that it computes in one loop, or its text as it stands.

    `rows` says that it is run over all rows of a block, and `writes` has the bases that it does.
    """

    def __init__(self, target: Target, shape: Shape, *, rows: bool) -> None:
        self.target, self.shape, self.rows = target, shape, rows
        self.places: list[int] = []
        self.text: list[str] = []
        self.operands: dict[Address, str] = {}
        self.writes: list[int] = []

    def pointer(self, base: int, offset: int = 0) -> str:
        """Return the name of what begins at an element of a base."""
        return self.operands.setdefault(Address(base, offset), f"a{len(self.operands)}")

    def loop(self, shape: Shape, *body: str) -> None:
        """Add statements in loops over the axes of a shape, and over the rows."""
        self.text += self.target.turns("loop", shape)
        if self.rows:
            self.text.append("for (int r = 0; r < CG_ROWS; r++)")
        self.text += ["{", *body, "}"]

    def function(self, number: int) -> str:
        """Return the kernel as a function of C, and one that calls it by a list of pointers."""
        given = ", ".join(f"p[{k}]" for k in range(len(self.operands)))
        pointers = ", ".join(
            f"{'' if base in self.writes else 'const '}double *restrict {name}"
            for (base, _), name in self.operands.items()
        )
        body = "\n".join(self.text)
        # That pointers are apart gcc believes of parameters alone.
        return (
            f"static CG_APART void cg_loop_{number}({pointers}, int n) {{\n{body}\n}}\n\n"
            f"static void cg_kernel_{number}(double *const *p, int n) {{\n"
            f"    cg_loop_{number}({given}, n);\n}}"
        )
