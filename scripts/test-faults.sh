#!/usr/bin/env bash
# The acceptance tests in their full length: 50,000 operations, an outage of a minute, 100,000 in the demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TRUSTLOG_BINARY=${TRUSTLOG_BINARY:-$PWD/.build/release/trustlog}
export TRUSTLOG_ACCEPTANCE_FULL=1 TRUSTLOG_REQUIRE_SERVERS=1
swift test --disable-xctest --filter AcceptanceTests "$@"
