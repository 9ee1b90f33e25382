#!/usr/bin/env bash
# Style of the Swift sources (swift-format, the toolchain's own) and of the shell scripts (shellcheck, where there is one), and
# what stands in deploy/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

sources=()
for path in Package.swift Sources Tests Benchmarks Fuzz; do
  if [ -e "$path" ]; then sources+=("$path"); fi
done
swift format lint --strict --parallel --recursive "${sources[@]}"

if command -v shellcheck >/dev/null; then
  mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' .ci scripts Benchmarks Fuzz deploy 2>/dev/null)
  shellcheck "${scripts[@]}"
else
  echo "lint: no shellcheck here, the shell scripts were not checked" >&2
fi
scripts/lint_deploy.sh
echo "lint: clean" >&2
