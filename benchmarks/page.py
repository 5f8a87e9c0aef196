"""How long a page's own script takes when a slider moves, and how large its file is.

Run it from the checkout: ``python benchmarks/page.py``. It needs Chromium and Playwright. What is
timed is the event of the slider: the numbers computed anew, and all texts of the page written;
layout and paint, which the browser does after it, are not in it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import cgcli
from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import catalogue
from cgcli.views.page.page import as_page
from cgcli.views.trace.writing import Wanted

MOVES = 200
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
SLIDE = """moves => {
    const slider = document.querySelector("#inputs input[type=range]");
    const times = [];
    return new Promise(done => {
        const move = k => {
            if (k === moves) return done(times.sort((a, b) => a - b));
            slider.value = Number(slider.min) + (k % 97 + 1)/98*(slider.max - slider.min);
            const start = performance.now();
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            times.push(performance.now() - start);
            requestAnimationFrame(() => move(k + 1));
        };
        move(0);
    });
}"""


def main() -> None:
    """Print the times of graphs of three sizes."""
    executable = shutil.which("chromium") or sys.exit("no Chromium is here")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        for turns in (10, 58):
            text = f"h[0] = x\nfor t in 0..{turns} {{ h[t+1] = tanh(w*h[t] + u*x + b) }}\n"
            at = {"x": 1, "w": 0.5, "u": 0.25, "b": 0.1, "y": 1}
            result = cgcli.parse(f"{text}(h[{turns + 1}] - y)^2").evaluate(at)
            pieces = as_page(Explanation(result), Wanted("page"), catalogue("en"))
            file = Path(folder) / "page.html"
            file.write_text("".join(pieces), encoding="utf-8")
            page = browser.new_page()
            page.goto(file.as_uri())
            times = page.evaluate(SLIDE, MOVES)
            middle, late = times[MOVES // 2], times[MOVES * 95 // 100]
            print(
                f"{len(result.graph):4} nodes: {middle:5.1f} ms median, {late:5.1f} ms at 95%, "
                f"{file.stat().st_size / 1000:.0f} kB"
            )
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
