/* Base and head as a gate sees them. */
#include "gate/contender.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/program.h"
#include "gate/side.h"
#include "registry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct side_process {
    const char *label;
    pid_t process;
    FILE *questions;
    int answers;
    char text[4096]; /* [length] read and not used yet */
    size_t length;
    char (*names)[GATE_NAME_SIZE];
    int count;
};

/* ---- What it is -------------------------------------------------------------------------------
 */

/* libmine.so, libopenblas.so.0 */
static int is_shared_object(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t length = strlen(name);

    return (length > 3 && strcmp(name + length - 3, ".so") == 0) || strstr(name, ".so.");
}

/* Paths are taken from where the command is given, not from where the experiment lies. */
static int resolve_engine(struct contender *contender, const char *given)
{
    const char *colon = strchr(given, ':');
    size_t length = colon ? (size_t)(colon - given) : strlen(given);
    char name[PATH_MAX], path[PATH_MAX];
    struct message message;
    int is_path = memchr(given, '/', length) != NULL;

    if (registry_knows(given, &message) != 0)
        return error_set("--%s: %s", contender->label, message.text);
    snprintf(name, sizeof name, "%.*s", (int)length, given);
    if (is_path && !realpath(name, path))
        return error_set("--%s: %s: %s", contender->label, name, strerror(errno));
    if (is_path)
        snprintf(contender->engine, sizeof contender->engine, "%.2000s%s", path,
                 colon ? colon : "");
    else if (!colon || !strchr(colon, '/'))
        snprintf(contender->engine, sizeof contender->engine, "%s", given);
    else if (!realpath(colon + 1, path))
        return error_set("--%s: %s: %s", contender->label, colon + 1, strerror(errno));
    else
        snprintf(contender->engine, sizeof contender->engine, "%.200s:%.3000s", name, path);
    return program_own(contender->program, sizeof contender->program);
}

/* A batchlab from before the gate: its engines, in our harness. */
static int resolve_old(struct contender *contender)
{
    char folder[PATH_MAX], program[PATH_MAX];

    snprintf(program, sizeof program, "%s", contender->program);
    *strrchr(program, '/') = '\0';
    snprintf(folder, sizeof folder, "%.3900s/../lib/batchlab/engines", program);
    if (!realpath(folder, contender->engines))
        return error_set("--%s: %s has no command gate-side, and no engines in %s: expected a "
                         "batchlab that can be gated, or its engines",
                         contender->label, contender->given, folder);
    snprintf(contender->note, sizeof contender->note,
             "%.120s is older than the gate: its engines alone are compared, in this harness",
             contender->given);
    return program_own(contender->program, sizeof contender->program);
}

static int resolve_program(struct contender *contender, const char *path)
{
    const char *const arguments[] = {contender->program, "gate-side", "--help", NULL};
    char said[1024]; /* an old one lists its commands after what is looked for */
    int status;

    if (!realpath(path, contender->program))
        return error_set("--%s: %s: %s", contender->label, path, strerror(errno));
    status = program_run(arguments, NULL, 20, said, sizeof said);
    if (status == 0)
        return 0;
    program_one_line(said);
    if (status == 64 && strstr(said, "is no command"))
        return resolve_old(contender);
    if (status < 0)
        snprintf(said, sizeof said, "%s", error_text());
    return error_set("--%s: %s is no batchlab (status %d: %.300s)", contender->label, path, status,
                     said);
}

int contender_resolve(struct contender *contender, const char *given)
{
    struct stat file;

    contender->given = given ? given : "this program";
    if (!given)
        return program_own(contender->program, sizeof contender->program);
    if (strchr(given, '/') && !strchr(given, ':') && !is_shared_object(given)) {
        if (stat(given, &file) != 0 || !S_ISREG(file.st_mode) || access(given, X_OK) != 0)
            return error_set("--%s: %s: expected an engine, a shared object or a batchlab",
                             contender->label, given);
        return resolve_program(contender, given);
    }
    return resolve_engine(contender, given);
}

int contender_check(const struct contender *contender, const char *engine, char *why, size_t size)
{
    enum { CHECK_SECONDS = 600 };
    char engines[PATH_MAX + 32], said[400];
    const char *const arguments[] = {"env",  engines, contender->program, "check", "--engine",
                                     engine, NULL};
    int status;

    snprintf(engines, sizeof engines, "BATCHLAB_ENGINES=%s", contender->engines);
    status = program_run(arguments, NULL, CHECK_SECONDS, said, sizeof said);
    if (status == 0)
        return 0;
    if (status < 0)
        return -1;
    program_one_line(said);
    if (status != 3)
        return error_set("%s: check --engine %s: exit status %d: %s", contender->label, engine,
                         status, said);
    snprintf(why, size, "%s", strrchr(said, ';') ? strrchr(said, ';') + 1 : said);
    return 1;
}

/* ---- Lines of text ----------------------------------------------------------------------------
 */

/* The next line, without its end. 0; 1: there are no more; -1 (error set): too late, or no line. */
static int read_line(struct side_process *side, double limit_seconds, char *line, size_t size)
{
    double end = clock_now() + limit_seconds;
    int ready;

    for (;;) {
        char *stop = memchr(side->text, '\n', side->length);
        struct pollfd waiting = {.fd = side->answers, .events = POLLIN};
        double left = end - clock_now();
        ssize_t got;

        if (stop) {
            size_t used = (size_t)(stop - side->text);

            snprintf(line, size, "%.*s", (int)used, side->text);
            side->length -= used + 1;
            memmove(side->text, stop + 1, side->length);
            return 0;
        }
        if (side->length == sizeof side->text)
            return error_set("%s: an answer without an end", side->label);
        if (left <= 0)
            return error_set("%s: no answer within %.0f s", side->label, limit_seconds);
        ready = poll(&waiting, 1, (int)(1000 * left) + 1);
        if (ready < 0 && errno == EINTR)
            return error_set("interrupted");
        if (ready <= 0)
            continue;
        got = read(side->answers, side->text + side->length, sizeof side->text - side->length);
        if (got <= 0)
            return 1;
        side->length += (size_t)got;
    }
}

/* How the process ended; it is waited for. */
static int end_of(struct side_process *side)
{
    int state = 0;

    while (waitpid(side->process, &state, 0) < 0 && errno == EINTR)
        ;
    side->process = 0;
    return state;
}

/* Ended within a second; else it has closed its answers, and lives on. */
static int ends_soon(pid_t process)
{
    const double patience_seconds = 1;
    double end = clock_now() + patience_seconds;
    siginfo_t ended = {.si_pid = 0};

    while (waitid(P_PID, (id_t)process, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0) {
        if (clock_now() > end)
            return 0;
        usleep(1000);
    }
    return 1;
}

static int report_end(struct side_process *side, const char *during)
{
    int state;

    if (side->process <= 0)
        return error_set("%s: has ended, and is asked `%s`", side->label, during);
    if (!ends_soon(side->process)) {
        kill(side->process, SIGKILL);
        end_of(side);
        return error_set("%s: says nothing more at `%s`", side->label, during);
    }
    state = end_of(side);
    if (WIFSIGNALED(state))
        return error_set("%s: ended by signal %d (%s) at `%s`", side->label, WTERMSIG(state),
                         strsignal(WTERMSIG(state)), during);
    return error_set("%s: exited with status %d at `%s`", side->label, WEXITSTATUS(state), during);
}

/* ---- Starting and stopping --------------------------------------------------------------------
 */

/* In the child. What libraries and the environment would make of threads is one. */
static void become_side(const struct contender *contender, const char *file, pid_t parent,
                        int questions, int answers)
{
    static const char *const one[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS",
                                      "MKL_NUM_THREADS"};
    char planted[32];
    const char *arguments[9] = {contender->program, "gate-side"};
    int count = 2;
    cpu_set_t set;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        setenv(one[i], "1", 1);
    /* Those beside the program, "", whatever the caller's: both sides would have the same. */
    setenv("BATCHLAB_ENGINES", contender->engines, 1);
    signal(SIGPIPE, SIG_DFL);
    if (contender->preload[0])
        setenv("LD_PRELOAD", contender->preload, 1);
    CPU_ZERO(&set);
    if (contender->processor >= 0) {
        CPU_SET((size_t)contender->processor, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0)
            _exit(1); /* the parent has tried before */
    }
    dup2(questions, STDIN_FILENO);
    dup2(answers, STDOUT_FILENO);
    if (contender->engine[0]) {
        arguments[count++] = "--engine";
        arguments[count++] = contender->engine;
    }
    if (contender->planted > 0) {
        snprintf(planted, sizeof planted, "%.17g", contender->planted);
        arguments[count++] = "--plant";
        arguments[count++] = planted;
    }
    arguments[count] = file;
    execv(contender->program, (char *const *)arguments);
    fprintf(stderr, "batchlab: %s: %s\n", contender->program, strerror(errno));
    _exit(127);
}

static int spawn(struct side_process *side, const struct contender *contender, const char *file)
{
    int to[2], from[2];
    pid_t parent = getpid();

    if (pipe2(to, O_CLOEXEC) != 0)
        return error_set("cannot make a pipe: %s", strerror(errno));
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return error_set("cannot make a pipe: %s", strerror(errno));
    }
    fflush(NULL);
    side->process = fork();
    if (side->process == 0)
        become_side(contender, file, parent, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    side->answers = from[0];
    side->questions = fdopen(to[1], "w");
    if (side->process < 0 || !side->questions)
        return error_set("cannot start a process: %s", strerror(errno));
    return 0;
}

static int add_cell(struct side_process *side, const char *name)
{
    char(*names)[GATE_NAME_SIZE] =
        realloc(side->names, ((size_t)side->count + 1) * sizeof *side->names);

    if (!names)
        return error_set("out of memory");
    side->names = names;
    snprintf(names[side->count++], GATE_NAME_SIZE, "%.255s", name);
    return 0;
}

/* Reads what a side says before it is asked. */
static int read_greeting(struct side_process *side, struct contender *contender)
{
    enum { READY_SECONDS = 120 }; /* it may have a large data set to read */
    double end = clock_now() + READY_SECONDS;
    char line[1024];
    int protocol = 0, begin = 0, status;

    while ((status = read_line(side, end - clock_now(), line, sizeof line)) == 0) {
        if (sscanf(line, SIDE_GREETING " %d %n", &protocol, &begin) == 1) {
            if (protocol != SIDE_PROTOCOL)
                return error_set("%s: speaks protocol %d, expected %d", side->label, protocol,
                                 SIDE_PROTOCOL);
            snprintf(contender->version, sizeof contender->version, "%.*s",
                     (int)sizeof contender->version - 1, line + begin);
        } else if (strncmp(line, "failed ", 7) == 0) {
            return error_set("%s: %s", side->label, line + 7);
        } else if (protocol == SIDE_PROTOCOL && strncmp(line, "cell ", 5) == 0) {
            if (add_cell(side, line + 5) != 0)
                return -1;
        } else if (protocol == SIDE_PROTOCOL && strcmp(line, "ready") == 0) {
            return 0;
        } else {
            return error_set("%s: `%.60s`: expected `%s`, cells, and `ready`", side->label, line,
                             SIDE_GREETING);
        }
    }
    return status < 0 ? -1 : report_end(side, "gate-side");
}

int side_start(struct side_process **started, struct contender *contender, const char *file)
{
    struct side_process *side = calloc(1, sizeof *side);

    *started = NULL;
    if (!side)
        return error_set("out of memory");
    side->label = contender->label;
    side->answers = -1;
    if (spawn(side, contender, file) != 0 || read_greeting(side, contender) != 0) {
        side_stop(side);
        return -1;
    }
    *started = side;
    return 0;
}

void side_stop(struct side_process *side)
{
    if (!side)
        return;
    if (side->questions)
        fclose(side->questions);
    if (side->process > 0) { /* it holds nothing that a kill would lose */
        kill(side->process, SIGKILL);
        end_of(side);
    }
    if (side->answers >= 0)
        close(side->answers);
    free(side->names);
    free(side);
}

int side_cells(const struct side_process *side)
{
    return side->count;
}

const char *side_cell(const struct side_process *side, int index)
{
    return side->names[index];
}

static int is_refusable(const char *expected)
{
    return strcmp(expected, "opened") == 0 || strcmp(expected, "counted") == 0;
}

int side_ask(struct side_process *side, double limit_seconds, const char *question,
             const char *expected, char *answer, size_t size)
{
    size_t length = strlen(expected);
    char line[sizeof side->text];
    int status;

    if (side->process <= 0)
        return report_end(side, question);
    fprintf(side->questions, "%s\n", question);
    if (fflush(side->questions) != 0)
        return report_end(side, question);
    status = read_line(side, limit_seconds, line, sizeof line);
    if (status > 0)
        return report_end(side, question);
    if (status < 0)
        return -1;
    if (strncmp(line, expected, length) == 0 && (line[length] == ' ' || line[length] == '\0')) {
        snprintf(answer, size, "%s", line + length + (line[length] == ' '));
        return 0;
    }
    if (is_refusable(expected) && strncmp(line, "unsupported ", 12) == 0) {
        snprintf(answer, size, "%s", line + 12);
        return 1;
    }
    return error_set("%s: %s: %s", side->label, question,
                     strncmp(line, "failed ", 7) == 0 ? line + 7 : line);
}

int side_open(struct side_process *side, const char *name, char *answer, size_t size)
{
    enum { OPEN_SECONDS = 120 };
    char question[GATE_NAME_SIZE + 8];

    snprintf(question, sizeof question, "open %s", name);
    return side_ask(side, OPEN_SECONDS, question, "opened", answer, size);
}
