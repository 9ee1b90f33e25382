// What Swift cannot import from SQLite: the SQLITE_TRANSIENT and SQLITE_STATIC casts. No logic.
#ifndef TRUSTLOG_CSQLITE_SHIM_H
#define TRUSTLOG_CSQLITE_SHIM_H
#include <sqlite3.h>
#endif
