#!/usr/bin/env bash
# Builds apps under the name of this commit, and deploys nothing.
set -euo pipefail

verb=build
# shellcheck source=scripts/build-and-deploy.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/scripts/build-and-deploy.sh"

usage() {
  cat <<'USAGE'
Usage: ./build.sh [options] [app ...]

Builds apps (web, admin, marketing; default: web) under the name of this commit: images with
docker compose where there is Docker, otherwise apps/<app>/dist. Deploys nothing.

  --docker      with Docker, or not at all
  --no-docker   without Docker
  --dry-run     show what would be run
  --help

SPOT_VERSION (or TIDELINE_VERSION) names the build instead of the commit. What else is read from
the environment: docs/deploying.md.
USAGE
}

parse_arguments "$@"
if [ ${#further[@]} -gt 0 ]; then fail "Cannot build: expected nothing after --" 2; fi
name_build
choose_way
if [ "$way" = docker ]; then
  list_services
  build_images
  if [ "$is_dry_run" = no ]; then printf 'docker compose up -d deploys it\n'; fi
else
  export TIDELINE_VERSION=$SPOT_VERSION
  run node scripts/run.mjs build "${apps[@]}"
fi
