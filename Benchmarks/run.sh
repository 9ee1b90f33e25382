#!/usr/bin/env bash
# Runs every benchmark against the release binary and real servers, and prints their figures. Stops by itself.
#
#   run.sh [OPTIONS OF pipeline.py]    everything
#   run.sh store [OPTIONS OF store.py] the stores against bare drivers only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh test
swift build -c release --product StoreBenchmark --static-swift-stdlib
if [ "${1:-}" = store ]; then exec .venv/bin/python Benchmarks/store.py "${@:2}"; fi
.venv/bin/python Benchmarks/store.py
exec .venv/bin/python Benchmarks/pipeline.py "$@"
