#!/usr/bin/env python3
"""Writes the golden files beside it, with tools that are not Trustlog's.

Needs PyPI rfc8785 and cryptography. The key is the one of RFC 8032, section 7.1, test 1: public knowledge, for tests only.
Each line of cases.jsonl is {"name", "message", "source", "record", "envelope"}: the value of a message as text, where it
came from (or null), and what the contract (sections 2 and 3) makes of it.
"""
import base64
import hashlib
import json
import pathlib

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat)

HERE = pathlib.Path(__file__).parent
KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
PAYLOAD_TYPE = "application/vnd.trustlog.operation.v1+json"

REQUIRED = {
    "opId": "op-1", "timestamp": "2024-05-01T12:00:00Z", "opSource": "IRP", "opType": "OC_REGISTER",
    "doPrefix": "86.1000", "doRepository": "repo", "doid": "86.1000/a", "producerId": "p", "opActor": "a"}
NAMED = list(REQUIRED) + ["requestBodyHash", "responseBodyHash", "clientIp", "serverIp"]

# name, members to change in the message, the timestamp in the record, whether it has a source
CASES = [
    ("only what is required", {}, "2024-05-01T12:00:00.000000Z", False),
    ("from Kafka", {}, "2024-05-01T12:00:00.000000Z", True),
    ("everything", {
        "requestBodyHash": "sha256:00", "responseBodyHash": "", "clientIp": "192.0.2.1", "serverIp": "2001:DB8::1",
        "timestamp": "2024-02-29t23:59:59.1234567890+08:00", "note": "n"}, "2024-02-29T15:59:59.123456Z", True),
    ("nulls are absent", {
        "requestBodyHash": None, "responseBodyHash": None, "clientIp": None, "serverIp": None, "other": None},
     "2024-05-01T12:00:00.000000Z", False),
    ("all planes and escapes", {
        "opId": "\u00e9e\u0301-\U0001F600-\uFFFF-\U0010FFFF", "opActor": "\"\\/\b\f\n\r\t\u001f\u007f\u0080\u2028",
        "doid": "86.1000/\u65e5\u672c", "\U0001F600": 1, "\uFB33": 2, "\u20ac": 3, "\r": 4, "1": 5, "\u0080": 6,
        "\u00f6": 7}, "2024-05-01T12:00:00.000000Z", True),
    ("members named like ours", {
        "extra": {"extra": {}}, "source": {"topic": "mine"}, "OpId": "x", "opid": "y", "": 0},
     "2024-05-01T12:00:00.000000Z", True),
    ("numbers", {
        "numbers": [0, -0.0, 1.0, 1e21, 1e20, 123456789012345680.0, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308,
                    9007199254740991, -9007199254740991, 0.1, 333333333.3333332, -1.5e-9, 4.35, 2.5e25]},
     "2024-05-01T12:00:00.000000Z", False),
    ("nested out of order", {
        "z": {"b": [{"y": 1, "x": {"d": None, "c": [True, False, []]}}], "a": "\u0000"}, "m": [[[{}]]]},
     "2024-05-01T12:00:00.000000Z", False),
]


def pre_authentication_encoding(payload):
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def key_id():
    line = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def golden(name, changes, timestamp, has_source):
    operation = {**REQUIRED, **changes}
    message = json.dumps(operation, ensure_ascii=name == "all planes and escapes")
    record = {k: v for k, v in operation.items() if k in NAMED and v is not None}
    record["timestamp"] = timestamp
    extra = {k: v for k, v in operation.items() if k not in NAMED}
    if extra:
        record["extra"] = extra
    source = None
    if has_source:
        source = {"topic": "operations", "partition": 2, "offset": 9876543210,
                  "digest": hashlib.sha256(message.encode()).hexdigest()}
        record["source"] = source
    payload = rfc8785.dumps(record)
    envelope = {
        "payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id(), "sig": base64.b64encode(
            KEY.sign(pre_authentication_encoding(payload))).decode()}]}
    return {"name": name, "message": message, "source": source, "record": payload.decode(),
            "envelope": json.dumps(envelope, separators=(",", ":"))}


with open(HERE / "cases.jsonl", "w") as cases:
    for case in CASES:
        cases.write(json.dumps(golden(*case)) + "\n")
(HERE / "test_key.pem").write_bytes(
    KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
(HERE / "test_key.pub").write_bytes(
    KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
(HERE / "test_key.id").write_text(key_id() + "\n")
