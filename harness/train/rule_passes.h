/* The passes of the update rules, written once for float and double: the file that includes this
 * defines REAL, SQRT and PASS(name). Each reads and writes what it needs once; its vectors do not
 * overlap, so the compiler uses vector instructions without asking at run time. */

#include "train/rule_vectors.h"

#include <math.h>

#define VECTOR(pass, i) ((REAL *)(pass)->state->memory + (i) * (pass)->state->parameter_count)
#define THETA(pass) ((REAL *)(pass)->theta)
#define GRADIENT(pass) ((const REAL *)(pass)->state->gradient)

/* theta -= alpha g */
static void descend(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate;

    for (size_t j = 0; j < pass->state->parameter_count; j++)
        theta[j] -= alpha * g[j];
}

/* theta -= alpha g; mean += (theta - mean) / updates averaged   (Polyak, Juditsky 1992) */
static void average(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict mean = VECTOR(pass, 0);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate;
    const long averaged = pass->state->step - pass->state->parameters.average_from;
    const REAL share = averaged > 1 ? (REAL)(1 / (double)averaged) : 1;

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        theta[j] -= alpha * g[j];
        mean[j] += share * (theta[j] - mean[j]);
    }
}

/* v = rho v - alpha g; theta += v   (Polyak 1964) */
static void roll(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict v = VECTOR(pass, 0);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate, rho = (REAL)pass->state->parameters.momentum;

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        v[j] = rho * v[j] - alpha * g[j];
        theta[j] += v[j];
    }
}

/* v = rho v - alpha g(theta + rho v); theta += v   (Nesterov 1983, in the form of Sutskever et al.
 * 2013). The next look-ahead point comes out of the same pass. */
static void roll_ahead(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict v = VECTOR(pass, 0);
    REAL *restrict ahead = VECTOR(pass, 1);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate, rho = (REAL)pass->state->parameters.momentum;

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        v[j] = rho * v[j] - alpha * g[j];
        theta[j] += v[j];
        ahead[j] = theta[j] + rho * v[j];
    }
}

/* v = rho v - alpha g(theta); theta += rho v - alpha g   (Nesterov's rule for the look-ahead point
 * itself, the form of Bengio et al. 2012 and of PyTorch): theta here is theta + rho v there. */
static void roll_rearranged(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict v = VECTOR(pass, 0);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate, rho = (REAL)pass->state->parameters.momentum;

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        v[j] = rho * v[j] - alpha * g[j];
        theta[j] += rho * v[j] - alpha * g[j];
    }
}

/* ---- Rates of each component's own ------------------------------------------------------------
 */

/* The root that a step is divided by: of v + inside, plus outside; one of them is 0. */
struct PASS(root) {
    REAL inside, outside;
};

static struct PASS(root) root_of(const struct rule_pass *pass)
{
    const struct rule_parameters *p = &pass->state->parameters;

    return p->epsilon_place == EPSILON_INSIDE ? (struct PASS(root)){(REAL)p->epsilon, 0}
                                              : (struct PASS(root)){0, (REAL)p->epsilon};
}

/* v += g^2; theta -= alpha g / root(v)   (Duchi, Hazan, Singer 2011) */
static void adapt_all(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict v = VECTOR(pass, 0);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate;
    const struct PASS(root) root = root_of(pass);

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        v[j] += g[j] * g[j];
        theta[j] -= alpha * g[j] / (SQRT(v[j] + root.inside) + root.outside);
    }
}

/* v = b2 v + (1 - b2) g^2; theta -= alpha g / root(v)   (Tieleman, Hinton 2012) */
static void adapt_recent(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict v = VECTOR(pass, 0);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate, beta = (REAL)pass->state->parameters.beta2;
    const REAL fresh = (REAL)(1 - pass->state->parameters.beta2);
    const struct PASS(root) root = root_of(pass);

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        v[j] = beta * v[j] + fresh * g[j] * g[j];
        theta[j] -= alpha * g[j] / (SQRT(v[j] + root.inside) + root.outside);
    }
}

/* v = b2 v + (1 - b2) g^2; d = g root(x) / root(v); x = b2 x + (1 - b2) d^2; theta -= alpha d
 * (Zeiler 2012, where alpha is 1) */
static void adapt_without_rate(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict v = VECTOR(pass, 0),
                   *restrict x = VECTOR(pass, 1);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha = (REAL)pass->rate, beta = (REAL)pass->state->parameters.beta2;
    const REAL fresh = (REAL)(1 - pass->state->parameters.beta2);
    const struct PASS(root) root = root_of(pass);

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        REAL d;

        v[j] = beta * v[j] + fresh * g[j] * g[j];
        d = g[j] * (SQRT(x[j] + root.inside) + root.outside) /
            (SQRT(v[j] + root.inside) + root.outside);
        x[j] = beta * x[j] + fresh * d * d;
        theta[j] -= alpha * d;
    }
}

/* How the two moments of adam and its kin are kept and corrected for their start. */
struct PASS(moments) {
    REAL beta1, fresh1, beta2, fresh2;
    REAL correction; /* of v */
    struct PASS(root) root;
};

static struct PASS(moments) moments_of(const struct rule_pass *pass)
{
    const struct rule_parameters *p = &pass->state->parameters;

    return (struct PASS(moments)){
        .beta1 = (REAL)p->beta1,
        .fresh1 = (REAL)(1 - p->beta1),
        .beta2 = (REAL)p->beta2,
        .fresh2 = (REAL)(1 - p->beta2),
        .correction = (REAL)(1 / (1 - pow(p->beta2, (double)pass->state->step))),
        .root = root_of(pass),
    };
}

/* m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * theta -= alpha (m / (1 - b1^t)) / root(v / (1 - b2^t))   (Kingma, Ba 2015) */
static void adapt_moments(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict m = VECTOR(pass, 0),
                   *restrict v = VECTOR(pass, 1);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha =
        (REAL)(pass->rate / (1 - pow(pass->state->parameters.beta1, (double)pass->state->step)));
    const struct PASS(moments) c = moments_of(pass);

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        m[j] = c.beta1 * m[j] + c.fresh1 * g[j];
        v[j] = c.beta2 * v[j] + c.fresh2 * g[j] * g[j];
        theta[j] -= alpha * m[j] / (SQRT(v[j] * c.correction + c.root.inside) + c.root.outside);
    }
}

/* adam with the largest v so far: its steps do not grow again   (Reddi, Kale, Kumar 2018; with
 * adam's corrections, as everywhere) */
static void adapt_largest(const struct rule_pass *pass)
{
    REAL *restrict theta = THETA(pass), *restrict m = VECTOR(pass, 0),
                   *restrict v = VECTOR(pass, 1);
    REAL *restrict largest = VECTOR(pass, 2);
    const REAL *restrict g = GRADIENT(pass);
    const REAL alpha =
        (REAL)(pass->rate / (1 - pow(pass->state->parameters.beta1, (double)pass->state->step)));
    const struct PASS(moments) c = moments_of(pass);

    for (size_t j = 0; j < pass->state->parameter_count; j++) {
        m[j] = c.beta1 * m[j] + c.fresh1 * g[j];
        v[j] = c.beta2 * v[j] + c.fresh2 * g[j] * g[j];
        largest[j] = largest[j] >= v[j] ? largest[j] : v[j]; /* not-a-number passes */
        theta[j] -=
            alpha * m[j] / (SQRT(largest[j] * c.correction + c.root.inside) + c.root.outside);
    }
}

/* mu[t] = b1 (1 - 0.96^(t / 250) / 2); m, v as adam's;
 * theta -= alpha (mu[t+1] m / (1 - mu[1] ... mu[t+1]) + (1 - mu[t]) g / (1 - mu[1] ... mu[t])) /
 *          root(v / (1 - b2^t))   (Dozat 2016) */
static void adapt_ahead(const struct rule_pass *pass)
{
    struct rule_state *state = pass->state;
    const struct rule_parameters *p = &state->parameters;
    const double t = (double)state->step;
    const double now = p->beta1 * (1 - 0.5 * pow(0.96, t / 250));
    const double next = p->beta1 * (1 - 0.5 * pow(0.96, (t + 1) / 250));
    const double product = (state->step == 1 ? 1 : state->product) * now;
    REAL *restrict theta = THETA(pass), *restrict m = VECTOR(pass, 0),
                   *restrict v = VECTOR(pass, 1);
    const REAL *restrict g = GRADIENT(pass);
    const REAL of_m = (REAL)(pass->rate * next / (1 - product * next));
    const REAL of_g = (REAL)(pass->rate * (1 - now) / (1 - product));
    const struct PASS(moments) c = moments_of(pass);

    state->product = product;
    for (size_t j = 0; j < state->parameter_count; j++) {
        m[j] = c.beta1 * m[j] + c.fresh1 * g[j];
        v[j] = c.beta2 * v[j] + c.fresh2 * g[j] * g[j];
        theta[j] -= (of_m * m[j] + of_g * g[j]) /
                    (SQRT(v[j] * c.correction + c.root.inside) + c.root.outside);
    }
}

/* ---- What comes before a pass, and what the rules build directions from -----------------------
 */

static double norm(const void *vector, size_t count)
{
    const REAL *v = vector;
    double sum = 0;

    for (size_t j = 0; j < count; j++)
        sum += (double)v[j] * (double)v[j];
    return sqrt(sum);
}

static void scale(void *vector, size_t count, double factor)
{
    REAL *restrict v = vector;

    for (size_t j = 0; j < count; j++)
        v[j] *= (REAL)factor;
}

/* to += factor * from */
static void add(void *to, const void *from, size_t count, double factor)
{
    REAL *restrict a = to;
    const REAL *restrict b = from;

    for (size_t j = 0; j < count; j++)
        a[j] += (REAL)factor * b[j];
}

/* Not-a-number stays. */
static void cut(void *vector, size_t count, double limit)
{
    REAL *restrict v = vector;
    const REAL high = (REAL)limit, low = -high;

    for (size_t j = 0; j < count; j++)
        v[j] = v[j] > high ? high : v[j] < low ? low : v[j];
}

/* d = fresh - kept; direction += share d; mean += d / n; kept = fresh */
static void exchange(void *direction, void *mean, void *kept, const void *fresh, size_t count,
                     double share, double part)
{
    REAL *restrict to = direction, *restrict all = mean, *restrict old = kept;
    const REAL *restrict now = fresh;

    for (size_t j = 0; j < count; j++) {
        REAL d = now[j] - old[j];

        to[j] += (REAL)share * d;
        all[j] += (REAL)part * d;
        old[j] = now[j];
    }
}

const struct rule_vectors PASS(rule_vectors) = {
    .size = sizeof(REAL),
    .descend = descend,
    .average = average,
    .roll = roll,
    .roll_ahead = roll_ahead,
    .roll_rearranged = roll_rearranged,
    .adapt_all = adapt_all,
    .adapt_recent = adapt_recent,
    .adapt_without_rate = adapt_without_rate,
    .adapt_moments = adapt_moments,
    .adapt_largest = adapt_largest,
    .adapt_ahead = adapt_ahead,
    .norm = norm,
    .scale = scale,
    .add = add,
    .cut = cut,
    .exchange = exchange,
};
