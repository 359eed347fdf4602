#!/usr/bin/python3
"""Writes PyTorch's own ONNX export of an EfficientNet with the 6 -> 3 stem, weights by the golden files' formula (running
statistics as they start: 0 and 1), batch size free.

Needs PyTorch and torchvision (Debian: python3-torch, python3-torchvision); no onnx package. Input `images` [batch, 6, height, width],
output `logits` [batch, 1]. In inference mode the exporter folds batch norms into the convolutions.

    bench/torch_export.py b0.onnx --model efficientnet_b0 --height 273 --width 256
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "golden"))
import torch  # noqa: E402
from make_nn import fill  # noqa: E402
from torch_efficientnet import EfficientNet  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("out")
parser.add_argument("--model", default="efficientnet_b0", choices=[f"efficientnet_b{k}" for k in range(8)])
parser.add_argument("--height", type=int, default=273)
parser.add_argument("--width", type=int, default=256)
options = parser.parse_args()

model = fill(EfficientNet(int(options.model[-1]), 6)).eval()
torch.onnx.export(
    model,
    torch.zeros(1, 6, options.height, options.width),
    options.out,
    opset_version=16,
    input_names=["images"],
    output_names=["logits"],
    dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
)
