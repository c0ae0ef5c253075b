"""A training log as anyone's PyTorch loop writes it: plain SGD over batch sizes, rates and seeds.

    python3 experiments/import/pytorch.py >experiments/import/pytorch.csv
    batchlab import experiments/import/pytorch.csv --columns experiments/import/pytorch.yaml

The data is made here: 4096 training and 1024 validation points of ten overlapping normal clouds in
twenty dimensions. One thread, so that the same machine and PyTorch write the same losses.
"""
import csv
import itertools
import sys
import time

import torch
from torch import nn

CLASSES, FEATURES, TRAIN, VALIDATION = 10, 20, 4096, 1024


def make_data():
    generator = torch.Generator().manual_seed(7)
    centres = 0.8 * torch.randn(CLASSES, FEATURES, generator=generator)
    labels = torch.randint(CLASSES, (TRAIN + VALIDATION,), generator=generator)
    points = centres[labels] + torch.randn(len(labels), FEATURES, generator=generator)
    return (points[:TRAIN], labels[:TRAIN]), (points[TRAIN:], labels[TRAIN:])


def evaluate(model, data):
    with torch.no_grad():
        outputs = model(data[0])
        loss = nn.functional.cross_entropy(outputs, data[1])
        return loss.item(), (outputs.argmax(1) == data[1]).float().mean().item()


def train(train_data, validation_data, batch, rate, seed, examples):
    """Yields (step, milliseconds of training, losses) at log-spaced steps."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    points, labels = train_data
    due, step, milliseconds = 256.0, 0, 0.0
    yield step, milliseconds, evaluate(model, train_data), evaluate(model, validation_data)
    while step * batch < examples:
        for rows in torch.randperm(TRAIN).split(batch):
            start = time.perf_counter()
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(points[rows]), labels[rows]).backward()
            optimizer.step()
            milliseconds += 1e3 * (time.perf_counter() - start)
            step += 1
            if step * batch >= due:
                yield step, milliseconds, evaluate(model, train_data), evaluate(model, validation_data)
                due = max(due * 10 ** (1 / 12), (step + 1) * batch)


def main():
    torch.set_num_threads(1)
    train_data, validation_data = make_data()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["bs", "lr", "seed", "step", "ms", "loss", "val_loss", "val_acc"])
    for batch, rate, seed in itertools.product([8, 64, 512], [0.005, 0.02, 0.1, 0.5, 2.5], range(1, 6)):
        for step, ms, (loss, _), (val_loss, val_acc) in train(
            train_data, validation_data, batch, rate, seed, 10 * TRAIN
        ):
            writer.writerow([batch, rate, seed, step, f"{ms:.3f}", f"{loss:.6g}", f"{val_loss:.6g}",
                             f"{val_acc:.6g}"])


if __name__ == "__main__":
    main()
