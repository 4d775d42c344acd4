#pragma once
// What of OpenSSL are macros, and the walks over its stacks, which Swift does not see.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

// HTTP/2 and HTTP/1.1 are spoken here. A client that offers protocols and none of these is refused (RFC 7301, 3.2).
static int gate_tls_select_protocol(
    SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *offered, unsigned int count, void *unused) {
    static const unsigned char own[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    (void)ssl;
    (void)unused;
    unsigned char *selected = NULL;
    if (SSL_select_next_proto(&selected, length, own, sizeof own, offered, count) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

// Nobody sits at the keyboard: an encrypted key is an error and no question.
static int gate_tls_no_password(char *buffer, int size, int writing, void *was_asked) {
    (void)buffer;
    (void)size;
    (void)writing;
    if (was_asked) *(int *)was_asked = 1;
    return -1;
}

static inline SSL_CTX *gate_tls_server_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context) return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
                                     | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // For TLS 1.2; those of TLS 1.3 are all good. Forward secrecy and authenticated encryption only (RFC 9325, 4.2).
    if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_alpn_select_cb(context, gate_tls_select_protocol, NULL);
    SSL_CTX_set_verify_depth(context, 6);
    return context;
}

static inline void gate_tls_forbid_passwords(SSL_CTX *context, int *was_asked) {
    SSL_CTX_set_default_passwd_cb(context, gate_tls_no_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, was_asked);
}

// Every connection shows its certificate anew: a session that is resumed would bring one that may not count any longer.
static inline void gate_tls_ask_for_certificate(SSL_CTX *context, int is_required) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
}

// Both ways of a connection go through memory. The session owns them.
static inline int gate_tls_attach_memory(SSL *ssl, BIO **input, BIO **output) {
    *input = BIO_new(BIO_s_mem());
    *output = BIO_new(BIO_s_mem());
    if (!*input || !*output) {
        BIO_free(*input);
        BIO_free(*output);
        return 0;
    }
    SSL_set_bio(ssl, *input, *output);
    SSL_set_accept_state(ssl);
    return 1;
}

// Seconds since 1970; -1 when the time cannot be read.
static inline long long gate_tls_seconds(const ASN1_TIME *time) {
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (long long)timegm(&parts) : -1;
}

// Calls `take` with each subject alternative name that is a DNS name, an e-mail address or a URI.
static inline void gate_tls_each_name(
    const X509 *certificate, void *context, void (*take)(void *context, int type, const unsigned char *bytes, int count)) {
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (!names) return;
    int count = sk_GENERAL_NAME_num(names);
    for (int i = 0; i < count; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS && name->type != GEN_EMAIL && name->type != GEN_URI) continue;
        const ASN1_IA5STRING *text = name->d.ia5;
        take(context, name->type, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
    }
    GENERAL_NAMES_free(names);
}
