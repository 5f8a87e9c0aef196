"""Files of numbers beside a binding: `.npy`, `.csv`, `.json`, whole and spoilt."""

from __future__ import annotations

import io
import json
import random

import numpy as np

from tests.fuzz.case import Dice
from tests.fuzz.programs import Shape

DTYPES = ("<f8", ">f8", "<f4", "<f2", "<i8", "<u1", "?", "<i4")
ODD_DTYPES = ("<c16", "S3", "U2", "M8[s]", "O", "V8", "<f16", "<m8[D]")


def spoilt_bytes(dice: Dice, data: bytes, probability: float) -> bytes:
    """The bytes, in that share of the cases flipped, cut, stretched or coded otherwise."""
    if not dice.chance(probability):
        return data
    made = bytearray(data)
    match dice.randint(0, 9):
        case 0:
            for _ in range(dice.one(1, 2, 8)):
                if made:
                    made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
        case 1:
            del made[dice.randrange(len(made) + 1) :]
        case 2:
            return b"\xef\xbb\xbf" + data
        case 3:
            return data.decode("utf-8", "replace").encode(
                dice.one("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"), "replace"
            )
        case 4:
            made.insert(dice.randrange(len(made) + 1), 0)
        case 5:
            k = dice.randrange(len(made) + 1)
            made[k:k] = dice.one(
                b"\x1b[31m",
                b"\xff",
                b"\xc3",
                b"\r",
                b"\n\n",
                b'"',
                b"'",
                b"\xe2\x80\xae",
                b",",
                b"\t",
                b"NaN",
                b"1e999",
                b"#",
                b"\x1a",
                b"9" * 5000,
            )
        case 6:
            return b""
        case 7:
            return bytes(dice.randrange(256) for _ in range(dice.one(1, 10, 100)))
        case 8:
            made *= dice.one(2, 3)
        case _:
            if made:
                i = dice.randrange(len(made))
                del made[i : i + dice.one(1, 2, 10)]
    return bytes(made)


def _numbers(dice: Dice, shape: Shape) -> np.ndarray:
    rng = np.random.default_rng(dice.randrange(2**32))
    return np.asarray(rng.integers(-20, 20, shape) / 4)


def npy(dice: Dice, shape: Shape, spoilt: float = 0.0) -> bytes:
    """A NumPy file, or what was one."""
    numbers = _numbers(dice, shape)
    kind = dice.choice(DTYPES)
    if dice.chance(spoilt):
        kind = dice.choice((*DTYPES, *ODD_DTYPES))
    out = io.BytesIO()
    with np.errstate(all="ignore"):
        made = np.zeros(shape, kind) if "V" in kind or "M" in kind else numbers.astype(kind)
    if dice.chance(0.2):
        made = np.asfortranarray(made)
    version = dice.one(None, (1, 0), (2, 0), (3, 0))
    np.lib.format.write_array(out, made, version)
    data = out.getvalue()
    if dice.chance(spoilt / 2):
        return _headed(dice, data)
    return spoilt_bytes(dice, data, spoilt)


def _headed(dice: Dice, data: bytes) -> bytes:
    """The file with another header: NumPy reads one as Python's text."""
    shape = dice.one(
        "(3,)",
        "(99999999999,)",
        "(-1,)",
        "(2, 3)",
        "()",
        "(1,2,3,4)",
        "3",
        "[3]",
        "(3",
        "(1e3,)",
        "(True,)",
        "(2**3,)",
        "None",
        "(" * 300,
        "(0,)",
        "(0, 5)",
    )
    descr = dice.one(
        "'<f8'",
        "'O'",
        "'|O'",
        "'<f8,<f8'",
        "[('a','<f8')]",
        "'x'",
        "8",
        "None",
        "'<f99'",
        "''",
        "__import__('os')",
    )
    order = dice.one("False", "True", "0", "None", "'x'")
    text = dice.one(
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}",
        f"{{'descr': {descr}, 'shape': {shape}, }}", "", "{}", "[1]", "(", "x" * 20000, "\n" * 10,
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': 1}", "\x00\xff",
    ).encode("latin-1")  # fmt: skip
    version = dice.one(b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00", b"\x00\x00")
    length = dice.one(len(text), len(text), len(text) + 10, 0, 65535)
    size = length.to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + text + data[-24:]


def csv(dice: Dice, shape: Shape, spoilt: float = 0.0) -> bytes:
    """A table of numbers without a head, as a binding reads it."""
    numbers = np.atleast_2d(_numbers(dice, shape))
    mark = dice.one(",", ",", ", ", ";", "\t")
    lines = [mark.join(repr(float(x)) for x in row) for row in numbers]
    text = dice.one("\n", "\r\n").join(lines) + dice.one("", "\n", "\n\n")
    return spoilt_bytes(dice, text.encode(), spoilt)


def json_file(dice: Dice, shape: Shape, spoilt: float = 0.0) -> bytes:
    """A number or nested lists."""
    return spoilt_bytes(dice, json.dumps(_numbers(dice, shape).tolist()).encode(), spoilt)


def any_file(dice: Dice, shape: Shape, spoilt: float = 0.02) -> tuple[str, bytes]:
    """A name and what stands in the file."""
    kind = dice.one("npy", "csv", "json")
    data = {"npy": npy, "csv": csv, "json": json_file}[kind](dice, shape, spoilt)
    name = f"v{dice.randrange(100)}.{kind}"
    if dice.chance(spoilt / 4):
        name = dice.one(
            f"v.{random.Random(0).choice(['txt', 'NPY'])}",
            "v",
            "v.npz",
            "v.pkl",
            "v\u202e.csv",
            "v\x1b.json",
        )
    return name, data
