#!/usr/bin/env python3
"""Holds the stores against bare drivers that do the same writes, side by side: PostgreSQL and MariaDB in temporary folders
with the durability that they have by default, SQLite in a temporary file. Prints one JSON object a line.

    store.py [--rows N] [--rounds N] [--database sqlite|postgresql|mariadb]...

Needs the server packages that `make setup-test` installs, and .build/release/StoreBenchmark (Benchmarks/run.sh builds it).
"""
import argparse
import glob
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCHMARK = ROOT / ".build/release/StoreBenchmark"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_user(name, command):
    """Servers refuse to run as root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "--", *command]


def own(name, folder):
    if os.geteuid() == 0:
        user = pwd.getpwnam(name)
        os.chown(folder, user.pw_uid, user.pw_gid)


def quietly(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def start(command, ask, folder):
    with open(folder / "log", "ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            quietly(ask)
            return server
        except subprocess.CalledProcessError:
            time.sleep(0.1)
    raise SystemExit(f"{command[0]} does not serve: {(folder / 'log').read_text()[-2000:]}")


class SQLite:
    def __init__(self, folder):
        self.url = f"sqlite:{folder}/trustlog.db"

    def stop(self):
        pass


class PostgreSQL:
    def __init__(self, folder):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))[-1]
        own("postgres", folder)
        port = free_port()
        quietly(as_user("postgres", [
            f"{binaries}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8"]))
        client = ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-X", "-c"]
        self.server = start(as_user("postgres", [
            f"{binaries}/postgres", "-D", f"{folder}/data", "-c", f"port={port}", "-c", "listen_addresses=127.0.0.1",
            "-c", f"unix_socket_directories={folder}", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"]),
            [*client, "SELECT 1"], folder)
        quietly([*client, "CREATE DATABASE benchmark"])
        self.url = f"postgresql://postgres@127.0.0.1:{port}/benchmark"

    def stop(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(60)


class MariaDB:
    def __init__(self, folder):
        own("mysql", folder)
        port = free_port()
        quietly(as_user("mysql", [
            "mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", "--skip-test-db",
            "--auth-root-authentication-method=normal"]))
        client = ["mariadb", "--no-defaults", f"--socket={folder}/s", "-uroot", "-e"]
        server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self.server = start(as_user("mysql", [
            server, "--no-defaults", f"--datadir={folder}/data", f"--socket={folder}/s", f"--port={port}",
            "--bind-address=127.0.0.1", "--skip-name-resolve", f"--pid-file={folder}/pid",
            "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=512M"]), [*client, "SELECT 1"], folder)
        quietly([*client, "CREATE DATABASE benchmark CHARACTER SET utf8mb4; CREATE USER trustlog@'127.0.0.1'; "
                          "GRANT ALL ON benchmark.* TO trustlog@'127.0.0.1'; "
                          "GRANT RELOAD ON *.* TO trustlog@'127.0.0.1'"])
        self.url = f"mysql://trustlog@127.0.0.1:{port}/benchmark"

    def stop(self):
        self.server.terminate()
        self.server.wait(60)


KINDS = {"postgresql": PostgreSQL, "mariadb": MariaDB, "sqlite": SQLite}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="rows a round and side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", action="append", choices=list(KINDS))
    options = parser.parse_args()
    for name in options.database or KINDS:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="trustlog-bench-"))
        database = None
        try:
            database = KINDS[name](folder)
            lines = subprocess.run(
                [BENCHMARK, database.url, str(options.rows), str(options.rounds)], check=True, stdout=subprocess.PIPE,
                text=True, timeout=600).stdout.splitlines()
            for line in lines:
                print(json.dumps({"store": {"database": name, **json.loads(line)}}), flush=True)
        finally:
            if database:
                database.stop()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
