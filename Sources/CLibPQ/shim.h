#ifndef TRUSTLOG_CLIBPQ_SHIM_H
#define TRUSTLOG_CLIBPQ_SHIM_H
#include <libpq-fe.h>
#endif
