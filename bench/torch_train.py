#!/usr/bin/python3
"""PyTorch's side of the training benchmark: trains an EfficientNet with the 6 -> 3 stem on random images, or runs it for inference.

Needs PyTorch (Debian: python3-torch). Two ways to run it:

    bench/torch_train.py --batch 16 --steps 10      ten steps after the warm-up, a line {"ms": 1234.5} each
    bench/torch_train.py --batch 16                 in turn with another program: prints "ready" after the warm-up, then does one
                                                    step and prints its line for each line "step" on stdin, until that ends

A step is forward, binary cross-entropy, backward and Adam (5e-4), dropout and drop path on; in `--mode inference` one forward
without gradients in inference mode. Images lie channels last unless `--memory contiguous`. The time is the step's alone: batches are
made before. A last line {"peakBytes": ...} gives the most memory that the process has held.
"""
import argparse
import json
import os
import resource
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", default="efficientnet_b0", choices=[f"efficientnet_b{k}" for k in range(8)])
parser.add_argument("--mode", default="train", choices=["train", "inference"])
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--memory", default="channels_last", choices=["channels_last", "contiguous"])
parser.add_argument("--height", type=int, default=273)
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--warm-up", type=int, default=2)
parser.add_argument("--steps", type=int)
options = parser.parse_args()

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "golden"))
import torch  # noqa: E402
from torch_efficientnet import SCALES, EfficientNet  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(1)
memory = torch.channels_last if options.memory == "channels_last" else torch.contiguous_format
number = int(options.model[-1])
model = EfficientNet(number, 6, dropout=SCALES[number][2], drop_path=0.2).to(memory_format=memory)
images = torch.randn(options.batch, 6, options.height, options.width).contiguous(memory_format=memory)
targets = torch.randint(0, 2, (options.batch, 1)).float()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)


def train():
    optimizer.zero_grad(set_to_none=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(model(images), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


def infer():
    with torch.inference_mode():
        return model(images)[0, 0].item()


model.train(options.mode == "train")
step = train if options.mode == "train" else infer


def say(line):
    print(line if isinstance(line, str) else json.dumps(line), flush=True)


def timed():
    start = time.perf_counter()
    step()
    say({"ms": round((time.perf_counter() - start) * 1000, 3)})


for _ in range(options.warm_up):
    step()
if options.steps is not None:
    for _ in range(options.steps):
        timed()
else:
    say("ready")
    for line in sys.stdin:
        if line.strip() == "step":
            timed()
say({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
