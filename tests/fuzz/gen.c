/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf gen` on a system's YAML, board boards/linux.yaml. What it accepts, it turns into a .system
 * file that is well formed, into blobs of the right kind, and into regions that do not overlap. */
#include "reader.h"
#include "tools/sddf/emit.h"
#include "tools/sddf/model.h"

#include <libxml/parser.h>
#include <string.h>

static void check_regions(const struct model *model)
{
    for (size_t i = 0; i < model->region_count; i++) {
        const struct model_region *a = &model->regions[i];
        must(a->vaddr != 0 && a->size != 0 && a->vaddr % a->page_size == 0, "a region's address");
        for (size_t j = 0; j < i; j++) {
            const struct model_region *b = &model->regions[j];
            must(a->vaddr >= b->vaddr + b->size || b->vaddr >= a->vaddr + a->size,
                 "two regions share addresses");
        }
    }
}

static void check_names(const struct model *model)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        for (size_t j = 0; j < i; j++) {
            must(strcmp(model->pds[i].name, model->pds[j].name) != 0, "two domains of one name");
        }
    }
}

/* Each part begins where the one before it ends, and the last ends with the blob. */
static void check_blob(const struct model_pd *pd)
{
    size_t at = 0;
    while (at < pd->blob_size) {
        const struct config_header *header = (const void *)(pd->blob + at);
        must(header->magic == CONFIG_MAGIC && header->size >= sizeof(*header) &&
                 header->size % 8 == 0 && header->stats != 0 && header->device[0] != '\0',
             "a blob that its component would refuse");
        at += header->size;
    }
    must(at == pd->blob_size, "a part that does not fit its blob");
}

static void check_blobs(const struct model *model)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        if (model->pds[i].blob != NULL) {
            check_blob(&model->pds[i]);
        }
    }
}

static void check_text(const struct model *model)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    must(out != NULL, "no memory");
    emit_system(out, model);
    (void)fclose(out);
    xmlDoc *document = xmlReadMemory(text, (int)size, NULL, NULL, XML_PARSE_NONET);
    must(document != NULL, "the .system file that was written is not well formed");
    xmlFreeDoc(document);
    free(text);
    out = open_memstream(&text, &size);
    must(out != NULL, "no memory");
    emit_dot(out, model);
    (void)fclose(out);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct board board;
    static struct drivers drivers;
    if (drivers.count == 0) {
        must(board_read(SDDF_BOARD_DIR "/linux.yaml", &board) && drivers_read(NULL, &drivers, NULL),
             "no board, or no drivers");
    }
    struct yaml_file *file = yaml_file_parse("input", (const char *)bytes, size, NULL);
    if (file == NULL) {
        return 0;
    }
    struct model *model = model_make(file, &board, &drivers);
    if (model != NULL) {
        check_regions(model);
        check_names(model);
        check_blobs(model);
        check_text(model);
        model_free(model);
    }
    yaml_file_free(file);
    return 0;
}
