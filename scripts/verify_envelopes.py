#!/usr/bin/env python3
"""Verifies envelopes of Trustlog with tools that are not Trustlog's.

    verify_envelopes.py PUBLIC.pem... [--file ENVELOPES]

Reads one envelope (JSON) a line from the file or standard input. An envelope is valid if securesystemslib verifies it with
one of the keys, its payload type is that of a record, and its payload is in RFC 8785 form by rfc8785. Prints
{"valid": n, "invalid": m, "distinctOpIds": k} (op ids of valid envelopes) on standard output and each reason on standard
error. Exit code 0 if there are envelopes and all are valid, otherwise 2.

Needs PyPI securesystemslib, cryptography and rfc8785.
"""
import argparse
import base64
import hashlib
import json
import sys
import warnings

# cryptography warns of algorithms that securesystemslib imports and nobody uses here.
warnings.filterwarnings("ignore")

import rfc8785  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding, PublicFormat, load_pem_public_key)
from securesystemslib.dsse import Envelope  # noqa: E402
from securesystemslib.signer import SSlibKey  # noqa: E402

PAYLOAD_TYPE = "application/vnd.trustlog.operation.v1+json"


def load_key(path):
    with open(path, "rb") as file:
        key = load_pem_public_key(file.read())
    blob = base64.b64decode(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return SSlibKey.from_crypto(key, keyid="SHA256:" + fingerprint)


def verified_op_id(line, keys):
    """The opId of a valid envelope; raises whatever is wrong with another one."""
    envelope = Envelope.from_dict(json.loads(line))
    envelope.verify(keys, 1)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"payload type {envelope.payload_type}")
    record = json.loads(envelope.payload)
    if rfc8785.dumps(as_doubles(record)) != envelope.payload:
        raise ValueError("the payload is not in RFC 8785 form")
    return record["opId"]


def as_doubles(value):
    """JSON numbers are doubles (RFC 8785): Python reads those without a fraction as integers of any size."""
    if isinstance(value, dict):
        return {name: as_doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_doubles(element) for element in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        return float(value)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keys", nargs="+", metavar="PUBLIC.pem")
    parser.add_argument("--file", help="envelopes, one a line; standard input by default")
    arguments = parser.parse_args()
    keys = [load_key(path) for path in arguments.keys]
    valid, invalid, op_ids = 0, 0, set()
    with open(arguments.file, "rb") if arguments.file else sys.stdin.buffer as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                op_ids.add(verified_op_id(line, keys))
                valid += 1
            except Exception as error:  # whatever a hostile envelope makes the libraries raise
                invalid += 1
                print(f"line {number}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps({"valid": valid, "invalid": invalid, "distinctOpIds": len(op_ids)}))
    return 0 if valid and not invalid else 2


if __name__ == "__main__":
    sys.exit(main())
