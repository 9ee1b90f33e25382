// What Swift cannot import from libmicrohttpd: the variadic MHD_start_daemon. No logic.
#ifndef TRUSTLOG_CMICROHTTPD_SHIM_H
#define TRUSTLOG_CMICROHTTPD_SHIM_H
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <microhttpd.h>
#endif
