#!/usr/bin/env bash
# Verifies one envelope (standard input) by the OpenSSL command line alone: verify_with_openssl.sh PUBLIC.pem
# Exit code 0 if the first signature is valid.
set -euo pipefail
key=${1:?the public key, PEM}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/envelope"
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/envelope"; }
member payload | openssl base64 -d -A >"$work/body"
member sig | openssl base64 -d -A >"$work/sig"
type=$(member payloadType)
if ! [ -s "$work/body" ] || ! [ -s "$work/sig" ]; then
  echo "no envelope on standard input" >&2
  exit 1
fi
# The pre-authentication encoding of DSSE v1: sizes in bytes.
{ printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(stat -c %s "$work/body")"; cat "$work/body"; } >"$work/pae"
# Ed25519 signs the message itself; ECDSA its SHA-256.
openssl pkeyutl -verify -rawin -pubin -inkey "$key" -in "$work/pae" -sigfile "$work/sig"
