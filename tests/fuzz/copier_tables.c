/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier, which holds nothing between activations but what its queues hold. */
#include "../../virt/net/copier.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_COPIER;

const char *component_tables(void)
{
    bool consumed = virt.head == virt.mine->head.value && client.head == client.mine->head.value;
    bool published = virt.tail == virt.mine->tail.value && client.tail == client.mine->tail.value;
    return consumed && published ? NULL : "a slot was taken or filled, and its owner not told";
}
