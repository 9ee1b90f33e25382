#!/usr/bin/env bash
# The acceptance tests in their full length on every database: 50,000 operations, outages of a minute, 100,000 in the demo;
# and the plans of what is asked often with 1,000,000 rows in the table. Takes about half an hour. Options of `swift test`,
# such as a filter, run those tests alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TRUSTLOG_BINARY=${TRUSTLOG_BINARY:-$PWD/.build/release/trustlog}
export TRUSTLOG_ACCEPTANCE_FULL=1 TRUSTLOG_REQUIRE_SERVERS=1
if [ $# != 0 ]; then exec swift test --disable-xctest --no-parallel "$@"; fi

swift build --build-tests
result=0
scripts/acceptance.sh || result=$?
swift test --skip-build --disable-xctest --no-parallel --filter 'OperationStoreTests.*plans' || result=$?
exit "$result"
