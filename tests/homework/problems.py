"""Programs in which every step has a name, at points without small coincidences."""

from __future__ import annotations

from typing import Any

from tests.homework.tape import Problem, Step, read


def problem(text: str, **at: Any) -> Problem:
    return Problem(text, at, tuple(read(statement) for statement in text.split("; ")))


def unrolled(before: str, body: str, turns: int, after: str, **at: Any) -> Problem:
    """A loop over t, and the same statements written out."""
    text = f"{before}; for t in 0..{turns - 1} {{ {body} }}; {after}"
    steps: list[Step] = [read(statement) for statement in before.split("; ")]
    for t in range(turns):
        turn = body.replace("[t+1]", f"[{t + 1}]").replace("[t]", f"[{t}]")
        steps += [read(statement, t) for statement in turn.split("; ")]
    steps += [read(statement) for statement in after.split("; ")]
    return Problem(text, at, tuple(steps))


PROBLEMS: dict[str, Problem] = {
    "seed": problem("p = x + y; g = p * z", x=1.37, y=2.19, z=-0.83),
    "neuron by steps": problem(
        "a = w * x; s = a + b; m = -s; k = exp(m); d = 1 + k; f = 1 / d",
        w=0.73,
        x=-1.37,
        b=0.29,
    ),
    "tanh neuron": problem(
        "a = w * x; s = a + b; h = tanh(s); r = h - y; L = r ^ 2",
        w=0.73,
        x=-1.37,
        b=0.29,
        y=0.41,
    ),
    "sigmoid neuron": problem(
        "a = w * x; c = v * y; k = a + c; s = k + b; h = sigmoid(s); r = h - z; q = r ^ 2; "
        "L = 0.5 * q",
        w=0.73,
        x=-1.37,
        v=1.83,
        y=0.59,
        b=0.29,
        z=0.87,
    ),
    "neuron of vectors": problem(
        "a = w @ x; s = a + b; h = sigmoid(s); l = log(h); L = -l",
        w=[0.73, -1.21, 0.37],
        x=[1.19, 0.61, -2.03],
        b=0.29,
    ),
    "quotients": problem(
        "q = x / y; r = z / q; s = r / 2.7; t = 1.3 / s; f = t - q", x=1.37, y=2.19, z=0.83
    ),
    "quotients of one variable": problem(
        "a = x ^ 2; b = x + y; q = a / b; r = q * x; c = r + 3; f = q / c", x=1.37, y=2.19
    ),
    "shares": problem("s = x + y; p = x / s; q = y / s; t = p * q; f = t / x", x=1.37, y=2.19),
    "powers": problem(
        "p = x ^ 3; s = p - y; q = s ^ 2; k = q ^ 1.5; r = 0.7 * k; f = r + p", x=1.37, y=0.83
    ),
    "used twice": problem("a = x * y; b = x + a; c = a * b; f = c - y", x=1.37, y=-0.83),
    "used three times": problem(
        "a = x * y; b = sin(x); c = a + b; d = c * x; k = d / y; f = k * a", x=1.37, y=2.19
    ),
    "products of one variable": problem(
        "q = x * x; s = sin(q); t = q * s; u = cos(x); v = t * u; f = v + x", x=1.37
    ),
    "gates open": problem(
        "a = x * y; u = relu(a); b = x + z; m = max(u, b); n = min(x, z); k = clip(y, 0.25, 4.5); "
        "p = m * n; f = p * k",
        x=1.37,
        y=2.19,
        z=0.83,
    ),
    "gates shut": problem(
        "a = x * y; u = relu(a); b = x + z; m = max(u, b); n = min(x, z); k = clip(y, 0.25, 4.5); "
        "p = m * n; q = p + k; f = q * u",
        x=1.37,
        y=5.19,
        z=0.83,
    ),
    "gates shut below": problem(
        "a = x - y; u = relu(a); c = u + z; k = clip(c, 0.25, 1.75); m = max(k, x); n = min(m, y); "
        "r = x * n; f = r + k",
        x=1.37,
        y=4.19,
        z=-0.83,
    ),
    "choice": problem(
        "a = x * y; b = y ^ 2; r = where(s > 0, a, b); k = where(z > 0, x, a); f = r * k",
        x=-1.37,
        y=2.19,
        s=0.83,
        z=-0.29,
    ),
    "waves": problem(
        "a = sin(x); b = a * y; c = cos(b); d = 2.3 + c; l = log(d); t = tan(z); f = l * t",
        x=1.37,
        y=2.19,
        z=0.83,
    ),
    "decay": problem(
        "m = -x; k = exp(m); r = k * y; s = sqrt(r); l = log10(s); u = log2(y); v = l * u; "
        "f = v - k",
        x=1.37,
        y=2.19,
    ),
    "differences": problem(
        "a = x - y; b = -a; c = z - b; d = -c; k = d - x; f = k * a", x=1.37, y=2.19, z=-0.83
    ),
    "network": problem(
        "a = W1 @ x; s = a + b1; h = tanh(s); o = W2 @ h; r = o - y; q = r ^ 2; L = sum(q)",
        W1=[[0.73, -0.41, 0.29], [-0.57, 0.89, 0.33]],
        x=[1.37, -0.83, 0.61],
        b1=[0.17, -0.23],
        W2=[[1.13, -0.67], [0.43, 0.97]],
        y=[0.53, -1.19],
    ),
    "network of means": problem(
        "a = W1 @ x; s = a + b1; h = relu(s); o = W2 @ h; k = o + b2; r = k - y; q = r ^ 2; "
        "L = mean(q)",
        W1=[[0.73, -0.41, 0.29], [-0.57, 0.89, 0.33], [0.79, 0.19, -0.93]],
        x=[1.37, -0.83, 0.61],
        b1=[0.17, -0.23, 0.47],
        W2=[[1.13, -0.67, 0.31], [0.43, 0.97, -0.59]],
        b2=[0.07, 0.37],
        y=[0.53, -1.19],
    ),
    "matrices": problem(
        "C = A @ B; D = C + K; S = sigmoid(D); L = mean(S)",
        A=[[0.73, -0.41, 0.29], [-0.57, 0.89, 0.33]],
        B=[[1.37, -0.83], [0.61, 0.47], [-1.19, 0.91]],
        K=[[0.13, -0.71], [0.59, 0.23]],
    ),
    "square matrices": problem(
        "C = A @ B; D = A @ C; Q = D ^ 2; L = sum(Q)",
        A=[[0.73, -0.41], [0.29, 0.89]],
        B=[[1.37, -0.83], [0.61, 0.47]],
    ),
    "mean": problem(
        "d = x - y; q = d ^ 2; m = mean(q); t = sum(x); u = sqrt(m); f = u * t",
        x=[1.37, -0.83, 2.19, 0.61],
        y=[0.29, 1.73, -0.47, 1.19],
    ),
    "recurrence": unrolled(
        "h[0] = sin(k)",
        "a[t] = w * h[t]; s[t] = a[t] + b; h[t+1] = tanh(s[t])",
        3,
        "r = h[3] - y; L = r ^ 2",
        k=0.67,
        w=1.37,
        b=-0.29,
        y=0.83,
    ),
    "recurrence with two uses a turn": unrolled(
        "h[0] = cos(k)",
        "a[t] = w * h[t]; c[t] = w - u; h[t+1] = a[t] * c[t]",
        3,
        "L = h[3] / v",
        k=0.67,
        w=1.37,
        u=0.29,
        v=2.19,
    ),
    "recurrence of vectors": unrolled(
        "h[0] = sin(k)",
        "a[t] = W @ h[t]; s[t] = a[t] + b; h[t+1] = tanh(s[t])",
        2,
        "q = h[2] ^ 2; L = mean(q)",
        k=[0.67, -1.91],
        W=[[0.73, -1.37], [1.13, 0.43]],
        b=[-0.29, 0.59],
    ),
}
