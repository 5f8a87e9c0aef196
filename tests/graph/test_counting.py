"""A graph that would be too large is refused before it is built."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.errors import CgraphError
from cgcli.graph.graph import Graph
from cgcli.limits import Limits

DOUBLING = "f0(a) = a + a; " + "; ".join(
    f"f{k}(a) = f{k - 1}(a) + f{k - 1}(a)" for k in range(1, 60)
)
TOO_LARGE = (
    "sum([sum([sum([t*u*v for t in 0..170]) for u in 0..170]) for v in 0..170])",
    "sum([sum([sum([t*u*v for t in 0..u]) for u in 0..v]) for v in 0..600])",
    "for i in 0..3000 { for j in 0..3000 { h[i, j] = i*j } } h[0, 0]",
    "n = 3000; sum([sum([x for t in 0..n]) for u in 0..n])",
    "for i in 0..3000 { h[i] = sum([x*t for t in 0..3000]) } h[0]",
    "f(a) = sum([a*t for t in 0..3000]); sum([f(x) for t in 0..3000])",
    "for t in 0..1 { a[t] = t }; for i in 0..3000 { for j in 0..3000 { h[i, j] = 1 } } h[0, 0]",
    f"{DOUBLING}; f59(x)",
    f"{DOUBLING}; sum([f59(x) for t in 0..1])",
    "f(a) = sum([a*t for t in 0..3000]); g(a) = f(f(a)); for t in 0..2000 { h[t] = g(x) } h[0]",
)


@pytest.mark.parametrize("text", TOO_LARGE)
def test_what_is_too_large_is_refused_before_it_is_built(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    appended = itertools.count()
    append = Graph.append

    def counted(self: Graph, *arguments: object) -> int:
        assert next(appended) < 1000, "nodes were made"
        return append(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Graph, "append", counted)
    with pytest.raises(CgraphError, match=r"grows past 5,000,000 nodes|more than 5,000,000 turns"):
        cgcli.parse(text).graph({})


BODIES = st.recursive(
    st.sampled_from(["x", "x*t", "-x", "sin(x) + 1", "f(x)", "g(x)", "sum([x, t], 0)", "2"]),
    lambda inner: st.builds(
        "sum([{} for {} in {}])".format,
        inner,
        st.sampled_from("tuv"),
        st.sampled_from(["0..3", "0..n", "0..t", "1..t by 2", "9..6 by -1", "0..u"]),
    ),
    max_leaves=1,
)


@settings(max_examples=150, deadline=None)
@given(BODIES, st.booleans())
def test_what_fits_is_never_refused(body: str, loop: bool) -> None:
    before = "n = 2; f(a) = a^2 + 1; g(a) = f(a)*f(f(a)); u = 2; "
    text = f"{before}for t in 0..3 {{ h[t] = {body} }} h[3]" if loop else f"{before}t = 2; {body}"
    try:
        graph = cgcli.parse(text).graph({})
    except CgraphError as error:
        assert error.kind in ("index", "name", "shape")
        return
    size = len(graph)
    assert len(cgcli.parse(text, limits=Limits(nodes=max(size, 200))).graph({})) == size
