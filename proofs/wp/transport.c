/* SPDX-License-Identifier: BSD-2-Clause */
/* The transport and what else the components share, as they are proved: the headers themselves. */
#define PROOF_OF_TRANSPORT
#include "contracts/base.h"
#include "contracts/net.h"
