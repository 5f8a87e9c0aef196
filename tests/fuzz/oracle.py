"""Runs a case in this process and judges what came, by what the command line promises."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import stat
import sys
import time
import traceback
import unicodedata
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.case import Case

STATUSES = (0, 1, 2, 130)
BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
SCHEMAS = {
    "eval": "eval", "trace": "trace", "check": "check", "draw": "draw", "diff": "diff",
    "train": "train",
    "map": "map", "predict": "map", "sheet": "sheet", "ops": "ops",
}  # fmt: skip
WRITES = ("-o", "--output", "--frames", "--log", "--plot")
WHOLE = ("eval", "trace", "check", "draw", "diff", "sheet", "ops", "schema", "help", "version")
"""Commands that print all or nothing; rows may stand before the row that is bad."""
SLOW_S = 4.0
"""More of the processor's time than this is a find by itself: no case asks for so much."""


@dataclass
class Outcome:
    """What came of a run."""

    status: int
    out: bytes
    err: bytes
    warnings: list[str] = field(default_factory=list)
    before: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    after: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    seconds: float = 0.0
    escaped: str = ""
    """The traceback of what came through."""


@dataclass(frozen=True)
class Find:
    """What is wrong: the oracle, and what tells this cause from others."""

    oracle: str
    cause: str
    details: str = ""

    @property
    def key(self) -> str:
        return f"{self.oracle}: {self.cause}"


# --- running ---------------------------------------------------------------------------------


def _snapshot(folder: str) -> dict[str, tuple[int, bytes]]:
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            about = os.lstat(path)
            if stat.S_ISLNK(about.st_mode):
                found[os.path.relpath(path, folder)] = (
                    about.st_mode,
                    os.fsencode(os.readlink(path)),
                )
            elif stat.S_ISREG(about.st_mode):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = (about.st_mode, file.read())
    return found


def _place(case: Case, folder: str) -> None:
    for name, data in case.files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


@contextlib.contextmanager
def _streams(folder: str, stdin: bytes) -> Iterator[dict[str, str]]:
    """Files in place of the three streams: what any library writes to them is caught."""
    paths = {name: os.path.join(folder, name) for name in ("in", "out", "err")}
    with open(paths["in"], "wb") as file:
        file.write(stdin)
    held_objects = sys.stdin, sys.stdout, sys.stderr
    held = [os.dup(k) for k in range(3)]
    opened = [
        os.open(paths["in"], os.O_RDONLY),
        os.open(paths["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        os.open(paths["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ]
    for k, descriptor in enumerate(opened):
        os.dup2(descriptor, k)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    try:
        yield paths
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        sys.stdin, sys.stdout, sys.stderr = held_objects
        for k, descriptor in enumerate(held):
            os.dup2(descriptor, k)
            os.close(descriptor)


def _argument(word: str) -> str:
    """The argument as a process gets it: bytes, decoded by Python."""
    return os.fsdecode(word.encode("utf-8", "surrogatepass"))


def run(case: Case, folder: str) -> Outcome:
    """Run the command line in this process, in an empty folder."""
    from cgcli.commands.app import run as cgraph

    work = os.path.join(folder, "work")
    os.makedirs(work)
    _place(case, work)
    before = _snapshot(work)
    here = os.getcwd()
    os.chdir(work)
    escaped = ""
    started = time.process_time()
    status = -1
    with warnings.catch_warnings(record=True) as caught, _streams(folder, case.stdin) as paths:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            status = cgraph([_argument(word) for word in case.argv])
        except BaseException:  # noqa: BLE001  # whatever comes through is a find
            escaped = traceback.format_exc()
    seconds = time.process_time() - started
    os.chdir(here)
    with open(paths["out"], "rb") as file:
        out = file.read()
    with open(paths["err"], "rb") as file:
        err = file.read()
    told = [f"{w.category.__name__}: {w.message} ({_short(w.filename)}:{w.lineno})" for w in caught]
    return Outcome(status, out, err, told, before, _snapshot(work), seconds, escaped)


def _short(path: str) -> str:
    for mark in ("/cgcli/", "/site-packages/"):
        if mark in path:
            return (
                path.rsplit(mark, 1)[1] if mark != "/cgcli/" else "cgcli/" + path.rsplit(mark, 1)[1]
            )
    return path


def innermost(text: str) -> str:
    """The exception of a traceback and the innermost place in cgcli where it passed."""
    frames = re.findall(r'File "[^"]*?/(cgcli/[^"]+|grammar/[^"]+)", line \d+, in (\S+)', text)
    lines = [line for line in text.strip().splitlines() if line and not line.startswith(" ")]
    last = lines[-1] if lines else ""
    where = ":".join(frames[-1]) if frames else "?"
    return f"{last.split(':')[0]} in {where}"


# --- judging ---------------------------------------------------------------------------------


def judge(case: Case, came: Outcome) -> list[Find]:
    """Everything that is wrong with what came."""
    if came.escaped:
        return [Find("escaped", innermost(came.escaped), came.escaped)]
    finds = [*_status(case, came), *_text(came), *_files(case, came)]
    finds += [Find("warning", _no_numbers(w), w) for w in came.warnings]
    if came.seconds > SLOW_S:
        finds.append(Find("slow", f"{case.argv[0] if case.argv else ''}", f"{came.seconds:.1f} s"))
    if came.status in (0, 1):
        finds += _output(case, came)
    elif came.status == 2:
        finds += _error(case, came)
    return finds


def _no_numbers(text: str) -> str:
    return re.sub(r"\d+", "N", text)


def _options(case: Case) -> list[str]:
    argv = list(case.argv)
    return argv[: argv.index("--")] if "--" in argv else argv


def _status(case: Case, came: Outcome) -> list[Find]:
    if b"Traceback (most recent call last)" in came.err and "--debug" not in case.argv:
        return [Find("traceback", innermost(came.err.decode("utf-8", "replace")))]
    if came.status == 70 and "--debug" in case.argv:
        text = came.err.decode("utf-8", "replace")
        return [Find("crash", innermost(text), text)]
    if came.status not in STATUSES:
        return [Find("status", f"{came.status}", came.err.decode("utf-8", "replace")[:500])]
    if b"not enough memory" in came.err + came.out:
        return [Find("memory", case.argv[0])]
    command = case.argv[0] if case.argv else ""
    if came.status == 1 and command not in ("check", "train", "eval"):
        return [Find("status", f"1 from {command}", came.err.decode("utf-8", "replace")[:500])]
    return []


def _text(came: Outcome) -> list[Find]:
    finds = []
    for name, data in (("standard output", came.out), ("standard error", came.err)):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            finds.append(Find("encoding", name, str(error)))
            continue
        raw = sorted({c for c in text if _is_raw(c)})
        if raw:
            place = text.index(raw[0])
            details = repr(text[max(place - 80, 0) : place + 80])
            finds.append(Find("raw", f"{name} {_sort(raw[0])}", details))
    return finds


def _is_raw(char: str) -> bool:
    if char in "\n\t" or char.isascii():
        return (char < " " and char not in "\n\t") or char == "\x7f"
    return char in BIDIRECTIONAL or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _sort(char: str) -> str:
    return "bidirectional" if char in BIDIRECTIONAL else unicodedata.category(char)


def _asked(case: Case) -> tuple[set[str], set[str]]:
    """The files and folders that the arguments ask for."""
    files: set[str] = set()
    folders: set[str] = set()
    argv = list(case.argv)
    for k, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name in WRITES:
            path = value if equals else (argv[k + 1] if k + 1 < len(argv) else "")
            (folders if name == "--frames" else files).add(os.path.normpath(path))
        if name == "--resume":
            path = value if equals else (argv[k + 1] if k + 1 < len(argv) else "")
            files.add(os.path.normpath(path))
    return files, folders


def _files(case: Case, came: Outcome) -> list[Find]:
    finds = []
    files, folders = _asked(case)
    command = case.argv[0] if case.argv else ""
    inputs = set(case.files) - ({"m.json"} if "--resume" in " ".join(case.argv) else set())
    for name in came.before.keys() | came.after.keys():
        old, new = came.before.get(name), came.after.get(name)
        if old == new:
            continue
        inside = any(name.startswith(folder + os.sep) or folder == "." for folder in folders)
        what = "removed" if new is None else "created" if old is None else "changed"
        if old is not None and name in inputs:
            finds.append(Find("file", f"{command}: an input is {what}", name))
        elif name not in files and not inside:
            finds.append(Find("file", f"{command}: not asked for, {what}", name))
        elif new is not None and came.status == 2:
            finds.append(Find("file", f"{command}: {what} by a run that ended with 2", name))
    return finds


def _error(case: Case, came: Outcome) -> list[Find]:
    """Exit status 2 says what was wrong, once."""
    command = case.argv[0] if case.argv else ""
    options = _options(case)
    if "--json" in options or any(w.startswith("--json=") for w in options):
        try:
            document = _loads(came.out.decode("utf-8", "replace"))
        except ValueError as error:
            # What is written on the way to the error: rows, or a file's name as an option's value.
            return [
                Find(
                    "error",
                    f"{command}: with --json no JSON, {_no_numbers(str(error))}",
                    _head(came),
                )
            ]
        return [*_valid(document, "error", command), *_message(document, command)]
    text = came.err.decode("utf-8", "replace")
    errors = [line for line in text.splitlines() if line.startswith(("error: ", "错误："))]
    if len(errors) != 1:
        return [Find("error", f"{command}: {len(errors)} errors", _head(came))]
    said = re.split(": |：", errors[0], maxsplit=1)[1]
    if not said.strip():
        return [Find("error", f"{command}: an error without words", _head(came))]
    if came.out and command in WHOLE:
        return [Find("error", f"{command}: output before an error", _head(came))]
    return _wording(said, text, command)


def _message(document: Any, command: str) -> list[Find]:
    error = document.get("error", {}) if isinstance(document, dict) else {}
    if not str(error.get("message", "")).strip():
        return [Find("error", f"{command}: an error without words", str(document))]
    return _wording(str(error["message"]), str(error.get("hint", "")), command)


# What only a programmer would write.
_FOREIGN = re.compile(
    r"Error\b|Exception|Traceback|errno|NoneType|<class|object at 0x|\bdtype|ndarray|duckdb|"
    r"pandas|\bint\(\)|float\(\)|codec can't|Catalog|Binder|Invalid Input|literal for|unhashable|"
    r"\bdict\b|subscriptable|has no attribute|\.py\b",
    re.IGNORECASE,
)


def _wording(message: str, rest: str, command: str) -> list[Find]:
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", message)
    found = _FOREIGN.search(bare)
    if found:
        return [
            Find("words", f"{command}: {found.group()} in a message", message + "\n" + rest[:500])
        ]
    return []


def _head(came: Outcome) -> str:
    return f"out {came.out[:600]!r}\nerr {came.err[:600]!r}"


def _loads(text: str) -> Any:
    def constant(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            raise ValueError("a key stands twice")
        return made

    return json.loads(text, parse_constant=constant, object_pairs_hook=pairs)


def _valid(document: Any, name: str, command: str) -> list[Find]:
    if len(str(document)) > 300_000:
        return []
    from jsonschema.exceptions import best_match

    from cgcli.views.schemas import read
    from tests.documents import validator

    error = next(iter(sorted(validator(read(name)).iter_errors(document), key=str)), None)
    if error is None:
        return []
    best = best_match([error])
    place = "/".join("N" if isinstance(k, int) else str(k) for k in best.absolute_path)
    rule = "/".join(str(k) for k in best.absolute_schema_path)
    return [Find("schema", f"{command}: {rule}", f"at {place}: {best.message[:500]}")]


def _option(case: Case, name: str) -> str | None:
    options = _options(case)
    for k, word in enumerate(options):
        if word == name and k + 1 < len(options):
            return options[k + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None


def _output(case: Case, came: Outcome) -> list[Find]:
    command = case.argv[0] if case.argv else ""
    options = _options(case)
    text = came.out.decode("utf-8", "replace")
    if "--help" in options or "-h" in options or command not in SCHEMAS:
        return []
    if "--jsonl" in options:
        return _lines(case, text)
    form = _option(case, "--format")
    if "--json" in options or (form == "json" and command in ("trace", "diff")):
        try:
            document = _loads(text)
        except ValueError as error:
            return [Find("json", f"{command}: {_no_numbers(str(error))}", _head(came))]
        return _valid(document, SCHEMAS[command], command)
    finds = _written(case, came)
    if command == "check" and "key.txt" in case.files and came.status == 1:
        finds.append(Find("key", "a filled in key is not right", text[:3000]))
    if command == "diff" and form in ("python", "numpy"):
        finds += _code(text)
    if command == "diff" and form in (None, "text"):
        finds += _formulas(case, text)
    if command in ("map", "predict"):
        finds += _rows(case, came, text)
    if command == "trace" and form == "html":
        finds += _xml("trace", text)
    return finds


def _lines(case: Case, text: str) -> list[Find]:
    finds: list[Find] = []
    results = text.split("\n")
    if results.pop() != "":
        finds.append(Find("stream", "no new line at the end", text[-300:]))
    given = re.split(rb"\r\n|\n", case.stdin)
    wanted = sum(bool(line.strip()) for line in given)
    if len(results) != wanted and b"\r" not in case.stdin.replace(b"\r\n", b""):
        finds.append(Find("stream", "as many results as lines", f"{len(results)} for {wanted}"))
    for line in results:
        try:
            document = _loads(line)
        except ValueError as error:
            finds.append(Find("json", f"stream: {_no_numbers(str(error))}", line[:600]))
            continue
        finds += _valid(document, "jsonl", "stream")
        error = document.get("error") if isinstance(document, dict) else None
        if error and error.get("kind") == "fault":
            finds.append(Find("crash", f"in a stream: {error.get('message')}", line[:600]))
        if error:
            finds += _message(document, "stream")
    return finds


def _code(text: str) -> list[Find]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(text, "formula", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [Find("code", f"{type(error).__name__} {_no_numbers(str(error))[:60]}", text[:2000])]
    except Warning as error:
        return [Find("code", f"warns: {_no_numbers(str(error))[:60]}", text[:2000])]
    return []


def _formulas(case: Case, text: str) -> list[Find]:
    import cgcli

    if len(text) > 50_000:
        return []
    try:
        cgcli.parse(text)
    except cgcli.CgraphError as error:
        return [
            Find(
                "formula",
                _no_numbers(re.sub(r"'[^']*'", "…", error.message)),
                f"{error.message}\n{text[:1500]}",
            )
        ]
    return []


def _rows(case: Case, came: Outcome, text: str) -> list[Find]:
    target = _option(case, "-o") or _option(case, "--output")
    form = _option(case, "--format") or ""
    if target:
        data = came.after.get(os.path.normpath(target), (0, b""))[1]
        text = data.decode("utf-8", "replace")
        form = form or target.rsplit(".", 1)[-1]
    finds = []
    if form == "jsonl":
        for line in text.splitlines():
            try:
                _loads(line)
            except ValueError as error:
                finds.append(
                    Find("json", f"{case.argv[0]} rows: {_no_numbers(str(error))}", line[:500])
                )
                break
    elif text:
        import csv

        table = list(csv.reader(io.StringIO(text, newline="")))
        if len({len(row) for row in table}) > 1:
            finds.append(Find("rows", f"{case.argv[0]}: rows of different lengths", text[:800]))
        if table and len(set(table[0])) != len(table[0]):
            finds.append(Find("rows", f"{case.argv[0]}: a head stands twice", text[:800]))
    return finds


def _written(case: Case, came: Outcome) -> list[Find]:
    """What is written to files is what it says it is."""
    finds: list[Find] = []
    files, folders = _asked(case)
    for name, (_, data) in came.after.items():
        if came.before.get(name) == came.after[name]:
            continue
        if name not in files and not any(name.startswith(f + os.sep) for f in folders):
            continue
        if name.endswith(".svg"):
            finds += _xml("svg", data.decode("utf-8", "replace"))
        # A log is lines of JSON, whatever its name.
        if name.endswith(".json") and name != os.path.normpath(_option(case, "--log") or "."):
            try:
                document = _loads(data.decode("utf-8"))
            except ValueError as error:
                finds.append(Find("json", f"model: {_no_numbers(str(error))}", repr(data[:500])))
                continue
            finds += _valid(document, "model", "model")
    return finds


def _xml(what: str, text: str) -> list[Find]:
    if what == "trace":
        # HTML is no XML; what must hold is that no text of the user's becomes a tag: the page has
        # two scripts, its data and its own.
        for own in ('<script type="application/json" id="data">', "<script>"):
            text = text.replace(own, "", 1)
        bad = re.search(r"<script|<img|onerror=", text, re.IGNORECASE)
        return (
            [Find("markup", "trace: html", text[max(bad.start() - 100, 0) : bad.end() + 100])]
            if bad
            else []
        )
    try:
        ET.fromstring(text)
    except ET.ParseError as error:
        return [Find("markup", f"{what}: {_no_numbers(str(error))}", text[:1000])]
    return []


def same(first: Outcome, second: Outcome, case: Case) -> list[Find]:
    """The same bytes twice, timings aside."""

    def bare(data: bytes) -> bytes:
        return re.sub(rb'(seconds"?: ?|in )[0-9.e+-]+( s)?', rb"\1", data)

    command = case.argv[0] if case.argv else ""
    if "--time" in " ".join(case.argv):
        return []
    for name in ("out", "err"):
        one, two = bare(getattr(first, name)), bare(getattr(second, name))
        if one != two:
            return [Find("twice", f"{command}: standard {name}", f"{one[:800]!r}\n{two[:800]!r}")]
    if first.status != second.status:
        return [Find("twice", f"{command}: status", f"{first.status} and {second.status}")]
    return []


def unprintable(case: Case, first: Outcome, came: Outcome, place: str) -> list[Find]:
    """What is said where standard output takes nothing: it is blamed, or its reader is gone."""
    command = case.argv[0] if case.argv else ""
    if came.status not in STATUSES or b"Traceback" in came.err or b"Exception ignored" in came.err:
        return [Find("stream", f"{place}: status {came.status}", _head(came))]
    blamed = came.status == 2 and b"standard output" in came.err
    if place == "full" and first.out and first.status == 0 and not blamed:
        return [Find("stream", f"full: {command} does not say so", f"{came.status} {_head(came)}")]
    # What comes after the rows, such as those left out, is not told once the reader is gone.
    if place == "unread" and first.status == 0 and not first.err.startswith(came.err):
        return [Find("stream", f"unread: {command} speaks", _head(came))]
    return []


def printed_elsewhere(case: Case, first: Outcome, came: Outcome, place: str) -> list[Find]:
    """The same status and the same document, whatever the terminal shows."""
    command = case.argv[0] if case.argv else ""
    if place == "narrow" and came.status == 2 and b"the picture takes" in came.err:
        # A picture does not fit anywhere, and says where it can be seen.
        return []
    if came.status != first.status:
        return [
            Find(
                "place",
                f"{place}: {command} ends otherwise",
                f"{first.status} {came.status} {_head(came)}",
            )
        ]
    if b"Traceback" in came.err:
        return [Find("traceback", innermost(came.err.decode("utf-8", "replace")))]
    form = _option(case, "--format")
    document = (
        "--json" in case.argv
        or "--jsonl" in case.argv
        or form in ("html", "latex", "json", "python", "numpy", "csv", "jsonl")
    )
    if not document or came.status == 2:
        return []
    try:
        came.out.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Find("encoding", f"{place}: {command} {form or 'json'}", str(error))]
    if "json" in str(form) or "--json" in case.argv:
        try:
            if (
                "--jsonl" not in case.argv
                and form != "jsonl"
                and _loads(came.out.decode()) != _loads(first.out.decode())
            ):
                return [Find("place", f"{place}: {command} gives another document", _head(came))]
        except ValueError as error:
            return [Find("json", f"{place}: {command} {error}", _head(came))]
    return []
