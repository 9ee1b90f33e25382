#!/usr/bin/env python3
"""Holds the table `operation` against the trustlog topic (and the input topic), without a line of Trustlog's code.

    check_evidence.py --rows ROWS.jsonl --envelopes ENVELOPES.tsv [--input INPUT.tsv]

ROWS.jsonl: the table's rows, a JSON object a line with the columns' names, times as in the records.
ENVELOPES.tsv: a message a line: partition, tab, offset, tab, key, tab, value. INPUT.tsv likewise.

Prints one JSON object: numbers, and for each kind of fault how often it is there and its first examples. Signatures are
checked by verify_envelopes.py; here the payload of each envelope must be the very record that its row gives.

Needs PyPI rfc8785.
"""
import argparse
import base64
import collections
import hashlib
import json
import sys

import rfc8785

FIELDS = {
    "op_id": "opId", "op_source": "opSource", "op_type": "opType", "do_prefix": "doPrefix",
    "do_repository": "doRepository", "doid": "doid", "producer_id": "producerId", "op_actor": "opActor",
    "request_body_hash": "requestBodyHash", "response_body_hash": "responseBodyHash", "client_ip": "clientIp",
    "server_ip": "serverIp",
}
SOURCE = {"source_topic": "topic", "source_partition": "partition", "source_offset": "offset", "source_digest": "digest"}


class Faults:
    """Counts by kind, with the first examples of each."""

    def __init__(self):
        self.examples = collections.defaultdict(list)
        self.counts = collections.Counter()

    def add(self, kind, what):
        self.counts[kind] += 1
        if len(self.examples[kind]) < 3:
            self.examples[kind].append(what)


def read_messages(path):
    """(partition, offset) -> (key, value)"""
    messages = {}
    with open(path, "rb") as file:
        for line in file:
            partition, offset, key, value = line.rstrip(b"\n").split(b"\t", 3)
            messages[int(partition), int(offset)] = (key, value)
    return messages


def as_doubles(value):
    """JSON numbers are doubles (RFC 8785): Python reads those without a fraction as integers of any size."""
    if isinstance(value, dict):
        return {name: as_doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_doubles(element) for element in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        return float(value)
    return value


def record_of(row):
    """The record of contract section 2, rebuilt from the row alone."""
    record = {name: row[column] for column, name in FIELDS.items() if row[column] is not None}
    record["timestamp"] = row["op_timestamp"]
    if row["extra"] not in (None, "", "{}"):
        record["extra"] = as_doubles(json.loads(row["extra"]))
    if row["source_topic"] is not None:
        record["source"] = {name: row[column] for column, name in SOURCE.items()}
    return rfc8785.dumps(record)


def check_order(envelopes, rows, faults):
    """Records of one doid that came through one partition first appear in the order consumed."""
    streams = collections.defaultdict(list)  # (doid, topic, partition) -> [(first position, offset consumed, opId)]
    for op_id, found in envelopes.items():
        row = rows.get(op_id)
        if row is not None and row["source_topic"] is not None:
            key = (row["doid"], row["source_topic"], row["source_partition"])
            streams[key].append((found[0][0], row["source_offset"], row["seq"], op_id))
    for stream in streams.values():
        stream.sort()
        for earlier, later in zip(stream, stream[1:]):
            if later[1] < earlier[1]:
                faults.add("outOfOrder", "{}, consumed {}, seq {}: {} after {}, consumed {}, seq {}: {}".format(
                    *later, *earlier))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", required=True)
    parser.add_argument("--envelopes", required=True)
    parser.add_argument("--input")
    arguments = parser.parse_args()

    with open(arguments.rows, "rb") as file:
        rows = {row["op_id"]: row for row in map(json.loads, filter(bytes.strip, file))}
    messages = read_messages(arguments.envelopes)
    faults = Faults()

    envelopes = collections.defaultdict(list)  # opId -> [(position, value)], in the order of positions
    payloads = {}
    for position, (key, value) in sorted(messages.items()):
        try:
            payload = base64.b64decode(json.loads(value)["payload"], validate=True)
            record = json.loads(payload)
            op_id, doid = record["opId"], record["doid"]
        except (ValueError, KeyError, TypeError) as error:
            faults.add("notAnEnvelope", f"{position}: {error}")
            continue
        payloads[position] = payload
        envelopes[op_id].append((position, value))
        if key != doid.encode():
            faults.add("wrongKey", f"{position}: {key!r}")
        if op_id not in rows:
            faults.add("envelopeWithoutRow", op_id)

    for op_id, found in envelopes.items():
        if any(value != found[0][1] for _, value in found):
            faults.add("repeatsDiffer", op_id)

    check_order(envelopes, rows, faults)
    statuses = collections.Counter(row["trustlog_status"] for row in rows.values())
    for op_id, row in rows.items():
        logged = row["trustlog_status"] == "TRUSTLOGGED"
        if logged and op_id not in envelopes:
            faults.add("rowWithoutEnvelope", op_id)
        if not logged:
            continue
        if row["trustlogged_at"] is None:
            faults.add("noTime", op_id)
        position = (row["trustlog_partition"], row["trustlog_offset"])
        if position[1] is None:
            # The broker may acknowledge a repeat without naming the offset.
            faults.add("positionUnknown", op_id)
            continue
        if position not in payloads or json.loads(payloads[position])["opId"] != op_id:
            faults.add("wrongPosition", f"{op_id} at {position}")
        elif payloads[position] != record_of(row):
            faults.add("recordDiffersFromRow", f"{payloads[position].decode()} != {record_of(row).decode()}")

    if arguments.input:
        inputs = read_messages(arguments.input)
        for op_id, row in rows.items():
            if row["source_topic"] is None:
                continue
            message = inputs.get((row["source_partition"], row["source_offset"]))
            if message is None or hashlib.sha256(message[1]).hexdigest() != row["source_digest"]:
                faults.add("wrongSource", op_id)

    print(json.dumps({
        "rows": len(rows),
        "statuses": dict(statuses),
        "trustlogged": statuses["TRUSTLOGGED"],
        "envelopes": len(messages),
        "distinctOpIds": len(envelopes),
        "repeats": len(messages) - len(envelopes),
        "positionsUnknown": faults.counts.pop("positionUnknown", 0),
        "faults": {kind: {"count": count, "examples": faults.examples[kind]} for kind, count in faults.counts.items()},
    }))


if __name__ == "__main__":
    sys.exit(main())
