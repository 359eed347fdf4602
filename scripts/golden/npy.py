#!/usr/bin/python3
"""Writes src/formats/golden/npy.json: .npy files as NumPy writes them, with the values that they hold.

Needs NumPy (Debian: python3-numpy). Run from the repository's root.
"""
import base64
import io
import itertools
import json

import numpy as np

TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]


def extremes(dtype):
    if dtype.kind == "f":
        info = np.finfo(dtype)
        return [0.0, -0.0, 1.0, -1.5, info.max, info.min, info.tiny, info.smallest_subnormal, np.inf, -np.inf, np.nan, 1 / 3]
    if dtype.kind == "b":
        return [True, False]
    info = np.iinfo(dtype)
    return [0, 1, info.min, info.max, 77, info.max // 3]


def array(code, order, shape, memory):
    dtype = np.dtype(order + code)
    values = list(itertools.islice(itertools.cycle(extremes(dtype)), int(np.prod(shape, dtype=int))))
    return np.asarray(np.array(values, dtype=dtype).reshape(shape), order=memory)


def case(values, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, values, version=version)
    return {
        "descr": values.dtype.str,
        "fortranOrder": bool(values.flags.f_contiguous and not values.flags.c_contiguous),
        "version": version[0],
        "shape": list(values.shape),
        "values": [str(int(v)) if values.dtype.kind == "b" else repr(v.item()) for v in values.ravel(order="C")],
        "base64": base64.b64encode(file.getvalue()).decode(),
    }


cases = [
    case(array(code, order, (3, 5), memory), (version, 0))
    for version, (code, order, memory) in zip(itertools.cycle((1, 2, 3)), itertools.product(TYPES, "<>", "CF"))
]
cases += [case(array("f4", "<", shape, "C"), (1, 0)) for shape in [(), (7,), (0, 4), (1, 1), (2, 3, 4), (2, 2, 1, 3)]]
cases += [case(array("i8", ">", (2, 3, 4), "F"), (1, 0))]

with open("src/formats/golden/npy.json", "w") as out:
    json.dump({"numpy": np.__version__, "cases": cases}, out, indent=1)
    out.write("\n")
