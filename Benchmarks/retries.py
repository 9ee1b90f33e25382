#!/usr/bin/env python3
"""Rates of the cursor worker and of the retry worker for the same rows, and of the cursor worker beside dead letters.

In one run, one after another, so that the figures can be compared: rows that wait, rows whose retries are all due at once,
and rows that wait in a table that holds dead letters. The rows stand in SQLite before `trustlog run` starts; a rate counts
from the start of the process to the last acknowledgement that is recorded. Needs what pipeline.py needs.
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

from pipeline import TRUSTLOG, Broker, Service, operation

COLUMNS = (
    "op_id", "op_timestamp", "op_source", "op_type", "do_prefix", "do_repository", "doid", "producer_id", "op_actor",
    "request_body_hash", "client_ip", "server_ip", "extra", "trustlog_status",
)
MEMBERS = (
    "opId", "timestamp", "opSource", "opType", "doPrefix", "doRepository", "doid", "producerId", "opActor",
    "requestBodyHash", "clientIp", "serverIp",
)
LONG_AGO = "2026-01-01T00:00:00.000000Z"


def row(number: int, status: str, chance: random.Random) -> tuple:
    members = json.loads(operation(number, chance)[1])
    return (*(members[name] for name in MEMBERS), json.dumps({"number": number}, separators=(",", ":")), status)


def fill(path: pathlib.Path, waiting: int = 0, due: int = 0, dead: int = 0) -> None:
    subprocess.run(
        [TRUSTLOG, "migrate", "--set", f"database.url=sqlite:{path}"], check=True, capture_output=True)
    chance = random.Random(3)
    failed = due + dead
    with sqlite3.connect(path) as database:
        marks = ", ".join("?" * len(COLUMNS))
        database.executemany(
            f"INSERT INTO operation ({', '.join(COLUMNS)}) VALUES ({marks})",
            (row(number, "FAILED" if number < failed else "NOT_TRUSTLOGGED", chance)
             for number in range(failed + waiting)))
        database.executemany(
            "INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error, first_failed_at,"
            " updated_at) VALUES (?, ?, ?, ?, 'too-large: for the benchmark', ?, ?)",
            ((f"op-{number}", "PENDING" if number < due else "DEAD_LETTER", 0 if number < due else 5,
              LONG_AGO if number < due else None, LONG_AGO, LONG_AGO) for number in range(failed)))


def rate(folder: pathlib.Path, broker: Broker, name: str, path: str, count: int, **rows: int) -> dict:
    topics = broker.topic(f"in-{name}", 1), broker.topic(f"out-{name}")
    broker.topic(topics[0] + ".dead-letter", 1)
    fill(folder / f"{name}.db", **rows)
    begin = time.monotonic()
    service = Service(folder, broker, name, topics)
    unlogged = "SELECT count(*) FROM operation WHERE trustlog_status <> 'TRUSTLOGGED'"
    while service.metric(f'trustlog_records_published_total{{path="{path}"}}') < count:
        if service.process.poll() is not None:
            raise SystemExit(f"trustlog ended: see {service.log.name}")
        time.sleep(0.02)
    with sqlite3.connect(service.database, timeout=30) as database:
        while database.execute(unlogged).fetchone()[0] > rows.get("dead", 0):
            time.sleep(0.02)
    elapsed = time.monotonic() - begin
    result = {
        "rows": count, "per_s": round(count / elapsed), "peak_resident_mb": round(service.memory("VmHWM"), 1),
        "cpu_us_per_record": round(service.metric("process_cpu_seconds_total") / count * 1e6, 1),
    }
    service.stop()
    return result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--dead-letters", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=1, help="repeat all three, to see what chance does")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustlog-bench-"))
    broker = Broker(folder)
    try:
        for number in range(options.rounds):
            runs = {
                "cursor": ("cursor", {"waiting": options.rows}),
                "retry": ("retry", {"due": options.rows}),
                "cursor_beside_dead_letters": (
                    "cursor", {"waiting": options.rows, "dead": options.dead_letters}),
            }
            for name, (path, rows) in runs.items():
                result = rate(folder, broker, f"{name}-{number}", path, options.rows, **rows)
                print(json.dumps({name: result}), flush=True)
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
