#!/usr/bin/env python3
"""Applications that write the table `operation` themselves, as inconveniently as they may.

    torture_writers.py --url DATABASE_URL --folder FOLDER --seconds N [--writers 8] [--seed 1]

Each writer inserts some rows a transaction and commits after a random pause; 10 % of the transactions are held open for up to
5 s, 5 % are rolled back. A foreign transaction with rows of its own is open all the time. FOLDER gets `committed` and
`rolled-back` (op ids, a line each), and `writers-done` when the writers have ended. The foreign transaction is committed
(`foreign`: its op ids) when somebody makes the file `release` there, at the latest after five minutes.

SQLite has one write lock for the whole database: there a held transaction is held for 0.3 s at most (a transaction that is
held for seconds holds up every writer, whoever it is), and the foreign transaction is one that reads, which keeps the
write-ahead log from being cut.

Needs PyPI psycopg and PyMySQL.
"""
import argparse
import collections
import pathlib
import random
import sqlite3
import sys
import threading
import time
import urllib.parse

COLUMNS = ("op_id", "op_timestamp", "op_source", "op_type", "do_prefix", "do_repository", "doid", "producer_id", "op_actor")


class SQLite:
    placeholder, holds_rows, longest_hold = "?", False, 0.3
    time = "2026-03-01T12:00:00.000000Z"

    def __init__(self, url):
        self.connection = sqlite3.connect(url.removeprefix("sqlite:"), timeout=60, isolation_level=None)

    def begin(self, writing=True):
        self.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    def execute(self, sql, values=()):
        return self.connection.execute(sql, values).fetchall()

    def commit(self):
        self.connection.execute("COMMIT")

    def rollback(self):
        self.connection.execute("ROLLBACK")

    def undone(self, error):
        return False


class PostgreSQL:
    placeholder, holds_rows, longest_hold = "%s", True, 5
    time = "2026-03-01 12:00:00.000000"

    def __init__(self, url):
        import psycopg
        self.errors = psycopg.errors
        self.connection = psycopg.connect(url)

    def begin(self, writing=True):
        pass

    def execute(self, sql, values=()):
        cursor = self.connection.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []

    def commit(self):
        self.connection.commit()

    def rollback(self):
        self.connection.rollback()

    def undone(self, error):
        """Whether the server undid the transaction, as an application must expect."""
        return isinstance(error, (self.errors.DeadlockDetected, self.errors.SerializationFailure))


class MariaDB:
    placeholder, holds_rows, longest_hold = "%s", True, 5
    time = "2026-03-01 12:00:00.000000"

    def __init__(self, url):
        import pymysql
        self.error = pymysql.err.OperationalError
        parts = urllib.parse.urlsplit(url)
        self.connection = pymysql.connect(
            host=parts.hostname, port=parts.port, user=parts.username, password=parts.password or "",
            database=parts.path.lstrip("/"), charset="utf8mb4", autocommit=False)

    def begin(self, writing=True):
        self.connection.begin()

    def execute(self, sql, values=()):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def commit(self):
        self.connection.commit()

    def rollback(self):
        self.connection.rollback()

    def undone(self, error):
        return isinstance(error, self.error) and error.args[0] in (1205, 1213)


def connect(url):
    kinds = {"sqlite": SQLite, "postgresql": PostgreSQL, "mysql": MariaDB}
    return kinds[url.split(":", 1)[0]](url)


def insert(database, op_id, random):
    values = (op_id, database.time, "IRP", "OC_UPDATE", "86.1000", "86.1000/r", f"86.1000/object-{random.randrange(200)}",
              "torture", "writer")
    places = ", ".join([database.placeholder] * len(values))
    database.execute(f"INSERT INTO operation ({', '.join(COLUMNS)}) VALUES ({places})", values)


class Notes:
    """Files of op ids, written by many threads; what stands there is on disk before the next transaction begins."""

    def __init__(self, folder):
        self.lock = threading.Lock()
        self.files = {name: open(folder / name, "w") for name in ("committed", "rolled-back", "foreign")}
        self.counts = collections.Counter()

    def add(self, name, op_ids):
        with self.lock:
            self.files[name].writelines(op_id + "\n" for op_id in op_ids)
            self.files[name].flush()
            self.counts[name] += len(op_ids)

    def count(self, name):
        with self.lock:
            self.counts[name] += 1


def write(number, options, notes, deadline):
    chance = random.Random(options.seed * 1000 + number)
    database = connect(options.url)
    transaction = 0
    while time.monotonic() < deadline:
        transaction += 1
        op_ids = [f"writer-{number}-{transaction}-{row}" for row in range(chance.randint(1, 20))]
        fate, hold = chance.random(), chance.random() < 0.10
        try:
            database.begin()
            for op_id in op_ids:
                insert(database, op_id, chance)
            if hold:
                notes.count("held")
                time.sleep(chance.uniform(0.1, 1) * database.longest_hold)
            else:
                time.sleep(chance.uniform(0, 0.02))
            if fate < 0.05:
                database.rollback()
                notes.add("rolled-back", op_ids)
            else:
                database.commit()
                notes.add("committed", op_ids)
        except Exception as error:
            if not database.undone(error):
                raise
            database.rollback()
            notes.add("rolled-back", op_ids)
            notes.count("undone by the server")
        # SQLite's lock is not handed out in turn: whoever asks in a loop keeps it.
        time.sleep(chance.uniform(0, 0.05))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", required=True, type=float)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    notes = Notes(options.folder)
    failures = []
    threading.excepthook = lambda failure: failures.append(failure.exc_value)

    foreign = connect(options.url)
    foreign_ids = [f"foreign-{row}" for row in range(10)] if foreign.holds_rows else []
    foreign.begin(writing=foreign.holds_rows)
    foreign.execute("SELECT count(*) FROM operation")
    for op_id in foreign_ids:
        insert(foreign, op_id, random.Random(options.seed))

    deadline = time.monotonic() + options.seconds
    threads = [threading.Thread(target=write, args=(n, options, notes, deadline)) for n in range(options.writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(dict(notes.counts), flush=True)
    (options.folder / "writers-done").touch()
    limit = time.monotonic() + 300
    while not (options.folder / "release").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    foreign.commit()
    notes.add("foreign", foreign_ids)
    for failure in failures:
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
