/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a component's configuration blob (sddf/config.h). */
#include <microkit.h>
#include <sddf/config.h>
#include <sddf/log.h>

/* Set in the image by the platform's tool; used and volatile, so that no linker drops them. */
__attribute__((used)) volatile uint64_t sddf_config = 0;
__attribute__((used)) volatile uint64_t sddf_config_size = 0;

_Noreturn void config_refuse(const char *what)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(": bad configuration: ");
    microkit_dbg_puts(what);
    microkit_dbg_puts("\n");
    log_stop();
}

const void *config_part(const struct config_header *header, enum config_kind kind, uint16_t version,
                        uint32_t size)
{
    if (header->magic != CONFIG_MAGIC) {
        config_refuse("the blob has not sDDF's magic number");
    }
    if (header->kind != (uint16_t)kind) {
        config_refuse("the blob is for another kind of component");
    }
    if (header->version != version) {
        config_refuse("the blob is of another version; run sddf gen again");
    }
    if (header->size != size) {
        config_refuse("the blob has another size; run sddf gen again");
    }
    if (header->instance[0] == '\0' || header->instance[CONFIG_INSTANCE_MAX - 1] != '\0') {
        config_refuse("the instance's name is empty or not terminated");
    }
    if (header->stats == 0) {
        config_refuse("no statistics page");
    }
    return header;
}

const void *config_get(enum config_kind kind, uint16_t version, uint32_t size)
{
    const struct config_header *header = (const struct config_header *)(uintptr_t)sddf_config;
    if (header == NULL || sddf_config_size < sizeof(*header)) {
        config_refuse("no blob, or one shorter than its header");
    }
    (void)config_part(header, kind, version, size);
    if (sddf_config_size != size) {
        config_refuse("the blob has another size; run sddf gen again");
    }
    for (uint32_t i = 0; i < CONFIG_INSTANCE_MAX; i++) {
        if (header->instance[i] != microkit_name[i]) {
            config_refuse("the blob is for another instance; look at the prefill paths");
        }
        if (header->instance[i] == '\0') {
            break;
        }
    }
    log_open(header->instance);
    return header;
}
