#!/usr/bin/env bash
# Runs the acceptance tests on the built program, after `swift build --build-tests`, in three lanes side by side: each test waits
# most of its time, for leases, sessions and servers. What no other lane names is in the last one, which is seen at once; the
# others' output comes when it has ended.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TRUSTLOG_BINARY=${TRUSTLOG_BINARY:-$PWD/.build/release/trustlog}

lanes=(
  'AcceptanceSuite/(Crashes|BrokerOutages|OutputTopicAway|PausedReplicas|Memory|MainJob|PoisonMessages|MissingDeadLetterTopic|Audits)/'
  'AcceptanceSuite/(Replicas|DatabaseOutages|WriterTorture|StartPositions|SchemaFiles|SystemicDatabase|Retries|Replays|StatusWatches)/'
)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# What the test process itself covers here counts for nothing.
lane() {
  LLVM_PROFILE_FILE=/dev/null NO_COLOR=1 .build/debug/trustlogPackageTests.xctest --testing-library swift-testing \
    --no-parallel "$@" 2>&1
}

result=0
running=()
for number in "${!lanes[@]}"; do
  lane --filter "${lanes[number]}" >"$logs/$number" &
  running+=($!)
done
lane --filter AcceptanceTests --skip "${lanes[0]}|${lanes[1]}" || result=$?
for number in "${!lanes[@]}"; do
  wait "${running[number]}" || result=$?
  cat "$logs/$number"
done
exit "$result"
