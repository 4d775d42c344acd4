#pragma once
// The calls that hash with a state kept from before have no successor that does not allocate.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

// HMAC-SHA256 (RFC 2104) up to where the message begins: both states after the padded key.
typedef struct {
    SHA256_CTX inner, outer;
} gate_hmac_key;

// `key` has at most 64 bytes.
static inline void gate_hmac_prepare(gate_hmac_key *made, const uint8_t *key, size_t count) {
    uint8_t block[SHA256_CBLOCK];
    memset(block, 0x36, sizeof block);
    for (size_t i = 0; i < count; i++) block[i] ^= key[i];
    SHA256_Init(&made->inner);
    SHA256_Update(&made->inner, block, sizeof block);
    for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&made->outer);
    SHA256_Update(&made->outer, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
}

static inline void gate_hmac_tag(
    const gate_hmac_key *key, const void *message, size_t count, uint8_t tag[SHA256_DIGEST_LENGTH]) {
    SHA256_CTX state = key->inner;
    SHA256_Update(&state, message, count);
    SHA256_Final(tag, &state);
    state = key->outer;
    SHA256_Update(&state, tag, SHA256_DIGEST_LENGTH);
    SHA256_Final(tag, &state);
}

static inline void gate_sha256(const void *message, size_t count, uint8_t digest[SHA256_DIGEST_LENGTH]) {
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, message, count);
    SHA256_Final(digest, &state);
}
