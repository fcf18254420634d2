/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of findings and its two forms (findings.h). Linked into host tools; what it prints may
 * quote hostile files, and reaches terminals. */
#include "tools/sddf/findings.h"
#include "platform/linux/description/control.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 2048 };

static const struct {
    const char *name;
    enum rule_level level;
} RULES[] = {
#define ROW(constant, name, level) {name, level},
    SDDF_RULES(ROW)
#undef ROW
};

const char *rule_name(enum rule rule)
{
    return RULES[rule].name;
}

enum rule_level rule_level(enum rule rule)
{
    return RULES[rule].level;
}

/* Control characters of a hostile file must not reach the terminal. */
static void make_printable(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        memset(c, '?', control_length(c[0], c[1]));
    }
}

static char *copy(const char *text)
{
    char *new = strdup(text);
    if (new == NULL)
        abort();
    make_printable(new);
    return new;
}

/* Cuts the text at the mark and returns what follows it, "" if there is none. */
static char *cut(char *text, const char *mark)
{
    char *at = strchr(text, mark[0]);
    if (at == NULL)
        return text + strlen(text);
    *at = '\0';
    return at + 1;
}

static struct finding make(enum rule rule, struct finding_place place, char *message)
{
    char *remedy = cut(message, REMEDY);
    char *allowed = cut(message, ALLOWED);
    return (struct finding){
        .rule = rule,
        .file = copy(place.file),
        .line = place.line,
        .column = place.column,
        .object = copy(place.object),
        .found = copy(message),
        .allowed = copy(allowed),
        .remedy = copy(remedy),
    };
}

static void drop(struct finding *finding)
{
    free(finding->file);
    free(finding->object);
    free(finding->found);
    free(finding->allowed);
    free(finding->remedy);
}

static void print_message(const struct finding *finding, FILE *out)
{
    fputs(finding->found, out);
    if (finding->allowed[0] != '\0')
        fprintf(out, ", expected %s", finding->allowed);
    if (finding->remedy[0] != '\0')
        fprintf(out, "; %s", finding->remedy);
}

static void print_line(const struct finding *finding, FILE *out)
{
    fputs(finding->file, out);
    if (finding->line != 0)
        fprintf(out, ":%u", finding->line);
    if (finding->column != 0)
        fprintf(out, ":%u", finding->column);
    fputs(rule_level(finding->rule) == WARNING ? ": warning: " : ": ", out);
    if (finding->object[0] != '\0')
        fprintf(out, "%s: ", finding->object);
    print_message(finding, out);
    fprintf(out, " [%s]\n", rule_name(finding->rule));
}

void findings_add(struct findings *findings, enum rule rule, struct finding_place place,
                  const char *format, va_list arguments)
{
    char message[MESSAGE_MAX];
    vsnprintf(message, sizeof(message), format, arguments);
    struct finding finding = make(rule, place, message);
    if (findings == NULL) {
        print_line(&finding, stderr);
        drop(&finding);
        return;
    }
    if (rule_level(rule) == ERROR)
        findings->errors++;
    else
        findings->warnings++;
    if (findings->count < FINDINGS_MAX) {
        findings->list[findings->count++] = finding;
    } else {
        findings->more++;
        drop(&finding);
    }
}

void findings_add_file(struct findings *findings, enum rule rule, const char *file,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    findings_add(findings, rule, (struct finding_place){.file = file, .object = ""}, format,
                 arguments);
    va_end(arguments);
}

/* Files in the order in which they were first mentioned. */
static size_t file_rank(const struct findings *findings, const struct finding *finding)
{
    size_t rank = 0;
    while (strcmp(findings->list[rank].file, finding->file) != 0)
        rank++;
    return rank;
}

static bool before(const struct findings *findings, const struct finding *a,
                   const struct finding *b)
{
    size_t rank_a = file_rank(findings, a);
    size_t rank_b = file_rank(findings, b);
    if (rank_a != rank_b)
        return rank_a < rank_b;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* The order in which to print; stable. */
static void sort(const struct findings *findings, const struct finding *order[FINDINGS_MAX])
{
    for (size_t i = 0; i < findings->count; i++) {
        size_t at = i;
        for (; at > 0 && before(findings, &findings->list[i], order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = &findings->list[i];
    }
}

void findings_print(struct findings *findings, FILE *out)
{
    const struct finding *order[FINDINGS_MAX];
    sort(findings, order);
    for (size_t i = 0; i < findings->count; i++)
        print_line(order[i], out);
    if (findings->more != 0)
        fprintf(out, "%s: %zu more findings\n", order[findings->count - 1]->file, findings->more);
}

/* ---- JSON (RFC 8259) ---- */

/* Bytes of the UTF-8 character at `c`, 0 if there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *c)
{
    size_t length = c[0] < 0x80 ? 1 : c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] >= 0x80 && (c[0] < 0xc2 || c[0] > 0xf4))
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool outside = (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90);
    return overlong || outside ? 0 : length;
}

/* The texts hold no control characters (copy()); what is no UTF-8 becomes U+FFFD. */
static void print_json_text(const char *text, FILE *out)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != 0;) {
        size_t length = utf8_length(c);
        if (*c == '"' || *c == '\\')
            fputc('\\', out);
        if (length == 0)
            fputs("\\ufffd", out);
        else
            fwrite(c, 1, length, out);
        c += length == 0 ? 1 : length;
    }
}

static void print_json_member(const char *name, const char *text, FILE *out)
{
    fprintf(out, "\"%s\": \"", name);
    print_json_text(text, out);
    fputs("\", ", out);
}

static void print_json_object(const struct finding *finding, FILE *out)
{
    char *message = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&message, &size);
    if (stream == NULL)
        abort();
    print_message(finding, stream);
    fclose(stream);
    fputs("  {", out);
    print_json_member("file", finding->file, out);
    fprintf(out, "\"line\": %u, \"column\": %u, ", finding->line, finding->column);
    print_json_member("level", rule_level(finding->rule) == WARNING ? "warning" : "error", out);
    print_json_member("rule", rule_name(finding->rule), out);
    print_json_member("object", finding->object, out);
    print_json_member("found", finding->found, out);
    print_json_member("allowed", finding->allowed, out);
    print_json_member("remedy", finding->remedy, out);
    fputs("\"message\": \"", out);
    print_json_text(message, out);
    fputs("\"}", out);
    free(message);
}

void findings_print_json(struct findings *findings, FILE *out)
{
    const struct finding *order[FINDINGS_MAX];
    sort(findings, order);
    fputs("[\n", out);
    for (size_t i = 0; i < findings->count; i++) {
        print_json_object(order[i], out);
        fputs(i + 1 < findings->count ? ",\n" : "\n", out);
    }
    fputs("]\n", out);
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        drop(&findings->list[i]);
    *findings = (struct findings){0};
}
