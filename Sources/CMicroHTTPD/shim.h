// What Swift cannot import from libmicrohttpd: the variadic MHD_start_daemon and MHD_get_connection_info. No logic.
#ifndef TRUSTLOG_CMICROHTTPD_SHIM_H
#define TRUSTLOG_CMICROHTTPD_SHIM_H
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <microhttpd.h>

/// The options that this program sets, and the callbacks, which all get `context` as their first argument.
struct trustlog_mhd_options {
    void *context;
    MHD_LogCallback log;
    /// Bound, listening and non-blocking; the daemon closes it.
    int listen_socket;
    size_t connection_memory_limit;
    unsigned int connection_limit;
    unsigned int per_ip_connection_limit;
    unsigned int idle_timeout_seconds;
    /// Gets the request target before it is unescaped; its result is the request's context.
    void *(*request_started)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback answer;
    MHD_RequestCompletedCallback request_completed;
    MHD_NotifyConnectionCallback connection_changed;
};

static inline struct MHD_Daemon *trustlog_mhd_start_daemon(unsigned int flags, const struct trustlog_mhd_options *o)
{
    return MHD_start_daemon(
        flags, 0, NULL, NULL, o->answer, o->context,
        MHD_OPTION_EXTERNAL_LOGGER, o->log, o->context,
        MHD_OPTION_LISTEN_SOCKET, o->listen_socket,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->connection_memory_limit,
        MHD_OPTION_CONNECTION_LIMIT, o->connection_limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->per_ip_connection_limit,
        MHD_OPTION_CONNECTION_TIMEOUT, o->idle_timeout_seconds,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, o->request_started, o->context,
        MHD_OPTION_NOTIFY_COMPLETED, o->request_completed, o->context,
        MHD_OPTION_NOTIFY_CONNECTION, o->connection_changed, o->context,
        MHD_OPTION_END);
}

/// The connection's socket, or -1.
static inline int trustlog_mhd_connection_descriptor(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
#endif
