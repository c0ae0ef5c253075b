/* Sides of a gate that are shell scripts: they speak the protocol (gate/side.h), and take the time
 * that a test says. To be included after cmocka.h. */
#ifndef BATCHLAB_TESTS_GATE_FIXTURE_H
#define BATCHLAB_TESTS_GATE_FIXTURE_H

#include "base/error.h"
#include "gate/gate.h"
#include "tree.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* An executable script of these lines; the path is good for the next 63 calls. */
static inline const char *fake_script(const char *name, const char *lines)
{
    static char paths[64][128];
    static size_t next;
    char text[8192], *path = paths[next++ % 64];

    snprintf(text, sizeof text, "#!/bin/sh\n%s", lines);
    snprintf(path, sizeof paths[0], "%s", scratch_write(name, text, strlen(text)));
    if (chmod(path, 0755) != 0)
        abort();
    return path;
}

/* A side of these cells, blanks between them. answers: lines of a case statement over $word, before
 * those that answer rightly; $rest is what follows, $cell the cell in question. A turn takes
 * `timed` seconds of both clocks. */
static inline const char *fake_side(const char *name, const char *cells, const char *timed,
                                    const char *answers)
{
    char lines[4096];

    snprintf(lines, sizeof lines,
             "echo 'batchlab-side 1 fake 1.0'\n"
             "for cell in %s; do echo \"cell $cell\"; done\n"
             "echo ready\n"
             "while read -r word rest; do\n"
             "    [ $word != open ] || cell=$rest\n"
             "    case $word in\n"
             "    %s\n"
             "    open) echo opened ;;\n"
             "    describe) echo described a library ;;\n"
             "    engine) echo engine naive ;;\n"
             "    find) echo found 10 ;;\n"
             "    time) echo timed %s %s 0 0 0 ;;\n"
             "    close) echo closed ;;\n"
             "    *) echo failed unknown ;;\n"
             "    esac\n"
             "done\n",
             cells, answers, timed, timed);
    return fake_script(name, lines);
}

static inline struct contender fake_contender(const char *label, const char *program)
{
    struct contender contender = {.label = label, .given = program, .processor = -1};

    snprintf(contender.program, sizeof contender.program, "%s", program);
    return contender;
}

/* No process of ours is left, running or dead. */
static inline void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static inline void assert_error(const char *wrong)
{
    if (!strstr(error_text(), wrong))
        fail_msg("`%s` lacks `%s`", error_text(), wrong);
}

#endif
