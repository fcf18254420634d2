# SPDX-License-Identifier: BSD-2-Clause
"""The frame of the experiments: bench/README.md."""
