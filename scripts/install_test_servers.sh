#!/usr/bin/env bash
# The servers that tests pull from, databases and SFTP: each test starts and ends one of its own, on a free port of the
# loopback.
# Installs nothing where they are there, and where nobody may; the tests that need them are skipped then, and say so.
set -euo pipefail

missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
command -v mariadb-install-db >/dev/null || missing+=(mariadb-server)
[ -x /usr/sbin/sshd ] || command -v sshd >/dev/null || missing+=(openssh-server)
[ ${#missing[@]} -gt 0 ] || exit 0

skipped="No ${missing[*]}: the tests that pull from them are skipped."
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "$skipped"
    exit 0
fi
echo "Installing ${missing[*]}"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || echo "$skipped"
