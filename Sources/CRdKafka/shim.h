// What Swift cannot import from librdkafka: variadic functions and macros. No logic.
#ifndef TRUSTLOG_CRDKAFKA_SHIM_H
#define TRUSTLOG_CRDKAFKA_SHIM_H
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// One header of a message, as positions in an arena of bytes. `value_length` -1: no value (null).
typedef struct trustlog_kafka_header {
    uint32_t name_offset;
    uint32_t name_length;
    uint32_t value_offset;
    int32_t value_length;
} trustlog_kafka_header_t;

/// rd_kafka_producev with copies of key, value and headers; the headers are freed where the message is refused.
static inline rd_kafka_resp_err_t trustlog_kafka_produce(
    rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t partition, const void *key, size_t key_length, const void *value,
    size_t value_length, const char *arena, const trustlog_kafka_header_t *headers, size_t header_count,
    void *opaque) {
    rd_kafka_headers_t *list = NULL;
    rd_kafka_resp_err_t error;
    if (header_count > 0) {
        list = rd_kafka_headers_new(header_count);
        for (size_t i = 0; i < header_count; i++) {
            const trustlog_kafka_header_t *header = &headers[i];
            rd_kafka_header_add(
                list, arena + header->name_offset, header->name_length,
                header->value_length < 0 ? NULL : arena + header->value_offset,
                header->value_length < 0 ? 0 : header->value_length);
        }
        error = rd_kafka_producev(
            rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_VALUE((void *)value, value_length),
            RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
        if (error)
            rd_kafka_headers_destroy(list);
        return error;
    }
    return rd_kafka_producev(
        rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_VALUE((void *)value, value_length), RD_KAFKA_V_OPAQUE(opaque),
        RD_KAFKA_V_END);
}

static const int trustlog_kafka_event_delivery = RD_KAFKA_EVENT_DR;
static const int trustlog_kafka_event_error = RD_KAFKA_EVENT_ERROR;
static const int trustlog_kafka_event_stats = RD_KAFKA_EVENT_STATS;
#endif
