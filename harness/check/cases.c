/* Conformance cases for every engine: agreement with the reference, and how sessions behave. */
#include "check/suite.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first `size` examples of the problem's batch. */
static struct batch first_examples(const struct problem *problem, int size)
{
    struct batch batch = problem->batch;

    batch.size = size;
    return batch;
}

/* One gradient() of the batch, held against the judge's answer. */
static void judge_gradient(struct stage *stage, const struct batch *batch,
                           const struct answer *answer, const char *what)
{
    struct trial *trial = &stage->trial;

    if (trial_gradient(trial, batch, &stage->finding) != 0)
        return;
    compare_gradient(&stage->finding, &answer->yardstick, trial->gradient64, 0);
    compare_score(&stage->finding, &answer->score, &trial->score, answer->yardstick.tolerance,
                  what);
}

int play_agreement(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    double tolerance = stage->answer.yardstick.tolerance;

    judge_gradient(stage, NULL, &stage->answer, "gradient()");
    if (trial_loss(trial, NULL, &stage->finding) != 0)
        return 0;
    compare_score(&stage->finding, &stage->answer.score, &trial->score, tolerance, "loss()");
    compare_score(&stage->finding, &stage->problem.expected, &trial->score, tolerance,
                  "loss(), reference by the formula");
    return 0;
}

static int play_smaller_batches(struct stage *stage)
{
    static const int sizes[] = {129, 17, 1, 128, 3, 129};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct batch batch = first_examples(&stage->problem, sizes[i]);
        struct answer answer = {.gradient = NULL};
        char what[64];

        if (stage_ask(stage, &answer, &batch) != 0)
            return -1;
        snprintf(what, sizeof what, "gradient() of %d examples", sizes[i]);
        judge_gradient(stage, &batch, &answer, what);
        answer_close(&answer);
    }
    return 0;
}

/* ---- The same bytes again ------------------------------------------------------------------- */

/* A gradient and score kept, to hold later calls against byte by byte. */
struct memory {
    float *gradient;
    struct score score;
};

static int remember(struct memory *memory, const struct trial *trial, struct finding *finding)
{
    memory->gradient = malloc(trial->gradient.bytes);
    if (!memory->gradient) {
        finding_take(finding, NAN, 0, "out of memory");
        return -1;
    }
    memcpy(memory->gradient, trial->gradient.values, trial->gradient.bytes);
    memory->score = trial->score;
    return 0;
}

static void expect_gradient(struct finding *finding, const struct memory *memory,
                            const struct trial *trial, const char *what)
{
    const float *gradient = trial->gradient.values;
    size_t different = 0, count = trial->gradient.bytes / sizeof *gradient;

    for (size_t p = 0; p < count; p++)
        different += memcmp(&gradient[p], &memory->gradient[p], sizeof *gradient) != 0;
    finding_take(finding, (double)different, 0, "%s: %zu of %zu elements differ in their bytes",
                 what, different, count);
}

static void expect_same(struct finding *finding, const struct memory *memory,
                        const struct trial *trial, const char *what)
{
    expect_gradient(finding, memory, trial, what);
    finding_take(finding, memory->score.loss == trial->score.loss ? 0 : 1, 0,
                 "%s: loss %.17g, before %.17g", what, trial->score.loss, memory->score.loss);
    finding_take(finding, memory->score.errors == trial->score.errors ? 0 : 1, 0,
                 "%s: %lld errors, before %lld", what, (long long)trial->score.errors,
                 (long long)memory->score.errors);
}

static int play_repeats(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    struct batch other = first_examples(&stage->problem, stage->problem.batch.size / 2);
    struct memory memory = {NULL, {0, 0}};

    if (trial_gradient(trial, NULL, &stage->finding) != 0 ||
        remember(&memory, trial, &stage->finding) != 0)
        goto done;
    for (int repeat = 0; repeat < 3; repeat++) {
        if (trial_gradient(trial, NULL, &stage->finding) != 0)
            goto done;
        expect_same(&stage->finding, &memory, trial, "the same call again");
    }
    for (int repeat = 0; repeat < 3; repeat++) {
        if (trial_gradient(trial, &other, &stage->finding) != 0 ||
            trial_loss(trial, NULL, &stage->finding) != 0 ||
            trial_gradient(trial, NULL, &stage->finding) != 0)
            goto done;
        expect_same(&stage->finding, &memory, trial, "the same call after another batch");
    }
done:
    free(memory.gradient);
    return 0;
}

/* The gradient is overwritten, whatever was there, and also where nobody asks for the score. */
static int play_overwritten(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    struct memory memory = {NULL, {0, 0}};

    if (trial_gradient_filled(trial, NULL, 0, 1, &stage->finding) != 0 ||
        remember(&memory, trial, &stage->finding) != 0)
        goto done;
    if (trial_gradient_filled(trial, NULL, 1e6f, 1, &stage->finding) != 0)
        goto done;
    expect_same(&stage->finding, &memory, trial, "into an array that held 1e6");
    if (trial_gradient_filled(trial, NULL, NAN, 1, &stage->finding) != 0)
        goto done;
    expect_same(&stage->finding, &memory, trial, "into an array of not-a-number");
done:
    free(memory.gradient);
    return 0;
}

static int play_without_score(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    struct memory memory = {NULL, {0, 0}};

    if (trial_gradient(trial, NULL, &stage->finding) == 0 &&
        remember(&memory, trial, &stage->finding) == 0 &&
        trial_gradient_filled(trial, NULL, NAN, 0, &stage->finding) == 0)
        expect_gradient(&stage->finding, &memory, trial, "score == NULL");
    free(memory.gradient);
    return 0;
}

/* A second session, on another network, opened, used and closed while the first is open. */
static int play_two_sessions(struct stage *stage)
{
    const struct problem_spec spec = {
        .margin = stage->suite->arithmetic->margin,
        .sizes = {7, 65, 7, 2},
        .hidden = ACTIVATION_TANH,
        .head = HEAD_MEAN_SQUARED_ERROR,
        .batch_size = 33,
        .element = ELEMENT_FLOAT32,
    };
    struct trial *first = &stage->trial, second = {0};
    struct trial_options options = {0};
    struct memory first_memory = {NULL, {0, 0}}, second_memory = {NULL, {0, 0}};
    struct problem problem = {.memory = NULL};
    struct answer answer = {.gradient = NULL};
    struct finding opening = {0};
    enum trial_outcome outcome;
    int status = -1;

    if (problem_open(&problem, &spec) != 0 ||
        answer_open(&answer, &stage->suite->judge.loaded.engine, &problem, &problem.batch,
                    stage->suite->arithmetic) != 0)
        goto done;
    status = 0;
    if (trial_gradient(first, NULL, &stage->finding) != 0 ||
        remember(&first_memory, first, &stage->finding) != 0)
        goto done;
    outcome = trial_open(&second, first->observer, &problem, &options, &opening);
    if (outcome == TRIAL_UNSUPPORTED)
        stage_skip(stage, opening.note);
    if (outcome == TRIAL_FAILED)
        stage->finding = opening;
    if (outcome != TRIAL_OPEN)
        goto done;
    if (trial_gradient(&second, NULL, &stage->finding) != 0 ||
        remember(&second_memory, &second, &stage->finding) != 0)
        goto done;
    compare_gradient(&stage->finding, &answer.yardstick, second.gradient64, 0);
    for (int turn = 0; turn < 2; turn++) {
        if (trial_gradient(first, NULL, &stage->finding) != 0 ||
            trial_gradient(&second, NULL, &stage->finding) != 0)
            goto done;
        expect_same(&stage->finding, &first_memory, first, "the first session, between the second");
        expect_same(&stage->finding, &second_memory, &second, "the second session");
    }
    trial_close(&second);
    if (trial_gradient(first, NULL, &stage->finding) == 0)
        expect_same(&stage->finding, &first_memory, first, "after the second session was closed");
done:
    trial_close(&second);
    answer_close(&answer);
    problem_close(&problem);
    free(first_memory.gradient);
    free(second_memory.gradient);
    return status;
}

/* ---- Special values ------------------------------------------------------------------------- */

static int play_not_a_number(struct stage *stage)
{
    struct trial *trial = &stage->trial;
    int size = stage->problem.batch.size;

    if (trial_loss(trial, NULL, &stage->finding) != 0)
        return 0;
    finding_take(&stage->finding, isnan(trial->score.loss) ? 0 : 1, 0,
                 "loss(): %g where every output is not a number", trial->score.loss);
    finding_take(&stage->finding, trial->score.errors == size ? 0 : 1, 0,
                 "loss(): %lld errors where all %d outputs are not numbers",
                 (long long)trial->score.errors, size);
    if (trial_gradient(trial, NULL, &stage->finding) != 0)
        return 0;
    finding_take(&stage->finding, isnan(trial->score.loss) && trial->score.errors == size ? 0 : 1,
                 0, "gradient(): loss %g, %lld errors where all %d outputs are not numbers",
                 trial->score.loss, (long long)trial->score.errors, size);
    return 0;
}

/* ---- Memory --------------------------------------------------------------------------------- */

enum {
    WARM_UPS = 10,
    ROUNDS = 50,
    HEAP_ALLOWANCE_BYTES = 4096,            /* 82 bytes a round */
    RESIDENT_ALLOWANCE_BYTES = 4 * 1048576, /* pages come and go; 84 kB a round */
};

static double heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)(info.uordblks + info.hblkhd);
}

static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long total = 0, resident = 0;
    int fields = 0;

    if (file) {
        fields = fscanf(file, "%ld %ld", &total, &resident);
        fclose(file);
    }
    return fields == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) : (double)NAN;
}

static int open_and_close(struct stage *stage)
{
    struct trial_options options = {0};
    struct trial trial;
    int status;

    if (trial_open(&trial, stage->trial.observer, &stage->problem, &options, &stage->finding) !=
        TRIAL_OPEN)
        return -1;
    status = trial_gradient(&trial, NULL, &stage->finding);
    trial_close(&trial);
    return status;
}

static int play_open_and_close(struct stage *stage)
{
    double heap = 0, resident = 0;

#ifdef __SANITIZE_ADDRESS__
    return stage_skip(stage, "AddressSanitizer's allocator holds back what is freed");
#endif
    for (int round = 0; round < WARM_UPS + ROUNDS; round++) {
        if (round == WARM_UPS) {
            heap = heap_bytes();
            resident = resident_bytes();
        }
        if (open_and_close(stage) != 0)
            return 0;
    }
    heap = heap_bytes() - heap;
    resident = resident_bytes() - resident;
    finding_take(&stage->finding, heap < 0 ? 0 : heap, HEAP_ALLOWANCE_BYTES,
                 "heap grew by %.0f bytes in %d rounds", heap, ROUNDS);
    finding_take(&stage->finding, resident < 0 ? 0 : resident, RESIDENT_ALLOWANCE_BYTES,
                 "resident memory grew by %.0f bytes in %d rounds", resident, ROUNDS);
    return 0;
}

static int play_close_null(struct stage *stage)
{
    stage->trial.observer->loaded.engine.close(NULL);
    observer_look(stage->trial.observer, &stage->problem, "close(NULL)");
    finding_take(&stage->finding, 0, 0, "returned");
    return 0;
}

/* ---- The table ------------------------------------------------------------------------------ */

#define CLASSIFIER                                                                                 \
    {                                                                                              \
        .sizes = {65, 33, 7}, .hidden = ACTIVATION_TANH, .head = HEAD_SOFTMAX_CROSS_ENTROPY,       \
        .batch_size = 129, .element = ELEMENT_UINT8, .order = ROWS_REPEATED, .weighted = 1         \
    }
#define LARGE_BATCH                                                                                \
    {                                                                                              \
        .sizes = {65, 17, 7}, .hidden = ACTIVATION_RELU, .head = HEAD_SOFTMAX_CROSS_ENTROPY,       \
        .batch_size = 1500, .element = ELEMENT_FLOAT32, .order = ROWS_REPEATED                     \
    }
#define NOT_A_NUMBER                                                                               \
    {                                                                                              \
        .sizes = {7, 65, 7}, .hidden = ACTIVATION_RELU, .head = HEAD_SOFTMAX_CROSS_ENTROPY,        \
        .batch_size = 17, .element = ELEMENT_FLOAT32, .theta = THETA_NAN                           \
    }

#define IMAGES                                                                                     \
    {                                                                                              \
        .image = {2, 9, 8},                                                                        \
        .windows = {{.channels = 5, .height = 3, .width = 3, .top = 1},                            \
                    {.height = 2, .width = 2, .stride_height = 2, .stride_width = 2}},             \
        .sizes = {0, 7}, .hidden = ACTIVATION_RELU, .head = HEAD_SOFTMAX_CROSS_ENTROPY,            \
        .batch_size = 129, .element = ELEMENT_UINT8, .order = ROWS_REPEATED, .weighted = 1         \
    }

#define OBJECTIVE                                                                                  \
    {                                                                                              \
        .head = HEAD_OBJECTIVE, .objective = OBJECTIVE_QUADRATIC, .noise = NOISE_SHIFTS,           \
        .sizes = {7}, .batch_size = 129, .element = ELEMENT_FLOAT32, .order = ROWS_REPEATED,       \
        .weighted = 1                                                                              \
    }

const struct conformance_case behaviour_cases[] = {
    {"chunk none", CLASSIFIER, {.chunk = ENGINE_CHUNK_NONE}, .play = play_agreement},
    {"chunk 1", CLASSIFIER, {.chunk = 1}, .play = play_agreement},
    {"chunk 7", CLASSIFIER, {.chunk = 7}, .play = play_agreement},
    {"chunk 64", CLASSIFIER, {.chunk = 64}, .play = play_agreement},
    {"chunk none", IMAGES, {.chunk = ENGINE_CHUNK_NONE}, .play = play_agreement},
    {"chunk 1", IMAGES, {.chunk = 1}, .play = play_agreement},
    {"chunk 7", IMAGES, {.chunk = 7}, .play = play_agreement},
    {"chunk auto, many", LARGE_BATCH, {.chunk = ENGINE_CHUNK_AUTO}, .play = play_agreement},
    {"chunk none, many", LARGE_BATCH, {.chunk = ENGINE_CHUNK_NONE}, .play = play_agreement},
    {"chunk 64, many", LARGE_BATCH, {.chunk = 64}, .play = play_agreement},
    {"max_batch above the batch", CLASSIFIER, {.max_batch = 1000}, .play = play_agreement},
    {"smaller batches after larger ones", CLASSIFIER, .play = play_smaller_batches},
    {"smaller batches after larger ones", IMAGES, .play = play_smaller_batches},
    {"smaller batches in chunks", CLASSIFIER, {.chunk = 7}, .play = play_smaller_batches},
    {"the same call, the same bytes", CLASSIFIER, .play = play_repeats},
    {"the same call, the same bytes", IMAGES, .play = play_repeats},
    {"the same bytes, many", LARGE_BATCH, .play = play_repeats},
    {"the gradient is overwritten", CLASSIFIER, .play = play_overwritten},
    {"the gradient is overwritten", IMAGES, .play = play_overwritten},
    {"score may be NULL", CLASSIFIER, .play = play_without_score},
    {"two sessions at once", CLASSIFIER, .play = play_two_sessions},
    {"not-a-number is an error", NOT_A_NUMBER, .play = play_not_a_number},
    {"close() accepts NULL", CLASSIFIER, .play = play_close_null},
    {"open and close without growth", CLASSIFIER, .play = play_open_and_close},
    {"open and close without growth", IMAGES, .play = play_open_and_close},
    {"max_batch above the batch", OBJECTIVE, {.max_batch = 1000}, .play = play_agreement},
    {"chunk 7", OBJECTIVE, {.chunk = 7}, .play = play_agreement},
    {"smaller batches after larger ones", OBJECTIVE, .play = play_smaller_batches},
    {"the same call, the same bytes", OBJECTIVE, .play = play_repeats},
    {"the gradient is overwritten", OBJECTIVE, .play = play_overwritten},
    {"score may be NULL", OBJECTIVE, .play = play_without_score},
    {"open and close without growth", OBJECTIVE, .play = play_open_and_close},
    {.name = NULL},
};
