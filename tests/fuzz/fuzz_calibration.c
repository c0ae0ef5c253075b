/* calibration.csv, as a gate reads it. */
#include "fuzz_input.h"

#include "gate/calibration.h"
#include "run/host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of this machine is what says it was measured on an abacus: the corpus does not know where it will
 * be read. */
static const char *write_for_this_machine(const uint8_t *data, size_t size)
{
    static struct host host;
    const char *path = fuzz_path("calibration.csv");
    FILE *file = fopen(path, "w");

    if (!host.cpu[0])
        host_read(&host);
    while (file && size > 0) {
        const uint8_t *found = memmem(data, size, "abacus", 6);
        size_t length = found ? (size_t)(found - data) : size;

        fwrite(data, 1, length, file);
        fputs(found ? host.cpu : "", file);
        data += length + (found ? 6 : 0);
        size -= length + (found ? 6 : 0);
    }
    if (!file || fclose(file) != 0)
        abort();
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gate gate;
    static struct gate_cell cells[2];
    char note[400];
    int status;

    memset(&gate, 0, sizeof gate);
    memset(cells, 0, sizeof cells);
    gate.options = (struct gate_options){.slice = 0.01, .turns = 2, .margin = 0.02};
    gate.rounds = 31;
    gate.cells = cells;
    gate.count = 2;
    snprintf(cells[0].name, sizeof cells[0].name, "naive/S/k=8");
    snprintf(cells[1].name, sizeof cells[1].name, "naive/S/k=9");
    cells[0].floor = cells[1].floor = NAN;
    status = calibration_apply(write_for_this_machine(data, size), &gate, note, sizeof note);
    fuzz_check_status(status);
    for (int c = 0; c < 2; c++)
        if (cells[c].floor < 0 || isinf(cells[c].floor))
            abort();
    return 0;
}
