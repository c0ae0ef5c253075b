/* The roofline model of a training step. */
#include "run/step_roof.h"

#include <math.h>

const char *const bound_names[BOUND_COUNT] = {"flops", "weights", "inputs"};

/* ---- What a step must do --------------------------------------------------------------------- */

/* The first layer with parameters needs no gradient of its input; layer_count if none has any. */
static int first_layer(const struct network *network)
{
    int first = 0;

    while (first < network->layer_count && layer_parameters(&network->layers[first]) == 0)
        first++;
    return first;
}

/* Bytes of parameters that backward and update touch: read for the input gradient, read, written.
 */
static double backward_bytes(const struct layer *layer, int needs_input_gradient)
{
    return (needs_input_gradient ? 12.0 : 8.0) * (double)layer_parameters(layer);
}

struct step_work step_work(const struct network *network, double flops_per_example, int examples)
{
    struct step_work work = {
        .examples = examples,
        .flops = examples * flops_per_example,
        .input_bytes = 4.0 * examples * (double)network_inputs(network),
        .theta_bytes = 4.0 * (double)network_parameters(network),
    };
    int first = first_layer(network);

    work.weight_bytes = work.theta_bytes; /* forward */
    for (int l = 0; l < network->layer_count; l++)
        work.weight_bytes += backward_bytes(&network->layers[l], l > first);
    return work;
}

int step_work_live(const struct network *network, double flops_per_example, const double *live,
                   struct step_work *work)
{
    int rectified = 0;

    *work = step_work(network, flops_per_example, 1);
    for (int l = 0; l < network->layer_count; l++) {
        const struct layer *layer = &network->layers[l];
        double weights = (double)shape_size(layer->input) * (double)shape_size(layer->output);

        if (layer->kind != LAYER_DENSE)
            return 0;
        if (layer->activation != ACTIVATION_RELU)
            continue;
        rectified++;
        work->weight_bytes -= (1 - live[l]) * backward_bytes(layer, l > 0);
        work->flops -= (1 - live[l]) * 2 * weights * (l > 0 ? 2 : 1);
    }
    return rectified > 0;
}

/* ---- What the machine leaves of it ----------------------------------------------------------- */

/* fmax passes over NAN. */
static double fastest(const struct roof *roof, enum level level)
{
    const double *bandwidth = roof->bandwidth[level];

    return fmax(bandwidth[TRAFFIC_READ], fmax(bandwidth[TRAFFIC_WRITE], bandwidth[TRAFFIC_TRIAD]));
}

/* GB/s at the level that holds theta. */
static double weight_bandwidth(const struct roof *roof, double theta_bytes)
{
    double l3;

    if (!(roof->l1_bytes > 0) || !(roof->l2_bytes > 0))
        return NAN; /* nobody knows where it fits */
    if (theta_bytes <= roof->threads * roof->l1_bytes)
        return fastest(roof, LEVEL_L1);
    if (theta_bytes <= roof->threads * roof->l2_bytes)
        return fastest(roof, LEVEL_L2);
    if (!(theta_bytes <= roof->l3_bytes))
        return fastest(roof, LEVEL_MEMORY);
    l3 = fastest(roof, LEVEL_L3);
    return isnan(l3) ? fastest(roof, LEVEL_L2) : l3;
}

/* rate: in 1e9 a second. */
static double seconds_at(double amount, double rate)
{
    return rate > 0 && isfinite(rate) ? amount / (rate * 1e9) : (double)NAN;
}

struct step_roof step_roof(const struct step_work *work, const struct roof *roof)
{
    struct step_roof result = {
        .examples_per_second = NAN,
        .seconds =
            {
                [BOUND_FLOPS] = seconds_at(work->flops, roof->fma_gflops),
                [BOUND_WEIGHTS] =
                    seconds_at(work->weight_bytes, weight_bandwidth(roof, work->theta_bytes)),
                [BOUND_INPUTS] =
                    seconds_at(work->input_bytes, roof->bandwidth[LEVEL_MEMORY][TRAFFIC_READ]),
            },
    };

    for (int b = 0; b < BOUND_COUNT; b++) {
        if (isnan(result.seconds[b]))
            return result;
        if (result.seconds[b] > result.seconds[result.bound])
            result.bound = (enum bound)b;
    }
    result.examples_per_second = work->examples / result.seconds[result.bound];
    return result;
}
