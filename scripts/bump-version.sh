#!/usr/bin/env bash
# Raises the version of this repository: patch (default), minor or major. Committing it is yours,
# unless --push is passed on. The work is done by `tideline bump`.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/bump-version.sh [patch|minor|major] [options]

Raises the version in the version file (default: patch) and shows the new one.
Committing and pushing it is yours, unless --push is among the options.

Options (of tideline bump)
  --push       Commit it on top of the remote branch and tag it, both or neither
  --for <sha>  With --push: bump once for this commit, whatever is run again
  --file <path>  The version file (default: the one in tideline.config.json)
  --dry-run    Show what would be done, and do nothing
  --json       Print one JSON object
  --help       Show this
TEXT
}

level="patch"
case "${1-}" in
  patch | minor | major)
    level=$1
    shift
    ;;
  "" | -*) ;;
  *)
    printf 'Cannot bump: expected "patch", "minor" or "major", got "%s"\n' "$1" >&2
    exit 2
    ;;
esac
for argument in "$@"; do
  if [ "$argument" = --help ] || [ "$argument" = -h ]; then
    usage
    exit 0
  fi
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
main="$here/../packages/cli/src/main.ts"
if [ -f "$main" ]; then
  # Tideline's own repository runs from its sources.
  loader=$(cd "$here/.." && node -p 'require("node:url").pathToFileURL(require.resolve("tsx")).href')
  exec node --conditions=convex --import "$loader" "$main" bump "$level" "$@"
fi
# --no: what is installed, never a package of that name from the registry.
exec npx --no -- tideline bump "$level" "$@"
