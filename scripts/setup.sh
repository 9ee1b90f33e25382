#!/usr/bin/env bash
# Installs what this machine lacks to build (`setup.sh build`), to check the style (`lint`) or to test (`test`, the other two
# included), and says what it does.
# With everything there it is silent work of a moment and needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# While a server's package is installed, policy-rc.d keeps Debian from starting it as a service of this machine.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 0755 "$policy"
  fi
}
allow_services() {
  trap - EXIT
  as_root rm -f "$policy"
}

apt_updated=no
apt_install() {
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "missing: $*. Run as root: apt-get install $*"
  fi
  if [ "$apt_updated" = no ]; then
    as_root apt-get -q update >&2 || say "the package lists could not be refreshed; trying with those that are here"
    apt_updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >&2
}

# PACKAGES... : installs those that are missing.
need() {
  local missing=() package policy_made=no
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  if [ ${#missing[@]} = 0 ]; then return; fi
  command -v apt-get >/dev/null || die "this is no Debian: install the counterparts of: ${missing[*]}"
  say "installing ${missing[*]}"
  if [ ! -e "$policy" ]; then policy_made=yes; forbid_services; fi
  apt_install "${missing[@]}"
  if [ "$policy_made" = yes ]; then allow_services; fi
}

# COMMAND PACKAGE WHAT-FOR : useful, but nothing fails without it.
want() {
  if command -v "$1" >/dev/null || installed "$2"; then return; fi
  if ! (need "$2"); then say "no $1 ($3 is left out): package $2 cannot be had here"; fi
}

check_swift() {
  command -v swift >/dev/null || die "no Swift: install the toolchain 6.3 from https://swift.org/install"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  case "$version" in
    [0-5].* | 6.[0-2]) die "Swift $version is too old: 6.3 or later is needed, see https://swift.org/install" ;;
  esac
}

java_17() {
  local major
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ -n "$major" ] && [ "$major" -ge 17 ]
}

python_environment() {
  local wanted stamp=.venv/requirements.sha256 files=(scripts/requirements.txt scripts/requirements-lint.txt)
  wanted=$(cat "${files[@]}" | sha256sum | cut -d' ' -f1)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then return; fi
  say "making the Python environment .venv with $(cat "${files[@]}" | grep -c '^[a-zA-Z]') packages from PyPI"
  rm -rf .venv
  /usr/bin/python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    -r "${files[0]}" -r "${files[1]}"
  printf '%s' "$wanted" >"$stamp"
}

setup_build() {
  check_swift
  need librdkafka-dev libpq-dev libmariadb-dev libsqlite3-dev libsodium-dev libssl-dev libmicrohttpd-dev libyaml-dev \
    pkg-config make git
}

setup_lint() {
  check_swift
  need python3 python3-venv
  want shellcheck shellcheck "the check of the shell scripts"
  want promtool prometheus "the check of alerts, dashboard and metrics by Prometheus' own tool"
  want systemd-analyze systemd "the check of the systemd unit"
  python_environment
}

setup_test() {
  setup_build
  setup_lint
  need sqlite3 postgresql postgresql-client mariadb-server mariadb-client kcat openssl openssh-client curl ca-certificates \
    util-linux procps
  want debootstrap debootstrap "the test of the image's runtime packages"
  java_17 || need openjdk-17-jre-headless
}

case "${1:-}" in
  build) setup_build ;;
  lint) setup_lint ;;
  test) setup_test ;;
  *) die "usage: setup.sh build|lint|test" ;;
esac
