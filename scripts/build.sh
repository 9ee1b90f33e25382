#!/usr/bin/env bash
# Builds the release binary, .build/release/trustlog: it needs the eight system libraries, but no Swift runtime.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build -c release --product trustlog --static-swift-stdlib
