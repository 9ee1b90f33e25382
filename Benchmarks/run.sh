#!/usr/bin/env bash
# Runs the benchmarks against the release binary and real servers, and prints their figures. Stops by itself.
#
#   run.sh [OPTIONS OF pipeline.py]        the stores against bare drivers, then throughput, latency, memory
#   run.sh store [OPTIONS OF store.py]     the stores against bare drivers only
#   run.sh retries [OPTIONS OF retries.py] cursor and retry worker compared
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh test
if [ "${1:-}" = retries ]; then exec .venv/bin/python Benchmarks/retries.py "${@:2}"; fi
swift build -c release --product StoreBenchmark --static-swift-stdlib
if [ "${1:-}" = store ]; then exec .venv/bin/python Benchmarks/store.py "${@:2}"; fi
.venv/bin/python Benchmarks/store.py
exec .venv/bin/python Benchmarks/pipeline.py "$@"
