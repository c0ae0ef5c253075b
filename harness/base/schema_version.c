/* The version of a results folder. */
#include "base/schema_version.h"

#include "base/error.h"

int schema_version_check(const json_t *manifest, const char *path)
{
    const json_t *version = json_object_get(manifest, "schema_version");

    if (!version)
        return 0;
    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return error_set("%s: schema_version: expected a whole number from 1 to %d", path,
                         MANIFEST_SCHEMA_VERSION);
    if (json_integer_value(version) > MANIFEST_SCHEMA_VERSION)
        return error_set("%s: results of schema version %" JSON_INTEGER_FORMAT
                         ", expected at most %d: a newer batchlab wrote them, and can read them",
                         path, json_integer_value(version), MANIFEST_SCHEMA_VERSION);
    return 0;
}
