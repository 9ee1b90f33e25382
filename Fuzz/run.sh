#!/bin/sh
# Builds the decoder fuzzer (libFuzzer, AddressSanitizer) and runs it over Fuzz/corpus.
#
#   Fuzz/run.sh [RUNS] [SECONDS]     defaults: 1000000 runs, at most 600 seconds
#
# A finding is written to .build/fuzz/ and makes the exit code 1. New inputs of interest are kept in .build/fuzz/corpus.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-1000000}
seconds=${2:-600}
mkdir -p .build/fuzz/corpus
swiftc -O -parse-as-library -sanitize=fuzzer,address -swift-version 6 \
    -package-name trustlog -module-name TrustlogCore \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature NonisolatedNonsendingByDefault \
    -Xcc -fmodule-map-file=Sources/CSodium/module.modulemap -Xcc -fmodule-map-file=Sources/COpenSSL/module.modulemap \
    -I Sources/CSodium -I Sources/COpenSSL \
    $(find Sources/TrustlogCore -name '*.swift') Tests/TrustlogCoreTests/ReferenceJSON.swift Fuzz/DecoderFuzzer.swift \
    -lsodium -lcrypto -o .build/fuzz/decoder
exec .build/fuzz/decoder -runs="$runs" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=1024 -timeout=10 \
    -dict=Fuzz/json.dict -artifact_prefix=.build/fuzz/ .build/fuzz/corpus Fuzz/corpus
