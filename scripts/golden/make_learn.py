#!/usr/bin/python3
"""Writes src/learn/golden/learn.json: NumPy's shuffles, scikit-learn's folds, curves and measures, SciPy's interval of a share.

Needs scikit-learn (Debian: python3-sklearn). Run from the repository's root. Some seconds.

The large case is by formula, exact in float64: place i of 60,000 has target 1 where i % 10 == 3, and score
floor(1000 * (h / 2 ** 32 + 0.25 * target)) / 1250, where h = (i * 2654435761) % 2 ** 32. Folds of many places are kept as the SHA-256
of one byte a place.
"""
import hashlib
import json
import warnings

import numpy as np
import scipy
import scipy.stats
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedKFold

warnings.simplefilter("error")


def raw(seed):
    state = np.random.RandomState(seed)
    return {
        "seed": seed,
        "first": legacy_words(seed, 5).tolist(),
        "word700": int(legacy_words(seed, 701)[700]),
        "permutations": [state.permutation(count).tolist() for count in (1, 2, 3, 10, 33)],
        "permutation100000": digest(np.random.RandomState(seed).permutation(100_000).astype("<i4")),
    }


def legacy_words(seed, count):
    bits = np.random.MT19937()
    bits._legacy_seeding(seed)
    return bits.random_raw(count)


def digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def folds(labels, count, seed):
    """The fold of each place; seed None: not shuffled."""
    found = np.empty(len(labels), dtype=np.uint8)
    splitter = StratifiedKFold(n_splits=count, shuffle=seed is not None, random_state=seed)
    for fold, (_, held_out) in enumerate(splitter.split(np.zeros(len(labels)), labels)):
        found[held_out] = fold
    return found


def small_folds():
    random = np.random.RandomState(1)
    cases = []
    for size, classes, count in [(20, 2, 2), (37, 2, 5), (60, 3, 4), (101, 2, 10), (50, 4, 3)]:
        labels = random.randint(0, classes, size)
        for seed in (None, 0, 1024, 4294967295):
            cases.append({"labels": labels.tolist(), "folds": count, "seed": seed, "found": folds(labels, count, seed).tolist()})
    return cases


def large_folds():
    labels = np.arange(60_000) % 10 == 3
    return [{"folds": count, "seed": seed, "sha256": digest(folds(labels.astype(int), count, seed))}
            for count, seed in [(5, None), (5, 1024), (10, 7)]]


def measures(name, targets, scores, curves=True):
    false_alarm, recall, roc_thresholds = roc_curve(targets, scores, drop_intermediate=False)
    precision, pr_recall, pr_thresholds = precision_recall_curve(targets, scores)
    share, mean = calibration_curve(targets, scores, n_bins=10)
    case = {
        "name": name,
        "auc": roc_auc_score(targets, scores),
        "averagePrecision": average_precision_score(targets, scores),
        "brier": brier_score_loss(targets, scores),
        "calibration": {"positiveShare": share.tolist(), "meanScore": mean.tolist()},
        "recallAt": [{"rate": rate, "recall": recall[false_alarm <= rate].max()} for rate in (0.001, 0.01, 0.1, 0.5)],
    }
    if not curves:
        return case
    return {
        **case,
        "targets": [int(target) for target in targets],
        "scores": [float(score) for score in scores],
        "roc": {"falseAlarmRate": false_alarm.tolist(), "recall": recall.tolist(), "thresholds": roc_thresholds[1:].tolist()},
        "precisionRecall": {
            "precision": precision.tolist(), "recall": pr_recall.tolist(), "thresholds": pr_thresholds.tolist(),
        },
    }


def small_measures():
    random = np.random.RandomState(2)
    few = random.random_sample(30)
    targets = np.arange(30) % 3 == 0
    tied = np.round(random.random_sample(120) * 10) / 10
    return [
        measures("no ties", targets, few),
        measures("ties at the bins' edges", np.arange(120) % 4 == 1, tied),
        measures("all scores the same", targets, np.full(30, 0.5)),
        measures("told apart", targets, 0.25 + 0.5 * targets),
        measures("told apart the wrong way", targets, 0.75 - 0.5 * targets),
        measures("one positive", np.arange(30) == 11, few),
        measures("one negative", np.arange(30) != 11, few),
        measures("0 and 1", targets, (few > 0.6).astype(float)),
    ]


def large_measures():
    place = np.arange(60_000, dtype=np.uint64)
    targets = (place % 10 == 3).astype(np.float64)
    hashed = ((place * np.uint64(2654435761)) % np.uint64(2**32)).astype(np.float64)
    return measures("large", targets, np.floor(1000 * (hashed / 2**32 + 0.25 * targets)) / 1250, curves=False)


def shares():
    cases = []
    for count, total in [(0, 5), (1, 5), (5, 5), (30, 47), (999, 1000)]:
        interval = scipy.stats.binomtest(count, total).proportion_ci(0.95, method="wilson")
        cases.append({"count": count, "total": total, "low": interval.low, "high": interval.high})
    return cases


result = {
    "numpy": np.__version__,
    "sklearn": sklearn.__version__,
    "scipy": scipy.__version__,
    "random": [raw(seed) for seed in (0, 1, 1024, 4294967295)],
    "folds": small_folds(),
    "largeFolds": large_folds(),
    "measures": small_measures(),
    "large": large_measures(),
    "shares": shares(),
}
with open("src/learn/golden/learn.json", "w", encoding="ascii") as file:
    json.dump(result, file)
    file.write("\n")
