#!/usr/bin/python3
"""Simulated Green Bank ON/OFF cadences (medium-resolution product: 2.86 kHz x 1.07 s, 273 rows x 256 channels a scan).

Physics: every pixel is total power through a radiometer,
    X = gain(t) * bandpass(f) * (1 + s / R) * chi2_k / k,      R = sqrt(k / 2) (about 78 for two polarisations),
so s is in units of the local thermal noise, and bright signals carry their own noise. Scans are followed by a slew. Needs numpy and scipy.

    python3 bench/foreign/radiometer.py --out DIR [--db 20 34] [--seed 1]

The layout is the competition's, with test_labels.csv and truth.csv beside it. No code is shared with the simulator in src/.
"""
import os
for _v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_v, "1")
import argparse, csv, time
import multiprocessing as mp
import numpy as np
from scipy.ndimage import gaussian_filter1d, zoom
from scipy.special import ndtr

P, T, F = 6, 273, 256
N = P * T
ON = np.array([1, 0, 1, 0, 1, 0], bool)
DF, DT = 2861.0, 1.07
FREQ = np.arange(F)


def pick(rng, table):
    k, w = zip(*table)
    w = np.asarray(w, float)
    return k[int(rng.choice(len(k), p=w / w.sum()))]


def logu(rng, a, b):
    return float(np.exp(rng.uniform(np.log(a), np.log(b))))


def sign(rng):
    return 1.0 if rng.random() < 0.5 else -1.0


# ---------------------------------------------------------------- paths: callables of absolute time (rows)
def path_line(rng, L, c0, tm, steep=None):
    u = rng.random()
    if steep:
        s = logu(rng, 0.25, 2.0)
    elif u < 0.25:
        s = rng.uniform(0, 0.008)
    elif u < 0.8:
        s = rng.uniform(0.008, 0.12)
    else:
        s = rng.uniform(0.1, 0.3)
    s *= sign(rng)
    return lambda t: c0 + s * (t - tm)


def path_quad(rng, L, c0, tm):
    v = rng.uniform(15, 200) * sign(rng)                  # channels gained from the vertex to one half length away
    s = rng.uniform(-0.08, 0.08)
    tv = tm + rng.uniform(-0.35, 0.35) * L
    return lambda t: c0 + s * (t - tm) + v * ((t - tv) / (0.5 * L)) ** 2 - v * ((tm - tv) / (0.5 * L)) ** 2


def path_sine(rng, L, c0, tm):
    s = rng.uniform(-0.05, 0.05) if rng.random() < 0.6 else 0.0
    a = logu(rng, 3, 60) * sign(rng)
    if rng.random() < 0.25:                               # single S, as of a body passing by
        w = rng.uniform(0.04, 0.3) * L
        tv = tm + rng.uniform(-0.2, 0.2) * L
        return lambda t: c0 + s * (t - tm) - a * np.tanh((t - tv) / w)
    per = logu(rng, 90, 2.2 * L)
    ph = rng.uniform(0, 2 * np.pi)
    return lambda t: c0 + s * (t - tm) + a * np.sin(2 * np.pi * (t - tm) / per + ph)


def path_walk(rng, L, c0, tm):
    n = int(L) + 4
    x = np.cumsum(rng.standard_normal(n)) * logu(rng, 0.05, 1.0)
    if rng.random() < 0.5:
        x = gaussian_filter1d(x, logu(rng, 1.5, 15))
    if rng.random() < 0.3:                                # a loop that pulls back
        x = x - gaussian_filter1d(x, 150)
    x += rng.uniform(-0.05, 0.05) * np.arange(n) * (rng.random() < 0.5)
    x += c0 - x[int(np.clip(tm, 0, n - 1))]
    g = np.arange(n)
    return lambda t: np.interp(t, g, x)


def path_step(rng, L, c0, tm):
    n = int(L) + 4
    k = rng.integers(3, 30)
    at = np.sort(rng.integers(0, n, k))
    if rng.random() < 0.5:                                # regular staircase
        jump = np.full(k, rng.uniform(1, 10) * sign(rng))
        at = np.linspace(0, n, k, endpoint=False).astype(int)
    else:
        jump = rng.normal(0, rng.uniform(2, 18), k)
    x = np.zeros(n)
    np.add.at(x, at, jump)
    x = np.cumsum(x) + rng.uniform(-0.04, 0.04) * np.arange(n) * (rng.random() < 0.4)
    x += c0 - x[int(np.clip(tm, 0, n - 1))]
    return lambda t: x[np.clip(t, 0, n - 1).astype(int)]


PATHS = dict(line=path_line, quad=path_quad, sine=path_sine, walk=path_walk, step=path_step)


# ---------------------------------------------------------------- time profiles (length N, over the six scans)
def fading(rng, tt, depth=None, tau=None):
    """Slow fading / scintillation, positive, mean about 1."""
    depth = rng.uniform(0.1, 0.8) if depth is None else depth
    tau = logu(rng, 3, 150) if tau is None else tau
    n = int(tt[-1]) + 4
    x = gaussian_filter1d(rng.standard_normal(n), tau, mode="wrap")
    x /= x.std() + 1e-9
    return np.interp(tt, np.arange(n), np.exp(depth * x - 0.5 * depth ** 2))


def pulses(rng, tt):
    per = logu(rng, 5, 130)
    duty = rng.uniform(0.06, 0.5)
    ph = (tt / per + rng.random()) % 1.0
    if rng.random() < 0.5:
        return np.exp(-0.5 * ((ph - 0.5) / (duty / 2.35)) ** 2)
    a = np.clip(duty * per, 1.0, None) / per
    return (ph < a).astype(float)


def burst_train(rng, tt, lo=3, hi=14, dur=(2, 40)):
    a = np.zeros(N)
    for _ in range(int(rng.integers(lo, hi))):
        c = rng.uniform(0, tt[-1])
        w = logu(rng, *dur)
        a += rng.uniform(0.4, 1.0) * (np.abs(tt - c) <= w / 2 if rng.random() < 0.5 else np.exp(-0.5 * ((tt - c) / (w / 2.35)) ** 2))
    a[a < 1e-3] = 0
    return a


def telegraph(rng, tt):
    n = int(tt[-1]) + 4
    on, off = logu(rng, 15, 500), logu(rng, 15, 500)
    d = np.empty(400)
    d[0::2] = rng.exponential(on, 200) + 2
    d[1::2] = rng.exponential(off, 200) + 2
    e = np.cumsum(d) - rng.uniform(0, on + off)
    return ((np.searchsorted(e, np.arange(n), side="right") % 2) == 0)[tt.astype(int)].astype(float)


# ---------------------------------------------------------------- rendering
def draw(path, tt, amp, w, shape="gauss"):
    """A trail: path in channels, amp (N), full width w in channels; smeared within a row by its own drift."""
    rows = np.flatnonzero(amp > 0)
    img = np.zeros((N, F), np.float32)
    if rows.size == 0:
        return img
    c = path(tt[rows])
    rate = np.abs(path(tt[rows] + 0.5) - path(tt[rows] - 0.5))
    S = int(np.clip(np.ceil(np.quantile(rate, 0.98) / max(0.5, 0.5 * w)), 1, 10))
    if S > 1:
        off = (np.arange(S) + 0.5) / S - 0.5
        c = path((tt[rows][:, None] + off).ravel())
    r = np.repeat(rows, S)
    keep = (c > -w - 4) & (c < F + w + 4)
    r, c = r[keep], c[keep]
    a = amp[r] / S
    tail = {"gauss": 1.5, "box": 0.6, "lorentz": 5.0, "horns": 1.3}[shape]
    H = int(np.ceil(min(tail * w, 60))) + 1
    i0 = np.floor(c).astype(np.int64)
    k = np.arange(-H, H + 2)
    x = (i0[:, None] + k - c[:, None]).astype(np.float32)  # lower edges of the channels, relative to the centre
    if shape == "gauss":
        cdf = ndtr(x * np.float32(2.355 / w))
    elif shape == "box":
        cdf = np.clip(x / w + 0.5, 0, 1)
    elif shape == "lorentz":
        cdf = np.arctan(x * np.float32(2 / w)) / np.pi
    else:
        cdf = 0.5 * (ndtr((x - 0.4 * w) * np.float32(8 / w)) + ndtr((x + 0.4 * w) * np.float32(8 / w)))
    v = np.diff(cdf, axis=1) * a[:, None]
    col = i0[:, None] + k[:-1]
    ok = (col >= 0) & (col < F)
    flat = (r[:, None] * F + col)[ok]
    return np.bincount(flat, weights=v[ok], minlength=N * F).astype(np.float32).reshape(N, F)


def wide_profile(rng, c, w):
    x = FREQ - c
    u = rng.random()
    if u < 0.35:
        p = np.exp(-0.5 * (x / (w / 2.355)) ** 2)
    elif u < 0.75:                                        # digital carrier, raised-cosine skirts
        b = rng.uniform(0.03, 0.3) * w + 0.7
        p = ndtr((x + w / 2) / b) * ndtr((w / 2 - x) / b)
        if rng.random() < 0.4:
            p = p * (1 + 0.3 * np.sin(2 * np.pi * x / rng.uniform(4, 30)))
    else:
        p = np.sinc(x / (w / 1.2)) ** 2
    return p.astype(np.float32)


def energies(img):
    return np.einsum("ptf,ptf->p", *(2 * [img.reshape(P, T, F)])).astype(float)


# ---------------------------------------------------------------- the needle
NEEDLES = [("line", 28), ("steep", 8), ("quad", 12), ("sine", 18), ("walk", 10), ("pulsed", 8), ("broad", 7), ("step", 5), ("bursts", 4)]


def needle(rng, tt, db):
    kind = pick(rng, NEEDLES)
    L = tt[-1] + 1
    for trial in range(60):
        c0, tm = rng.uniform(12, F - 12), L * rng.uniform(0.3, 0.7)
        restart = kind == "steep" or (kind == "sine" and rng.random() < 0.15)
        local = np.tile(np.arange(T), P).astype(float)
        t_, L_, tm_ = (local, float(T), T * rng.uniform(0.3, 0.7)) if restart else (tt, L, tm)
        if kind == "steep":                               # a sweep that begins anew with every pointing
            path = path_line(rng, L_, c0, tm_, steep=True)
        elif kind in PATHS:
            path = PATHS[kind](rng, L_, c0, tm_)
        else:
            path = PATHS[pick(rng, [("line", 6), ("quad", 2), ("sine", 2), ("walk", 1)])](rng, L_, c0, tm_)
        w, shape = logu(rng, 0.3, 2.5), pick(rng, [("gauss", 5), ("box", 3), ("lorentz", 1)])
        if kind == "broad":
            w, shape = logu(rng, 3.5, 15), pick(rng, [("gauss", 4), ("box", 3), ("horns", 2), ("lorentz", 1)])
        amp = np.repeat(ON, T).astype(float)
        if kind == "pulsed":
            amp *= pulses(rng, tt)
        elif kind == "bursts":
            amp *= burst_train(rng, tt, 5, 18, (2, 30))
        if rng.random() < 0.35:
            amp *= fading(rng, tt)
        notes = []
        if rng.random() < 0.12:
            m = int(rng.choice([0, 2, 4]))
            amp[m * T:(m + 1) * T] = 0
            notes.append("misses%d" % m)
        if rng.random() < 0.2:
            notes.append("partial")
            if rng.random() < 0.5:                        # rises late or sets early
                cut = rng.uniform(0.15, 0.85) * L
                amp *= (tt > cut) if rng.random() < 0.5 else (tt < cut)
            else:                                         # a piece of every scan
                a, b = np.sort(rng.uniform(0, T, 2))
                if b - a < 70:
                    b = a + 70
                amp *= (local >= a) & (local <= b)
        amp[amp < 1e-3] = 0
        img = draw(path, t_, amp, w, shape)
        e = energies(img)
        tot = e.sum()
        lit = img.max(1)[np.repeat(ON, T)] > 0
        need = 0.08 if kind == "steep" else (0.05 if kind == "bursts" else 0.2)
        if tot > 0 and (e > 0.06 * tot).sum() >= 2 and lit.mean() > need:
            img *= 10 ** (db / 20) / np.sqrt(tot)
            if restart:
                notes.append("restarts")
            return kind, "+".join(notes) or "-", w, img
    raise RuntimeError("no needle found")


# ---------------------------------------------------------------- interference
RFI = [("carrier", 16), ("comb", 5), ("drifter", 15), ("twin", 12), ("leo", 8), ("radar", 8), ("wifi", 5), ("plateau", 8),
       ("hopper", 6), ("wander", 10), ("pulsed", 8), ("telegraph", 9), ("dme", 3), ("offonly", 8)]


def one_rfi(rng, tt):
    kind = pick(rng, RFI)
    L = tt[-1] + 1
    c0, tm = rng.uniform(2, F - 2), L * rng.uniform(0.2, 0.8)
    # sidelobes: the three A pointings share a level, B, C and D have their own
    g = np.exp(rng.normal(0, 0.35 if rng.random() < 0.5 else 0.08, 4))
    amp = np.repeat(g[[0, 1, 0, 2, 0, 3]], T)
    w, shape = logu(rng, 0.3, 2.5), pick(rng, [("gauss", 5), ("box", 2), ("lorentz", 2)])
    if rng.random() < 0.4:
        amp = amp * fading(rng, tt)
    if kind == "offonly":
        m = np.zeros(P)
        m[rng.choice([1, 3, 5], int(rng.integers(1, 4)), replace=False)] = 1
        amp = amp * np.repeat(m, T)
        if rng.random() < 0.2:
            amp = amp * pulses(rng, tt)
        if rng.random() < 0.25:
            w = logu(rng, 3, 15)
        path = PATHS[pick(rng, [("line", 5), ("quad", 1), ("sine", 2), ("walk", 1)])](rng, L, c0, tm)
        return kind, draw(path, tt, amp, w, shape)
    if kind == "carrier":
        s = rng.normal(0, 0.002)
        img = draw(lambda t: c0 + s * (t - tm), tt, amp, w, shape)
        if rng.random() < 0.25:                           # modulation sidebands
            d, q = rng.uniform(4, 40), rng.uniform(0.1, 0.6)
            for k in (-1, 1):
                img += draw(lambda t: c0 + k * d + s * (t - tm), tt, amp * q, w, shape)
        return kind, img
    if kind == "comb":
        d, s = rng.uniform(7, 60), rng.normal(0, 0.003)
        lev = np.exp(rng.normal(0, 0.5, 40))
        p = np.zeros((N, F), np.float32)
        one = rng.random() < 0.5
        for j, c in enumerate(np.arange(c0 % d, F, d)):
            p += draw(lambda t: c + s * (t - tm), tt, amp * (1.0 if one else lev[j]), min(w, 1.5), "gauss")
        return kind, p
    if kind == "drifter":
        s = sign(rng) * logu(rng, 0.004, 0.25)
        return kind, draw(lambda t: c0 + s * (t - tm), tt, amp, w, shape)
    if kind == "twin":                                    # any of the needle's trails, but on the ground
        p = pick(rng, [("line", 3), ("quad", 3), ("sine", 4), ("step", 2), ("walk", 1)])
        if rng.random() < 0.2:
            w = logu(rng, 3, 15)
        return kind, draw(PATHS[p](rng, L, c0, tm), tt, amp, w, shape)
    if kind == "leo":                                     # passes of low satellites: falling Doppler curves, bright near culmination
        a, tau = rng.uniform(6, 28), rng.uniform(60, 220)
        img = np.zeros((N, F), np.float32)
        t0, gap = rng.uniform(0, 500), rng.uniform(250, 700)
        w = logu(rng, 0.6, 12)
        for tc in np.arange(t0 - gap, L + gap, gap):
            tc = tc + rng.normal(0, 30)
            u = (tt - tc) / tau
            env = amp * np.exp(-0.5 * (u / rng.uniform(1.0, 2.0)) ** 2)
            env[env < 0.02] = 0
            x0 = c0 + rng.normal(0, 3)
            img += draw(lambda t: x0 - a * ((t - tc) / tau) / np.sqrt(1 + ((t - tc) / tau) ** 2), tt, env, w, "gauss")
        return kind, img
    if kind == "radar":                                   # an antenna turning every 4.7 to 12 s
        per = rng.uniform(4.5, 12.5) / DT
        ph = (tt / per + rng.random()) % 1.0
        beam = np.exp(-0.5 * ((ph - 0.5) * per / rng.uniform(0.35, 0.9)) ** 2)
        return kind, (beam * amp)[:, None].astype(np.float32) * wide_profile(rng, c0, logu(rng, 8, 160))
    if kind == "wifi":                                    # short packets at many frequencies
        img = np.zeros((N, F), np.float32)
        w0 = logu(rng, 10, 120)
        fixed = rng.random() < 0.4
        for _ in range(int(rng.integers(15, 90))):
            r0, h = int(rng.integers(0, N)), int(rng.integers(1, 7))
            p = wide_profile(rng, c0 if fixed else rng.uniform(-20, F + 20), w0 * rng.uniform(0.7, 1.4))
            img[r0:r0 + h] += rng.exponential(1.0) * amp[r0] * p
        return kind, img
    if kind == "dme":                                     # squitter: many faint, random, broad rows
        a = amp * (rng.random(N) < rng.uniform(0.05, 0.5)) * rng.exponential(1.0, N)
        return kind, a[:, None].astype(np.float32) * wide_profile(rng, c0, logu(rng, 30, 220))
    if kind == "plateau":
        w = logu(rng, 12, 150)
        a = amp * (telegraph(rng, tt) if rng.random() < 0.25 else 1)
        return kind, a[:, None].astype(np.float32) * wide_profile(rng, c0, w)
    if kind == "hopper":
        n = int(L) + 4
        k = int(rng.integers(3, 16))
        slots = rng.uniform(0, F, k) if rng.random() < 0.5 else (c0 + rng.uniform(4, 22) * np.arange(-k, k + 1))
        dwell = logu(rng, 2, 60)
        seq = slots[rng.integers(0, len(slots), int(n / dwell) + 2)]
        return kind, draw(lambda t: seq[np.clip(t / dwell, 0, len(seq) - 1).astype(int)], tt, amp, logu(rng, 0.6, 8), shape)
    if kind == "wander":
        return kind, draw(path_walk(rng, L, c0, tm), tt, amp, logu(rng, 0.5, 7), shape)
    if kind == "pulsed":
        s = rng.normal(0, 0.03) * (rng.random() < 0.6)
        return kind, draw(lambda t: c0 + s * (t - tm), tt, amp * pulses(rng, tt), logu(rng, 0.4, 8), shape)
    # telegraph: keyed, heedless of the pointing
    path = PATHS[pick(rng, [("line", 5), ("sine", 1), ("walk", 2)])](rng, L, c0, tm)
    return kind, draw(path, tt, amp * telegraph(rng, tt), logu(rng, 0.4, 5), shape)


def interference(rng, tt):
    """Sum of sources and their list. A source lit in two or more ON scans is lit in at least one OFF scan as well."""
    img, what = None, []
    if rng.random() > 0.76:
        return img, what
    for _ in range(min(6, 1 + rng.poisson(1.1))):
        for _try in range(8):
            kind, x = one_rfi(rng, tt)
            e = energies(x)
            if e.sum() <= 0 or (e > 0).sum() == 0:
                continue
            on, off = e[ON], e[~ON]
            if (on > 0.03 * e.max()).sum() >= 2 and off.max() < 0.1 * on.max():
                continue
            break
        else:
            continue
        db = rng.uniform(20, 60) if rng.random() < 0.95 else rng.uniform(60, 70)
        x *= np.float32(10 ** (db / 20) / np.sqrt(e.sum()))
        img = x if img is None else img + x
        what.append("%s:%.1f" % (kind, db))
    return img, what


# ---------------------------------------------------------------- background
def background(rng, tt):
    R = 78.2 if rng.random() < 0.8 else 55.3              # two polarisations, or one
    f = (FREQ - 127.5) / 128
    # --- bandpass (log), in parts
    b = rng.normal(0, 1) * f + rng.normal(0, 0.6) * f ** 2
    for _ in range(int(rng.integers(0, 4))):
        b = b + rng.normal(0, 0.6) * np.sin(2 * np.pi * (f * logu(rng, 0.3, 6) + rng.random()))
    b = b + gaussian_filter1d(rng.standard_normal(F), logu(rng, 3, 30)) * rng.uniform(0, 4)
    b = b + rng.standard_normal(F) * rng.uniform(0, 0.35)  # fixed pattern of the channels
    if rng.random() < 0.1:
        b[rng.integers(0, F, int(rng.integers(1, 4)))] += rng.normal(0, 4)
    b /= b.std()
    # --- gains of the rows
    n = int(tt[-1]) + 4
    g = np.cumsum(rng.standard_normal(n)) / np.sqrt(n) * rng.uniform(0, 1.5)
    g += rng.standard_normal(n) * rng.uniform(0, 0.4)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 6))):
            g[int(rng.integers(0, n)):] += rng.normal(0, 0.8)
    if rng.random() < 0.25:
        g += rng.uniform(0.1, 0.7) * np.sin(2 * np.pi * np.arange(n) / logu(rng, 6, 300) + rng.uniform(0, 6))
    if rng.random() < 0.3:
        k = rng.integers(0, n, int(rng.integers(2, 40)))
        g[k] += rng.exponential(1.5, k.size) * (1 if rng.random() < 0.85 else -1)
    if rng.random() < 0.1:                                # a stretch with a switched noise diode
        a = int(rng.integers(0, n))
        m = np.arange(n)
        g += rng.uniform(0.3, 1.5) * ((m > a) & (m < a + 300) & ((m // int(rng.integers(2, 20))) % 2 == 0))
    g = g[tt.astype(int)]
    g = g.reshape(P, T)
    g = (g - g.mean(1, keepdims=True))
    g /= np.sqrt((g ** 2).mean()) + 1e-9
    g = g.ravel()
    # --- structure's share of the variance
    share = np.clip(rng.beta(2.2, 0.9), 0.15, 0.992)
    sd = np.sqrt(share / (1 - share))
    cut = rng.beta(1.2, 0.8)
    sb, sg = sd * np.sqrt(cut), sd * np.sqrt(1 - cut)
    lb = np.clip(sb * b / R, -0.6, 0.5)
    if rng.random() < 0.15:                               # the coarse channel's edge, 1024 fine channels apart
        x = FREQ + rng.uniform(-60, 20) if rng.random() < 0.5 else F - 1 - FREQ + rng.uniform(-60, 20)
        lb = lb + np.log(0.35 + 0.65 * ndtr(x / rng.uniform(6, 30)) + 0.5 * 0.65 * ndtr(-(x + 40) / 12))
    B = np.repeat(lb[None], P, 0)
    B = B + np.stack([gaussian_filter1d(v, 25) for v in rng.standard_normal((P, F))]) * rng.uniform(0, 3) / R
    G = np.clip(1 + sg * g / R, 0.3, 3).reshape(P, T)
    # --- smooth things of the sky and the receiver, in sigmas
    s = np.zeros((P, T, F), np.float32)
    if rng.random() < 0.5:
        a = rng.uniform(0.05, 0.7)
        z = rng.standard_normal((P * int(rng.integers(2, 9)), int(rng.integers(3, 14))))
        h = zoom(z, (N / 3 / z.shape[0], F / 2 / z.shape[1]), order=1)
        h = np.repeat(np.repeat(h, 3, 0), 2, 1)[:N, :F] if h.shape == (N // 3, F // 2) else 0
        s += np.float32(a) * np.asarray(h, np.float32).reshape(P, T, F) if not np.isscalar(h) else 0
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 7))):
            p = int(rng.integers(0, P))
            u = np.exp(-0.5 * ((np.arange(T) - rng.uniform(0, T)) / logu(rng, 8, 90)) ** 2)
            v = np.exp(-0.5 * ((FREQ - rng.uniform(0, F)) / logu(rng, 8, 70)) ** 2)
            s[p] += (rng.normal(0, 1.2) * u[:, None] * v).astype(np.float32)
    if rng.random() < 0.12:                               # DC spike of a coarse channel
        s[:, :, int(rng.integers(0, F))] += rng.uniform(1, 30)
    return R, B, G, s


def cadence(seed, index, target, dblo, dbhi):
    ss = np.random.SeedSequence([seed, index])
    r0, r1, r2, r3 = (np.random.Generator(np.random.SFC64(c)) for c in ss.spawn(4))
    slew = r0.integers(3, 45, P)
    tt = np.concatenate([np.arange(T) + p * T + slew[:p].sum() for p in range(P)]).astype(float) + 0.5
    R, B, G, s = background(r0, tt)
    what_img, what = interference(r1, tt)
    if what_img is not None:
        s += what_img.reshape(P, T, F)
    info = ["-", "", "-", ""]
    if target:
        db = float(r2.uniform(dblo, dbhi))
        kind, notes, w, img = needle(r2, tt, db)
        s += img.reshape(P, T, F)
        info = [kind, "%.2f" % db, notes, "%.2f" % w]
    k = 2 * R * R                                         # Wilson-Hilferty: the cube of a normal is nearly chi-squared
    x = r3.standard_normal((P, T, F), dtype=np.float32)
    x *= np.float32(np.sqrt(2 / (9 * k)))
    x += np.float32(1 - 2 / (9 * k))
    y = x * x
    y *= x
    s *= np.float32(1 / R)
    s += 1
    np.maximum(s, 0.05, out=s)
    y *= s
    y *= G[:, :, None].astype(np.float32)
    y *= np.exp(B)[:, None, :].astype(np.float32)
    flat = y.reshape(P, -1)
    flat -= flat.mean(1, dtype=np.float64, keepdims=True).astype(np.float32)
    flat /= flat.std(1, dtype=np.float32, keepdims=True)
    return y.astype(np.float16), info, what


def work(job):
    path, cid, split, seed, index, target, lo, hi = job
    y, info, what = cadence(seed, index, target, lo, hi)
    np.save(path, y)
    return [cid, split, target] + info + [";".join(what) or "-"]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--train", type=int, default=3000)
    ap.add_argument("--train-positive", type=int, default=300)
    ap.add_argument("--test", type=int, default=2000)
    ap.add_argument("--test-positive", type=int, default=600)
    ap.add_argument("--db", type=float, nargs=2, default=(20, 34))
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--jobs", type=int, default=2)
    a = ap.parse_args()
    t0 = time.time()
    rng = np.random.default_rng([a.seed, 99])
    total = a.train + a.test
    ids, seen = [], set()
    while len(ids) < total:
        h = rng.bytes(8).hex()[:15]
        if h not in seen:
            seen.add(h)
            ids.append(h)
    jobs, at = [], 0
    for split, n, pos in (("train", a.train, a.train_positive), ("test", a.test, a.test_positive)):
        assert 0 <= pos <= n
        for d in "0123456789abcdef":
            os.makedirs(os.path.join(a.out, split, d), exist_ok=True)
        lab = np.zeros(n, int)
        lab[rng.permutation(n)[:pos]] = 1
        for j, i in enumerate(sorted(ids[at:at + n])):
            jobs.append((os.path.join(a.out, split, i[0], i + ".npy"), i, split, a.seed, at + j, int(lab[j]), a.db[0], a.db[1]))
        at += n
    if a.jobs > 1:
        with mp.Pool(a.jobs) as pool:
            rows = list(pool.imap(work, jobs, chunksize=8))
    else:
        rows = [work(j) for j in jobs]

    def table(name, head, body):
        with open(os.path.join(a.out, name), "w", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head)
            w.writerows(body)
    table("train_labels.csv", ["id", "target"], [(r[0], r[2]) for r in rows if r[1] == "train"])
    table("test_labels.csv", ["id", "target"], [(r[0], r[2]) for r in rows if r[1] == "test"])
    table("sample_submission.csv", ["id", "target"], [(r[0], 0.5) for r in rows if r[1] == "test"])
    table("truth.csv", ["id", "split", "target", "kind", "db", "notes", "width", "interference"], rows)
    dt = time.time() - t0
    print("%d cadences in %.1f s: %.1f ms a cadence a process" % (total, dt, 1e3 * dt * a.jobs / max(total, 1)))


if __name__ == "__main__":
    main()
