#!/usr/bin/env python3
"""Throughput, latency, memory and start of `trustlog run`, on a real Kafka and SQLite in a temporary folder.

Needs the release binary (`make build`), kcat, PyPI's confluent-kafka (`make setup-test`), and Kafka's launcher (../shared/kafka/kafka, or $TRUSTLOG_KAFKA).
Everything listens on loopback and is gone at the end. Figures are those of one run: quote them with the machine.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

import confluent_kafka

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRUSTLOG = os.environ.get("TRUSTLOG_BINARY", str(ROOT / ".build/release/trustlog"))
KAFKA = os.environ.get("TRUSTLOG_KAFKA", str(ROOT.parent / "shared/kafka/kafka"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def operation(number: int, chance: random.Random) -> tuple[str, str]:
    doid = f"86.1000/object-{chance.randrange(5_000)}"
    members = {
        "opId": f"op-{number}", "timestamp": f"2026-01-01T12:00:00.{number % 1_000_000:06}Z", "opSource": "DOIP",
        "opType": "OC_REGISTER", "doPrefix": "86.1000", "doRepository": "86.1000/repository-1", "doid": doid,
        "producerId": "86.1000/lhs-1", "opActor": f"86.1000/user-{number % 97}",
        "requestBodyHash": f"sha256:{chance.getrandbits(256):064x}", "clientIp": "10.0.0.1", "serverIp": "2001:db8::1",
        "number": number,
    }
    return doid, json.dumps(members, separators=(",", ":"))


class Broker:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder / "kafka"
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        subprocess.run([KAFKA, "start", self.folder, "--port", str(self.port)], check=True, capture_output=True)

    def topic(self, name: str, partitions: int = 4) -> str:
        subprocess.run(
            [KAFKA, "tool", "topics", "--bootstrap-server", self.address, "--create", "--topic", name, "--partitions",
             str(partitions)], check=True, capture_output=True)
        return name

    def fill(self, topic: str, count: int) -> None:
        chance = random.Random(1)
        producer = subprocess.Popen(
            ["kcat", "-P", "-b", self.address, "-t", topic, "-K", "\t", "-X", "linger.ms=50"], stdin=subprocess.PIPE,
            text=True)
        for number in range(count):
            producer.stdin.write("\t".join(operation(number, chance)) + "\n")
        producer.stdin.close()
        if producer.wait() != 0:
            raise SystemExit("kcat could not produce")

    def stop(self) -> None:
        subprocess.run([KAFKA, "destroy", self.folder], capture_output=True)


class Service:
    def __init__(self, folder: pathlib.Path, broker: Broker, name: str, topics: tuple[str, str], *settings: str):
        self.http = free_port()
        key = folder / "key.pem"
        if not key.exists():
            subprocess.run([TRUSTLOG, "keygen", key], check=True, capture_output=True)
        self.database = folder / f"{name}.db"
        assignments = [
            f"kafka.bootstrap-servers={broker.address}", f"input.topic={topics[0]}", f"output.topic={topics[1]}",
            f"input.group-id={name}", f"database.url=sqlite:{self.database}", f"signing.key-file={key}",
            f"http.listen=127.0.0.1:{self.http}", "admin.listen=off", *settings,
        ]
        command = [TRUSTLOG, "run"]
        for assignment in assignments:
            command += ["--set", assignment]
        self.log = open(folder / f"{name}.log", "w")
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stderr=self.log)

    def get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def ready(self) -> float:
        """Seconds from the start of the process to the first answer of /readyz."""
        while self.get("/readyz") is None:
            if self.process.poll() is not None:
                raise SystemExit(f"trustlog ended: see {self.log.name}")
            time.sleep(0.002)
        return time.monotonic() - self.started

    def metric(self, name: str) -> float:
        for line in (self.get("/metrics") or "").splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0

    def memory(self, field: str) -> float:
        """VmRSS or VmHWM in MB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        return 0

    def cpu(self) -> float:
        """Seconds of CPU since the start."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def throughput(folder: pathlib.Path, broker: Broker, count: int) -> dict:
    topics = broker.topic(f"in-{count}"), broker.topic(f"out-{count}")
    broker.topic(topics[0] + ".dead-letter", 1)
    broker.fill(topics[0], count)
    service = Service(folder, broker, f"throughput-{count}", topics)
    begin = time.monotonic()
    persisted = None
    while True:
        if persisted is None and service.metric("trustlog_operations_persisted_total") >= count:
            persisted = time.monotonic() - begin
        if service.metric('trustlog_records_published_total{path="cursor"}') >= count:
            break
        if service.process.poll() is not None:
            raise SystemExit(f"trustlog ended: see {service.log.name}")
        time.sleep(0.05)
    elapsed = time.monotonic() - begin
    result = {
        "operations": count, "persisted_per_s": round(count / (persisted or elapsed)),
        "published_per_s": round(count / elapsed),
        "cpu_us_per_operation": round(service.metric("process_cpu_seconds_total") / count * 1e6, 1),
        "peak_resident_mb": round(service.memory("VmHWM"), 1),
    }
    service.stop()
    with sqlite3.connect(service.database) as database:
        query = "SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'"
        assert database.execute(query).fetchone() == (count,)
    return result


def latency(folder: pathlib.Path, broker: Broker, count: int) -> dict:
    """One operation at a time on an idle system: from handing it to a producer to reading its envelope."""
    topics = broker.topic("in-latency"), broker.topic("out-latency")
    broker.topic("in-latency.dead-letter", 1)
    service = Service(folder, broker, "latency", topics)
    start = service.ready()
    reader = confluent_kafka.Consumer(
        {"bootstrap.servers": broker.address, "group.id": "latency-reader", "auto.offset.reset": "earliest"})
    reader.subscribe([topics[1]])
    writer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "linger.ms": 0})
    # Past the first of each timer: `cursor.interval` is 10 s.
    settle = time.monotonic() + 12
    while time.monotonic() < settle:
        reader.poll(0.1)
    idle, cpu, begin = service.memory("VmRSS"), service.cpu(), time.monotonic()
    while time.monotonic() < begin + 15:
        reader.poll(0.1)
    load = (service.cpu() - cpu) / (time.monotonic() - begin)
    chance = random.Random(2)
    samples = []
    for number in range(count):
        doid, value = operation(number, chance)
        begin = time.monotonic()
        writer.produce(topics[0], key=doid, value=value)
        writer.poll(0)
        message = reader.poll(10)
        if message is None or message.error():
            raise SystemExit("an operation was not published within 10 s")
        samples.append((time.monotonic() - begin) * 1_000)
        time.sleep(0.02)
    sums = [service.metric(f"trustlog_end_to_end_seconds_{part}") for part in ("sum", "count")]
    reader.close()
    service.stop()
    samples.sort()
    return {
        "start_to_ready_ms": round(start * 1_000), "idle_resident_mb": round(idle, 1),
        "idle_cpu_percent": round(load * 100, 2),
        "produced_to_read_ms_median": round(statistics.median(samples), 1),
        "produced_to_read_ms_p99": round(samples[int(len(samples) * 0.99)], 1),
        "recorded_to_acknowledged_ms_mean": round(sums[0] / max(1, sums[1]) * 1_000, 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--operations", type=int, nargs="*", default=[200_000], help="backlogs to work off")
    arguments.add_argument("--samples", type=int, default=200, help="single operations for the latency")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trustlog-bench-"))
    broker = Broker(folder)
    try:
        print(json.dumps({"latency": latency(folder, broker, options.samples)}), flush=True)
        for count in options.operations:
            print(json.dumps({"throughput": throughput(folder, broker, count)}), flush=True)
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
