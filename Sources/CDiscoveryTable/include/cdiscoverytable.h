#pragma once
#include <stddef.h>
#include <stdint.h>

/// Read-only data that is part of the program; it is never freed.
typedef struct {
    const void *_Nonnull start;
    size_t count;
} cdt_bytes;

/// WordPieces, one a line; the line number is the token's id.
cdt_bytes cdt_vocabulary(void);
/// Little-endian: one float32 scale a row, then rows of int8.
cdt_bytes cdt_table(void);
/// Little-endian triples of uint32, sorted: a scalar, and the one or two scalars it folds to (0: none).
cdt_bytes cdt_folding(void);

/// The dot product of two rows of `count` int8 values.
int32_t cdt_dot(const int8_t *_Nonnull a, const int8_t *_Nonnull b, size_t count);
