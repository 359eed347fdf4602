#!/usr/bin/python3
"""Writes src/nn/golden/optimizers.json: what PyTorch's optimisers and schedules do, in float64.

Needs PyTorch (Debian: python3-torch). Run from the repository's root. Some seconds.

Each optimiser takes 5 steps of y = x W^T + b towards targets, the loss their mean squared distance, with weight decay on W alone. Numbers
by formula: wave(k, count)[i] = sin(k + 1.7 * i), in float32. W [2, 3] is wave(1), b [2] wave(2), and step s has x [4, 3], wave(10 + s),
and targets [4, 2], wave(20 + s).
"""
import json

import numpy as np
import torch

STEPS = 5
OPTIMIZERS = [
    ("sgd", torch.optim.SGD, {"momentum": 0}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ("sgd", torch.optim.SGD, {"momentum": 0.8, "dampening": 0.3}),
    ("sgd", torch.optim.SGD, {"momentum": 0, "weight_decay": 0.1}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("adam", torch.optim.Adam, {}),
    ("adam", torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1}),
    ("adamW", torch.optim.AdamW, {}),
    ("adamW", torch.optim.AdamW, {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.2}),
]
ONE_CYCLES = [
    {"totalSteps": 20},
    {"totalSteps": 7, "pctStart": 0.5},
    {"totalSteps": 33, "pctStart": 0.1, "divFactor": 10, "finalDivFactor": 100},
    {"totalSteps": 3},
    {"totalSteps": 2, "pctStart": 0.9},
]


def wave(k, *shape):
    numbers = np.sin(k + 1.7 * np.arange(np.prod(shape))).astype(np.float32)
    return torch.tensor(numbers.astype(np.float64).reshape(shape))


def train(kind, options, clip=None):
    weight = wave(1, 2, 3).requires_grad_()
    bias = wave(2, 2).requires_grad_()
    decay = options.get("weight_decay", 0.01 if kind is torch.optim.AdamW else 0)
    rest = {name: value for name, value in options.items() if name != "weight_decay"}
    groups = [{"params": [weight], "weight_decay": decay}, {"params": [bias], "weight_decay": 0}]
    optimizer = kind(groups, lr=0.1, **rest)
    losses, norms = [], []
    for step in range(STEPS):
        loss = ((wave(10 + step, 4, 3) @ weight.T + bias - wave(20 + step, 4, 2)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_([weight, bias], clip or np.inf)))
        optimizer.step()
        losses.append(loss.item())
    return {
        "losses": losses,
        "gradientNorms": norms,
        "weight": weight.detach().flatten().tolist(),
        "bias": bias.detach().tolist(),
    }


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def rates(scheduler, optimizer, steps):
    found = []
    for step in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < steps - 1:
            scheduler.step()
    return found


def fresh(rate):
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)


def one_cycle(totalSteps, pctStart=0.3, divFactor=25.0, finalDivFactor=1e4):
    optimizer = fresh(0.02)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.02, total_steps=totalSteps, pct_start=pctStart, div_factor=divFactor,
        final_div_factor=finalDivFactor, cycle_momentum=False,
    )
    return rates(scheduler, optimizer, totalSteps)


def cosine(totalSteps, minimum):
    optimizer = fresh(0.02)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, totalSteps - 1, eta_min=minimum)
    return rates(scheduler, optimizer, totalSteps)


result = {
    "torch": torch.__version__,
    "optimizers": [
        {"name": name, "options": {camel(key): value for key, value in options.items()}, **train(kind, options)}
        for name, kind, options in OPTIMIZERS
    ],
    "clipped": {"maxNorm": 0.5, **train(torch.optim.SGD, {"momentum": 0.9}, clip=0.5)},
    "oneCycle": [{"options": options, "rates": one_cycle(**options)} for options in ONE_CYCLES],
    "cosine": [
        {"options": {"totalSteps": total, "minimum": minimum}, "rates": cosine(total, minimum)}
        for total, minimum in [(20, 0), (9, 0.001)]
    ],
}
with open("src/nn/golden/optimizers.json", "w", encoding="ascii") as file:
    json.dump(result, file)
    file.write("\n")
