/* What the shim says of itself, so that a TypeScript side built for another layout stops before it touches memory. */
#pragma once

#include <stdint.h>

#define SHIM_ABI_VERSION 1

int32_t shim_abi_version(void);
/* The sizes and offsets of all shared structs in the order of abi.c; returns how many there are. */
int32_t shim_layout(const uint32_t **values);
/* Text of an errno, for messages; never NULL. */
const char *shim_error_text(int32_t error);
