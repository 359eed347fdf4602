#!/usr/bin/python3
"""Writes src/formats/golden/sigproc.json: SIGPROC filterbank files from a writer of its own, with the values they hold.

Written from the description of the format in SIGPROC's manual and read_header.c, pack_unpack.c. Needs only Python's
standard library. Run from the repository's root.
"""
import base64
import json
import random
import struct

DOUBLES = {"az_start", "za_start", "src_raj", "src_dej", "tstart", "tsamp", "fch1", "foff", "refdm", "period", "fchannel"}


def text(string):
    data = string.encode("ascii")
    return struct.pack("<i", len(data)) + data


def field(keyword, value):
    if isinstance(value, str):
        return text(keyword) + text(value)
    if keyword == "signed":
        return text(keyword) + struct.pack("b", value)
    return text(keyword) + struct.pack("<d" if keyword in DOUBLES else "<i", value)


def pack(values, nbits, signed):
    if nbits == 32:
        return struct.pack(f"<{len(values)}f", *values)
    whole = 0
    for i, value in enumerate(values):
        whole |= (value & ((1 << nbits) - 1)) << (i * nbits)
    return whole.to_bytes((len(values) * nbits + 7) // 8, "little")


def case(name, nbits, nchans, nifs, rows, signed=False, extra=(), foff=-0.5):
    dice = random.Random(name)
    low, high = (-(1 << nbits - 1), (1 << nbits - 1) - 1) if signed else (0, (1 << nbits) - 1)
    number = nchans * nifs * rows
    if nbits == 32:
        values = [struct.unpack("<f", struct.pack("<f", dice.gauss(0, 1000)))[0] for _ in range(number)]
    else:
        values = [low, high] + [dice.randint(low, high) for _ in range(number - 2)]
    fields = [("source_name", "Golden"), ("fch1", 1500.25), ("foff", foff), ("nchans", nchans), ("nbits", nbits), ("nifs", nifs)]
    fields += [("tsamp", 0.0625), ("tstart", 58543.75)] + ([("signed", 1)] if signed else []) + list(extra)
    header = text("HEADER_START") + b"".join(field(*f) for f in fields) + text("HEADER_END")
    return {
        "name": name,
        "nbits": nbits,
        "nchans": nchans,
        "nifs": nifs,
        "rows": rows,
        "foff": foff,
        "values": values,
        "base64": base64.b64encode(header + pack(values, nbits, signed)).decode(),
    }


cases = [case(f"{nbits} bits", nbits, 16, 1, 5) for nbits in (1, 2, 4, 8, 16, 32)]
cases += [case(f"{nbits} bits, 3 IFs", nbits, 8, 3, 4) for nbits in (1, 2, 4, 8, 16, 32)]
cases += [case(f"{nbits} bits, rows end within a byte", nbits, 13, 1, 7) for nbits in (1, 2, 4)]
cases += [case(f"{nbits} bits, signed", nbits, 6, 2, 3, signed=True) for nbits in (8, 16)]
cases += [case("foff above 0", 32, 4, 1, 2, foff=0.25)]
cases += [
    case(
        "every keyword",
        8,
        4,
        1,
        2,
        extra=[
            ("rawdatafile", "padding"),
            ("rawdatafile", "guppi_57650_67573_Voyager1_0002.0000.raw"),
            ("telescope_id", 6),
            ("machine_id", 20),
            ("data_type", 1),
            ("barycentric", 0),
            ("pulsarcentric", 1),
            ("az_start", 123.5),
            ("za_start", 45.25),
            ("src_raj", 171003.984),
            ("src_dej", -3045.5),
            ("refdm", 56.75),
            ("period", 0.0333),
            ("nbeams", 13),
            ("ibeam", 2),
            ("nbins", 64),
            ("npuls", 9),
            ("nsamples", 2),
        ],
    )
]

with open("src/formats/golden/sigproc.json", "w") as out:
    json.dump({"cases": cases}, out, indent=None, separators=(",", ":"))
    out.write("\n")
