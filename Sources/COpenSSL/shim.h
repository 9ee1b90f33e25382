// What Swift cannot import from OpenSSL's libcrypto: function-like macros and variadic functions. No logic.
#ifndef TRUSTLOG_COPENSSL_SHIM_H
#define TRUSTLOG_COPENSSL_SHIM_H
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#endif
