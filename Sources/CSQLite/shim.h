// What Swift cannot import from SQLite: a function pointer made by a cast, and a variadic function. No logic.
#ifndef TRUSTLOG_CSQLITE_SHIM_H
#define TRUSTLOG_CSQLITE_SHIM_H
#include <sqlite3.h>

static inline sqlite3_destructor_type trustlog_sqlite_transient(void) { return SQLITE_TRANSIENT; }

static inline int trustlog_sqlite_set_no_checkpoint_on_close(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
#endif
