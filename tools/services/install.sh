#!/usr/bin/env bash
# Installs what tests use where it is found: programs (Debian, as root), and Amazon's DynamoDB Local (Maven, into
# ${XDG_CACHE_HOME:-~/.cache}/joblet-services). Does nothing when all is there. npm test finds them by itself;
# JOBLET_REQUIRE_SERVERS=1 makes a missing one a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dynamodb="${XDG_CACHE_HOME:-$HOME/.cache}/joblet-services/dynamodb-local"

has() { command -v "$1" >/dev/null; }
has_postgres() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_dynamodb() { compgen -G "$dynamodb/DynamoDBLocal*.jar" >/dev/null; }

unfinished='' policy_of_ours=''
trap 'rm -rf "$unfinished" "$policy_of_ours"' EXIT

missing=()
has strace || missing+=(strace)
has go || missing+=(golang-go)
has python3 || missing+=(python3)
has ps || missing+=(procps)
has openssl || missing+=(openssl)
has redis-server || missing+=(redis-server)
has_postgres || missing+=(postgresql)
has java || missing+=(default-jre-headless)
has_dynamodb || has mvn || missing+=(maven)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "cannot install ${missing[*]}: needs root and apt-get" >&2
    exit 1
  fi
  # Debian starts a server that it installs, unless this says no; tests start their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    policy_of_ours=$policy
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if ! has_dynamodb; then
  mkdir -p "$(dirname "$dynamodb")"
  unfinished="$dynamodb.$$"
  # Its native libraries come with it, as dependencies. Maven's own settings say where from.
  mvn -B -q -f "$here/dynamodb-local/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$unfinished"
  rm -rf "$dynamodb"
  mv "$unfinished" "$dynamodb"
fi
echo "strace, go, python3, openssl, Redis, PostgreSQL and DynamoDB Local are there"
