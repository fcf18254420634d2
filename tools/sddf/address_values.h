/* SPDX-License-Identifier: BSD-2-Clause */
/* Two getters more of yaml.h's kind: the addresses of network clients. */
#ifndef SDDF_ADDRESS_VALUES_H
#define SDDF_ADDRESS_VALUES_H

#include "tools/sddf/yaml.h"

/* "52:54:01:00:00:01", of one station. */
bool yaml_as_mac(const struct yaml_node *node, uint8_t mac[6]);
/* "10.0.0.2" of one host, with "/24", bits of its network part, where `prefix_length` is not NULL.
 */
bool yaml_as_ip(const struct yaml_node *node, uint8_t ip[4], uint8_t *prefix_length);

#endif
