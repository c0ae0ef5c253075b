/* Every key an experiment file may have: type, range, default, meaning. Reading, checking, hashing
 * and documentation all follow these tables. */
#include "plan/experiment_keys.h"

#include <float.h>
#include <limits.h>
#include <stddef.h>

#define MEMBER(type, name) .offset = offsetof(struct type, name)
#define TEXT_MEMBER(type, name) MEMBER(type, name), .size = sizeof(((struct type *)0)->name)
#define ANY_COUNT .high = INT_MAX
#define COUNT_FROM_1 .low = 1, .high = INT_MAX

static const struct choice measures[] = {
    {"convergence", MEASURE_CONVERGENCE}, {"throughput", MEASURE_THROUGHPUT}, {0}};
static const struct choice scalings[] = {
    {"none", SCALING_NONE}, {"unit", SCALING_UNIT}, {"standard", SCALING_STANDARD}, {0}};
const struct choice tiers[] = {
    {"none", TIER_NONE}, {"ci", TIER_CI}, {"nightly", TIER_NIGHTLY}, {"report", TIER_REPORT}, {0}};

const double tier_seconds[] = {[TIER_CI] = 180, [TIER_NIGHTLY] = 7200, [TIER_REPORT] = 86400};

static const struct choice untils[] = {
    {"budget", UNTIL_BUDGET}, {"first", UNTIL_FIRST}, {"all", UNTIL_ALL}, {0}};
static const struct choice activations[] = {{"relu", ACTIVATION_RELU},
                                            {"tanh", ACTIVATION_TANH},
                                            {"sigmoid", ACTIVATION_SIGMOID},
                                            {"identity", ACTIVATION_IDENTITY},
                                            {0}};
static const struct choice initializers[] = {{"he", INITIALIZER_HE},
                                             {"glorot", INITIALIZER_GLOROT},
                                             {"truncated_normal", INITIALIZER_TRUNCATED_NORMAL},
                                             {0}};
static const struct choice unit_kinds[] = {
    {"distinct", UNITS_DISTINCT}, {"identical", UNITS_IDENTICAL}, {0}};
static const struct choice functions[] = {{"none", FUNCTION_NONE},
                                          {"quadratic", FUNCTION_QUADRATIC},
                                          {"quadratic_deep", FUNCTION_QUADRATIC_DEEP},
                                          {"saddle", FUNCTION_SADDLE},
                                          {"rosenbrock", FUNCTION_ROSENBROCK},
                                          {"cubic", FUNCTION_CUBIC},
                                          {"plateau", FUNCTION_PLATEAU},
                                          {"recurrent", FUNCTION_RECURRENT},
                                          {0}};
static const struct choice noises[] = {{"shift", NOISE_SHIFTS}, {"tilt", NOISE_TILTS}, {0}};
static const struct choice automatic[] = {{"auto", THREADS_AUTO}, {0}};
static const struct choice rate_scalings[] = {
    {"none", RATE_SCALING_NONE}, {"linear", RATE_SCALING_LINEAR}, {"sqrt", RATE_SCALING_SQRT}, {0}};
static const struct choice by_default[] = {{"default", DEFAULT_PARAMETER}, {0}};
static const struct choice epsilon_places[] = {
    {"default", EPSILON_DEFAULT}, {"inside", EPSILON_INSIDE}, {"outside", EPSILON_OUTSIDE}, {0}};
static const struct choice worker_datas[] = {
    {"shared", WORKER_DATA_SHARED}, {"own", WORKER_DATA_OWN}, {0}};
static const struct choice transports[] = {{"threads", TRANSPORT_THREADS},
                                           {"mpi", TRANSPORT_MPI},
                                           {"mpi_async", TRANSPORT_MPI_ASYNC},
                                           {0}};
static const struct choice no_or_yes[] = {{"no", 0}, {"yes", 1}, {0}};
static const struct choice reductions[] = {
    {"fixed_order", REDUCTION_FIXED_ORDER}, {"library", REDUCTION_LIBRARY}, {0}};
static const struct choice precisions[] = {
    {"single", PRECISION_SINGLE}, {"double", PRECISION_DOUBLE}, {0}};
static const struct choice full_batch[] = {{"full", BATCH_SIZE_FULL}, {0}};
static const struct choice whole_split[] = {{"all", SUBSET_ALL}, {0}};
static const struct choice modes[] = {{"grow", REDUNDANCY_GROW}, {"fill", REDUNDANCY_FILL}, {0}};
static const struct choice copy_kinds[] = {
    {"exact", COPIES_EXACT}, {"jitter", COPIES_JITTER}, {"noise", COPIES_NOISE}, {0}};
static const struct choice samplings[] = {{"reshuffle", SAMPLING_RESHUFFLE},
                                          {"once", SAMPLING_ONCE},
                                          {"with_replacement", SAMPLING_WITH_REPLACEMENT},
                                          {"none", SAMPLING_NONE},
                                          {"balanced", SAMPLING_BALANCED},
                                          {"weighted", SAMPLING_WEIGHTED},
                                          {"importance", SAMPLING_IMPORTANCE},
                                          {"block_shuffle", SAMPLING_BLOCKS},
                                          {0}};
static const struct choice orders[] = {
    {"stored", ORDER_STORED}, {"class_sorted", ORDER_CLASS}, {0}};
static const struct choice class_weightings[] = {{"none", CLASS_WEIGHTS_NONE},
                                                 {"inverse", CLASS_WEIGHTS_INVERSE},
                                                 {"given", CLASS_WEIGHTS_GIVEN},
                                                 {0}};
static const struct choice deduplications[] = {
    {"none", DEDUPLICATE_NONE}, {"exact", DEDUPLICATE_EXACT}, {"near", DEDUPLICATE_NEAR}, {0}};
static const struct choice schedule_kinds[] = {
    {"constant", SCHEDULE_CONSTANT},
    {"piecewise", SCHEDULE_PIECEWISE},
    {"inverse_time", SCHEDULE_INVERSE_TIME},
    {"exponential", SCHEDULE_EXPONENTIAL},
    {"natural_exponential", SCHEDULE_NATURAL_EXPONENTIAL},
    {"cosine", SCHEDULE_COSINE},
    {"polynomial", SCHEDULE_POLYNOMIAL},
    {"triangular", SCHEDULE_TRIANGULAR},
    {"sgdr", SCHEDULE_SGDR},
    {0}};
static const struct choice schedule_units[] = {
    {"epochs", SCHEDULE_EPOCHS}, {"updates", SCHEDULE_UPDATES}, {0}};
static const struct choice last_batches[] = {
    {"drop", LAST_BATCH_DROP}, {"keep", LAST_BATCH_KEEP}, {0}};
static const struct choice chunks[] = {
    {"auto", ENGINE_CHUNK_AUTO}, {"none", ENGINE_CHUNK_NONE}, {0}};

static const struct choice probes[] = {{"memory", PROBE_MEMORY},
                                       {"noise_scale", PROBE_NOISE_SCALE},
                                       {"sampling", PROBE_SAMPLING},
                                       {"sharpness", PROBE_SHARPNESS},
                                       {"energy", PROBE_ENERGY},
                                       {"effective_size", PROBE_EFFECTIVE_SIZE},
                                       {"linear_probe", PROBE_LINEAR_PROBE},
                                       {"duplicates", PROBE_DUPLICATES},
                                       {"predictions", PROBE_PREDICTIONS},
                                       {"nested", PROBE_NESTED},
                                       {"gradient", PROBE_GRADIENT},
                                       {"update", PROBE_UPDATE},
                                       {"units", PROBE_UNITS},
                                       {"redraws", PROBE_REDRAWS},
                                       {"second_moment", PROBE_SECOND_MOMENT},
                                       {0}};

const char *const metric_names[METRIC_COUNT] = {
    [METRIC_TRAIN_LOSS] = "train_loss",
    [METRIC_TRAIN_ERROR] = "train_error",
    [METRIC_VALIDATION_LOSS] = "validation_loss",
    [METRIC_VALIDATION_ERROR] = "validation_error",
};

const struct field settings_fields[] = {
    {"engine", FIELD_TEXT, TEXT_MEMBER(settings, engine), .fallback = "blas",
     .help = "auto (the fastest, measured for each network and batch size), naive, reference, "
             "blas[:blis|:PATH], native, onednn[:bf16], analytic (objectives), or the path of a "
             "shared object"},
    {"network", FIELD_TEXT, TEXT_MEMBER(settings, network), .fallback = "M",
     .help = "a name under `networks`, or a preset: S, M, L, lenet, 2c2d, or an objective"},
    {"batch_size", FIELD_SPECIAL, MEMBER(settings, batch_size), COUNT_FROM_1, .choices = full_batch,
     .fallback = "32", .help = "K, examples of one update"},
    {"learning_rate", FIELD_REAL, MEMBER(settings, learning_rate), .low = 1e-12, .high = 1e12,
     .fallback = "0.1", .help = "alpha, constant"},
    {"rate_scaling", FIELD_CHOICE, MEMBER(settings, rate_scaling), .choices = rate_scalings,
     .fallback = "none", .help = "of the rate with K / base_batch_size"},
    {"base_batch_size", FIELD_COUNT, MEMBER(settings, base_batch_size), COUNT_FROM_1,
     .fallback = "32", .help = "K at which a scaled rate is learning_rate"},
    {"schedule", FIELD_TEXT, TEXT_MEMBER(settings, schedule), .fallback = "constant",
     .help = "a name under `schedules`, or constant"},
    {"budget", FIELD_TEXT, TEXT_MEMBER(settings, budget), .fallback = "default",
     .help = "a name under `budgets`, or default, which is `budget`"},
    {"optimizer", FIELD_TEXT, TEXT_MEMBER(settings, optimizer), .fallback = "sgd",
     .help = "a name from `batchlab list optimizers`"},
    {"momentum", FIELD_REAL, MEMBER(settings, rule.momentum), .low = 0, .high = 1 - DBL_EPSILON,
     .fallback = "0.9", .help = "rho of momentum and nesterov, below 1"},
    {"beta1", FIELD_REAL, MEMBER(settings, rule.beta1), .low = 0, .high = 1 - DBL_EPSILON,
     .fallback = "0.9", .help = "decay of the first moment, below 1"},
    {"beta2", FIELD_REAL, MEMBER(settings, rule.beta2), .low = 0, .high = 1 - DBL_EPSILON,
     .choices = by_default, .fallback = "default",
     .help = "decay of the mean of squares, below 1; default: the optimizer's own"},
    {"epsilon", FIELD_REAL, MEMBER(settings, rule.epsilon), .low = 1e-30, .high = 1,
     .choices = by_default, .fallback = "default",
     .help = "keeps a division from 0; default: the optimizer's own"},
    {"epsilon_place", FIELD_CHOICE, MEMBER(settings, rule.epsilon_place), .choices = epsilon_places,
     .fallback = "default", .help = "of the root; default: the optimizer's own"},
    {"l2", FIELD_REAL, MEMBER(settings, rule.l2), .low = 0, .high = 1e6, .fallback = "0",
     .help = "lambda of a penalty 1/2 lambda |theta|^2: its gradient is added"},
    {"weight_decay", FIELD_REAL, MEMBER(settings, rule.weight_decay), .low = 0, .high = 1e6,
     .choices = by_default, .fallback = "default",
     .help = "decoupled: theta -= alpha weight_decay theta; default: 0.01 of adamw, else 0"},
    {"clip_value", FIELD_REAL, MEMBER(settings, rule.clip_value), .low = 0, .high = 1e30,
     .fallback = "0", .help = "components of a batch's gradient are cut to +- this; 0: not"},
    {"clip_norm", FIELD_REAL, MEMBER(settings, rule.clip_norm), .low = 0, .high = 1e30,
     .fallback = "0", .help = "a batch's gradient is shortened to this norm; 0: not"},
    {"gradient_noise", FIELD_REAL, MEMBER(settings, gradient_noise), .low = 0, .high = 1e30,
     .fallback = "0", .help = "standard deviation of normal noise on each component of a gradient"},
    {"snapshot_epochs", FIELD_REAL, MEMBER(settings, snapshot_epochs), .low = 1e-6, .high = 1e6,
     .fallback = "2", .help = "svrg: from one full gradient to the next"},
    {"average_from", FIELD_REAL, MEMBER(settings, average_from), .low = 0, .high = 1e6,
     .fallback = "1", .help = "asgd: epochs before averaging starts"},
    {"subset", FIELD_SPECIAL, MEMBER(settings, subset), COUNT_FROM_1, .choices = whole_split,
     .fallback = "all",
     .help = "training examples used: the first n of a permutation of the seed, before imbalance"},
    {"imbalance", FIELD_REAL, MEMBER(settings, imbalance), .low = 1, .high = 1e6, .fallback = "1",
     .help = "long-tail ratio: class c of C keeps ratio^(-c/(C-1)) of its training examples"},
    {"label_noise", FIELD_REAL, MEMBER(settings, label_noise), .low = 0, .high = 1, .fallback = "0",
     .help = "share of the training labels replaced by another class"},
    {"redundancy", FIELD_COUNT, MEMBER(settings, redundancy), .low = 1, .high = 1000000,
     .fallback = "1", .help = "r, how often each distinct training example occurs"},
    {"redundancy_mode", FIELD_CHOICE, MEMBER(settings, redundancy_mode), .choices = modes,
     .fallback = "grow", .help = "grow: N becomes r N; fill: N stays, N / r are distinct"},
    {"copies", FIELD_CHOICE, MEMBER(settings, copies), .choices = copy_kinds, .fallback = "exact",
     .help = "of redundant examples: identical; moved by a pixel; with noise on each pixel"},
    {"deduplicate", FIELD_CHOICE, MEMBER(settings, deduplicate), .choices = deduplications,
     .fallback = "none",
     .help = "takes copies of training examples away, after redundancy; near: images alike"},
    {"near_cosine", FIELD_REAL, MEMBER(settings, near_cosine), .low = 0.5, .high = 1,
     .fallback = "0.998", .unhashed = "0.99",
     .help = "near: of the thumbnails of two images from which on one is dropped"},
    {"order", FIELD_CHOICE, MEMBER(settings, order), .choices = orders, .fallback = "stored",
     .help =
         "samplers none and block_shuffle: of the training examples, as in the file or one class "
         "after the other"},
    {"sampler", FIELD_CHOICE, MEMBER(settings, sampler), .choices = samplings,
     .fallback = "reshuffle",
     .help = "how examples are drawn; block_shuffle: blocks of `block` examples in random order, "
             "each shuffled; balanced: by class; weighted, importance: by `weighting`, "
             "importance with weights 1/(N p) that undo it in the mean"},
    {"block", FIELD_COUNT, MEMBER(settings, block), COUNT_FROM_1, .fallback = "4096",
     .help = "block_shuffle: consecutive examples that are drawn together, as those of a file are "
             "read together"},
    {"weighting", FIELD_TEXT, TEXT_MEMBER(settings, weighting), .fallback = "none",
     .help =
         "weighted, importance: a name under `weightings`, or given, inverse_frequency or norm"},
    {"class_weights", FIELD_CHOICE, MEMBER(settings, class_weights), .choices = class_weightings,
     .fallback = "none",
     .help = "of the loss; inverse: N/(C n_c), each class counts the same; given: the data set's "
             "`weights`, scaled to a mean of 1"},
    {"last_batch", FIELD_CHOICE, MEMBER(settings, last_batch), .choices = last_batches,
     .fallback = "drop", .help = "the N mod K examples left at the end of an epoch"},
    {"augmentation", FIELD_TEXT, TEXT_MEMBER(settings, augmentation), .fallback = "none",
     .help = "a name under `augmentations`: variations of each image drawn, on the training clock"},
    {"threads", FIELD_SPECIAL, MEMBER(settings, threads), .low = 1, .high = 1024,
     .choices = automatic, .fallback = "1",
     .help = "of the engine; auto: as many as are fastest, measured"},
    {"chunk", FIELD_SPECIAL, MEMBER(settings, chunk), COUNT_FROM_1, .choices = chunks,
     .fallback = "auto", .help = "pieces in which an engine works through a batch, examples"},
    {"precision", FIELD_CHOICE, MEMBER(settings, precision), .choices = precisions,
     .fallback = "single", .help = "of the whole loop; double: engines reference and analytic"},
    {"micro_batch", FIELD_COUNT, MEMBER(settings, micro_batch), ANY_COUNT, .fallback = "0",
     .help = "examples at a time, their gradients accumulated; 0: the whole batch"},
    {"workers", FIELD_COUNT, MEMBER(settings, workers), .low = 1, .high = 1024, .fallback = "1",
     .help = "each with its share of a batch, `threads` and a session of the engine"},
    {"worker_data", FIELD_CHOICE, MEMBER(settings, worker_data), .choices = worker_datas,
     .fallback = "shared",
     .help = "own: each worker draws its share of a batch from a range of the examples that is its "
             "own, so that a rank reads that range alone"},
    {"transport", FIELD_CHOICE, MEMBER(settings, transport), .choices = transports,
     .fallback = "threads",
     .help = "between workers: threads of one process; or mpi: ranks, `mpirun -n W batchlab run`; "
             "mpi_async: ranks that wait for nobody, each with batches of its own"},
    {"reduction", FIELD_CHOICE, MEMBER(settings, reduction), .choices = reductions,
     .fallback = "fixed_order",
     .help = "mpi: ranks' gradients are added in the order of threads' ones, to the same bytes; or "
             "by MPI's own allreduce"},
    {"overlap", FIELD_CHOICE, MEMBER(settings, overlap), .choices = no_or_yes, .fallback = "no",
     .help = "library: layers are added up while the engine computes the ones before, where it "
             "tells when they are final (on_ready)"},
    {"delay", FIELD_COUNT, MEMBER(settings, delay), .low = 0, .high = 1024, .fallback = "0",
     .help = "tau: the gradient is that of theta tau updates ago"},
    {"seed", FIELD_SEED, MEMBER(settings, seed), .fallback = "1",
     .help = "of initial weights, order, subset, jitter, label noise and augmentation"},
    {0},
};

#define OBJECTIVE(name) MEMBER(network_spec, objective.name)
#define OBJECTIVE_LIST(name)                                                                       \
    FIELD_REALS, OBJECTIVE(name),                                                                  \
        .size = OBJECTIVE_LIST_MAX,                                                                \
        .count_offset = offsetof(struct network_spec, objective.name##_count)

const struct field network_fields[] = {
    {"hidden", FIELD_WIDTHS, MEMBER(network_spec, hidden), .size = NETWORK_HIDDEN_MAX,
     .count_offset = offsetof(struct network_spec, hidden_count), .low = 1, .high = 1 << 20,
     .help = "widths of the hidden layers; [] for softmax or linear regression"},
    {"activation", FIELD_CHOICE, MEMBER(network_spec, activation), .choices = activations,
     .fallback = "relu", .help = "of the hidden layers"},
    {"initializer", FIELD_CHOICE, MEMBER(network_spec, initializer), .choices = initializers,
     .fallback = "he", .help = "of the weights"},
    {"units", FIELD_CHOICE, MEMBER(network_spec, units), .choices = unit_kinds,
     .fallback = "distinct",
     .help = "identical: those of a hidden layer start with the same weights; dense layers"},
    {"sigma", FIELD_REAL, MEMBER(network_spec, sigma), .low = 1e-12, .high = 1e6,
     .fallback = "0.05", .help = "deviation of truncated_normal before truncation at 2 sigma"},
    {"bias", FIELD_REAL, MEMBER(network_spec, bias), .low = -1e6, .high = 1e6, .fallback = "0",
     .help = "initial value of every bias"},
    {"objective", FIELD_CHOICE, OBJECTIVE(function), .choices = functions, .fallback = "none",
     .help = "a function f instead of layers: the formulas stand above"},
    {"start", OBJECTIVE_LIST(start), .low = -1e30, .high = 1e30,
     .help = "objective: initial theta; one number: of every coordinate; [] is 1"},
    {"coefficients", FIELD_REALS, OBJECTIVE(coefficients), .size = 2,
     .count_offset = offsetof(struct network_spec, objective.coefficient_count), .low = -1e12,
     .high = 1e12, .help = "objective: a and b; [] is 1 and 1, of rosenbrock 1 and 100"},
    {"spectrum", OBJECTIVE_LIST(spectrum), .low = -1e12, .high = 1e12,
     .help = "quadratic: eigenvalues of Q, or the first of them; [] is 1"},
    {"condition", FIELD_REAL, OBJECTIVE(condition), .low = 1, .high = 1e12, .fallback = "1",
     .help = "quadratic: the first eigenvalue over the last, the others evenly in the logarithm"},
    {"rotation", FIELD_SEED, OBJECTIVE(rotation), .fallback = "0",
     .help = "quadratic: seed of a random rotation of its axes, 1 to 2^32 - 1; 0: none"},
    {"noise", FIELD_CHOICE, OBJECTIVE(noise), .choices = noises, .fallback = "shift",
     .help = "objective: how an example x enters; shift: f(theta - x); tilt: f(theta) - x . theta"},
    {0},
};

static const struct field dataset_fields[] = {
    {"name", FIELD_TEXT, TEXT_MEMBER(dataset_spec, name), .fallback = "fashion-mnist",
     .help = "fashion-mnist, idx, csv, shards, generated, blobs, linear; for objectives points "
             "or quadratic_deep"},
    {"path", FIELD_PATH, TEXT_MEMBER(dataset_spec, path),
     .help =
         "fashion-mnist: folder (default $BATCHLAB_DATA, then the Debian package's); csv: file; "
         "shards: folder that `batchlab convert` wrote"},
    {"test_path", FIELD_PATH, TEXT_MEMBER(dataset_spec, test_path),
     .help = "shards: folder of test examples"},
    {"images", FIELD_PATH, TEXT_MEMBER(dataset_spec, images), .help = "idx: images to train on"},
    {"labels", FIELD_PATH, TEXT_MEMBER(dataset_spec, labels), .help = "idx: their labels"},
    {"test_images", FIELD_PATH, TEXT_MEMBER(dataset_spec, test_images), .help = "idx: test images"},
    {"test_labels", FIELD_PATH, TEXT_MEMBER(dataset_spec, test_labels),
     .help = "idx: their labels"},
    {"label", FIELD_TEXT, TEXT_MEMBER(dataset_spec, label),
     .help = "csv: column of class names (softmax cross-entropy)"},
    {"target", FIELD_TEXT, TEXT_MEMBER(dataset_spec, target),
     .help = "csv: column of numbers (mean squared error), instead of label"},
    {"weights", FIELD_COLUMN, MEMBER(dataset_spec, weights),
     .help = "csv: a column of weights, no feature then; any data: a file of one weight for each "
             "example before the split, in stored order"},
    {"train", FIELD_COUNT, MEMBER(dataset_spec, train), ANY_COUNT, .fallback = "0",
     .help = "training examples; 0: all that the other splits leave"},
    {"validation", FIELD_COUNT, MEMBER(dataset_spec, validation), ANY_COUNT, .fallback = "0",
     .help = "validation examples, split off by seeded permutation"},
    {"test", FIELD_COUNT, MEMBER(dataset_spec, test), ANY_COUNT, .fallback = "0",
     .help = "test examples to split off where there is no test file"},
    {"scaling", FIELD_CHOICE, MEMBER(dataset_spec, scaling), .choices = scalings,
     .fallback = "unit",
     .help =
         "of features, by training statistics only; points, quadratic_deep, generated, shards of "
         "floats: never"},
    {"seed", FIELD_SEED, MEMBER(dataset_spec, seed), .fallback = "1",
     .help = "of the split and of synthetic data"},
    {"shape", FIELD_WIDTHS, MEMBER(dataset_spec, shape), .size = 3,
     .count_offset = offsetof(struct dataset_spec, shape_count), .low = 1, .high = 1 << 20,
     .help = "csv, blobs, linear: [channels, height, width] for layers of images"},
    {"examples", FIELD_COUNT, MEMBER(dataset_spec, examples), COUNT_FROM_1, .fallback = "10000",
     .help =
         "blobs, linear, points, generated: examples to generate, all splits together; generated "
         "ones are made as they are drawn, and take no memory"},
    {"features", FIELD_COUNT, MEMBER(dataset_spec, features), COUNT_FROM_1, .fallback = "20",
     .help = "blobs, linear, points, generated: features"},
    {"classes", FIELD_COUNT, MEMBER(dataset_spec, classes), .low = 2, .high = 65536,
     .fallback = "10",
     .help = "blobs, generated: classes; of generated examples a linear teacher tells them"},
    {"clusters", FIELD_COUNT, MEMBER(dataset_spec, clusters), .low = 1, .high = 65536,
     .fallback = "1", .help = "blobs: clusters of each class"},
    {"family", FIELD_COUNT, MEMBER(dataset_spec, family), COUNT_FROM_1, .fallback = "1",
     .help = "blobs: examples that share a part of their noise"},
    {"separation", FIELD_REAL, MEMBER(dataset_spec, separation), .low = 0, .high = 1e6,
     .fallback = "1", .help = "blobs: standard deviation of the centres; the noise has 1"},
    {"correlation", FIELD_REAL, MEMBER(dataset_spec, correlation), .low = 0, .high = 1,
     .fallback = "0", .help = "blobs: share of the noise variance common to a family"},
    {"condition", FIELD_REAL, MEMBER(dataset_spec, condition), .low = 1, .high = 1e12,
     .fallback = "1", .help = "linear: condition number of the features' covariance"},
    {"noise", FIELD_REAL, MEMBER(dataset_spec, noise), .low = 0, .high = 1e6, .fallback = "0.1",
     .help =
         "linear: standard deviation of the target's noise; points: of each feature; generated: of "
         "the teacher's scores, whose own is 1"},
    {0},
};

static const struct choice test_uses[] = {{"end", TEST_AT_END}, {"each", TEST_EACH}, {0}};

const struct field budget_fields[] = {
    {"epochs", FIELD_REAL, MEMBER(budget, epochs), .high = 1e9, .fallback = "0",
     .help = "passes over the training examples; 0: no such limit"},
    {"updates", FIELD_COUNT, MEMBER(budget, updates), ANY_COUNT, .fallback = "0",
     .help = "parameter updates; 0: no such limit"},
    {"examples", FIELD_REAL, MEMBER(budget, examples), .high = 1e15, .fallback = "0",
     .help = "examples used; 0: no such limit"},
    {"seconds", FIELD_REAL, MEMBER(budget, seconds), .high = 1e9, .fallback = "0",
     .help = "of the training clock; 0: no such limit"},
    {"train_loss", FIELD_REAL, MEMBER(budget, train_loss), .high = 1e12, .fallback = "0",
     .help = "of an evaluation: at or below this ends the cell; 0: no such limit"},
    {"patience", FIELD_COUNT, MEMBER(budget, patience), ANY_COUNT, .fallback = "0",
     .help = "evaluations running without a better validation loss; the last parameters stay, not "
             "the best; 0: no such limit"},
    {"until", FIELD_CHOICE, MEMBER(budget, until), .choices = untils, .fallback = "budget",
     .help = "stop at the end of the budget, or earlier: first target, all targets reached"},
    {0},
};

static const struct field evaluation_fields[] = {
    {"train_examples", FIELD_COUNT, MEMBER(evaluation, train_examples), .low = 1, .high = 10000,
     .fallback = "5000", .help = "fixed subset on which the training loss is evaluated"},
    {"per_decade", FIELD_COUNT, MEMBER(evaluation, per_decade), .low = 1, .high = 1000,
     .fallback = "12", .help = "evaluations for each tenfold number of examples"},
    {"first", FIELD_COUNT, MEMBER(evaluation, first), COUNT_FROM_1, .fallback = "1000",
     .help = "examples used at the first evaluation after the start"},
    {"shifted_tests", FIELD_CHOICE, MEMBER(evaluation, shifted_tests), .choices = schema_no_or_yes,
     .fallback = "false",
     .help = "at the end, errors on copies of the test set: translated, brightness, rotated, "
             "textured"},
    {"per_class", FIELD_CHOICE, MEMBER(evaluation, per_class), .choices = schema_no_or_yes,
     .fallback = "false", .help = "at the end, the test error of each class"},
    {"every", FIELD_COUNT, MEMBER(evaluation, every), ANY_COUNT, .fallback = "0",
     .help = "examples from one evaluation to the next, evenly instead; 0: not"},
    {"test", FIELD_CHOICE, MEMBER(evaluation, test), .choices = test_uses, .fallback = "end",
     .help = "the test split is evaluated once, at the end, or at each evaluation"},
    {0},
};

static const struct field throughput_fields[] = {
    {"seconds", FIELD_REAL, MEMBER(throughput_options, seconds), .low = 0.01, .high = 1e6,
     .fallback = "2", .help = "limit for each cell and input, warm-up included"},
    {"block_seconds", FIELD_REAL, MEMBER(throughput_options, block_seconds), .low = 1e-4,
     .high = 1e4, .fallback = "0.02", .help = "length of one timed block"},
    {"precision", FIELD_REAL, MEMBER(throughput_options, precision), .low = 1e-4, .high = 1,
     .fallback = "0.02", .help = "stop when the median's 95 % interval is within +- this share"},
    {"blocks", FIELD_COUNT, MEMBER(throughput_options, blocks), .low = 6, .high = 100000,
     .fallback = "10", .help = "timed blocks at least, as far as the seconds allow"},
    {0},
};

static const struct field probes_fields[] = {
    {"at", FIELD_REALS, MEMBER(probe_options, at), .size = PROBE_TIMES_MAX,
     .count_offset = offsetof(struct probe_options, at_count), .low = 0, .high = 1e9,
     .help = "epochs, increasing; each is an evaluation as well"},
    {"every", FIELD_COUNT, MEMBER(probe_options, every), ANY_COUNT, .fallback = "0",
     .help = "evaluations from one to the next, from the first on; 0: only where `at` says"},
    {"end", FIELD_CHOICE, MEMBER(probe_options, end), .choices = schema_no_or_yes,
     .fallback = "false", .help = "and at the last one, wherever the budget puts it"},
    {"which", FIELD_SET, MEMBER(probe_options, which), .choices = probes,
     .help = "a list: what is recorded in probes.csv"},
    {"examples", FIELD_COUNT, MEMBER(probe_options, examples), ANY_COUNT, .fallback = "0",
     .help = "the first so many training examples, in random order, stand for all; 0: all"},
    {"batch_sizes", FIELD_WIDTHS, MEMBER(probe_options, batch_sizes), .size = PROBE_BATCHES_MAX,
     .count_offset = offsetof(struct probe_options, batch_size_count), COUNT_FROM_1,
     .help = "sampling, second_moment: K of the mini-batches drawn; []: the cell's"},
    {"draws", FIELD_COUNT, MEMBER(probe_options, draws), .low = 2, .high = INT_MAX,
     .fallback = "100",
     .help = "sampling, noise_scale, second_moment, redraws: mini-batches of a K, training sets of "
             "a kind, at least"},
    {"clusters", FIELD_COUNT, MEMBER(probe_options, clusters), COUNT_FROM_1, .fallback = "20",
     .help = "redraws: clusters of a training set"},
    {"members", FIELD_WIDTHS, MEMBER(probe_options, members), .size = PROBE_BATCHES_MAX,
     .count_offset = offsetof(struct probe_options, member_count), COUNT_FROM_1,
     .help = "redraws: of each cluster, a list"},
    {"correlations", FIELD_REALS, MEMBER(probe_options, correlations), .size = PROBE_BATCHES_MAX,
     .count_offset = offsetof(struct probe_options, correlation_count), .low = 0, .high = 1,
     .help = "redraws: of the gradients of two members of a cluster, a list"},
    {"precision", FIELD_REAL, MEMBER(probe_options, precision), .low = 1e-4, .high = 1,
     .fallback = "0.05", .help = "drawing ends when the 95 % interval is within +- this share"},
    {"bias_precision", FIELD_REAL, MEMBER(probe_options, bias_precision), .low = 0, .high = 1,
     .fallback = "0",
     .help = "sampling: and when a bias of this share of |G| would stand out by 5 standard errors; "
             "0: however that is"},
    {"draw_examples", FIELD_REAL, MEMBER(probe_options, draw_examples), .low = 1, .high = 1e15,
     .fallback = "20000000", .help = "or before more examples than this are drawn for one K"},
    {"small_batch", FIELD_COUNT, MEMBER(probe_options, small_batch), COUNT_FROM_1, .fallback = "32",
     .help = "noise_scale: K of the two-batch estimate"},
    {"large_batch", FIELD_COUNT, MEMBER(probe_options, large_batch), COUNT_FROM_1,
     .fallback = "1024", .help = "noise_scale: the other K"},
    {0},
};

static const struct choice chances[] = {{"stop", 0}, {"go_on", 1}, {0}};

static const struct field limits_fields[] = {
    {"cell_seconds", FIELD_REAL, MEMBER(limits, cell_seconds), .low = 0.1, .high = 1e9,
     .fallback = "3600", .help = "wall time after which a cell is ended with outcome timeout"},
    {"memory_bytes", FIELD_REAL, MEMBER(limits, memory_bytes), .high = 1e15, .fallback = "0",
     .help = "memory that a cell may take beyond what it starts with; then it ends as "
             "`out-of-memory`; 0: no such limit"},
    {"checkpoint_seconds", FIELD_REAL, MEMBER(limits, checkpoint_seconds), .high = 1e9,
     .fallback = "60",
     .help = "convergence: wall time after which a cell is saved as it stands, so that one that is "
             "killed goes on from there; 0: never"},
    {"at_chance", FIELD_CHOICE, MEMBER(limits, lets_dead_live), .choices = chances,
     .fallback = "stop",
     .help = "stop: a classifier that is no better than chance after an epoch and 100 updates, at "
             "two evaluations running, ends with outcome dead; go_on: it may yet leave a plateau"},
    {0},
};

const struct field top_fields[] = {
    {"question", FIELD_TEXT, TEXT_MEMBER(experiment, question),
     .help = "what the experiment answers, one sentence"},
    {"title", FIELD_TEXT, TEXT_MEMBER(experiment, title), .help = "short, for charts"},
    {"measure", FIELD_CHOICE, MEMBER(experiment, measure), .choices = measures,
     .fallback = "convergence", .help = "what is recorded of each cell"},
    {"tier", FIELD_CHOICE, MEMBER(experiment, tier), .choices = tiers, .fallback = "none",
     .help = "run --tier: ci minutes, nightly hours, report a day for all of a tier"},
    {"expected_seconds", FIELD_REAL, MEMBER(experiment, expected_seconds), .high = 1e9,
     .fallback = "0", .help = "of the whole grid on 2 cores, as measured; 0: not said"},
    {"shuffle", FIELD_SEED, MEMBER(experiment, shuffle), .fallback = "1",
     .help = "seed of the order in which cells run"},
    {0},
};

#define SECTION(name, help)                                                                        \
    {                                                                                              \
#name, name##_fields, offsetof(struct experiment, name), help                              \
    }

#define SCHEDULE_POINTS(name)                                                                      \
    FIELD_REALS, MEMBER(schedule_spec, name),                                                      \
        .size = SCHEDULE_POINTS_MAX, .count_offset = offsetof(struct schedule_spec, name##_count)

const struct field schedule_fields[] = {
    {"kind", FIELD_CHOICE, MEMBER(schedule_spec, kind), .choices = schedule_kinds,
     .fallback = "constant",
     .help = "what the rate is multiplied by, at s units after the warm-up"},
    {"unit", FIELD_CHOICE, MEMBER(schedule_spec, unit), .choices = schedule_units,
     .fallback = "epochs", .help = "of all lengths and places below, and of s"},
    {"warmup", FIELD_REAL, MEMBER(schedule_spec, warmup), .high = 1e9, .fallback = "0",
     .help = "length of a linear rise from 0; 0: none"},
    {"decay", FIELD_REAL, MEMBER(schedule_spec, decay), .low = 1e-12, .high = 1e6,
     .fallback = "0.96",
     .help = "inverse_time: 1/(1 + decay s); exponential: decay^s; natural_exponential: "
             "e^(-decay s)"},
    {"length", FIELD_REAL, MEMBER(schedule_spec, length), .high = 1e9, .fallback = "0",
     .help = "cosine, polynomial: to the end; triangular, sgdr: of the (first) cycle; 0: what the "
             "budget leaves"},
    {"end", FIELD_REAL, MEMBER(schedule_spec, end), .low = 0, .high = 1, .fallback = "0",
     .help = "cosine, polynomial, triangular, sgdr: smallest factor"},
    {"power", FIELD_REAL, MEMBER(schedule_spec, power), .low = 1e-3, .high = 1e3, .fallback = "1",
     .help = "polynomial: (1 - s/length)^power"},
    {"growth", FIELD_REAL, MEMBER(schedule_spec, growth), .low = 1, .high = 1e3, .fallback = "1",
     .help = "sgdr: of each cycle over the one before"},
    {"at", SCHEDULE_POINTS(at), .low = 1e-12, .high = 1e9,
     .help = "piecewise: where the factor changes, increasing"},
    {"factors", SCHEDULE_POINTS(factors), .low = 0, .high = 1e6,
     .help = "piecewise: the factor from there on"},
    {"batch_at", SCHEDULE_POINTS(batch_at), .low = 1e-12, .high = 1e9,
     .help = "any kind: where K grows, counted from the start, increasing"},
    {"batch_factor", FIELD_REAL, MEMBER(schedule_spec, batch_factor), .low = 1, .high = 1e6,
     .fallback = "1", .help = "by how much"},
    {0},
};

#define WEIGHTING_LIST(name)                                                                       \
    FIELD_REALS, MEMBER(weighting_spec, name),                                                     \
        .size = WEIGHTING_CLASSES_MAX,                                                             \
        .count_offset = offsetof(struct weighting_spec, class_count)

const struct field weighting_fields[] = {
    {"classes", WEIGHTING_LIST(classes), .low = 0, .high = 1e12,
     .help = "of each class, in the order of their ids; without it all 1"},
    {"power", FIELD_REAL, MEMBER(weighting_spec, power), .low = -8, .high = 8, .fallback = "0",
     .help = "of the share n_c/N that the class has of the training examples"},
    {"norm_power", FIELD_REAL, MEMBER(weighting_spec, norm_power), .low = -8, .high = 8,
     .fallback = "0", .help = "of the norm of the example's features, sqrt(|x|^2 + 1)"},
    {"given_power", FIELD_REAL, MEMBER(weighting_spec, given_power), .low = 0, .high = 8,
     .fallback = "0", .help = "of the example's own weight, of the data set's `weights`"},
    {0},
};

const struct field augmentation_fields[] = {
    {"crop", FIELD_COUNT, MEMBER(augmentation_spec, crop), ANY_COUNT, .fallback = "0",
     .help = "pixels: a random window, smaller by up to this, is enlarged to the whole image"},
    {"shift", FIELD_COUNT, MEMBER(augmentation_spec, shift), ANY_COUNT, .fallback = "0",
     .help = "pixels: moved by up to this each way, as padding with zeros and cutting back does"},
    {"flip", FIELD_REAL, MEMBER(augmentation_spec, flip), .low = 0, .high = 1, .fallback = "0",
     .help = "probability that left and right change sides"},
    {"noise", FIELD_REAL, MEMBER(augmentation_spec, noise), .low = 0, .high = 1, .fallback = "0",
     .help = "standard deviation of normal noise on each pixel, of the range of a byte"},
    {0},
};

const struct section sections[] = {
    SECTION(dataset, "the data and its split"),
    SECTION(budget, "the first limit met ends a cell"),
    SECTION(evaluation, "log-spaced unless told otherwise, off the training clock"),
    SECTION(throughput, "for `measure: throughput`"),
    SECTION(probes, "recorded at some evaluations, off the training clock"),
    SECTION(limits, "for safety; but for at_chance no part of a result"),
    {0},
};
