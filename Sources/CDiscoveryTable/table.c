#include "cdiscoverytable.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// Embedded, so that the product stays one file that can be moved anywhere.
static const unsigned char vocabulary[] = {
#embed "vocab.txt"
};

static const unsigned char table[] __attribute__((aligned(16))) = {
#embed "table.bin"
};

static const unsigned char folding[] __attribute__((aligned(16))) = {
#embed "folding.bin"
};

cdt_bytes cdt_vocabulary(void) { return (cdt_bytes){vocabulary, sizeof vocabulary}; }
cdt_bytes cdt_table(void) { return (cdt_bytes){table, sizeof table}; }
cdt_bytes cdt_folding(void) { return (cdt_bytes){folding, sizeof folding}; }

// Plain loops: compilers make vector instructions of them.
#define DOTS                                                                                                           \
    for (size_t row = 0; row < count; row++) {                                                                         \
        const int8_t *values = rows + row * width;                                                                     \
        int32_t sum = 0;                                                                                               \
        for (size_t i = 0; i < width; i++) sum += (int32_t)query[i] * (int32_t)values[i];                              \
        products[row] = sum;                                                                                           \
    }

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void dots_avx2(
    const int8_t *query, const int8_t *rows, size_t count, size_t width, int32_t *products) {
    DOTS
}
#endif

void cdt_dots(const int8_t *query, const int8_t *rows, size_t count, size_t width, int32_t *products) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        dots_avx2(query, rows, count, width, products);
        return;
    }
#endif
    DOTS
}
