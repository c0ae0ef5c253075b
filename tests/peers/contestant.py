"""What the peers written in Python share: the data, the clock, and the questions on stdin.

A contestant says `ready`, then answers each line `NETWORK K SECONDS` by the examples per second of
training steps on batches that lie gathered in memory (median over blocks), or by `unsupported`. The
batches are taken in turn from all 60 000 images, so that they come from memory, not from cache.
"""

import gzip
import os
import statistics
import sys
import time

import numpy

BLOCK_SECONDS = 0.02
RATE = 1e-7  # of the updates: the speed of weights that have not diverged
HIDDEN = {"S": [], "M": [128], "L": [512, 512]}


def load():
    """Images as float32 in [0, 1], [60000, 784], and their classes."""
    folder = os.environ.get("BATCHLAB_DATA", "/usr/share/datasets/fashion-mnist")
    with gzip.open(f"{folder}/train-images-idx3-ubyte.gz") as file:
        images = numpy.frombuffer(file.read(), numpy.uint8, offset=16)
    with gzip.open(f"{folder}/train-labels-idx1-ubyte.gz") as file:
        labels = numpy.frombuffer(file.read(), numpy.uint8, offset=8)
    return images.reshape(-1, 784).astype(numpy.float32) / 255, labels.astype(numpy.int64)


def measure(step, k, count, seconds):
    """Examples per second of step(first), which trains on examples first .. first + k - 1."""
    first = 0

    def time_steps(steps):
        nonlocal first
        start = time.perf_counter()
        for _ in range(steps):
            if first + k > count:
                first = 0
            step(first)
            first += k
        return time.perf_counter() - start

    steps = 1
    while time_steps(steps) < BLOCK_SECONDS / 2:
        steps *= 2
    end = time.perf_counter() + seconds
    rates = []
    while not rates or time.perf_counter() < end:
        rates.append(k * steps / time_steps(steps))
    return statistics.median(rates)


def serve(make_step, count):
    """make_step(network, k) returns a step for measure(), or None."""
    print("ready", flush=True)
    for line in sys.stdin:
        network, k, seconds = line.split()
        step = make_step(network, int(k))
        print(measure(step, int(k), count, float(seconds)) if step else "unsupported", flush=True)
