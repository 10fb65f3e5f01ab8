#!/usr/bin/env bash
# Serves the example's page and a gateway until Ctrl-C; --help says more.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

command -v node >/dev/null || fail "Cannot start the example: expected Node 20.19 or newer, found no node"
[ -e node_modules/tsx ] || fail "Cannot start the example: expected the dependencies, run npm install first"
exec node scripts/run.mjs example-fastapi "$@"
