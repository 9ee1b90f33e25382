#!/usr/bin/env python3
"""Rates of the cursor worker and of the retry worker for the same rows, and of the cursor worker beside dead letters.

In one run, one after another, so that the figures can be compared: rows that wait, rows whose retries are all due at once,
and rows that wait in a table that holds dead letters. The rows stand in the database before `trustlog run` starts; a rate
counts from the start of the process to the last acknowledgement that is recorded. Needs what pipeline.py needs, and for
--database postgresql or mariadb what store.py needs.
"""

import argparse
import json
import pathlib
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from pipeline import TRUSTLOG, Broker, Service, operation

COLUMNS = (
    "op_id", "op_timestamp", "op_source", "op_type", "do_prefix", "do_repository", "doid", "producer_id", "op_actor",
    "request_body_hash", "client_ip", "server_ip", "extra", "trustlog_status",
)
MEMBERS = (
    "opId", "timestamp", "opSource", "opType", "doPrefix", "doRepository", "doid", "producerId", "opActor",
    "requestBodyHash", "clientIp", "serverIp",
)
RETRY_COLUMNS = (
    "op_id", "retry_status", "retry_count", "next_retry_at", "last_error", "first_failed_at", "updated_at",
)


class SQLite:
    def __init__(self, folder: pathlib.Path):
        self.path = folder / "trustlog.db"
        self.url = f"sqlite:{self.path}"

    def time(self, text: str) -> str:
        return text

    def execute(self, sql: str) -> None:
        with sqlite3.connect(self.path, timeout=30) as database:
            database.executescript(sql)

    def number(self, query: str) -> int:
        with sqlite3.connect(self.path, timeout=30) as database:
            return database.execute(query).fetchone()[0]

    def stop(self) -> None:
        pass


class Server:
    """One of store.py's servers, reached by its own command line."""

    def __init__(self, kind: str, folder: pathlib.Path):
        import store

        self.server = {"postgresql": store.PostgreSQL, "mariadb": store.MariaDB}[kind](folder)
        self.url = self.server.url
        address = urllib.parse.urlsplit(self.url)
        self.client = (
            ["psql", self.url, "-XAtq", "-v", "ON_ERROR_STOP=1"] if kind == "postgresql" else
            ["mariadb", "--no-defaults", "-N", f"-h{address.hostname}", f"-P{address.port}", f"-u{address.username}",
             address.path[1:]])
        self.keeps_zone = kind == "postgresql"

    def time(self, text: str) -> str:
        return text if self.keeps_zone else text.replace("T", " ").rstrip("Z")

    def execute(self, sql: str) -> None:
        subprocess.run(self.client, input=sql, text=True, check=True, stdout=subprocess.DEVNULL)

    def number(self, query: str) -> int:
        answer = subprocess.run(self.client, input=query + ";", text=True, check=True, capture_output=True)
        return int(answer.stdout)

    def stop(self) -> None:
        self.server.stop()


def literal(value: str | int | None) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


def inserts(table: str, columns: tuple, rows: list[tuple]) -> str:
    statements = []
    for start in range(0, len(rows), 1_000):
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows[start:start + 1_000])
        statements.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values};")
    return "\n".join(statements)


def fill(database, waiting: int = 0, due: int = 0, dead: int = 0) -> None:
    subprocess.run([TRUSTLOG, "migrate", "--set", f"database.url={database.url}"], check=True, capture_output=True)
    chance = random.Random(3)
    failed = due + dead
    long_ago = database.time("2026-01-01T00:00:00.000000Z")
    operations = []
    for number in range(failed + waiting):
        members = json.loads(operation(number, chance)[1])
        members["timestamp"] = database.time(members["timestamp"])
        extra = json.dumps({"number": number}, separators=(",", ":"))
        status = "FAILED" if number < failed else "NOT_TRUSTLOGGED"
        operations.append((*(members[name] for name in MEMBERS), extra, status))
    retries = [
        (f"op-{number}", "PENDING" if number < due else "DEAD_LETTER", 0 if number < due else 5,
         long_ago if number < due else None, "too-large: for the benchmark", long_ago, long_ago)
        for number in range(failed)]
    database.execute(
        "BEGIN;\n" + inserts("operation", COLUMNS, operations) + inserts("trustlog_retry", RETRY_COLUMNS, retries)
        + "\nCOMMIT;")


def rate(folder: pathlib.Path, broker: Broker, kind: str, name: str, path: str, count: int, **rows: int) -> dict:
    home = folder / name
    home.mkdir(mode=0o755)
    database = SQLite(home) if kind == "sqlite" else Server(kind, home)
    topics = broker.topic(f"in-{name}", 1), broker.topic(f"out-{name}")
    broker.topic(topics[0] + ".dead-letter", 1)
    fill(database, **rows)
    begin = time.monotonic()
    service = Service(folder, broker, name, topics, f"database.url={database.url}")
    while service.metric(f'trustlog_records_published_total{{path="{path}"}}') < count:
        if service.process.poll() is not None:
            raise SystemExit(f"trustlog ended: see {service.log.name}")
        # Asking costs the process a millisecond or two.
        time.sleep(0.1)
    unlogged = "SELECT count(*) FROM operation WHERE trustlog_status <> 'TRUSTLOGGED'"
    while database.number(unlogged) > rows.get("dead", 0):
        time.sleep(0.02)
    elapsed = time.monotonic() - begin
    result = {
        "database": kind, "rows": count, "per_s": round(count / elapsed),
        "cpu_us_per_record": round(service.metric("process_cpu_seconds_total") / count * 1e6, 1),
        "peak_resident_mb": round(service.memory("VmHWM"), 1),
    }
    service.stop()
    database.stop()
    shutil.rmtree(home, ignore_errors=True)
    return result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--dead-letters", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=1, help="repeat all three, to see what chance does")
    arguments.add_argument("--database", choices=["sqlite", "postgresql", "mariadb"], default="sqlite")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustlog-bench-"))
    folder.chmod(0o755)
    broker = Broker(folder)
    try:
        # A broker that has just started is slower than it will be.
        rate(folder, broker, options.database, "warm-up", "cursor", options.rows // 4, waiting=options.rows // 4)
        for number in range(options.rounds):
            runs = {
                "cursor": ("cursor", {"waiting": options.rows}),
                "retry": ("retry", {"due": options.rows}),
                "cursor_beside_dead_letters": (
                    "cursor", {"waiting": options.rows, "dead": options.dead_letters}),
            }
            for name, (path, rows) in runs.items():
                result = rate(folder, broker, options.database, f"{name}-{number}", path, options.rows, **rows)
                print(json.dumps({name: result}), flush=True)
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
