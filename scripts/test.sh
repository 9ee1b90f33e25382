#!/usr/bin/env bash
# Runs every test and prints the coverage. Ends with swift test's own summary; fails if a test or the coverage does.
# On a build server (CI=true) a test that is skipped because a server is missing fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export TRUSTLOG_BINARY=${TRUSTLOG_BINARY:-$PWD/.build/release/trustlog}
if [ "${CI:-}" = true ]; then export TRUSTLOG_REQUIRE_SERVERS=${TRUSTLOG_REQUIRE_SERVERS:-1}; fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
result=0
swift test --disable-xctest --enable-code-coverage "$@" 2>&1 | tee "$log" || result=$?

echo
python3 scripts/coverage.py --minimum 80 --expect TrustlogCore OperationStore TrustlogService || result=1
skipped=$(grep -E '^. (Test|Suite) .* skipped' "$log" || true)
if [ -n "$skipped" ]; then printf '\nSkipped:\n%s\n' "$skipped"; fi

summary=$(grep -E 'Test run with [0-9]+ tests?' "$log" | tail -n 1 || true)
if [ -z "$summary" ]; then
  echo "test: swift test ended without a summary" >&2
  exit 1
fi
printf '\n%s\n' "$summary"
exit "$result"
