#!/usr/bin/env bash
# Builds apps under the name of this commit, restarts them and records it: connected browsers are
# notified.
set -euo pipefail

verb=deploy
# shellcheck source=scripts/build-and-deploy.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/scripts/build-and-deploy.sh"

usage() {
  cat <<'USAGE'
Usage: ./deploy.sh [options] [app ...] [-- option ...]

Builds apps (web, admin, marketing; default: web) under the name of this commit, restarts them and
records the deployment, so that every open tab that runs another build offers a refresh. Where
npm start runs it deploys there; else with docker compose, where there is Docker.

  --docker      with Docker, or not at all
  --no-docker   to npm start, or not at all
  --dry-run     show what would be run
  --help

What follows -- goes to npm run deploy, or with Docker to tideline record:

  ./deploy.sh -- --severity critical --notes "Fixes lost drafts"

SPOT_VERSION (or TIDELINE_VERSION) names the build instead of the commit. What else is read from
the environment: docs/deploying.md.
USAGE
}

# Tells the ledger what each app's address serves now.
record_apps() {
  local ledger=$CONVEX_URL app site
  if [ -z "$ledger" ]; then ledger=$(published_at ledger 3210); fi
  for app in "${apps[@]}"; do
    site=$(published_at "$app" 8080)
    run node scripts/run.mjs record-deployment --published --probe "$site/" \
      --app "$app" --url "$ledger" ${further[@]+"${further[@]}"}
  done
}

# Where this machine reaches a service's port.
published_at() {
  if [ "$is_dry_run" = yes ]; then
    printf 'http://%s:%s\n' "$1" "$2"
    return
  fi
  local address
  address=$(docker compose port "$1" "$2")
  printf 'http://%s\n' "${address/#0.0.0.0:/127.0.0.1:}"
}

parse_arguments "$@"
name_build
choose_way
if [ "$way" = docker ]; then
  list_services
  # The ledger's token has to be there before the ledger is.
  if [ -z "$CONVEX_URL" ]; then run node scripts/run.mjs ledger-env; fi
  build_images
  run docker compose up -d --wait "${services[@]}"
  record_apps
else
  export TIDELINE_VERSION=$SPOT_VERSION
  for app in "${apps[@]}"; do
    run node scripts/run.mjs deploy "$app" ${further[@]+"${further[@]}"}
  done
fi
