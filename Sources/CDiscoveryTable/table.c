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

int32_t cdt_dot(const int8_t *a, const int8_t *b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}
