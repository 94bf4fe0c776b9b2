#!/usr/bin/env bash
# Installs what tests use where it is found: strace (Debian, as root) and Go (for the foreign client). npm test finds
# them by itself; JOBLET_REQUIRE_SERVERS=1 makes a missing one a failure.
set -euo pipefail

missing=()
command -v strace >/dev/null || missing+=(strace)
command -v go >/dev/null || missing+=(golang-go)
command -v python3 >/dev/null || missing+=(python3)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "cannot install ${missing[*]}: needs root and apt-get" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
echo "strace, go and python3 are there"
