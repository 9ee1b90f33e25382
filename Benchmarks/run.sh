#!/usr/bin/env bash
# Runs a benchmark against the release binary and a real broker, and prints its figures. Stops by itself.
# `run.sh [--operations N…]`: throughput, latency, memory; `run.sh retries [--rows N]`: cursor and retry worker compared.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh test
script=pipeline
if [[ "${1:-}" == retries ]]; then
    script=retries
    shift
fi
exec .venv/bin/python "Benchmarks/$script.py" "$@"
