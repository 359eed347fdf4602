"""Prints the colours of src/pictures/colour-maps.ts, every fifth of matplotlib's 256 (CC0), and how far off lines between them are.

Run with any Python that has matplotlib: python3 scripts/golden/colour-maps.py
"""
import numpy as np
from matplotlib import colormaps

for name in "viridis magma inferno plasma cividis".split():
    table = np.array(colormaps[name](np.arange(256)))[:, :3] * 255
    at = np.arange(0, 256, 5)
    kept = np.round(table[at]).astype(int)
    worst = max(np.abs(np.interp(np.arange(256), at, kept[:, k]) - table[:, k]).max() for k in range(3))
    colours = ["%02x%02x%02x" % tuple(c) for c in kept]
    print(f"  // {worst:.1f} of 255 off at worst.")
    print(f"  {name}:")
    lines = [" ".join(colours[i : i + 14]) for i in range(0, len(colours), 14)]
    print("    " + " +\n    ".join(f'"{line}{" " if i + 1 < len(lines) else ""}"' for i, line in enumerate(lines)) + ",")
