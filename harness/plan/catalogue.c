/* Reads the catalogue of claims. */
#include "plan/catalogue.h"

#include "base/error.h"
#include "plan/document.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(member)                                                                               \
    .offset = offsetof(struct catalogue_claim, member),                                            \
    .size = sizeof(((struct catalogue_claim *)0)->member)

static const struct field fields[] = {
    {"claim", FIELD_TEXT, TEXT(id), .help = "its short name, such as C24"},
    {"says", FIELD_TEXT, TEXT(says), .help = "what is taught, one sentence"},
    {"criterion", FIELD_TEXT, TEXT(criterion), .help = "what decides it, one line"},
    {"out_of_scope", FIELD_TEXT, TEXT(out_of_scope), .help = "why it is not decided here"},
    {0},
};

int catalogue_find(const struct catalogue *catalogue, const char *id)
{
    for (int c = 0; c < catalogue->count; c++)
        if (strcmp(catalogue->list[c].id, id) == 0)
            return c;
    return -1;
}

static int check(const struct schema_source *source, const yaml_node_t *node,
                 const struct catalogue *catalogue, const struct catalogue_claim *claim)
{
    int earlier = catalogue_find(catalogue, claim->id);

    if (!claim->id[0])
        return schema_error(source, node, "claims: claim: missing, expected its short name");
    if (!claim->says[0])
        return schema_error(source, node, "claims: %s: says: missing, expected a sentence",
                            claim->id);
    if (claim->criterion[0] && claim->out_of_scope[0])
        return schema_error(source, node,
                            "claims: %s: criterion and out_of_scope, expected one of them",
                            claim->id);
    if (!claim->criterion[0] && !claim->out_of_scope[0])
        return schema_error(source, node,
                            "claims: %s: criterion: missing, expected what decides it, or "
                            "out_of_scope",
                            claim->id);
    if (&catalogue->list[earlier] != claim)
        return schema_error(source, node,
                            "claims: %s is given twice, expected once; the first is in line %d",
                            claim->id, catalogue->list[earlier].line);
    return 0;
}

static int read_list(const struct schema_source *source, yaml_node_t *node,
                     struct catalogue *catalogue)
{
    yaml_node_t *item;

    if (node->type != YAML_SEQUENCE_NODE)
        return schema_error(source, node, "claims: expected a list");
    free(catalogue->list); /* of an earlier reading of the same key */
    catalogue->count = 0;
    catalogue->list =
        calloc((size_t)(node->data.sequence.items.top - node->data.sequence.items.start) + 1,
               sizeof *catalogue->list);
    if (!catalogue->list)
        return error_set("out of memory");
    for (size_t i = 0; (item = schema_item(source, node, i)) != NULL; i++) {
        struct catalogue_claim *claim = &catalogue->list[catalogue->count++];

        if (item->type != YAML_MAPPING_NODE)
            return schema_error(source, item,
                                "claims: expected a mapping with claim, says, criterion");
        claim->line = (int)item->start_mark.line + 1;
        if (schema_read_mapping(source, item, fields, "claims", claim) != 0 ||
            check(source, item, catalogue, claim) != 0)
            return -1;
    }
    return 0;
}

static int read_document(const struct schema_source *source, void *into)
{
    yaml_node_t *root = yaml_document_get_root_node(source->document), *key, *value;
    struct catalogue *catalogue = into;

    if (!root || root->type != YAML_MAPPING_NODE)
        return error_set("%s:1: expected a mapping with claims, a list", source->file);
    for (size_t i = 0; schema_pair(source, root, i, &key, &value); i++) {
        const char *name = schema_scalar(key);

        if (!name || strcmp(name, "claims") != 0)
            return schema_error(source, key, "unknown key '%s', expected claims",
                                name ? name : "(not a name)");
        if (read_list(source, value, catalogue) != 0)
            return -1;
    }
    if (catalogue->count == 0)
        return error_set("%s:1: has no claims, expected a list of them", source->file);
    return schema_check_repeated(source);
}

int catalogue_open(struct catalogue *catalogue, const char *file)
{
    char *text = document_read(file);
    int status;

    *catalogue = (struct catalogue){.list = NULL};
    snprintf(catalogue->file, sizeof catalogue->file, "%s", file);
    status = text ? document_parse(file, text, read_document, catalogue) : -1;
    free(text);
    if (status != 0)
        catalogue_close(catalogue);
    return status;
}

void catalogue_close(struct catalogue *catalogue)
{
    free(catalogue->list);
    *catalogue = (struct catalogue){.list = NULL};
}
