"""EfficientNet B0 to B7 in PyTorch under timm's parameter names, for the golden files and the benchmarks.

After Tan and Le 2019 (arXiv:1905.11946, table 1). Parameters are named, padded (k // 2) and normalised (eps 1e-5, momentum
0.1) as in timm's `efficientnet_b0.ra_in1k`; torchvision's networks agree, which scripts/golden/make_nn.py checks. With a
stem, a 3x3 convolution without bias (`stem`, padding 3) takes `channels` channels to 3 before the network.
"""
import math

import torch
from torch import nn

# expansion, kernel, stride, channels, blocks
STAGES = [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)]
# width, depth, dropout
SCALES = [(1, 1, 0.2), (1, 1.1, 0.2), (1.1, 1.2, 0.3), (1.2, 1.4, 0.3), (1.4, 1.8, 0.4), (1.6, 2.2, 0.4), (1.8, 2.6, 0.5), (2, 3.1, 0.5)]


def round_channels(channels, width):
    """The nearest multiple of 8, but never under nine tenths of what was asked for."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def conv(inputs, outputs, kernel=1, stride=1, groups=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=bias)


def silu(x):
    """In place only without gradients: with them PyTorch keeps a copy of the input, which costs more than it saves."""
    return nn.functional.silu(x, inplace=not torch.is_grad_enabled())


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduced):
        super().__init__()
        self.conv_reduce = conv(channels, reduced, bias=True)
        self.conv_expand = conv(reduced, channels, bias=True)

    def forward(self, x):
        mean = nn.functional.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.conv_expand(silu(self.conv_reduce(mean))))


class Block(nn.Module):
    """An inverted residual block: conv_pw, conv_dw, se, conv_pwl. Without expansion conv_dw, se, conv_pw, as timm names them."""

    def __init__(self, inputs, outputs, expansion, kernel, stride, drop_path):
        super().__init__()
        middle = inputs * expansion
        reduced = max(1, inputs // 4)
        self.drop_path = drop_path
        self.has_skip = stride == 1 and inputs == outputs
        self.expands = expansion > 1
        if self.expands:
            self.conv_pw = conv(inputs, middle)
            self.bn1 = nn.BatchNorm2d(middle)
            self.conv_dw = conv(middle, middle, kernel, stride, groups=middle)
            self.bn2 = nn.BatchNorm2d(middle)
            self.se = SqueezeExcite(middle, reduced)
            self.conv_pwl = conv(middle, outputs)
            self.bn3 = nn.BatchNorm2d(outputs)
        else:
            self.conv_dw = conv(middle, middle, kernel, stride, groups=middle)
            self.bn1 = nn.BatchNorm2d(middle)
            self.se = SqueezeExcite(middle, reduced)
            self.conv_pw = conv(middle, outputs)
            self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        if self.expands:
            y = silu(self.bn1(self.conv_pw(x)))
            y = self.se(silu(self.bn2(self.conv_dw(y))))
            y = self.bn3(self.conv_pwl(y))
        else:
            y = self.se(silu(self.bn1(self.conv_dw(x))))
            y = self.bn2(self.conv_pw(y))
        if not self.has_skip:
            return y
        if self.training and self.drop_path > 0:
            keep = 1 - self.drop_path
            y = y * torch.empty(y.shape[0], 1, 1, 1, dtype=y.dtype).bernoulli_(keep).div_(keep)
        return y.add_(x)


class EfficientNet(nn.Module):
    """B`number`. `channels` given: with the stem from that many channels; drop path grows from 0 to `drop_path` over the blocks."""

    def __init__(self, number, channels=None, classes=1, dropout=0.0, drop_path=0.0):
        super().__init__()
        width, depth, _ = SCALES[number]
        if channels is not None:
            self.stem = nn.Conv2d(channels, 3, 3, padding=3, bias=False)
        before = round_channels(32, width)
        self.conv_stem = conv(3, before, 3, 2)
        self.bn1 = nn.BatchNorm2d(before)
        stages = []
        counts = [math.ceil(blocks * depth) for *_, blocks in STAGES]
        for (expansion, kernel, stride, wanted, _), count in zip(STAGES, counts):
            outputs = round_channels(wanted, width)
            blocks = []
            for i in range(count):
                rate = drop_path * (sum(map(len, stages)) + i) / sum(counts)
                blocks.append(Block(before, outputs, expansion, kernel, stride if i == 0 else 1, rate))
                before = outputs
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        features = round_channels(1280, width)
        self.conv_head = conv(before, features)
        self.bn2 = nn.BatchNorm2d(features)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(features, classes)

    def forward(self, x):
        if hasattr(self, "stem"):
            x = self.stem(x)
        x = self.blocks(silu(self.bn1(self.conv_stem(x))))
        x = silu(self.bn2(self.conv_head(x)))
        return self.classifier(self.dropout(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)))
