#!/usr/bin/env bash
# Runs every test and prints the coverage. Ends with swift test's own summaries; fails if a test or the coverage does.
# On a build server (CI=true) a test that is skipped because a server is missing fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export TRUSTLOG_BINARY=${TRUSTLOG_BINARY:-$PWD/.build/release/trustlog}
if [ "${CI:-}" = true ]; then export TRUSTLOG_REQUIRE_SERVERS=${TRUSTLOG_REQUIRE_SERVERS:-1}; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
result=0
# A few tests at a time: they mostly wait, but many start servers or clusters of their own, and a small machine carries only
# so many of those side by side.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-4}
swift test --disable-xctest --enable-code-coverage --skip AcceptanceTests 2>&1 | tee "$log" || result=$?

# The built program is tried afterwards.
scripts/acceptance.sh 2>&1 | tee -a "$log" || result=$?

if [ "$result" = 0 ]; then
  echo
  python3 scripts/coverage.py --minimum 80 --expect TrustlogCore OperationStore TrustlogService || result=1
fi

skipped=$(grep -E '^. (Test|Suite) .* skipped' "$log" || true)
if [ -n "$skipped" ]; then printf '\nSkipped:\n%s\n' "$skipped"; fi
failed=$(grep -E '^. Test .* recorded an issue' "$log" || true)
if [ -n "$failed" ]; then printf '\nFailed:\n%s\n' "$failed"; fi

summaries=$(grep -E 'Test run with [0-9]+ tests?' "$log" || true)
if [ "$(printf '%s\n' "$summaries" | grep -c .)" != 4 ]; then
  echo "test: swift test ended without a summary" >&2
  exit 1
fi
printf '\n%s\n' "$summaries"
exit "$result"
