// What Swift cannot import from librdkafka: variadic functions and macros. No logic.
#ifndef TRUSTLOG_CRDKAFKA_SHIM_H
#define TRUSTLOG_CRDKAFKA_SHIM_H
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#endif
