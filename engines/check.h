/* What the built-in engines ask in supports(): known layers, activations and heads. */
#ifndef BATCHLAB_CHECK_H
#define BATCHLAB_CHECK_H

#include "engine.h"
#include "message.h"

/* 0 is a good way to say no in supports(), and message_set says -1. */
#define REFUSE(...) (message_set(__VA_ARGS__), 0)

/* 1 if the network is a chain of layers of the contract under softmax cross-entropy or mean squared
 * error and the options are in range; 0, with the first thing in the way in `why`, otherwise. Looks
 * at neither precision nor variant. */
int check_network(const struct network *, const struct engine_options *, struct message *why);

/* 1 if batch, threads and chunk are in range, else 0 with `why`; part of check_network. */
int check_options(const struct engine_options *, struct message *why);

/* 1 if the engine is asked for single precision, else 0 with `why`. */
int check_single(const struct engine_options *, struct message *why);

/* 1 if nothing followed the colon, else 0 with `why`. */
int check_no_variant(const struct engine_options *, struct message *why);

#endif
