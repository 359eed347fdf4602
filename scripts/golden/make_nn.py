#!/usr/bin/python3
"""Writes src/nn/golden/*.json: what PyTorch computes for EfficientNets and ResNets, from weights that both sides make by a formula.

Needs PyTorch and torchvision (Debian: python3-torch, python3-torchvision). Run from the repository's root. Some minutes; with
names of files it writes only these: scripts/golden/make_nn.py resnet adam

The formulas; src/nn/testing/golden-weights.ts is their twin in TypeScript, and formulas.json proves it.

    seed(text)      FNV-1a of the ASCII text: s = 2166136261; for each byte: s = (s xor byte) * 16777619 mod 2^32
    hash(seed, j)   x = seed + j * 0x9e3779b9 mod 2^32, then murmur3's last step: x ^= x >> 16; x *= 0x85ebca6b; x ^= x >> 13;
                    x *= 0xc2b2ae35; x ^= x >> 16 (all mod 2^32)
    u(seed, j)      (hash(seed, j) >> 8) / 2^23 - 1: one of 2^24 numbers in [-1, 1), exact in float32

Element j (row-major) of the parameter or buffer `name` is, in float64 with one rounding to float32 at the end, u = u(seed(name), j):

    two dimensions or more    u * sqrt(7 / fanIn), fanIn the product of all dimensions but the first
    running_mean              0.1 * u
    running_var               1 + 0.5 * u
    other names on weight     1 + 0.1 * u
    other names on bias       0.1 * u

Names are timm's and PyTorch's: `conv_stem.weight`, `blocks.1.0.se.conv_reduce.bias`, `layer1.0.bn1.running_var`. Where a case says
so ("buffers": "initial") the running means start at 0 and the variances at 1 instead.

Batch number b, shape [n, c, h, w], j the flat index: u(seed("images.b"), j), and 2 more, in float32, on a slanted line of one pixel a
row in the even channels of the odd images: where n and c+1 are odd and column = (start + floor(row * slope / 8)) mod w, with
start = hash(seed("starts.b"), n) mod w, slope = hash(seed("slopes.b"), n) mod 17 - 8, mod never negative. The target of image n is n mod 2.

The fingerprint of an array a: its L2 norm; dots[k], k < 4: the sum of a[j] * (bit k of hash(seed(name + "#signs"), j) is set ? 1 : -1);
values, base64 of little-endian float32: all of it up to 512 elements, else 64: a[hash(seed(name + "#samples"), i) mod length].
An error e has E[dot(e)^2] = |e|^2, so the differences of the dots measure the error of all elements.
"""
import base64
import copy
import json
import sys

import numpy as np
import torch
import torchvision
from torch import nn

from torch_efficientnet import EfficientNet

FOLDER = "src/nn/golden/"
LOSS = nn.functional.binary_cross_entropy_with_logits


def seed(text):
    value = 2166136261
    for byte in text.encode("ascii"):
        value = (value ^ byte) * 16777619 % 2**32
    return value


def hashes(start, count):
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(start)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))


def uniform(start, count):
    return (hashes(start, count) >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def formula(name, shape):
    u = uniform(seed(name), int(np.prod(shape)))
    if len(shape) > 1:
        values = u * np.sqrt(7 / np.prod(shape[1:]))
    elif name.endswith("running_mean") or name.endswith("bias"):
        values = 0.1 * u
    else:
        values = 1 + (0.5 if name.endswith("running_var") else 0.1) * u
    return values.astype(np.float32).reshape(shape)


def fill(model, buffers=False):
    """Sets all parameters, and with `buffers` the running statistics too, by the formula."""
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *(model.named_buffers() if buffers else [])]:
            if not name.endswith("num_batches_tracked"):
                tensor.copy_(torch.from_numpy(formula(name, tuple(tensor.shape))))
    return model


def batch(number, shape, dtype):
    n, c, h, w = shape
    images = uniform(seed(f"images.{number}"), n * c * h * w).astype(np.float32).reshape(shape)
    starts = hashes(seed(f"starts.{number}"), n).astype(np.int64) % w
    slopes = hashes(seed(f"slopes.{number}"), n).astype(np.int64) % 17 - 8
    for i in range(1, n, 2):
        for row in range(h):
            images[i, 0::2, row, (starts[i] + row * slopes[i] // 8) % w] += np.float32(2)
    targets = torch.arange(n).remainder(2).to(dtype)[:, None]
    return torch.from_numpy(images).to(dtype), targets


def rounded(values, digits=10):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values, np.float64).ravel()]


def fingerprint(name, tensor, with_values=True):
    a = tensor.detach().numpy().astype(np.float64).ravel()
    bits = hashes(seed(name + "#signs"), a.size)
    dots = [float(np.sum(np.where((bits >> np.uint32(k)) & 1, a, -a))) for k in range(4)]
    out = {"norm": rounded([np.linalg.norm(a)])[0], "dots": rounded(dots)}
    if with_values:
        kept = a if a.size <= 512 else a[hashes(seed(name + "#samples"), 64) % np.uint32(a.size)]
        out["values"] = base64.b64encode(kept.astype("<f4").tobytes()).decode()
    return out


def relative(a, b):
    return float(torch.linalg.vector_norm(a.double() - b.double()) / torch.linalg.vector_norm(b.double()))


def step(model, shape):
    """One step forward and backward in training mode, and the logits in inference mode with the statistics that it left."""
    images, targets = batch(0, shape, next(model.parameters()).dtype)
    model.train()
    logits = model(images)
    loss = LOSS(logits, targets)
    loss.backward()
    model.eval()
    with torch.no_grad():
        inference = model(images)
    return logits.detach(), loss.item(), inference


def training_case(name, model, shape, with_values=True):
    """Float64 is the reference; float32 beside it says how near rounding lets anyone come."""
    double, single = fill(copy.deepcopy(model)).double(), fill(model)
    logits, loss, inference = step(double, shape)
    logits32, loss32, inference32 = step(single, shape)
    gradients = {key: p.grad for key, p in sorted(double.named_parameters())}
    whole = float(np.sqrt(sum(g.square().sum().item() for g in gradients.values())))
    zero = [key for key, g in gradients.items() if g.norm().item() < 1e-9 * whole]
    noise = max([p.grad.norm().item() / whole for key, p in single.named_parameters() if key in zero], default=0)
    errors = {key: relative(p.grad, gradients[key]) for key, p in single.named_parameters() if key not in zero}
    statistics = {key: b for key, b in sorted(double.named_buffers()) if "running" in key}
    worst = max(errors, key=errors.get)
    print(name, "logits", logits.ravel().tolist(), "inference", inference.ravel().tolist(), "loss", loss)
    print("  float32: logits", relative(logits32, logits), "inference", relative(inference32, inference), "gradients", worst, errors[worst], np.median(list(errors.values())), "zero", len(zero), noise)
    return {
        "model": name,
        "shape": list(shape),
        "buffers": "initial",
        "loss": loss,
        "logits": rounded(logits),
        "inferenceLogits": rounded(inference),
        "float32": {
            "loss": loss32,
            "logits": rounded(logits32, 9),
            "inferenceLogits": rounded(inference32, 9),
            "gradientErrors": {"worst": errors[worst], "median": float(np.median(list(errors.values()))), "ofZero": noise},
        },
        "gradientNorm": whole,
        "zeroGradients": zero,
        "parameters": {key: list(g.shape) for key, g in gradients.items()},
        "gradients": {key: fingerprint(key, g, with_values) for key, g in gradients.items()},
        "statistics": {key: fingerprint(key, s, with_values and s.numel() <= 512) for key, s in statistics.items()},
    }


def adam_losses(model, shape, steps):
    """Losses of Adam (rate 5e-4, betas 0.9 and 0.999, epsilon 1e-8): step b trains on batch b; its loss is that before the update."""
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    losses = []
    for number in range(steps):
        images, targets = batch(number, shape, next(model.parameters()).dtype)
        optimizer.zero_grad()
        loss = LOSS(model(images), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def adam_case(name, model, shape, steps=20):
    losses = adam_losses(fill(copy.deepcopy(model)).double(), shape, steps)
    losses32 = adam_losses(fill(model), shape, steps)
    far = [abs(a / b - 1) for a, b in zip(losses32, losses)]
    print(name, "losses", [round(v, 4) for v in losses], "float32 off by", max(far[:5]), max(far))
    return {"model": name, "shape": list(shape), "rate": 5e-4, "losses": losses, "float32": {"losses": losses32}}


def classes_case():
    model = fill(EfficientNet(0, classes=1000), buffers=True).double().eval()
    with torch.no_grad():
        logits = model(batch(0, (2, 3, 64, 64), torch.float64)[0])
        logits32 = model.float()(batch(0, (2, 3, 64, 64), torch.float32)[0])
    print("1000 classes", logits.norm().item(), "float32: logits", relative(logits32, logits))
    return {
        "model": "efficientnet_b0",
        "shape": [2, 3, 64, 64],
        "buffers": "formula",
        "inferenceLogits": rounded(logits),
        "float32": {"error": relative(logits32, logits)},
    }


def resnet(name):
    model = getattr(torchvision.models, name)(num_classes=1)
    model.conv1 = nn.Conv2d(6, 64, 7, 2, 3, bias=False)
    return model


def formulas():
    """First elements and an FNV-1a of all bytes (as signed 32-bit words, one at a time) of what the formulas make."""

    def case(values, **what):
        total = 2166136261
        for word in np.ascontiguousarray(values).view("<u4").ravel():
            total = (total ^ int(word)) * 16777619 % 2**32
        return {**what, "first": [float(v) for v in values.ravel()[:8]], "check": total}

    arrays = [("conv_stem.weight", (32, 3, 3, 3)), ("blocks.1.0.conv_dw.weight", (96, 1, 3, 3)), ("classifier.weight", (1, 1280))]
    arrays += [(f"bn1.{end}", (32,)) for end in ("weight", "bias", "running_mean", "running_var")]
    arrays += [("blocks.0.0.se.conv_reduce.bias", (8,))]
    batches = [(0, (2, 6, 65, 64)), (3, (3, 6, 9, 10))]
    signs = formula("conv_stem.weight", (32, 3, 3, 3))
    return {
        "parameters": [case(formula(name, shape), name=name, shape=list(shape)) for name, shape in arrays],
        "batches": [case(batch(b, shape, torch.float32)[0].numpy(), batch=b, shape=list(shape)) for b, shape in batches],
        "fingerprint": {"name": "conv_stem.weight", "shape": [32, 3, 3, 3], **fingerprint("conv_stem.weight", torch.from_numpy(signs))},
    }


def check_against_torchvision():
    """torchvision names parameters otherwise, but in the same order: with the same numbers the logits must agree."""
    for number in (0, 3):
        ours = fill(EfficientNet(number, classes=10), buffers=True).double().eval()
        theirs = getattr(torchvision.models, f"efficientnet_b{number}")(num_classes=10).double().eval()
        theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values())))
        images = batch(0, (2, 3, 97, 64), torch.float64)[0]
        with torch.no_grad():
            difference = relative(ours(images), theirs(images))
        assert difference < 1e-12, difference
        count = sum(p.numel() for p in EfficientNet(number, classes=1000).parameters())
        assert count == {0: 5288548, 3: 12233232}[number], count
        print(f"efficientnet_b{number} agrees with torchvision's to {difference}")


CASES = {
    "formulas": lambda: [formulas()],
    "efficientnet-b0-273x256": lambda: [training_case("efficientnet_b0", EfficientNet(0, 6), (2, 6, 273, 256))],
    "efficientnet-b0-137x128": lambda: [training_case("efficientnet_b0", EfficientNet(0, 6), (2, 6, 137, 128))],
    "efficientnet-b3-137x128": lambda: [training_case("efficientnet_b3", EfficientNet(3, 6), (2, 6, 137, 128))],
    "efficientnet-b0-1000-classes": lambda: [classes_case()],
    "resnet": lambda: [training_case(name, resnet(name), (2, 6, 128, 128), False) for name in ("resnet18", "resnet50")],
    "adam": lambda: [adam_case(f"efficientnet_b{k}", EfficientNet(k, 6), (8, 6, 65, 64)) for k in (0, 3)],
}

if __name__ == "__main__":
    check_against_torchvision()
    for name in sys.argv[1:] or CASES:
        made = {"torch": torch.__version__, "cases": CASES[name]()}
        with open(f"{FOLDER}{name}.json", "w") as out:
            json.dump(made, out, separators=(",", ":"))
            out.write("\n")
