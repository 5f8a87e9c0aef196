"""No output destroys an input: which files are one, how a file is written, and by whom."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands.shared import COMMANDS, function_of
from cgcli.errors import CgraphError
from cgcli.library.files import Output, write_file

POSIX = pytest.mark.skipif(os.name != "posix", reason="links, modes and locks as Unix has them")
LINE = "(w*x - y)^2"
TRAIN = f'train "{LINE}" -d d.csv w=0 --epochs 2'
MEAN = 'map "x*k" -d d.csv --format csv'
FILES = {
    "d.csv": "x,y\n1,2\n2,4\n3,6\n",
    "p.cg": LINE + "\n",
    "k.cg": "x*k\n",
    "at.json": '{"k": 1}',
    "w.json": '{"w": 1}',
    "k.json": "2",
    "k.csv": "2\n",
    "sheet.txt": "f = 2\n",
    "pic.svg": "x*y",
    "m.dot": "x*y",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of every kind, the one that commands run in."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(cgraph: Any, line: str) -> Any:
    import shlex

    return cgraph(*shlex.split(line))


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


# Which files are one


def test_every_parameter_that_names_a_file_is_known_as_read_or_written() -> None:
    """A new option cannot be forgotten: what says FILE in the help says what it is."""
    read, written = set(), set()
    for command in COMMANDS:
        function = function_of(command)
        for name, row in function.rows.items():
            told = f"{row.more['metavar']} {row.more['help']}"
            names_file = re.search(r"FILE|DIR|MODEL|@weights", told) or name == "fix"
            known = bool(row.reads or row.writes)
            assert bool(names_file or name == "bindings") == known, (command, name, told)
            read |= {name} if row.reads else set()
            written |= {name} if row.writes else set()
    assert len(read) == 12
    assert len(written) == 6
    assert not read & written


REFUSED = [
    # The output is one of the files that are read.
    'train @p.cg -d d.csv w=0 -o "p.cg" --log x.jsonl',
    f'train "{LINE}" -d d.csv w=0 -o d.csv',
    f'train "{LINE}" -d d.csv w=0 --log d.csv',
    f'train "{LINE}" -d d.csv --at w.json -o w.json',
    f'train "{LINE}" -d d.csv --at w.json --log w.json',
    f'train "{LINE}" -d d.csv w=@k.json -o k.json',
    f'train "c*{LINE}" -d d.csv w=0 --fix c=@k.json -o k.json',
    f'train "c*{LINE}" -d d.csv w=0 --fix "c =@k.json" -o k.json',
    "train @pic.svg -d d.csv --plot pic.svg",
    "train @pic.svg -d d.csv --plot ./pic.svg",
    "map @k.cg --at at.json -d d.csv -o at.json --format csv",
    "map @k.cg k=1 -d d.csv -o k.cg --format csv",
    'map "x*k" k=@k.csv -d d.csv -o k.csv',
    'map "x*k" "k＝＠k.csv" -d d.csv -o k.csv',
    'map "x*y" -d d.csv -o d.csv',
    'map "x*y" -d ./d.csv -o d.csv',
    'map "x*y" -d d.csv -o ../{here}/d.csv',
    'map "x*y" -d {whole}/d.csv -o d.csv',
    "draw @pic.svg x=1 y=2 -o pic.svg",
    "draw @m.dot x=1 y=2 -o m.dot",
    "draw @m.dot --no-values -o ./m.dot",
    'draw "x*k" x=1 --at pic.svg -o pic.svg',
    # Two outputs are one.
    f"{TRAIN} -o m.json --log m.json",
    f"{TRAIN} -o m.json --log ./m.json",
    f"{TRAIN} -o new/../m.json --log m.json",
]


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str, folder: Path, cgraph: Any) -> None:
    (folder / "new").mkdir()
    before = content(folder)
    line = line.replace("{whole}", str(folder)).replace("{here}", folder.name)
    ran = call(cgraph, line)
    assert ran.status == 2, ran
    assert "would be written over it" in ran.err
    assert content(folder) == before


@POSIX
@pytest.mark.parametrize("how", ["symlink", "hardlink", "folder", "chain"])
@pytest.mark.parametrize(
    "line",
    [
        "train @p.cg -d d.csv w=0 -o OTHER/p.cg",
        f'train "{LINE}" -d d.csv w=0 --log OTHER/d.csv',
        f'train "{LINE}" -d OTHER/d.csv w=0 --log d.csv',
        'map "x*k" --at at.json -d d.csv -o OTHER/at.json --format csv',
        "draw @OTHER/pic.svg x=1 y=2 -o pic.svg",
    ],
)
def test_links_are_the_files_that_they_lead_to(
    how: str, line: str, folder: Path, cgraph: Any
) -> None:
    other = folder / "other"
    if how == "folder":
        other.symlink_to(folder, target_is_directory=True)
    else:
        other.mkdir()
        for name in FILES:
            if how == "hardlink":
                os.link(folder / name, other / name)
            else:
                (other / name).symlink_to(folder / name)
        if how == "chain":
            (folder / "chain").symlink_to(other, target_is_directory=True)
    before = content(folder)
    ran = call(cgraph, line.replace("OTHER", "chain" if how == "chain" else "other"))
    assert ran.status == 2
    assert content(folder) == before


@POSIX
def test_a_program_without_an_ending_is_kept(folder: Path, cgraph: Any) -> None:
    """The ending does not save it, so the comparison has to."""
    (folder / "program").write_text(LINE)
    (folder / "alias").symlink_to("program")
    for path in ("program", "alias", "./program"):
        ran = call(cgraph, f"train @program -d d.csv w=0 -o {path}")
        assert ran.status == 2
        assert "program is the program, and the output would be written over it" in ran.err
        assert (folder / "program").read_text() == LINE


@POSIX
def test_links_that_lead_nowhere_yet_are_told_apart_by_where_they_lead(
    folder: Path, cgraph: Any
) -> None:
    (folder / "link.json").symlink_to("m.json")
    ran = call(cgraph, f"{TRAIN} -o link.json --log m.json")
    assert "would be written over it" in ran.err
    assert not (folder / "m.json").exists()


@POSIX
@pytest.mark.parametrize("link", ["symlink", "hardlink"])
def test_frames_write_over_no_input(link: str, folder: Path, cgraph: Any) -> None:
    (folder / "frames").mkdir()
    frame = folder / "frames" / "frame-0.svg"
    if link == "symlink":
        frame.symlink_to(folder / "pic.svg")
    else:
        os.link(folder / "pic.svg", frame)
    ran = call(cgraph, "draw @pic.svg x=1 y=2 --frames frames")
    assert ran.status == 2
    assert "would be written over it" in ran.err
    assert (folder / "pic.svg").read_text() == FILES["pic.svg"]
    ran = call(cgraph, "draw @frames/frame-0.svg x=1 y=2 --frames frames")
    assert ran.status == 2


def test_a_model_that_goes_on_may_be_replaced_and_its_data_may_not(
    folder: Path, cgraph: Any
) -> None:
    assert call(cgraph, f"{TRAIN} -o m.json").status == 0
    for line in ("--epochs 3", "-o m.json --epochs 4", "-o ./m.json --epochs 5"):
        before = (folder / "m.json").read_text()
        assert call(cgraph, f"train --resume m.json {line}").status == 0
        assert (folder / "m.json").read_text() != before
    before = (folder / "m.json").read_text()
    for line in ("--log m.json", "--log d.csv", "-o d.csv"):
        ran = call(cgraph, f"train --resume m.json --epochs 9 {line}")
        assert ran.status == 2
        assert (folder / "m.json").read_text() == before
        assert (folder / "d.csv").read_text() == FILES["d.csv"]
    (folder / "data").write_text("")
    ran = call(cgraph, "predict m.json -d d.csv -o m.json --format csv")
    assert "is the model" in ran.err
    assert (folder / "m.json").read_text() == before


def test_data_that_only_the_model_names_is_kept(folder: Path, cgraph: Any) -> None:
    """The model says where its rows are; no option does."""
    (folder / "rows.json").write_text('[{"x": 1, "y": 2}, {"x": 2, "y": 4}]')
    ran = call(cgraph, f'train "{LINE}" -d rows.json w=0 --epochs 2 -o m.json')
    assert ran.status == 0
    before = content(folder)
    for more in ("-o rows.json", "--log ./rows.json"):
        ran = call(cgraph, f"train --resume m.json --epochs 4 {more}")
        assert ran.status == 2
        assert "rows.json is the data" in ran.err
        assert content(folder) == before


@POSIX
@pytest.mark.parametrize(
    "line",
    [
        "map x*y -d d.csv >> d.csv",
        "map x*y -d - < d.csv >> d.csv",
        "map x*y -d - --format csv -o d.csv < d.csv",
        "map x*y -d /dev/stdin --format csv -o d.csv < d.csv",
        "eval @pic.svg x=1 y=2 >> pic.svg",
        "check x x=1 -a sheet.txt --csv >> sheet.txt",
    ],
)
def test_standard_streams_are_files_too(
    line: str, folder: Path, environment: dict[str, str]
) -> None:
    command = f'"{sys.executable}" -m cgcli {line}'
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, env=environment, check=False, text=True
    )
    assert ran.returncode == 2
    if "/dev/stdin" not in line:
        assert "would be written over it" in ran.stderr
    assert content(folder) == {name: text.encode() for name, text in FILES.items()}


def test_standard_input_is_read_once(folder: Path, cgraph: Any) -> None:
    for line in (
        "eval - --at -",
        "map - -d -",
        "map x*y --at - -d -",
        "check - x=1 -a -",
        "check x --at - -a -",
        f'train "{LINE}" --at - -d -',
    ):
        ran = call(cgraph, line)
        assert ran.status == 2
        assert "standard input can be read once" in ran.err


def test_what_can_be_done_is_done(folder: Path, cgraph: Any) -> None:
    """Files that are not the same are not taken for it."""
    for line in (
        f"{TRAIN} -o m.json --log log.jsonl --plot cost.svg",
        f"{TRAIN} -o m.json --log log.jsonl --plot cost.svg",
        "predict m.json -d d.csv -o p.csv",
        "map x*y -d d.csv -o p.csv",
        "draw x*y x=1 y=2 -o graph.svg",
        "draw @pic.svg x=1 y=2 --frames frames",
        "draw @pic.svg x=1 y=2 --frames frames -o frame.dot",
        "check @pic.svg x=1 y=2 -a sheet.txt sheet.txt --require answered",
        "eval x*y x=@k.json y=@k.json",
    ):
        assert call(cgraph, line).status == 0, line
    assert parts(folder) == []


# How a file is written


@POSIX
def test_links_are_written_through(folder: Path, cgraph: Any) -> None:
    (folder / "deep").mkdir()
    (folder / "real.json").write_text("old")
    (folder / "link.json").symlink_to("real.json")
    (folder / "deep" / "far.json").symlink_to("../link.json")
    (folder / "dangling.json").symlink_to("deep/born.json")
    for name, target in (
        ("link.json", "real.json"),
        ("deep/far.json", "real.json"),
        ("dangling.json", "deep/born.json"),
    ):
        assert call(cgraph, f"{TRAIN} -o {name}").status == 0
        assert (folder / name).is_symlink()
        assert not (folder / target).is_symlink()
        assert '"cgraph.model/1"' in (folder / target).read_text()
        (folder / target).write_text("old")
    assert not parts(folder)
    assert not parts(folder / "deep")
    ran = call(cgraph, "map x*y -d d.csv -o dangling.json --format csv")
    assert ran.status == 0
    assert (folder / "deep" / "born.json").read_text().startswith("row,f")


@POSIX
def test_links_that_never_end(folder: Path, cgraph: Any) -> None:
    (folder / "a.json").symlink_to("b.json")
    (folder / "b.json").symlink_to("a.json")
    (folder / "lost.json").symlink_to("nowhere/m.json")
    for line in (f"{TRAIN} -o a.json", "map x*y -d d.csv --format csv -o b.json"):
        ran = call(cgraph, line)
        assert ran.status == 2
        assert "symbolic links" in ran.err
    ran = call(cgraph, f"{TRAIN} -o lost.json")
    assert "lost.json: there is no such folder" in ran.err
    assert ran.status == 2


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_the_mode_is_kept(mode: int, folder: Path, cgraph: Any) -> None:
    path = folder / "m.json"
    assert call(cgraph, f"{TRAIN} -o m.json").status == 0
    path.chmod(mode)
    assert call(cgraph, "train --resume m.json --epochs 4").status == 0
    assert stat.S_IMODE(path.stat().st_mode) == mode
    for line in ("map x*y -d d.csv --format csv -o m.json", "draw x*y x=1 y=1 -o g.svg"):
        (folder / "g.svg").write_text("")
        (folder / "g.svg").chmod(mode)
        assert call(cgraph, line).status == 0
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert stat.S_IMODE((folder / "g.svg").stat().st_mode) == mode


@POSIX
def test_a_new_file_has_the_mode_that_the_mask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(str(tmp_path / "new"), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@POSIX
def test_content_is_never_open_to_more_people_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o600)

    def pieces() -> Iterator[bytes]:
        yield b"new"
        (part,) = parts(tmp_path)
        assert stat.S_IMODE((tmp_path / part).stat().st_mode) == 0o600

    with Output(str(path)) as output:
        output.write(pieces())
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="owners are given by root")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("old")
    os.chown(path, 1234, 4321)
    write_file(str(path), b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


NOBODY = """
import io, json, os, sys
from cgcli.commands.app import run
for words in (["map", "x*y", "-d", "d.csv", "-o", "warm.csv"], ["map", "x", "-d", "none.csv"],
              ["train", "(w*x-y)^2", "-d", "d.csv", "w=0", "--plot", "warm.svg"]):
    run(words)
for folder, command, modes in json.loads(sys.argv[1]):
    os.chdir(folder)
    for name, mode in modes:
        os.chmod(name, mode)
    if os.fork() == 0:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        sys.stderr = io.StringIO()
        status = run(command.split())
        print(json.dumps([status, sys.stderr.getvalue()]), flush=True)
        os._exit(0)
    os.wait()
"""
"""Command lines without root's rights, where the tests have them.

All that they take is loaded before: what the interpreter is made of may be root's alone.
"""

PROTECTED = [
    ("map x*y -d d.csv -o o.csv", [("o.csv", 0o444)], "o.csv: it is protected against writing"),
    ("map x*y -d d.csv -o o.csv", [(".", 0o555)], "its folder is protected"),
    ("map x*y -d d.csv -o new.csv", [(".", 0o555)], "its folder is protected"),
    (
        "train (w*x-y)^2 -d d.csv w=0 --plot c.svg",
        [(".", 0o555)],
        "its folder is protected",
    ),
    ("map x*y -d d.csv", [("d.csv", 0)], "d.csv: permission denied"),
]


@POSIX
def test_what_is_protected_is_kept() -> None:
    # Pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name)
        whole.chmod(0o755)
        (whole / "d.csv").write_text(FILES["d.csv"])
        asked = []
        for number, (command, modes, _) in enumerate(PROTECTED):
            folder = whole / str(number)
            folder.mkdir()
            folder.chmod(0o777)
            (folder / "d.csv").write_text(FILES["d.csv"])
            (folder / "o.csv").write_text("kept")
            (folder / "o.csv").chmod(0o666)
            asked.append((str(folder), command, modes))
        words = [sys.executable, "-c", NOBODY, json.dumps(asked)]
        ran = subprocess.run(words, capture_output=True, text=True, check=True, cwd=whole)
        told = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("[")]
        for (place, *_), (status, err), (*_, why) in zip(asked, told, PROTECTED, strict=True):
            folder = Path(place)
            folder.chmod(0o777)
            assert status == 2
            assert why in err
            assert (folder / "o.csv").read_text() == "kept"
            assert sorted(path.name for path in folder.iterdir()) == ["d.csv", "o.csv"]


def test_paths_that_are_no_files(folder: Path, cgraph: Any) -> None:
    (folder / "place.json").mkdir()
    for path, why in (
        ("place.json", "this is a folder"),
        ("new.json/", "this is a folder"),
        ("d.csv/m.json", "not a directory"),
        ("none/m.json", "there is no such folder"),
        ("x" * 300 + ".json", "name too long"),
    ):
        for line in (TRAIN, MEAN + " k=1"):
            ran = call(cgraph, f"{line} -o {path}")
            assert (ran.status, ran.out) == (2, "")
            assert why in ran.err, ran.err
    for option in ("-o", "--log", "--plot"):
        ran = cgraph("train", LINE, "-d", "d.csv", "w=0", option, "a\0b.svg")
        assert ran.status == 2
    ran = call(cgraph, "draw x*y x=1 y=1 --frames d.csv")
    assert ran.status == 2
    assert "d.csv: " in ran.err
    assert content(folder) == {name: text.encode() for name, text in FILES.items()}


def test_a_name_as_long_as_a_name_may_be(folder: Path, cgraph: Any) -> None:
    for name in ("x" * 250 + ".json", "模" * 80 + ".json"):
        assert call(cgraph, f"{TRAIN} -o {name}").status == 0
        assert (folder / name).read_text()
    assert parts(folder) == []


def test_an_error_in_a_piece_leaves_the_file(folder: Path, cgraph: Any) -> None:
    (folder / "bad.csv").write_text("x,y\n" + "1,2\n" * 9000 + "1,z\n")
    (folder / "o.csv").write_text("kept")
    ran = call(cgraph, "map x*y -d bad.csv -o o.csv")
    assert ran.status == 2
    assert "row 9001" in ran.err
    assert (folder / "o.csv").read_text() == "kept"
    assert parts(folder) == []


def test_an_error_of_the_system_in_a_piece_is_none_of_the_output(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise OSError(5, "Input/output error")

    output = Output(str(tmp_path / "o.csv"))
    with pytest.raises(OSError, match="Input/output error"), output:
        output.write(pieces())


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EPERM, errno.ENOSPC])
def test_a_file_that_can_be_written_and_not_replaced(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is mounted by itself, as containers do, or another's in a folder of all."""

    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "m.json"
    path.write_text("a longer content than the new one")
    monkeypatch.setattr(os, "replace", refuse)
    if number == errno.ENOSPC:
        with pytest.raises(CgraphError, match="no space left on device"):
            write_file(str(path), b"new")
        assert path.read_text().startswith("a longer")
    else:
        write_file(str(path), b"new")
        assert path.read_bytes() == b"new"
    assert parts(tmp_path) == []


@POSIX
def test_a_pipe_takes_one_model(folder: Path, cgraph: Any) -> None:
    os.mkfifo(folder / "pipe.json")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append((folder / "pipe.json").read_text()))
    reader.start()
    assert call(cgraph, f"{TRAIN} -o pipe.json --save-every 0").status == 0
    reader.join(10)
    assert found[0].count('"cgraph.model/1"') == 1
    assert stat.S_ISFIFO((folder / "pipe.json").stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
def test_a_full_disk_is_blamed_on_the_file(folder: Path, cgraph: Any) -> None:
    os.symlink("/dev/full", folder / "full.svg")
    for line in (
        f"{TRAIN} -o /dev/full",
        f"{TRAIN} --log /dev/full",
        f"{TRAIN} --plot full.svg",
        "map x*y -d d.csv --format csv -o /dev/full",
        "draw x*y x=1 y=1 -o full.svg",
    ):
        ran = call(cgraph, line)
        assert ran.status == 2
        assert re.search(r"error: (/dev/full|full\.svg): no space left on device", ran.err), line
    assert call(cgraph, f"{TRAIN} -o /dev/null --log /dev/null").status == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "m.onnx"], ["-o", "model.txt"], ["-o", "m.npy"], ["-o", "m.pt"], ["-o", "M.CSV"],
        ["-o", "m.pkl"], ["-o", "m.jsonl"], ["--log", "log.csv"], ["--log", "log.svg"],
        ["--plot", "c.pdf"], ["--plot", "c"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_endings_of_other_formats(words: list[str], folder: Path, cgraph: Any) -> None:
    before = content(folder)
    # The data is not looked at first: it is not there.
    ran = cgraph("train", LINE, "-d", "none.csv", "w=0", *words)
    assert ran.status == 2
    assert f"error: {words[1]}: a " in ran.err
    assert "hint: write " in ran.err
    assert content(folder) == before


# One run at a time


def started(folder: Path, environment: dict[str, str], *more: str) -> subprocess.Popen[bytes]:
    words = ["train", LINE, "-d", "d.csv", "w=0", "--epochs", "100000000", "--lr", "0.001"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cgcli", *words, *more],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not parts(folder) or not (folder / "m.json").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    return process


@POSIX
def test_a_second_run_is_told_and_a_killed_one_leaves_nothing(
    folder: Path, cgraph: Any, environment: dict[str, str]
) -> None:
    process = started(folder, environment, "-o", "m.json", "--log", "log.jsonl")
    try:
        (folder / "alias.json").symlink_to("m.json")
        for line in (
            f"{TRAIN} -o m.json",
            f"{TRAIN} -o alias.json",
            "train --resume m.json",
            "map x*y -d d.csv --format csv -o m.json",
        ):
            ran = call(cgraph, line)
            assert ran.status == 2
            assert f"another run, process {process.pid}, is writing it" in ran.err
        ran = call(cgraph, f"{TRAIN} --log log.jsonl")
        assert "log.jsonl: another run is writing it" in ran.err
        assert call(cgraph, f"{TRAIN} -o other.json").status == 0
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert parts(folder)
    ran = call(cgraph, f"{TRAIN} -o m.json --log log.jsonl")
    assert ran.status == 0, ran.err
    assert parts(folder) == []
    assert len((folder / "log.jsonl").read_text().splitlines()) == 2


@POSIX
def test_parts_of_runs_that_are_gone_are_removed(folder: Path, cgraph: Any) -> None:
    """Also those of earlier versions, and of a process whose number this one has."""
    left = [".o.csv.999999.part", ".o.csv.999999.3.part", f".o.csv.{os.getpid()}.1.part"]
    kept = [".other.csv.999999.part", ".o.csv.part", ".o.csv.x.part", "o.csv.999999.part"]
    for name in left + kept:
        (folder / name).write_text("half")
    assert call(cgraph, "map x*y -d d.csv -o o.csv").status == 0
    assert sorted(parts(folder)) == sorted(kept)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuse)
        write_file(str(tmp_path / "o.csv"), b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]


@POSIX
def test_an_output_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    path = str(tmp_path / "m.json")
    with Output(path) as first:
        first.write([b"1"])
        with pytest.raises(CgraphError, match=f"process {os.getpid()}, is writing it"):
            write_file(path, b"2")
        first.write([b"3"])
        assert Path(path).read_bytes() == b"3"
        assert len(parts(tmp_path)) == 1
    assert parts(tmp_path) == []
    write_file(path, b"4")
    assert Path(path).read_bytes() == b"4"


def test_a_log_that_cannot_be_opened_lets_the_model_go(folder: Path, cgraph: Any) -> None:
    ran = call(cgraph, f"{TRAIN} -o m.json --log none/log.jsonl")
    assert ran.status == 2
    assert ran.err == "error: none/log.jsonl: there is no such folder\nhint: make it first\n"
    assert parts(folder) == []
    assert call(cgraph, f"{TRAIN} -o m.json").status == 0


def test_a_dash_is_standard_output_where_that_is_written(folder: Path, cgraph: Any) -> None:
    for words in (
        ("export", "x*y", "--to", "c"),
        ("map", "x*k", "-d", "d.csv", "k=2"),
        ("map", "x*k", "-d", "d.csv", "k=2", "--format", "jsonl"),
    ):
        assert cgraph(*words, "-o", "-") == cgraph(*words)
    for words in (
        ("train", LINE, "-d", "d.csv", "w=0", "-o", "-"),
        ("train", LINE, "-d", "d.csv", "w=0", "--log", "-"),
        ("sheet", "x", "x=1", "-o", "-"),
        ("check", "x", "x=1", "--answer", "x = 1", "--summary", "-"),
    ):
        ran = cgraph(*words)
        assert ran.status == 2
        assert ran.err.startswith("error: -: ")
    assert not (folder / "-").exists()
