#ifndef TRUSTLOG_CSODIUM_SHIM_H
#define TRUSTLOG_CSODIUM_SHIM_H
#include <sodium.h>
#endif
