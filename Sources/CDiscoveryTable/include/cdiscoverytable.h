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

/// The dot products of `query` with `count` rows of `width` int8 values each, `width` a multiple of 16.
void cdt_dots(
    const int8_t *_Nonnull query, const int8_t *_Nonnull rows, size_t count, size_t width, int32_t *_Nonnull products);
