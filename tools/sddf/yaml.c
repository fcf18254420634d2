/* SPDX-License-Identifier: BSD-2-Clause */
/* The checked YAML reader that yaml.h describes, on libyaml's events: this file owns the tree and
 * trusts neither the text nor its author. Linked into host tools only. */
#include "tools/sddf/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h> /* libyaml */

enum { PATH_MAX_BYTES = 512 };

struct yaml_file {
    char *name;
    struct findings *findings; /* NULL: printed at once */
    struct yaml_node *nodes;   /* YAML_NODES_MAX; the root is the first */
    size_t node_count;
    unsigned errors;
};

/* What is being built: the open container, and in a map the key that waits for its value. */
struct builder {
    struct yaml_file *file;
    struct yaml_node *open;
    unsigned depth;
    char *key;
    yaml_mark_t key_mark;
};

static void report(struct yaml_file *file, enum rule rule, struct finding_place place,
                   const char *format, va_list arguments) __attribute__((format(printf, 4, 0)));

static void report(struct yaml_file *file, enum rule rule, struct finding_place place,
                   const char *format, va_list arguments)
{
    findings_add(file->findings, rule, place, format, arguments);
    if (rule_level(rule) == ERROR)
        file->errors++;
}

__attribute__((format(printf, 4, 5))) static bool refuse(struct yaml_file *file, yaml_mark_t mark,
                                                         enum rule rule, const char *format, ...)
{
    struct finding_place place = {
        .file = file->name,
        .line = (unsigned)mark.line + 1,
        .column = (unsigned)mark.column + 1,
        .object = "",
    };
    va_list arguments;
    va_start(arguments, format);
    report(file, rule, place, format, arguments);
    va_end(arguments);
    return false;
}

static size_t index_in_list(const struct yaml_node *node)
{
    size_t index = 0;
    for (const struct yaml_node *n = node->parent->first; n != node && n != NULL; n = n->next)
        index++;
    return index;
}

/* "devices.eth0.dma[2]" */
static void path_of(const struct yaml_node *node, char *path, size_t size)
{
    const struct yaml_node *chain[YAML_DEPTH_MAX + 1];
    size_t count = 0;
    for (const struct yaml_node *n = node; n->parent != NULL && count <= YAML_DEPTH_MAX;
         n = n->parent)
        chain[count++] = n;
    size_t used = 0;
    path[0] = '\0';
    while (count > 0 && used < size) {
        const struct yaml_node *n = chain[--count];
        int written = n->key == NULL ? snprintf(path + used, size - used, "[%zu]", index_in_list(n))
                                     : snprintf(path + used, size - used, "%s%.60s",
                                                used == 0 ? "" : ".", n->key);
        used += written < 0 ? 0 : (size_t)written;
    }
}

void yaml_verror(const struct yaml_node *node, enum rule rule, const char *format,
                 va_list arguments)
{
    char path[PATH_MAX_BYTES];
    path_of(node, path, sizeof(path));
    bool at_key = node->key != NULL;
    struct finding_place place = {
        .file = node->file->name,
        .line = at_key ? node->key_line : node->line,
        .column = at_key ? node->key_column : node->column,
        .object = path,
    };
    report(node->file, rule, place, format, arguments);
}

void yaml_error(const struct yaml_node *node, enum rule rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    yaml_verror(node, rule, format, arguments);
    va_end(arguments);
}

/* A new entry of the open container, or the root. */
static struct yaml_node *add_node(struct builder *builder, enum yaml_kind kind,
                                  const yaml_event_t *event)
{
    struct yaml_file *file = builder->file;
    if (file->node_count == YAML_NODES_MAX) {
        refuse(file, event->start_mark, RULE_FILE_LIMIT,
               "found more than %d values" REMEDY "split the file", YAML_NODES_MAX);
        return NULL;
    }
    struct yaml_node *node = &file->nodes[file->node_count++];
    struct yaml_node *open = builder->open;
    *node = (struct yaml_node){
        .kind = kind,
        .line = (unsigned)event->start_mark.line + 1,
        .column = (unsigned)event->start_mark.column + 1,
        .key = builder->key,
        .key_line = (unsigned)builder->key_mark.line + 1,
        .key_column = (unsigned)builder->key_mark.column + 1,
        .parent = open,
        .file = file,
    };
    builder->key = NULL;
    if (open != NULL) {
        if (open->last == NULL)
            open->first = node;
        else
            open->last->next = node;
        open->last = node;
        open->count++;
    }
    return node;
}

static bool take_key(struct builder *builder, const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0)
        return refuse(builder->file, event->start_mark, RULE_SYNTAX,
                      "found a key that is not a word" ALLOWED "\"key: value\"");
    const char *key = (const char *)event->data.scalar.value;
    const struct yaml_node *first = yaml_get(builder->open, key);
    if (first != NULL)
        return refuse(builder->file, event->start_mark, RULE_DUPLICATE_KEY,
                      "key \"%.60s\" stands here a second time, first in line %u" REMEDY
                      "remove one",
                      key, first->key_line);
    builder->key = strdup(key);
    builder->key_mark = event->start_mark;
    return builder->key != NULL;
}

static bool take_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct yaml_node *node = add_node(builder, YAML_SCALAR, event);
    if (node == NULL)
        return false;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = strdup((const char *)event->data.scalar.value);
    return node->text != NULL;
}

static bool open_container(struct builder *builder, enum yaml_kind kind, const yaml_event_t *event)
{
    if (builder->depth == YAML_DEPTH_MAX)
        return refuse(builder->file, event->start_mark, RULE_FILE_LIMIT,
                      "nested deeper than %d levels" REMEDY "describe it flatter", YAML_DEPTH_MAX);
    struct yaml_node *node = add_node(builder, kind, event);
    if (node == NULL)
        return false;
    builder->open = node;
    builder->depth++;
    return true;
}

/* What this reader does not take, though YAML has it. */
static bool check_event(struct builder *builder, const yaml_event_t *event)
{
    struct yaml_file *file = builder->file;
    const unsigned char *anchor = NULL;
    const unsigned char *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return refuse(file, event->start_mark, RULE_SYNTAX,
                      "found an alias (*)" REMEDY "write the value itself");
    case YAML_DOCUMENT_START_EVENT:
        if (file->node_count > 0)
            return refuse(file, event->start_mark, RULE_SYNTAX,
                          "found a second document (---)" ALLOWED "one per file");
        return true;
    case YAML_SCALAR_EVENT:
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length) != NULL)
            return refuse(file, event->start_mark, RULE_SYNTAX,
                          "found a zero byte in a text" REMEDY "remove it");
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor != NULL || tag != NULL)
        return refuse(file, event->start_mark, RULE_SYNTAX,
                      "found %s" REMEDY "remove it, values stand for themselves",
                      anchor != NULL ? "an anchor (&)" : "a tag (!)");
    return true;
}

static bool take_event(struct builder *builder, const yaml_event_t *event)
{
    if (!check_event(builder, event))
        return false;
    bool starts = event->type == YAML_SCALAR_EVENT || event->type == YAML_SEQUENCE_START_EVENT ||
                  event->type == YAML_MAPPING_START_EVENT;
    if (starts && builder->open != NULL && builder->open->kind == YAML_MAP && builder->key == NULL)
        return take_key(builder, event);
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_container(builder, YAML_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return open_container(builder, YAML_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        if (builder->open == NULL) /* libyaml pairs its events */
            return false;
        builder->open = builder->open->parent;
        builder->depth--;
        return true;
    default:
        return true;
    }
}

/* The reader's errors (bytes that are not UTF-8) come with an offset instead of a mark. */
static void report_syntax(struct yaml_file *file, const yaml_parser_t *parser, const char *text)
{
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset; i++) {
            mark.column = text[i] == '\n' ? 0 : mark.column + 1;
            mark.line += text[i] == '\n';
        }
    }
    refuse(file, mark, RULE_SYNTAX, "not YAML: %s%s%s",
           parser->problem == NULL ? "out of memory" : parser->problem,
           parser->context == NULL ? "" : ", ", parser->context == NULL ? "" : parser->context);
}

static bool build(struct yaml_file *file, const char *text, size_t size)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0)
        return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    struct builder builder = {.file = file};
    bool good = true;
    bool end = false;
    while (good && !end) { /* bounded: each event consumes text, the end comes once */
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            report_syntax(file, &parser, text);
            good = false;
            break;
        }
        good = take_event(&builder, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    free(builder.key);
    yaml_parser_delete(&parser);
    return good;
}

struct yaml_file *yaml_file_parse(const char *name, const char *text, size_t size,
                                  struct findings *findings)
{
    struct yaml_file *file = calloc(1, sizeof(*file));
    if (file == NULL)
        return NULL;
    file->name = strdup(name);
    file->findings = findings;
    file->nodes = calloc(YAML_NODES_MAX, sizeof(*file->nodes));
    bool good = file->name != NULL && file->nodes != NULL;
    if (good && size > YAML_SIZE_MAX)
        good = refuse(file, (yaml_mark_t){0}, RULE_FILE_LIMIT,
                      "larger than %d bytes, the most that is read" REMEDY "split the file",
                      YAML_SIZE_MAX);
    good = good && build(file, text, size);
    if (good && (file->node_count == 0 || file->nodes[0].kind != YAML_MAP))
        good =
            refuse(file, (yaml_mark_t){0}, RULE_SYNTAX, "found %s" ALLOWED "\"key: value\" lines",
                   file->node_count == 0 ? "an empty file" : "something else than keys");
    if (good)
        return file;
    yaml_file_free(file);
    return NULL;
}

struct yaml_file *yaml_file_read(const char *path, struct findings *findings)
{
    FILE *stream = fopen(path, "rbe");
    char *text = malloc(YAML_SIZE_MAX + 1);
    struct yaml_file *file = NULL;
    if (stream == NULL || text == NULL) {
        findings_add_file(findings, RULE_CANNOT_READ, path, "cannot be opened: %s",
                          strerror(errno));
    } else {
        size_t size = fread(text, 1, YAML_SIZE_MAX + 1, stream);
        if (ferror(stream))
            findings_add_file(findings, RULE_CANNOT_READ, path, "cannot be read: %s",
                              strerror(errno));
        else
            file = yaml_file_parse(path, text, size, findings);
    }
    if (stream != NULL)
        fclose(stream);
    free(text);
    return file;
}

void yaml_file_free(struct yaml_file *file)
{
    if (file == NULL)
        return;
    for (size_t i = 0; i < file->node_count; i++) {
        free(file->nodes[i].key);
        free(file->nodes[i].text);
    }
    free(file->nodes);
    free(file->name);
    free(file);
}

const struct yaml_node *yaml_root(const struct yaml_file *file)
{
    return &file->nodes[0];
}

unsigned yaml_file_errors(const struct yaml_file *file)
{
    return file->errors;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    yaml_for_each(entry, map)
    {
        if (entry->key != NULL && strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

const struct yaml_node *yaml_need(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    if (map != NULL && node == NULL)
        yaml_error(map, RULE_MISSING_KEY, "key \"%s\" is missing" REMEDY "add it", key);
    return node;
}

const struct yaml_node *yaml_at(const struct yaml_node *node, size_t index)
{
    const struct yaml_node *entry = node == NULL ? NULL : node->first;
    for (size_t i = 0; i < index && entry != NULL; i++)
        entry = entry->next;
    return entry;
}
