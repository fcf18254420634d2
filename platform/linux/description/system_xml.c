/* SPDX-License-Identifier: BSD-2-Clause */
/* From the text of a .system file to a tree that fits the grammar (reader.h). The text is hostile:
 * nothing is fetched, no document type is taken (so that no entity exists), size is bounded here
 * and depth by libxml2 (256). */
#include "platform/linux/description/reader.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/SAX2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALLOWED_MAX = 512,
    SUGGESTION_MAX = 80,
    PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_BIG_LINES
};

/* system.rng, made into C at build time. */
extern const unsigned char system_rng[];
extern const unsigned long system_rng_size;

xmlNode *xml_first(const xmlNode *parent)
{
    xmlNode *node = parent->children;
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNode *xml_next(const xmlNode *node)
{
    xmlNode *next = node->next;
    while (next != NULL && next->type != XML_ELEMENT_NODE)
        next = next->next;
    return next;
}

xmlNode *xml_walk(const xmlNode *top, xmlNode *node, bool skip)
{
    xmlNode *inside = skip ? NULL : xml_first(node);
    if (inside != NULL)
        return inside;
    while (node != NULL && node != top) {
        xmlNode *next = xml_next(node);
        if (next != NULL)
            return next;
        node = node->parent;
    }
    return NULL;
}

bool xml_is(const xmlNode *node, const char *name)
{
    return node != NULL && node->ns == NULL && strcmp((const char *)node->name, name) == 0;
}

unsigned xml_line(const xmlNode *node)
{
    long line = xmlGetLineNo(node);
    return line < 0 ? 0 : (unsigned)line;
}

/* The parser gives an element the line where its start tag ends. People look where it starts: at
 * the last '<' before, which no attribute can contain. */
static void start_element(void *context, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                          int attribute_count, int defaulted_count, const xmlChar **attributes)
{
    xmlParserCtxt *parser = context;
    xmlSAX2StartElementNs(context, name, prefix, uri, namespace_count, namespaces, attribute_count,
                          defaulted_count, attributes);
    if (parser->node == NULL || parser->input == NULL)
        return;
    struct reader *reader = parser->_private;
    if (reader->elements++ == READER_ELEMENTS_MAX) {
        reader_error(reader, xml_line(parser->node), RULE_FILE_LIMIT,
                     "more than %d elements" REMEDY "split the system", READER_ELEMENTS_MAX);
        xmlStopParser(parser);
        return;
    }
    if (parser->input->line >= UINT16_MAX)
        return;
    unsigned lines = 0;
    const xmlChar *c = parser->input->cur;
    while (c > parser->input->base && *c != '<')
        lines += *c-- == '\n';
    if (*c == '<' && lines < parser->node->line)
        parser->node->line = (unsigned short)(parser->node->line - lines);
}

static void refuse_document_type(void *context, const xmlChar *name, const xmlChar *external,
                                 const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    xmlParserCtxt *parser = context;
    struct reader *reader = parser->_private;
    reader_error(reader, (unsigned)parser->input->line, RULE_SYNTAX,
                 "found <!DOCTYPE>" ALLOWED "<system>" REMEDY "remove it");
    xmlStopParser(parser);
}

/* The first error of the parser or validator; those after it are mostly its consequences. */
static void keep_first(struct reader *reader, const xmlError *error)
{
    if (reader->grammar_error[0] != '\0' || error->message == NULL)
        return;
    snprintf(reader->grammar_error, sizeof(reader->grammar_error), "%s", error->message);
    reader->grammar_error[strcspn(reader->grammar_error, "\n")] = '\0';
    reader->grammar_line = error->line < 0 ? 0 : (unsigned)error->line;
}

static void on_syntax_error(void *context, xmlError *error)
{
    keep_first(((xmlParserCtxt *)context)->_private, error);
}

static void on_invalid(void *reader, xmlError *error)
{
    keep_first(reader, error);
}

xmlDoc *xml_parse(struct reader *reader, const char *text, size_t size)
{
    if (size == 0 || size > READER_FILE_MAX) {
        if (size == 0)
            reader_error(reader, 0, RULE_SYNTAX,
                         "found an empty file" ALLOWED "a <system>" REMEDY "describe one");
        else
            reader_error(reader, 0, RULE_FILE_LIMIT,
                         "larger than %d bytes, the most that is read" REMEDY "split the system",
                         READER_FILE_MAX);
        return NULL;
    }
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL) {
        reader_error(reader, 0, RULE_CANNOT_READ, "not read: out of memory");
        return NULL;
    }
    parser->_private = reader;
    parser->sax->startElementNs = start_element;
    parser->sax->internalSubset = refuse_document_type;
    parser->sax->serror = on_syntax_error;
    xmlDoc *document =
        xmlCtxtReadMemory(parser, text, (int)size, reader->path, NULL, PARSE_OPTIONS);
    if (document == NULL && reader->errors == 0)
        reader_error(reader, reader->grammar_line, RULE_SYNTAX, "not XML: %s",
                     reader->grammar_error);
    if (reader->errors > 0) {
        xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(parser);
    return document;
}

/* All that a file holds, or enough to see that it is too much; NULL without memory. It grows with
 * the file: a sanitizer pays for room that nobody touches, which was most of a fuzzer's time. */
static char *read_text(FILE *stream, size_t *size)
{
    char *text = NULL;
    size_t room = READER_FILE_FIRST / 2;
    *size = 0;
    do {
        room *= 2;
        char *larger = realloc(text, room);
        if (larger == NULL) {
            free(text);
            return NULL;
        }
        text = larger;
        *size += fread(text + *size, 1, room - *size, stream);
    } while (*size == room && room <= READER_FILE_MAX);
    return text;
}

xmlDoc *xml_load(struct reader *reader)
{
    FILE *stream = fopen(reader->package != NULL ? reader->package->path : reader->path, "rbe");
    if (stream == NULL) {
        reader_error(reader, 0, RULE_CANNOT_READ, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    size_t size;
    char *text = read_text(stream, &size);
    xmlDoc *document = NULL;
    if (text == NULL || ferror(stream))
        reader_error(reader, 0, RULE_CANNOT_READ, "cannot be read: %s", strerror(errno));
    else
        document = xml_parse(reader, text, size);
    free(text);
    fclose(stream);
    return document;
}

/* The grammar's <element name="NAME">, or NULL. */
static xmlNode *find_pattern(xmlNode *grammar, const char *name)
{
    for (xmlNode *node = grammar; node != NULL; node = xml_walk(grammar, node, false)) {
        if (strcmp((const char *)node->name, "element") != 0)
            continue;
        xmlChar *found = xmlGetNoNsProp(node, BAD_CAST "name");
        bool same = found != NULL && strcmp((const char *)found, name) == 0;
        xmlFree(found);
        if (same)
            return node;
    }
    return NULL;
}

static void add_allowed(char *list, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, ALLOWED_MAX - used, "%s%s", used == 0 ? "" : ", ", name);
}

/* Whether `pattern` has a part of that kind ("attribute" or "ref") and name; lists all it has. The
 * parts of an attribute are its type, not the element's. */
static bool pattern_has(xmlNode *pattern, const char *kind, const char *name, char *list)
{
    bool has = false;
    list[0] = '\0';
    xmlNode *next = NULL;
    for (xmlNode *node = xml_first(pattern); node != NULL; node = next) {
        const char *found_kind = (const char *)node->name;
        next = xml_walk(pattern, node, strcmp(found_kind, "attribute") == 0);
        xmlChar *found = xmlGetNoNsProp(node, BAD_CAST "name");
        if (found != NULL && strcmp(found_kind, kind) == 0) {
            has = has || strcmp((const char *)found, name) == 0;
            add_allowed(list, (const char *)found);
        }
        xmlFree(found);
    }
    return has;
}

/* Which of the words in `list` ("a, b, c") was probably meant, as a question; "" if none. */
static const char *suggest(const char *list, const char *word, char question[SUGGESTION_MAX])
{
    char copy[ALLOWED_MAX];
    const char *words[ALLOWED_MAX / 2 + 1] = {NULL};
    size_t count = 0;
    char *rest = NULL;
    snprintf(copy, sizeof(copy), "%s", list);
    for (char *part = strtok_r(copy, ", ", &rest); part != NULL; part = strtok_r(NULL, ", ", &rest))
        words[count++] = part;
    const char *nearest = nearest_word(word, words);
    question[0] = '\0';
    if (nearest != NULL)
        snprintf(question, SUGGESTION_MAX, "; did you mean \"%s\"?", nearest);
    return question;
}

static void explain_attributes(struct reader *reader, const xmlNode *node, xmlNode *pattern)
{
    char list[ALLOWED_MAX];
    char question[SUGGESTION_MAX];
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        if (!pattern_has(pattern, "attribute", name, list) || attribute->ns != NULL)
            reader_error(reader, xml_line(node), RULE_UNKNOWN_KEY,
                         "<%s> has an unknown attribute \"%.60s\"" REMEDY "%s%s%s",
                         (const char *)node->name, name,
                         list[0] == '\0' ? "it takes none" : "known here: ", list,
                         suggest(list, name, question));
    }
    for (xmlNode *part = xml_first(pattern); part != NULL; part = xml_next(part)) {
        if (strcmp((const char *)part->name, "attribute") != 0)
            continue;
        xmlChar *name = xmlGetNoNsProp(part, BAD_CAST "name");
        if (name != NULL && xmlHasNsProp(node, name, NULL) == NULL)
            reader_error(reader, xml_line(node), RULE_MISSING_KEY,
                         "<%s> lacks attribute \"%s\"" REMEDY "add it", (const char *)node->name,
                         (const char *)name);
        xmlFree(name);
    }
}

static void explain_text(struct reader *reader, const xmlNode *node)
{
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        bool text = child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE;
        if (!text || xmlIsBlankNode(child))
            continue;
        const char *word = (const char *)child->content;
        word += strspn(word, " \t\r\n");
        reader_error(reader, xml_line(node), RULE_MISPLACED_ELEMENT,
                     "<%s> has text \"%.*s\" in it" REMEDY "remove it", (const char *)node->name,
                     (int)strcspn(word, "\r\n"), word);
    }
}

/* Whether the element may stand where it stands. */
static bool explain_place(struct reader *reader, xmlNode *grammar, const xmlNode *node,
                          const xmlNode *root)
{
    if (node == root) {
        if (xml_is(node, "system"))
            return true;
        reader_error(reader, xml_line(node), RULE_MISPLACED_ELEMENT,
                     "found <%.60s>" ALLOWED "<system>", (const char *)node->name);
        return false;
    }
    char list[ALLOWED_MAX];
    const char *parent = (const char *)node->parent->name;
    bool allowed =
        pattern_has(find_pattern(grammar, parent), "ref", (const char *)node->name, list);
    if (allowed && node->ns == NULL)
        return true;
    reader_error(reader, xml_line(node), RULE_MISPLACED_ELEMENT,
                 "<%.60s> cannot stand in <%s>" REMEDY "%s%s", (const char *)node->name, parent,
                 list[0] == '\0' ? "nothing can" : "known here: ", list);
    return false;
}

static void explain(struct reader *reader, xmlNode *root)
{
    xmlDoc *schema = xmlReadMemory((const char *)system_rng, (int)system_rng_size, "system.rng",
                                   NULL, XML_PARSE_NONET);
    if (schema == NULL)
        return;
    xmlNode *grammar = xmlDocGetRootElement(schema);
    xmlNode *next = NULL;
    for (xmlNode *node = root; node != NULL; node = next) {
        bool placed = explain_place(reader, grammar, node, root);
        if (placed) {
            explain_attributes(reader, node, find_pattern(grammar, (const char *)node->name));
            explain_text(reader, node);
        }
        next = xml_walk(root, node, !placed);
    }
    xmlFreeDoc(schema);
}

bool xml_validate(struct reader *reader, xmlDoc *document)
{
    xmlRelaxNGParserCtxt *parser =
        xmlRelaxNGNewMemParserCtxt((const char *)system_rng, (int)system_rng_size);
    xmlRelaxNG *schema = parser == NULL ? NULL : xmlRelaxNGParse(parser);
    xmlRelaxNGValidCtxt *validator = schema == NULL ? NULL : xmlRelaxNGNewValidCtxt(schema);
    bool valid = false;
    if (validator != NULL) {
        xmlRelaxNGSetValidStructuredErrors(validator, on_invalid, reader);
        valid = xmlRelaxNGValidateDoc(validator, document) == 0;
    }
    xmlRelaxNGFreeValidCtxt(validator);
    xmlRelaxNGFree(schema);
    xmlRelaxNGFreeParserCtxt(parser);
    if (!valid)
        explain(reader, xmlDocGetRootElement(document));
    return valid;
}
