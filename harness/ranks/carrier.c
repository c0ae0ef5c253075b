/* The process that has MPI in it. */
#include "ranks/carrier.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between carriers: the job ends (an exit status), a rank that is ready to, and a sign of life. */
enum { TAG_CLOSE = POST_GONE + 1, TAG_CLOSED, TAG_ALIVE };

/* How long a child that is to end may take, and ranks that are. */
static const double child_seconds = 2, ranks_seconds = 10;

/* How often a rank gives a sign of life, and after what silence it counts as dead. Where the
 * launcher ends the job with the first rank that dies, as by default, this decides nothing; mpirun
 * with
 * --enable-recovery does not. */
static const double sign_seconds = 2, silence_seconds = 20;

struct carrier {
    struct ranks ranks;
    int socket, signals;
    pid_t child; /* 0: it has ended */
    int status;  /* exit status of the job */
    int is_closing;
    int closed;      /* rank 0: how many others are ready to end */
    struct heard {   /* rank 0: [ranks.size], owned, of each other */
        double last; /* clock_now() of its last word */
        int is_dead, is_closed;
    } * heard;
    int dead;                 /* rank 0: how many have died */
    double signed_at, passed; /* when this one gave its last sign, and was last known to run */
    double quiet;             /* since when nothing was carried */
};

static void list_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void carrier_block(sigset_t *before)
{
    sigset_t set;

    list_signals(&set);
    sigprocmask(SIG_BLOCK, &set, before);
}

/* MPI is of no use any more. */
static void give_up(struct carrier *carrier) __attribute__((noreturn));
static void give_up(struct carrier *carrier)
{
    fprintf(stderr, "batchlab: rank %d: %s\n", carrier->ranks.rank, error_text());
    if (carrier->child)
        kill(carrier->child, SIGKILL);
    ranks_abort(1);
}

static void send_or_give_up(struct carrier *carrier, int to, int tag, const void *bytes,
                            size_t size)
{
    if (ranks_send(to, tag, bytes, size) != 0)
        give_up(carrier);
}

/* Nanoseconds until MPI, which nothing can be waited for with, is asked again: what comes after a
 * long silence may wait for half a per cent of it. */
static long pause_of(const struct carrier *carrier)
{
    return (long)(1e9 * fmin(0.02, fmax(0.0001, (clock_now() - carrier->quiet) / 200)));
}

/* Sleeps until the child or a signal has something, or it is time to ask MPI. */
static void wait_awhile(struct carrier *carrier, int *from_child, int *from_signals)
{
    const struct timespec pause = {0, pause_of(carrier)};
    struct pollfd ready[2] = {{.fd = carrier->child ? carrier->socket : -1, .events = POLLIN},
                              {.fd = carrier->signals, .events = POLLIN}};

    *from_child = *from_signals = 0;
    if (ppoll(ready, 2, &pause, NULL) <= 0)
        return;
    *from_child = (ready[0].revents & POLLIN) != 0;
    *from_signals = (ready[1].revents & POLLIN) != 0;
    if (*from_child)
        carrier->quiet = clock_now();
}

static void pass_signal_on(const struct carrier *carrier)
{
    struct signalfd_siginfo signal;

    if (read(carrier->signals, &signal, sizeof signal) == sizeof signal && carrier->child)
        kill(carrier->child, (int)signal.ssi_signo);
}

static void take_from_child(struct carrier *carrier)
{
    struct letter letter;

    if (post_read_framed(carrier->socket, &letter) != 0)
        return; /* it has ended, which waitpid will tell */
    send_or_give_up(carrier, letter.from, letter.tag, letter.bytes, letter.size);
    letter_free(&letter);
}

/* One message of another carrier. */
static void take_from_rank(struct carrier *carrier, int from, int tag, size_t size)
{
    char *bytes = malloc(size + 1);

    if (!bytes)
        error_set("out of memory: a message of %zu bytes", size);
    if (!bytes || ranks_receive(from, tag, bytes, size) != 0)
        give_up(carrier);
    if (carrier->heard)
        carrier->heard[from].last = clock_now();
    if (tag == TAG_ALIVE || (carrier->heard && carrier->heard[from].is_dead)) {
        ; /* one that counts as dead stays so: its cells are elsewhere by now */
    } else if (tag == TAG_CLOSE) {
        carrier->is_closing = 1;
        memcpy(&carrier->status, bytes, sizeof carrier->status);
    } else if (tag == TAG_CLOSED && carrier->heard) { /* only rank 0 is told so */
        carrier->closed++;
        carrier->heard[from].is_closed = 1;
    } else if (carrier->child) {
        post_write_framed(carrier->socket, from, tag, bytes, size); /* or it has ended */
    }
    free(bytes);
}

static void take_from_ranks(struct carrier *carrier)
{
    int from, tag, found;
    size_t size;

    while ((found = ranks_poll(&from, &tag, &size)) == 1) {
        take_from_rank(carrier, from, tag, size);
        carrier->quiet = clock_now();
    }
    if (found < 0)
        give_up(carrier);
}

/* Rank 0 has not heard of it for long. */
static void count_dead(struct carrier *carrier, int rank)
{
    carrier->heard[rank].is_dead = 1;
    carrier->dead++;
    if (carrier->child)
        post_write_framed(carrier->socket, rank, POST_GONE, NULL, 0);
}

/* Says that this rank lives, or looks who does not. Time for which this process itself stood still
 * is no silence of the others. */
static void watch(struct carrier *carrier)
{
    double now = clock_now(), still = now - carrier->passed;

    carrier->passed = now;
    if (carrier->ranks.rank > 0) {
        if (now - carrier->signed_at < sign_seconds)
            return;
        carrier->signed_at = now;
        send_or_give_up(carrier, 0, TAG_ALIVE, NULL, 0);
        return;
    }
    for (int r = 1; r < carrier->ranks.size; r++) {
        struct heard *heard = &carrier->heard[r];

        if (still > sign_seconds)
            heard->last += still;
        if (!heard->is_dead && !heard->is_closed && now - heard->last > silence_seconds)
            count_dead(carrier, r);
    }
}

/* What the child has said before it ended. */
static void drain(struct carrier *carrier)
{
    struct pollfd ready = {.fd = carrier->socket, .events = POLLIN};
    char next;

    while (poll(&ready, 1, 0) == 1 && recv(carrier->socket, &next, 1, MSG_PEEK) == 1)
        take_from_child(carrier);
}

/* Signals by which somebody asks for the end. */
static int is_request(int signal)
{
    return signal == SIGINT || signal == SIGTERM || signal == SIGHUP;
}

/* 1: the child has just ended. */
static int has_ended(struct carrier *carrier)
{
    int status;

    if (!carrier->child || waitpid(carrier->child, &status, WNOHANG) != carrier->child)
        return 0;
    drain(carrier);
    carrier->child = 0;
    if (carrier->is_closing)
        return 1;
    carrier->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (WIFSIGNALED(status) && is_request(WTERMSIG(status)))
        carrier->status = 130; /* as for whoever is interrupted later */
    else if (WIFSIGNALED(status) && carrier->ranks.rank == 0)
        fprintf(stderr, "batchlab: rank 0 was ended by signal %d (%s); the same command resumes\n",
                WTERMSIG(status), strsignal(WTERMSIG(status)));
    return 1;
}

static void carry_once(struct carrier *carrier)
{
    int from_child, from_signals;

    wait_awhile(carrier, &from_child, &from_signals);
    if (from_signals)
        pass_signal_on(carrier);
    if (from_child)
        take_from_child(carrier);
    if (carrier->ranks.size > 1) {
        take_from_ranks(carrier);
        watch(carrier);
    }
}

/* The job ends: it is asked to, and made to. */
static void end_child(struct carrier *carrier)
{
    double asked = clock_now();

    if (carrier->child)
        kill(carrier->child, SIGTERM);
    while (carrier->child && !has_ended(carrier)) {
        if (clock_now() - asked > child_seconds)
            kill(carrier->child, SIGKILL);
        carry_once(carrier);
    }
}

/* Rank 0: what others still send is taken, or they would wait for ever. */
static void close_ranks(struct carrier *carrier)
{
    double asked = clock_now();

    for (int r = 1; r < carrier->ranks.size; r++)
        if (!carrier->heard[r].is_dead)
            send_or_give_up(carrier, r, TAG_CLOSE, &carrier->status, sizeof carrier->status);
    while (carrier->closed + carrier->dead < carrier->ranks.size - 1 &&
           clock_now() - asked < ranks_seconds)
        carry_once(carrier);
    if (carrier->closed < carrier->ranks.size - 1)
        ranks_abort(carrier->status); /* MPI's own end would wait for the dead */
}

static void carry(struct carrier *carrier)
{
    if (carrier->ranks.rank == 0) {
        while (!has_ended(carrier))
            carry_once(carrier);
        close_ranks(carrier);
        return;
    }
    while (!carrier->is_closing) {
        carry_once(carrier);
        if (has_ended(carrier) && !carrier->is_closing)
            send_or_give_up(carrier, 0, POST_GONE, &carrier->status, sizeof carrier->status);
    }
    end_child(carrier);
    send_or_give_up(carrier, 0, TAG_CLOSED, NULL, 0);
}

/* MPI opened, and as many ranks as the launcher says. */
static int open_ranks(struct ranks *ranks)
{
    int rank, size;

    if (ranks_open(ranks) != 0)
        return -1;
    ranks_told(&rank, &size);
    if (size > 1 && ranks->size == 1)
        return error_set("started as one of %d, but %s knows of one: expected the mpirun of that "
                         "library, or srun --mpi=pmix",
                         size, ranks->library);
    return 0;
}

static struct heard *hear(int ranks)
{
    struct heard *heard = calloc((size_t)ranks, sizeof *heard);

    for (int r = 0; heard && r < ranks; r++)
        heard[r].last = clock_now();
    return heard;
}

void carrier_run(int socket, pid_t child)
{
    struct carrier carrier = {.socket = socket, .child = child, .quiet = clock_now()};
    sigset_t set;
    int rank, size;

    ranks_told(&rank, &size);
    if (open_ranks(&carrier.ranks) != 0) {
        if (rank == 0)
            fprintf(stderr, "batchlab: %s\n", error_text());
        kill(child, SIGKILL);
        _exit(1);
    }
    list_signals(&set);
    carrier.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    carrier.signed_at = carrier.passed = clock_now();
    if (carrier.ranks.rank == 0 && !(carrier.heard = hear(carrier.ranks.size))) {
        error_set("out of memory");
        give_up(&carrier);
    }
    post_write(socket, &carrier.ranks, sizeof carrier.ranks);
    carry(&carrier);
    ranks_close();
    _exit(carrier.status);
}
