"""scikit-learn: MLPClassifier.partial_fit, one call an update. Threads are those of its BLAS."""

import warnings

import numpy
from sklearn.neural_network import MLPClassifier

import contestant

warnings.filterwarnings("ignore")


def main():
    images, labels = contestant.load()
    classes = numpy.arange(10)

    def make_step(network, k):
        if network not in contestant.HIDDEN:
            return None
        model = MLPClassifier(hidden_layer_sizes=contestant.HIDDEN[network], solver="sgd",
                              learning_rate_init=contestant.RATE, momentum=0,
                              nesterovs_momentum=False, alpha=0, batch_size=k, random_state=1)

        def step(first):
            model.partial_fit(images[first:first + k], labels[first:first + k], classes)

        return step

    contestant.serve(make_step, len(images))


main()
