#!/usr/bin/env bash
# Resident memory with a backlog of 300,000 messages and of 2,000,000: within a quarter of each other, and under 150 MB.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TRUSTLOG_BINARY=${TRUSTLOG_BINARY:-$PWD/.build/release/trustlog}
export TRUSTLOG_SOAK=1 TRUSTLOG_REQUIRE_SERVERS=1
swift test --disable-xctest --filter AcceptanceTests.AcceptanceSuite/Memory "$@"
