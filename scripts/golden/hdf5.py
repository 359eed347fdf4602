#!/usr/bin/python3
"""Writes src/formats/golden/hdf5.json: HDF5 filterbanks as blimpy, rawspec and setigen spell them, with the values they hold.

Needs h5py, a bitshuffle plugin for its HDF5 (Debian: python3-h5py, bitshuffle) and blimpy on PYTHONPATH. Run from the
repository's root. Every file holds rows * 1000 + IFs * 100 + channels, so that no list of values is needed.
"""
import base64
import json
import os
import struct
import tempfile

os.environ.setdefault("HDF5_PLUGIN_PATH", "/usr/lib/x86_64-linux-gnu/hdf5/serial/plugins")
import h5py  # noqa: E402
import numpy as np  # noqa: E402
from blimpy import Waterfall  # noqa: E402

BITSHUFFLE = {"compression": 32008, "compression_opts": (0, 2)}
FOFF = -2.7939677238464355e-06
AXES = {"fch1": 8421.38671875, "foff": FOFF, "tsamp": 18.253611008, "tstart": 57650.78209490741}
folder = tempfile.mkdtemp()
cases = []


def values(rows, ifs, channels, dtype="<f4"):
    whole = np.arange(rows)[:, None, None] * 1000 + np.arange(ifs)[None, :, None] * 100 + np.arange(channels)[None, None, :]
    return whole.astype(dtype)


def keep(name, path, shape, header):
    with open(path, "rb") as file:
        content = base64.b64encode(file.read()).decode()
    cases.append({"name": name, "shape": shape, "header": header, "base64": content})


def make(name, shape, fill, header, **options):
    path = os.path.join(folder, name.replace(" ", "-") + ".h5")
    with h5py.File(path, "w", **options) as h5:
        fill(h5)
    keep(name, path, shape, header)


def text(string):
    data = string.encode("ascii")
    return struct.pack("<i", len(data)) + data


def blimpy_file():
    """A SIGPROC file, converted by blimpy itself (io/hdf_writer.py)."""
    fields = {**AXES, "nchans": 64, "nbits": 32, "nifs": 1, "telescope_id": 6, "machine_id": 20, "data_type": 1}
    header = text("HEADER_START") + text("source_name") + text("Voyager1")
    for key, value in fields.items():
        header += text(key) + struct.pack("<d" if key in AXES else "<i", value)
    for key, value in (("src_raj", 171236.0), ("src_dej", -123000.0)):
        header += text(key) + struct.pack("<d", value)
    fil, path = os.path.join(folder, "in.fil"), os.path.join(folder, "blimpy.h5")
    with open(fil, "wb") as file:
        file.write(header + text("HEADER_END") + values(8, 1, 64).tobytes())
    Waterfall(fil).write_to_hdf5(path)
    known = {"source_name": "Voyager1", "telescope_id": 6, "machine_id": 20, "data_type": 1, "nbits": 32}
    keep("blimpy", path, [8, 1, 64], {**known, "src_raj": 17.21, "src_dej": -12.5})


def fixed_text(target, name, value):
    """A string as rawspec makes it (fbh5_util.c, fbh5_set_str_attr): as long as its text, with no room for the zero at its end."""
    data = value.encode()
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(len(data))
    attribute = h5py.h5a.create(target.id, name.encode(), kind, h5py.h5s.create(h5py.h5s.SCALAR))
    attribute.write(np.array(data, dtype=f"S{len(data)}"), mtype=kind)


def rawspec_attributes(h5, data, channels, bits):
    for name, value in (("CLASS", "FILTERBANK"), ("VERSION", "2.0"), ("VERSION_RAWSPEC", "3.3.1"), ("BITSHUFFLE", "ENABLED")):
        fixed_text(h5, name, value)
    whole = {"machine_id": 20, "telescope_id": 6, "data_type": 1, "nchans": channels, "nfpc": 32, "nbeams": 1, "ibeam": -1}
    for name, value in {**whole, "nbits": bits, "nifs": data.shape[1]}.items():
        data.attrs.create(name, value, dtype="<i4")
    for name, value in {**AXES, "src_raj": 17.21, "src_dej": 12.4, "az_start": 0.0, "za_start": 0.0}.items():
        data.attrs.create(name, value, dtype="<f8")
    fixed_text(data, "source_name", "VOYAGER-1")
    fixed_text(data, "rawdatafile", "guppi_57650_67573.0000.raw")
    for axis, label in enumerate(("time", "feed_id", "frequency")):
        data.dims[axis].label = label


def rawspec(h5):
    shape = (8, 2, 64)
    data = h5.create_dataset("data", shape, "<f4", chunks=(4, 1, 32), maxshape=(None, 2, 64), **BITSHUFFLE)
    data[...] = values(*shape)
    rawspec_attributes(h5, data, 64, 32)


def rawspec_8_bits(h5):
    """rawspec's 8 bits are a bit field, which h5py has no numpy type for."""
    space, plan = h5py.h5s.create_simple((2, 1, 64)), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 1, 32))
    data = h5py.h5d.create(h5.id, b"data", h5py.h5t.NATIVE_B8, space, plan)
    power = np.arange(128, dtype="u1").reshape(2, 1, 64) + np.uint8(100)
    data.write(h5py.h5s.ALL, h5py.h5s.ALL, power, mtype=h5py.h5t.NATIVE_B8)
    rawspec_attributes(h5, h5["data"], 64, 8)


def setigen(h5):
    """setigen hands blimpy float64 and leaves nbits at 32; texts are bytes."""
    h5.attrs["CLASS"], h5.attrs["VERSION"] = "FILTERBANK", "1.0"
    data = h5.create_dataset("data", data=values(8, 1, 64, "<f8"), **BITSHUFFLE)
    h5.create_dataset("mask", shape=(8, 1, 64), dtype="uint8", **BITSHUFFLE)
    for name, value in {**AXES, "nchans": 64, "nifs": 1, "nbits": 32}.items():
        data.attrs[name] = value
    data.attrs["source_name"], data.attrs["rawdatafile"] = b"Synthetic", b"Synthetic"


def odd_spellings(h5):
    """Arrays of one, numbers as texts, angles as texts, the header on the root, gzip with shuffle."""
    h5.attrs["CLASS"], h5.attrs["VERSION"] = np.bytes_("FILTERBANK"), np.bytes_("1.0")
    data = h5.create_dataset("data", data=values(8, 2, 64), chunks=(3, 2, 20), compression="gzip", shuffle=True)
    h5.attrs["FCH1"], h5.attrs["foff"] = np.array([AXES["fch1"]]), np.array([AXES["foff"]])
    data.attrs["tsamp"], data.attrs["tstart"] = "18.253611008", np.array([[AXES["tstart"]]])
    data.attrs["src_raj"], data.attrs["src_dej"] = "17:12:36.0", b"-00d30m00s"
    data.attrs["nchans"] = np.array([64], dtype="u2")
    data.attrs["source_name"] = np.array([b"Voyager1  "])
    h5.attrs["telescope_id"] = np.int8(6)
    data.attrs["notes"] = np.array([1.5, 2.5])
    data.attrs["nothing"] = h5py.Empty("f")


def plain(h5):
    """No chunks, no filter, most significant byte first, behind a block of the user's own."""
    data = h5.create_dataset("data", data=values(8, 2, 64, ">f4"))
    data.attrs.update(AXES)


def whole_numbers(dtype):
    def fill(h5):
        data = h5.create_dataset("data", data=values(2, 1, 32, dtype), chunks=(1, 1, 32), compression="gzip")
        data.attrs.update(AXES)

    return fill


def half(h5):
    h5.create_dataset("data", data=values(2, 1, 32, "<f2")).attrs.update(AXES)


def virtual(h5):
    layout = h5py.VirtualLayout(shape=(2, 1, 32), dtype="<f4")
    layout[...] = h5py.VirtualSource("elsewhere.h5", "data", shape=(2, 1, 32))
    h5.create_virtual_dataset("data", layout).attrs.update(AXES)


RAWSPEC = {"machine_id": 20, "telescope_id": 6, "data_type": 1, "nfpc": 32, "nbeams": 1, "ibeam": -1, "az_start": 0, "za_start": 0}
RAWSPEC.update({"src_raj": 17.21, "src_dej": 12.4, "source_name": "VOYAGER-1", "rawdatafile": "guppi_57650_67573.0000.raw"})
blimpy_file()
make("rawspec", [8, 2, 64], rawspec, {**RAWSPEC, "nbits": 32})
make("rawspec 8 bits", [2, 1, 64], rawspec_8_bits, {**RAWSPEC, "nbits": 8})
make("setigen", [8, 1, 64], setigen, {"source_name": "Synthetic", "rawdatafile": "Synthetic", "nbits": 32})
ODD = {"src_raj": 17.21, "src_dej": -0.5, "source_name": "Voyager1", "telescope_id": 6}
make("odd spellings", [8, 2, 64], odd_spellings, ODD)
make("plain", [8, 2, 64], plain, {}, userblock_size=512)
for kind in ("<i2", ">u4", "<i8", "<u8"):
    make(f"integers {kind}", [2, 1, 32], whole_numbers(kind), {})
make("float16", [2, 1, 32], half, {})
make("virtual", [2, 1, 32], virtual, {})

os.makedirs("src/formats/golden", exist_ok=True)
with open("src/formats/golden/hdf5.json", "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
