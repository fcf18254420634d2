/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads boards/NAME.yaml for the host tools: system.h gives the contract. Trusts nothing in the
 * file. */
#include "platform/linux/system.h"
#include "tools/sddf/yaml.h"

#include <stdio.h>
#include <string.h>

/* Physical addresses of 48 bits: what the largest of our machines has. */
static const uint64_t PHYS_MAX = (UINT64_C(1) << 48) - 1;

static void read_range(const struct yaml_node *node, uint64_t *address, uint64_t *size)
{
    const struct yaml_node *range = yaml_as_map(node);
    yaml_check_keys(range, "address", "size", NULL);
    yaml_as_integer(yaml_need(range, "address"), 0, PHYS_MAX, address);
    yaml_as_bytes(yaml_need(range, "size"), 1, PHYS_MAX, size);
}

static void read_irq(const struct yaml_node *node, struct board_device *device)
{
    static const char *const TRIGGERS[] = {"level", "edge", NULL};
    const struct yaml_node *irq = yaml_as_map(node);
    unsigned trigger = 0;
    yaml_check_keys(irq, "number", "trigger", NULL);
    yaml_as_integer(yaml_need(irq, "number"), 0, UINT32_MAX, &device->irq);
    yaml_as_choice(yaml_get(irq, "trigger"), TRIGGERS, &trigger);
    device->irq_edge = trigger == 1;
}

static void read_dma(const struct yaml_node *node, struct board_device *device)
{
    const struct yaml_node *list = yaml_as_list(node);
    yaml_for_each(region, list)
    {
        if (device->dma_count == BOARD_DMA_REGIONS_MAX) {
            yaml_error(region, RULE_FILE_LIMIT, "found more than %d regions",
                       BOARD_DMA_REGIONS_MAX);
            return;
        }
        if (yaml_as_string(region, device->dma[device->dma_count], SYSTEM_NAME_MAX))
            device->dma_count++;
    }
}

static void check_overlap(const struct yaml_node *node, const struct board *board,
                          const struct board_device *device)
{
    uint64_t end = device->reg_address + device->reg_size;
    for (const struct board_device *other = board->devices; other < device; other++) {
        if (device->reg_address < other->reg_address + other->reg_size && other->reg_address < end)
            yaml_error(node, RULE_OVERLAP,
                       "registers 0x%llx to 0x%llx overlap those of %s in line %u" REMEDY
                       "move one",
                       (unsigned long long)device->reg_address, (unsigned long long)end,
                       other->name, other->line);
    }
}

static void read_device(const struct yaml_node *node, struct board *board)
{
    if (board->device_count == BOARD_DEVICES_MAX) {
        yaml_error(node, RULE_FILE_LIMIT, "found more than %d devices", BOARD_DEVICES_MAX);
        return;
    }
    struct board_device *device = &board->devices[board->device_count++];
    device->line = node->key_line;
    yaml_key_name(node, device->name, sizeof(device->name));
    const struct yaml_node *map = yaml_as_map(node);
    uint64_t clock_hz = 0;
    yaml_check_keys(map, "class", "compatible", "reg", "irq", "backend", "dma", "coherent", "clock",
                    NULL);
    yaml_as_string(yaml_need(map, "class"), device->class_name, sizeof(device->class_name));
    yaml_as_string(yaml_need(map, "compatible"), device->compatible, sizeof(device->compatible));
    yaml_as_string(yaml_get(map, "backend"), device->backend, sizeof(device->backend));
    bool in_memory = strcmp(device->class_name, "timer") != 0; /* a timer can be in the processor */
    read_range(in_memory ? yaml_need(map, "reg") : yaml_get(map, "reg"), &device->reg_address,
               &device->reg_size);
    read_irq(yaml_need(map, "irq"), device);
    yaml_as_frequency(yaml_get(map, "clock"), 1, UINT32_MAX, &clock_hz);
    device->clock_hz = (uint32_t)clock_hz;
    read_dma(yaml_get(map, "dma"), device);
    yaml_as_bool(yaml_get(map, "coherent"), &device->coherent);
    check_overlap(node, board, device);
}

static void read_root(const struct yaml_node *root, struct board *board)
{
    static const char *const ARCHES[] = {"host", "x86_64", "aarch64", "riscv64", NULL};
    unsigned arch = 0;
    yaml_check_keys(root, "board", "arch", "dma", "devices", NULL);
    yaml_as_string(yaml_need(root, "board"), board->name, sizeof(board->name));
    if (yaml_as_choice(yaml_need(root, "arch"), ARCHES, &arch))
        snprintf(board->arch, sizeof(board->arch), "%s", ARCHES[arch]);
    read_range(yaml_get(root, "dma"), &board->dma_address, &board->dma_size);
    const struct yaml_node *devices = yaml_as_map(yaml_need(root, "devices"));
    yaml_for_each(entry, devices)
    {
        read_device(entry, board);
    }
}

/* Takes the file over. */
static bool take_file(struct yaml_file *file, struct board *board)
{
    if (file == NULL)
        return false;
    read_root(yaml_root(file), board);
    bool good = yaml_file_errors(file) == 0;
    yaml_file_free(file);
    return good;
}

bool board_parse(const char *name, const char *text, size_t size, struct board *board,
                 struct findings *findings)
{
    memset(board, 0, sizeof(*board));
    snprintf(board->file, sizeof(board->file), "%s", name);
    return take_file(yaml_file_parse(name, text, size, findings), board);
}

bool board_read_into(const char *path, struct board *board, struct findings *findings)
{
    memset(board, 0, sizeof(*board));
    snprintf(board->file, sizeof(board->file), "%s", path);
    return take_file(yaml_file_read(path, findings), board);
}

bool board_read(const char *path, struct board *board)
{
    return board_read_into(path, board, NULL);
}
