#!/usr/bin/python3
"""Simulated ON/OFF cadences by other code than the simulator in src/: structured backgrounds and bright interference. Needs numpy and scipy.

    python3 bench/foreign/structured.py --out DIR [--db 20 34] [--seed 1]

The layout is the competition's, with test_labels.csv and truth.csv beside it.
"""
import os
for _v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_v, "1")
import argparse, csv, multiprocessing as mp, time
import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

P, T, F = 6, 273, 256
N = P * T
PANEL = np.repeat(np.arange(P), T)
ON = PANEL % 2 == 0
ONP = np.array([0, 2, 4]); OFFP = np.array([1, 3, 5])

NEEDLES = {"flat": 5, "line": 20, "steep": 8, "quad": 12, "cubic": 4, "sine": 15, "walk": 8, "jitter": 3,
           "stepped": 6, "pulsed": 8, "broad": 5, "burst": 3, "saw": 3}
RFI = {"steady": 24, "drift": 18, "pulsed": 10, "hop": 8, "wide": 10, "walk": 9, "curve": 8, "comego": 8,
       "offonly": 6, "comb": 5, "lookalike": 10, "broadband": 3}
PROFILES = ("box", "gauss", "lorentz", "sinc2")


def pick(r, d):
    k = list(d); w = np.array([d[x] for x in k], float)
    return k[r.choice(len(k), p=w / w.sum())]


def sgn(r):
    return 1.0 if r.random() < .5 else -1.0


# ---------------------------------------------------------------- paths, time profiles, frequency profiles
def make_path(r, fam, u):
    """centre channel for each row; u in 0..1 is time over the cadence, slews included"""
    n = len(u); f0 = r.uniform(6, F - 6); u0 = r.uniform(.1, .9); v = u - u0
    if fam == "flat":
        return f0 + sgn(r) * r.uniform(0, 7) * v
    if fam == "line":
        return f0 + sgn(r) * r.uniform(7, 230) * v
    if fam == "steep":
        return f0 + sgn(r) * r.uniform(230, 560) * v
    if fam == "quad":
        return f0 + sgn(r) * r.uniform(0, 150) * v + sgn(r) * r.uniform(60, 480) * ((u - r.uniform(-.1, 1.1)) ** 2 - .1)
    if fam == "cubic":
        w = u - r.uniform(.3, .7)
        return f0 + sgn(r) * r.uniform(200, 1100) * w ** 3 + sgn(r) * r.uniform(0, 90) * w
    if fam == "sine":
        return f0 + sgn(r) * r.uniform(0, 110) * v * (r.random() < .7) + \
            np.exp(r.uniform(np.log(4), np.log(75))) * np.sin(2 * np.pi * (np.exp(r.uniform(np.log(.4), np.log(7))) * u + r.random()))
    if fam == "walk":
        s = np.exp(r.uniform(np.log(.08), np.log(.8)))
        w = np.cumsum(r.standard_normal(n)) * s
        if r.random() < .5:
            w = gaussian_filter1d(w, r.uniform(2, 25))
        return f0 + w - w[int(u0 * n)] + sgn(r) * r.uniform(0, 90) * v
    if fam == "jitter":
        return f0 + r.uniform(.7, 4) * r.uniform(-1, 1, n) + sgn(r) * r.uniform(0, 150) * v
    if fam == "stepped":
        k = r.integers(4, 26); e = np.sort(r.random(k))
        if r.random() < .5:
            e = (np.arange(k) + r.random()) / k
        j = np.cumsum(np.r_[0, (sgn(r) * r.uniform(2, 9) * (1 if r.random() < .6 else r.choice([-1, 1], k)) + r.normal(0, 1, k))])
        c = j[np.searchsorted(e, u)]
        return f0 + c - c[int(u0 * n)] + sgn(r) * r.uniform(0, 30) * v
    if fam == "saw":
        k = r.uniform(2.5, 14)
        return f0 + sgn(r) * r.uniform(8, 60) * ((k * u + r.random()) % 1 - .5) + sgn(r) * r.uniform(0, 60) * v
    if fam == "hop":
        k = r.integers(2, 7); fr = np.clip(f0 + r.normal(0, r.uniform(8, 70), k), 2, F - 3)
        m = r.integers(6, 80); e = np.sort(r.random(m))
        return fr[r.integers(0, k, m + 1)[np.searchsorted(e, u)]] + sgn(r) * r.uniform(0, 8) * v
    raise ValueError(fam)


def time_profile(r, kind, u):
    n = len(u)
    if kind == "const":
        return np.ones(n)
    if kind == "sine":
        return 1 + r.uniform(.3, .98) * np.sin(2 * np.pi * (r.uniform(1, 40) * u + r.random()))
    if kind == "pulses":
        x = (np.exp(r.uniform(np.log(8), np.log(90))) * u + r.random()) % 1 - .5
        return np.exp(-.5 * (x / r.uniform(.05, .18)) ** 2) + r.uniform(0, .1)
    if kind == "square":
        return ((np.exp(r.uniform(np.log(6), np.log(70))) * u + r.random()) % 1 < r.uniform(.2, .7)).astype(float)
    if kind == "scint":
        z = gaussian_filter1d(r.standard_normal(n), np.exp(r.uniform(np.log(3), np.log(80)))); z /= z.std()
        return np.exp(r.uniform(.3, .9) * z)
    if kind == "ramp":
        return np.clip(1 + r.uniform(-1.7, 1.7) * (u - .5), .05, None)
    if kind == "bursts":
        a = np.zeros(n)
        for _ in range(r.integers(4, 16)):
            a = np.maximum(a, r.uniform(.5, 1) * np.exp(-.5 * ((u - r.random()) / r.uniform(.004, .02)) ** 2))
        return np.where(a > .02, a, 0)
    raise ValueError(kind)


def shape(x, w, prof):
    if prof == "box":
        return np.clip(np.minimum(x + .5, w / 2) - np.maximum(x - .5, -w / 2), 0, 1)
    if prof == "gauss":
        return np.exp(x * x * np.float32(-2.7726 / (w * w)))
    if prof == "lorentz":
        return 1 / (1 + x * x * np.float32(4 / (w * w)))
    s = np.sinc(x * np.float32(.886 / w))
    return s * s


REACH = {"box": .55, "gauss": 1.6, "lorentz": 6., "sinc2": 4.}


def render(c, a, w, prof):
    """flat pixel indices and values of a signal with centres c, amplitudes a"""
    c = c.astype(np.float32)
    d = np.clip(np.gradient(c), -2, 2).astype(np.float32); d[np.arange(T, N, T)] = 0; d[np.arange(T - 1, N, T)] = 0
    h = int(min(np.ceil(REACH[prof] * w) + 2, 70))
    row = np.flatnonzero((a > 0) & (c > -h) & (c < F - 1 + h))
    if not len(row):
        return np.zeros(0, int), np.zeros(0, np.float32)
    c, d = c[row], d[row]
    col = np.floor(c).astype(np.int32)[:, None] + np.arange(-h, h + 1, dtype=np.int32)
    x = col - c[:, None]
    if np.percentile(np.abs(d), 90) > .2:      # Doppler smear inside one row
        v = sum(shape(x - k * d[:, None], w, prof) for k in (-np.float32(1 / 3), np.float32(0), np.float32(1 / 3))) / 3
    else:
        v = shape(x, w, prof)
    v = v * a[row].astype(np.float32)[:, None]
    ok = (col >= 0) & (col < F)
    idx = (row[:, None] * F + col)[ok]
    v = v[ok]
    return idx, v.astype(np.float32)


def panel_energy(idx, v):
    return np.bincount(idx // (T * F), weights=v.astype(np.float64) ** 2, minlength=P)


def width(r, broad=False):
    return r.uniform(3, 15) if broad else np.exp(r.uniform(np.log(.9), np.log(3)))


# ---------------------------------------------------------------- background
def unit(x):
    x = x - x.mean(); s = x.std()
    return x / s if s > 0 else x


def column_structure(r):
    f = np.arange(F) / F
    z = np.zeros(F)
    z += r.uniform(0, 1) * unit(sum(r.uniform(.2, 1) * np.sin(2 * np.pi * (r.uniform(.3, 9) * f + r.random())) for _ in range(r.integers(1, 5))))
    z += r.uniform(0, .6) * unit(f * sgn(r) + r.uniform(-1, 1) * f * f + 1e-3 * r.random(F))
    z += r.uniform(.05, .9) * unit(r.standard_normal(F))                       # channel to channel
    if r.random() < .4:
        z += r.uniform(.2, .8) * unit(gaussian_filter1d(r.standard_normal(F), r.uniform(1.5, 12)))
    u = r.random()
    if u < .3:                                                                 # band edge on one side / both
        e = r.uniform(.02, .2); s = f if r.random() < .5 else 1 - f
        z -= r.uniform(.8, 2.5) * np.exp(-(s / e) ** 2)
        if u < .1:
            z -= r.uniform(.8, 2.5) * np.exp(-((1 - s) / e) ** 2)
    elif u < .4:                                                               # comb of filter steps
        z += r.uniform(.4, 1.2) * (((f * r.integers(2, 12) + r.random()) % 1) < .5)
    if r.random() < .3:                                                        # stuck channels / DC spike
        k = r.integers(1, 4); z[r.integers(0, F, k)] += sgn(r) * r.uniform(1, 4, k)
    return unit(z)


def row_structure(r):
    u = np.arange(N) / N
    z = 1e-3 * r.standard_normal(N)
    z += r.uniform(0, 1) * unit(np.cumsum(r.standard_normal(N)))
    z += r.uniform(0, .6) * unit(lfilter([1], [1, -r.uniform(.5, .97)], r.standard_normal(N)))
    if r.random() < .5:
        z += r.uniform(.2, 1) * unit(r.standard_normal(N))
    if r.random() < .5:
        z += r.uniform(.2, 1) * unit(np.sin(2 * np.pi * (np.exp(r.uniform(np.log(2), np.log(120))) * u + r.random())))
    if r.random() < .4:
        e = np.sort(r.random(r.integers(2, 12)))
        z += r.uniform(.4, 1.2) * unit(r.standard_normal(len(e) + 1)[np.searchsorted(e, u)] + 1e-3 * u)
    z = unit(z)
    if r.random() < .45:                                                       # bright rows / short blocks
        for _ in range(r.integers(1, 10)):
            s = r.integers(0, N); z[s:s + r.integers(1, 6)] += r.uniform(1.5, 6)
    if r.random() < .06:                                                       # weak rows
        s = r.integers(0, N); z[s:s + r.integers(1, 14)] -= r.uniform(1.5, 4)
    return z


def background(r):
    frac = r.uniform(.6, .99); s = np.sqrt(frac / (1 - frac))
    rel = min(np.exp(r.uniform(np.log(.02), np.log(.07))), .45 / s)            # noise over level (radiometer)
    cf = 1 - r.beta(1, 3.5) * .75                                              # share of the columns
    z = column_structure(r)
    vary = r.uniform(0, .25)
    if r.random() < .5:                                                        # beam/target dependent passband
        own = np.stack([z + vary * gaussian_filter1d(r.standard_normal(F), 6) * 3 for _ in range(P)])
    else:
        own = np.stack([z + vary * k / 5 * column_structure(np.random.default_rng(r.integers(1 << 40))) if k else z for k in range(P)])
    b = np.exp(np.clip(rel * s * np.sqrt(cf) * own, -1.8, 1.8))
    rows = row_structure(r).reshape(P, T)
    g = np.exp(np.clip(rel * s * np.sqrt(1 - cf) * rows, -1.5, 1.5))
    lev = np.exp(r.normal(0, .15, P))
    base = (lev[:, None, None] * g[:, :, None] * b[:, None, :]).astype(np.float32)
    return base.reshape(N, F), rel, frac


def blobs(r, inter, rel):
    k = r.poisson(1.3); t = np.arange(N, dtype=np.float32); f = np.arange(F, dtype=np.float32)
    for _ in range(k):
        st = np.exp(r.uniform(np.log(6), np.log(140))); sf = np.exp(r.uniform(np.log(5), np.log(60)))
        t0, f0 = r.uniform(0, N), r.uniform(0, F)
        lo, hi = max(0, int(t0 - 3.5 * st)), min(N, int(t0 + 3.5 * st) + 1)
        a = np.exp(-.5 * ((t[lo:hi] - t0) / st) ** 2); q = np.exp(-.5 * ((f - f0) / sf) ** 2)
        inter[lo:hi] += np.float32(rel * r.uniform(.3, 3)) * a[:, None] * q
    return k


# ---------------------------------------------------------------- signals
def sound(e):
    """not what an ON-only needle looks like: two or more ON panels need a fair share of energy in OFF panels"""
    tot = e.sum()
    if tot <= 0:
        return False
    return (e[ONP] > .03 * tot).sum() < 2 or e[OFFP].sum() > .15 * tot


def interferer(r, kind, u):
    prof = PROFILES[r.integers(4)]; w = width(r); fam = "flat"; tp = r.choice(["const", "const", "scint", "ramp", "sine"])
    db = r.uniform(20, 60)
    if kind == "steady":
        fam = "flat"
    elif kind == "drift":
        fam = "line"
    elif kind == "pulsed":
        fam = r.choice(["flat", "line"]); tp = r.choice(["pulses", "square"])
    elif kind == "hop":
        fam = r.choice(["hop", "stepped", "saw"])
    elif kind == "wide":
        fam = r.choice(["flat", "line", "walk"]); w = r.uniform(4, 28); prof = r.choice(["box", "gauss", "gauss"]); db = r.uniform(26, 60)
    elif kind == "walk":
        fam = r.choice(["walk", "jitter"])
    elif kind == "curve":
        fam = r.choice(["quad", "sine", "cubic"])
    elif kind == "comego":
        fam = r.choice(["flat", "line", "walk"])
    elif kind == "offonly":
        fam = r.choice(["flat", "line", "sine", "quad", "walk"]); db = r.uniform(20, 52)
    elif kind == "lookalike":                                                  # weak, any needle path, but in OFF too
        fam = r.choice(["line", "steep", "quad", "sine", "walk", "stepped", "cubic", "saw"]); db = r.uniform(20, 42)
    for _ in range(6):
        if kind == "broadband":
            a = time_profile(r, "bursts", u) if r.random() < .7 else time_profile(r, "square", u)
            row = np.flatnonzero(a > 0)
            q = unit(gaussian_filter1d(r.standard_normal(F), r.uniform(4, 40))) * .3 + 1
            lo, hi = np.sort(r.integers(0, F, 2)) if r.random() < .6 else (0, F)
            q[:lo] = 0; q[max(hi, lo + 20):] = 0
            v = (a[row][:, None] * np.clip(q, 0, None)).astype(np.float32)
            idx = (row[:, None] * F + np.arange(F)).ravel(); v = v.ravel(); db = r.uniform(30, 60)
            if sound(panel_energy(idx, v)):
                return idx, v, db
            continue
        c = make_path(r, fam, u); a = time_profile(r, tp, u)
        lv = np.exp(r.normal(0, .3, P))                                        # side lobes differ by pointing
        if r.random() < .25:
            lv[ONP] *= np.exp(r.uniform(-.7, .7))
        if kind == "offonly":
            lv[ONP] = 0
            if r.random() < .6:
                lv[OFFP] *= r.random(3) < .6
        elif kind == "comego":
            e = np.sort(r.random(r.integers(1, 14))); on = (np.searchsorted(e, u) + r.integers(0, 2)) % 2
            a = a * on
        elif r.random() < .18:
            lv *= r.random(P) < .65
        a = a * lv[PANEL]
        if kind == "comb":
            k = r.integers(2, 7); d = r.uniform(5, 40); parts = [render(c + j * d, a * np.exp(r.normal(0, .4)), w, prof) for j in range(k)]
            idx = np.concatenate([p[0] for p in parts]); v = np.concatenate([p[1] for p in parts])
        else:
            idx, v = render(c, a, w, prof)
        if len(v) and sound(panel_energy(idx, v)):
            return idx, v, db
    return None


def needle(r, kind, u):
    """paths, profiles; redrawn until at least two ON panels hold a fair share"""
    fam, tp = kind, r.choice(["const", "const", "const", "scint", "sine", "ramp"])
    prof = PROFILES[r.integers(4)]; w = width(r, kind == "broad")
    if kind == "pulsed":
        fam = r.choice(["flat", "line", "quad", "sine"]); tp = r.choice(["pulses", "pulses", "square"])
    elif kind == "broad":
        fam = r.choice(["flat", "line", "quad", "sine", "walk"])
    elif kind == "burst":
        fam = r.choice(["line", "flat", "sine"]); tp = "bursts"
    miss = int(r.choice(ONP)) if r.random() < .13 else -1
    part = r.random() < .22
    while True:
        c = make_path(r, fam, u); a = time_profile(r, tp, u) * ON
        if miss >= 0:
            a[PANEL == miss] = 0
        if part:
            if r.random() < .6:                                                # one start or stop in the cadence
                s = r.uniform(.05, .6); a = a * ((u > s) if r.random() < .5 else (u < 1 - s))
            else:                                                              # a piece of each scan
                for p in ONP:
                    lo, hi = np.sort(r.integers(0, T, 2)); hi = min(T, max(hi, lo + T // 3)); m = np.zeros(T); m[lo:hi] = 1
                    a[p * T:(p + 1) * T] *= m
        idx, v = render(c, a, w, prof)
        e = panel_energy(idx, v)
        if e.sum() > 0 and (e > .08 * e.sum()).sum() >= 2:
            seen = "".join(str(p) for p in ONP if e[p] > .02 * e.sum())
            return idx, v, fam, tp, prof, w, seen, part


def cadence(seed, target, db):
    r = np.random.default_rng(seed)
    rb, ri, rn = (np.random.default_rng(s) for s in r.integers(0, 1 << 62, 3))  # interference cannot depend on the label
    base, rel, frac = background(rb)
    inter = np.ones((N, F), np.float32); flat = inter.reshape(-1)
    nb = blobs(rb, inter, rel)
    gap = rb.uniform(4, 70, P - 1)
    tau = np.arange(N) + np.r_[0, np.cumsum(gap)][PANEL]; u = tau / tau[-1]
    rfi = []
    if ri.random() < .93:
        for _ in range(min(1 + ri.poisson(1.1), 5)):
            kind = pick(ri, RFI); got = interferer(ri, kind, u)
            if got is None:
                continue
            idx, v, d = got
            amp = 10 ** (d / 20) / np.sqrt((v.astype(np.float64) ** 2).sum())
            cap = 60 / v.max()
            if amp > cap:
                amp = cap; d = 20 * np.log10(amp * np.sqrt((v.astype(np.float64) ** 2).sum()))
            v = v * np.float32(rel * amp)
            if kind == "comb":
                np.add.at(flat, idx, v)
            else:
                flat[idx] += v
            rfi.append(f"{kind}:{d:.1f}")
    info = dict(kind="none", db="", path="", profile="", time="", width="", on="", partial="")
    noise = rb.standard_normal((N, F), dtype=np.float32)
    if rb.random() < .15:                                                      # leakage of neighbouring channels
        q = np.float32(rb.uniform(.05, .25)); noise[:, 1:] = (noise[:, 1:] + q * noise[:, :-1]) / np.sqrt(1 + q * q)
    noise *= np.float32(rel); noise += 1
    x = noise; x *= inter
    if target:
        kind = pick(rn, NEEDLES); d = rn.uniform(*db)
        idx, v, fam, tp, prof, w, seen, part = needle(rn, kind, u)
        amp = rel * 10 ** (d / 20) / np.sqrt(((v / flat[idx]).astype(np.float64) ** 2).sum())  # sigma = rel * local level
        x.reshape(-1)[idx] += v * np.float32(amp)
        info = dict(kind=kind, db=f"{d:.2f}", path=fam, profile=prof, time=tp, width=f"{w:.2f}", on=seen, partial=int(part))
    x *= base
    x = x.reshape(P, T * F)
    x -= x.mean(1, keepdims=True, dtype=np.float64).astype(np.float32)
    x /= x.std(1, keepdims=True)
    x -= x.mean(1, keepdims=True)
    info.update(rfi=";".join(rfi) or "none", blobs=nb, structure=f"{frac:.3f}")
    return x.reshape(P, T, F).astype(np.float16), info


def work(job):
    out, split, cid, seed, target, db = job
    x, info = cadence(seed, target, db)
    with open(f"{out}/{split}/{cid[0]}/{cid}.npy", "wb") as fh:
        np.lib.format.write_array(fh, np.ascontiguousarray(x), version=(1, 0))
    return cid, split, target, info


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    p.add_argument("--train", type=int, default=3000); p.add_argument("--train-positive", type=int, default=300)
    p.add_argument("--test", type=int, default=2000); p.add_argument("--test-positive", type=int, default=600)
    p.add_argument("--db", type=float, nargs=2, default=(20, 34)); p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    a = p.parse_args()
    r = np.random.default_rng([a.seed, 0xB]); jobs = []; used = set()
    for s, (split, n, pos) in enumerate((("train", a.train, a.train_positive), ("test", a.test, a.test_positive))):
        if pos > n:
            p.error(f"{split}: more positives than cadences")
        for h in "0123456789abcdef":
            os.makedirs(f"{a.out}/{split}/{h}", exist_ok=True)
        lab = np.zeros(n, int); lab[:pos] = 1; r.shuffle(lab)
        for i in range(n):
            while (cid := f"{int(r.integers(0, 1 << 60)):015x}") in used:
                pass
            used.add(cid); jobs.append((a.out, split, cid, [a.seed, s, i], int(lab[i]), tuple(a.db)))
    t = time.time()
    if a.jobs > 1:
        with mp.Pool(a.jobs) as pool:
            res = list(pool.imap(work, jobs, chunksize=8))
    else:
        res = [work(j) for j in jobs]
    t = time.time() - t
    res.sort(key=lambda q: q[0])

    def table(name, head, rows):
        with open(f"{a.out}/{name}", "w", newline="") as fh:
            w = csv.writer(fh, lineterminator="\n"); w.writerow(head); w.writerows(rows)
    table("train_labels.csv", ("id", "target"), [(c, y) for c, s, y, _ in res if s == "train"])
    table("sample_submission.csv", ("id", "target"), [(c, .5) for c, s, y, _ in res if s == "test"])
    table("test_labels.csv", ("id", "target"), [(c, y) for c, s, y, _ in res if s == "test"])
    cols = ("kind", "db", "rfi", "path", "profile", "time", "width", "on", "partial", "blobs", "structure")
    table("truth.csv", ("id", "split", "target") + cols, [(c, s, y) + tuple(i[k] for k in cols) for c, s, y, i in res])
    print(f"{len(res)} cadences in {t:.1f} s, {1e3 * t * a.jobs / max(len(res), 1):.1f} ms a cadence a process")


if __name__ == "__main__":
    main()
