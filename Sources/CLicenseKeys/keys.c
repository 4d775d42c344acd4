#include "clicensekeys.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// Embedded, so that the product stays one file, and so that a vendor's build changes a text and no code.
static const unsigned char keys[] = {
#embed "trusted-keys.txt"
};

clk_bytes clk_trusted_keys(void) { return (clk_bytes){keys, sizeof keys}; }
