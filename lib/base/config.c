/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a component's configuration blob (sddf/config.h). */
#include <microkit.h>
#include <sddf/config.h>
#include <sddf/log.h>

/* Set in the image by the platform's tool; used and volatile, so that no linker drops them; not
 * among what a restart makes zero. */
__attribute__((used, section(".data"))) volatile uint64_t sddf_config = 0;
__attribute__((used, section(".data"))) volatile uint64_t sddf_config_size = 0;

_Noreturn void config_refuse(const char *what)
{
    log_last("bad configuration", what);
    log_stop();
}

static void check_header(const struct config_header *header)
{
    if (header->magic != CONFIG_MAGIC) {
        config_refuse("the blob has not sDDF's magic number");
    }
    if (header->instance[0] == '\0' || header->instance[CONFIG_INSTANCE_MAX - 1] != '\0') {
        config_refuse("the instance's name is empty or not terminated");
    }
    if (header->device[CONFIG_DEVICE_MAX - 1] != '\0') {
        config_refuse("the device's name is not terminated");
    }
    if (header->stats == 0) {
        config_refuse("no statistics page");
    }
}

const void *config_part(const struct config_header *header, enum config_kind kind, uint16_t version,
                        uint32_t size)
{
    check_header(header);
    if (header->kind != (uint16_t)kind) {
        config_refuse("the blob is for another kind of component");
    }
    if (header->version != version) {
        config_refuse("the blob is of another version; run sddf gen again");
    }
    if (header->size != size) {
        config_refuse("the blob has another size; run sddf gen again");
    }
    return header;
}

static void check_instance(const struct config_header *header)
{
    for (uint32_t i = 0; i < CONFIG_INSTANCE_MAX; i++) {
        if (header->instance[i] != microkit_name[i]) {
            config_refuse("the blob is for another instance; look at the prefill paths");
        }
        if (header->instance[i] == '\0') {
            break;
        }
    }
}

/* The part that begins `at` bytes into the blob; NULL at its end. */
static const struct config_header *part_at(uint64_t at)
{
    const struct config_header *header =
        (const struct config_header *)((uintptr_t)sddf_config + (uintptr_t)at);
    uint64_t left = sddf_config_size - at;
    if (sddf_config != 0 && at != 0 && left == 0) {
        return NULL;
    }
    if (sddf_config == 0 || left < sizeof(*header)) {
        config_refuse("no blob, or one shorter than its header");
    }
    check_header(header);
    if (header->size < sizeof(*header) || header->size > left || header->size % 8 != 0) {
        config_refuse("the blob has another size; run sddf gen again");
    }
    check_instance(header);
    return header;
}

const void *config_find(enum config_kind kind, uint16_t version, uint32_t size, uint32_t index)
{
    const struct config_header *header = part_at(0);
    log_open(header->instance);
    for (uint64_t at = 0; (header = part_at(at)) != NULL; at += header->size) {
        if (header->kind == (uint16_t)kind && index-- == 0) {
            return config_part(header, kind, version, size);
        }
    }
    return NULL;
}

const void *config_get(enum config_kind kind, uint16_t version, uint32_t size)
{
    const void *part = config_find(kind, version, size, 0);
    if (part == NULL) {
        config_refuse("the blob is for another kind of component");
    }
    return part;
}
