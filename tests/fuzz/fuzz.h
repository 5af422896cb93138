/* SPDX-License-Identifier: BSD-3-Clause */
/* fuzz - the one function of a fuzz target: any octets, no crash, always 0. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
