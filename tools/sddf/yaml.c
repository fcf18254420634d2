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

enum { MESSAGE_MAX = 1024, PATH_MAX_BYTES = 512 };

struct yaml_file {
    char *name;
    struct yaml_node *nodes; /* YAML_NODES_MAX; the root is the first */
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

/* Control characters of a hostile file must not reach the terminal. */
static void make_printable(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != 0; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
        if (*c < 0x20 || *c == 0x7f || c1)
            *c = '?';
    }
}

__attribute__((format(printf, 5, 0))) static void report(struct yaml_file *file, size_t line,
                                                         size_t column, const char *path,
                                                         const char *format, va_list arguments)
{
    char message[MESSAGE_MAX];
    vsnprintf(message, sizeof(message), format, arguments);
    make_printable(message);
    fprintf(stderr, "%s:%zu:%zu: %s%s%s\n", file->name, line, column, path,
            path[0] == '\0' ? "" : ": ", message);
    file->errors++;
}

__attribute__((format(printf, 3, 4))) static bool refuse(struct yaml_file *file, yaml_mark_t mark,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(file, mark.line + 1, mark.column + 1, "", format, arguments);
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
    make_printable(path);
}

void yaml_error(const struct yaml_node *node, const char *format, ...)
{
    char path[PATH_MAX_BYTES];
    path_of(node, path, sizeof(path));
    bool at_key = node->key != NULL;
    va_list arguments;
    va_start(arguments, format);
    report(node->file, at_key ? node->key_line : node->line,
           at_key ? node->key_column : node->column, path, format, arguments);
    va_end(arguments);
}

/* A new entry of the open container, or the root. */
static struct yaml_node *add_node(struct builder *builder, enum yaml_kind kind,
                                  const yaml_event_t *event)
{
    struct yaml_file *file = builder->file;
    if (file->node_count == YAML_NODES_MAX) {
        refuse(file, event->start_mark, "more than %d values; split the file", YAML_NODES_MAX);
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
        return refuse(builder->file, event->start_mark,
                      "found a key that is not a word, expected \"key: value\"");
    const char *key = (const char *)event->data.scalar.value;
    const struct yaml_node *first = yaml_get(builder->open, key);
    if (first != NULL)
        return refuse(builder->file, event->start_mark,
                      "key \"%.60s\" stands here a second time, first in line %u; remove one", key,
                      first->key_line);
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
        return refuse(builder->file, event->start_mark, "nested deeper than %d levels",
                      YAML_DEPTH_MAX);
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
        return refuse(file, event->start_mark, "found an alias (*); write the value itself");
    case YAML_DOCUMENT_START_EVENT:
        if (file->node_count > 0)
            return refuse(file, event->start_mark,
                          "found a second document (---), expected one per file");
        return true;
    case YAML_SCALAR_EVENT:
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length) != NULL)
            return refuse(file, event->start_mark, "found a zero byte in a text; remove it");
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
        return refuse(file, event->start_mark, "found %s; remove it, values stand for themselves",
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
    refuse(file, mark, "not YAML: %s%s%s",
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

struct yaml_file *yaml_file_parse(const char *name, const char *text, size_t size)
{
    struct yaml_file *file = calloc(1, sizeof(*file));
    if (file == NULL)
        return NULL;
    file->name = strdup(name);
    file->nodes = calloc(YAML_NODES_MAX, sizeof(*file->nodes));
    bool good = file->name != NULL && file->nodes != NULL;
    if (good && size > YAML_SIZE_MAX)
        good = refuse(file, (yaml_mark_t){0}, "larger than %d bytes, the most that is read",
                      YAML_SIZE_MAX);
    good = good && build(file, text, size);
    if (good && (file->node_count == 0 || file->nodes[0].kind != YAML_MAP))
        good = refuse(file, (yaml_mark_t){0}, "found %s, expected \"key: value\" lines",
                      file->node_count == 0 ? "an empty file" : "something else than keys");
    if (good)
        return file;
    yaml_file_free(file);
    return NULL;
}

struct yaml_file *yaml_file_read(const char *path)
{
    FILE *stream = fopen(path, "rbe");
    char *text = malloc(YAML_SIZE_MAX + 1);
    struct yaml_file *file = NULL;
    if (stream == NULL || text == NULL) {
        fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
    } else {
        size_t size = fread(text, 1, YAML_SIZE_MAX + 1, stream);
        if (ferror(stream))
            fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
        else
            file = yaml_file_parse(path, text, size);
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
        yaml_error(map, "key \"%s\" is missing; add it", key);
    return node;
}
