#pragma once
#include <stddef.h>

/// The text of trusted-keys.txt.
typedef struct {
    const unsigned char *start;
    size_t count;
} clk_bytes;

clk_bytes clk_trusted_keys(void);
