#!/usr/bin/env bash
# Runs every benchmark against the release binary and a real broker, and prints their figures. Stops by itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh test
exec .venv/bin/python Benchmarks/pipeline.py "$@"
