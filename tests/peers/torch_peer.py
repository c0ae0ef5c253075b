"""PyTorch: torch_peer.py plain|module THREADS. `plain` is an autograd loop over the parameters,
`module` an nn.Module with optim.SGD."""

import sys

import torch
from torch import nn
from torch.nn import functional

import contestant


def make_module(network):
    if network == "lenet":
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    widths = [784] + contestant.HIDDEN[network]
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 10))


def predict_plain(network, parameters, x):
    """What the module computes, by functions of its parameters."""
    pairs = [(parameters[i], parameters[i + 1]) for i in range(0, len(parameters), 2)]
    if network == "lenet":
        for (weights, biases), padding in zip(pairs[:2], (2, 0)):
            x = functional.conv2d(x, weights, biases, padding=padding).relu()
            x = functional.max_pool2d(x, 2)
        x = x.flatten(1)
        pairs = pairs[2:]
    for weights, biases in pairs[:-1]:
        x = functional.linear(x, weights, biases).relu()
    return functional.linear(x, *pairs[-1])


def main():
    style, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    images, labels = (torch.from_numpy(array) for array in contestant.load())

    def make_step(network, k):
        module = make_module(network)
        x_all = images.view(-1, 1, 28, 28) if network == "lenet" else images
        parameters = [parameter.detach().requires_grad_() for parameter in module.parameters()]
        optimizer = torch.optim.SGD(module.parameters(), lr=contestant.RATE)

        def step_plain(first):
            x, y = x_all[first:first + k], labels[first:first + k]
            functional.cross_entropy(predict_plain(network, parameters, x), y).backward()
            with torch.no_grad():
                for parameter in parameters:
                    parameter.sub_(parameter.grad, alpha=contestant.RATE)
                    parameter.grad = None

        def step_module(first):
            x, y = x_all[first:first + k], labels[first:first + k]
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(module(x), y).backward()
            optimizer.step()

        return step_plain if style == "plain" else step_module

    contestant.serve(make_step, len(images))


main()
