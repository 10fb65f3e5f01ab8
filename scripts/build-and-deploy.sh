# shellcheck shell=bash
# What build.sh and deploy.sh share: the command line, the build's name, and the way to go.
# To be sourced with `verb` set. Written for bash 3.2, which is what macOS has.
# shellcheck disable=SC2034 # Some of what is set here is read only by who sources it.
set -euo pipefail
: "${verb:?}"

repository=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

fail() {
  printf '%s\n' "$1" >&2
  exit "${2:-1}"
}

# Shows a command and runs it; with --dry-run it is only shown.
run() {
  {
    printf '+'
    printf ' %q' "$@"
    printf '\n'
  } >&2
  if [ "$is_dry_run" = no ]; then "$@"; fi
}

# Sets apps, further, way and is_dry_run.
parse_arguments() {
  apps=()
  further=()
  way=auto
  is_dry_run=no
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        usage
        exit 0
        ;;
      --docker) way=docker ;;
      --no-docker) way=plain ;;
      --dry-run) is_dry_run=yes ;;
      --)
        shift
        further=("$@")
        break
        ;;
      -*) fail "Cannot $verb: unknown option \"$1\"; see ./$verb.sh --help" 2 ;;
      *) apps+=("$1") ;;
    esac
    shift
  done
  if [ ${#apps[@]} -eq 0 ]; then apps=(web); fi
  local app
  for app in "${apps[@]}"; do
    case $app in
      web | admin | marketing) ;;
      *) fail "Cannot $verb \"$app\": expected one of web, admin, marketing" 2 ;;
    esac
  done
}

# Goes to the repository and sets the build's name, for this shell and for what it starts:
# SPOT_VERSION, GIT_SHA, SOURCE_DATE_EPOCH; with CONVEX_URL and TIDELINE_RECORD_TOKEN, which may be
# set in .env alone. Also sets is_running: npm start runs here.
name_build() {
  cd -- "$repository"
  command -v node >/dev/null || fail "Cannot $verb: expected Node 20.19 or newer, found no node"
  [ -e node_modules/tsx ] || fail "Cannot $verb: expected the dependencies, run npm install first"
  local lines name value
  lines=$(node scripts/run.mjs build-name)
  while IFS='=' read -r name value; do
    case $name in
      SPOT_VERSION) SPOT_VERSION=$value ;;
      GIT_SHA) GIT_SHA=$value ;;
      SOURCE_DATE_EPOCH) SOURCE_DATE_EPOCH=$value ;;
      CONVEX_URL) CONVEX_URL=$value ;;
      TIDELINE_RECORD_TOKEN) TIDELINE_RECORD_TOKEN=$value ;;
      IS_RUNNING) is_running=$value ;;
    esac
  done <<<"$lines"
  export SPOT_VERSION GIT_SHA SOURCE_DATE_EPOCH CONVEX_URL TIDELINE_RECORD_TOKEN
  printf 'Version: %s\n' "$SPOT_VERSION"
}

# Turns way=auto into docker or plain. Where npm start runs, what is open in a browser is its
# pages, and it has the ports that the containers would ask for.
choose_way() {
  if [ "$way" = auto ] && [ "$verb" = deploy ] && [ "$is_running" = yes ]; then way=plain; fi
  if [ "$way" = plain ]; then return; fi
  local missing=""
  if ! command -v docker >/dev/null; then
    missing="found no docker"
  elif ! docker compose version >/dev/null 2>&1; then
    missing="found docker without compose"
  elif ! docker info >/dev/null 2>&1; then
    missing="no Docker engine answers"
  fi
  if [ -z "$missing" ]; then
    way=docker
  elif [ "$way" = docker ]; then
    fail "Cannot $verb with Docker: $missing"
  else
    way=plain
    printf 'Without Docker: %s\n' "$missing"
  fi
}

# What the containers need beside the apps: the ledger, unless CONVEX_URL names one elsewhere, and
# the gateway for the app that hears through it.
list_services() {
  services=()
  if [ -z "$CONVEX_URL" ]; then services+=(ledger); fi
  case " ${apps[*]} " in *" marketing "*) services+=(gateway) ;; esac
  services+=("${apps[@]}")
}

# Compose reads the same variables from the environment; naming them shows what is built.
build_images() {
  local arguments=(--build-arg "SPOT_VERSION=$SPOT_VERSION" --build-arg "GIT_SHA=$GIT_SHA")
  if [ -n "${BUILD_ID:-}" ]; then arguments+=(--build-arg "BUILD_ID=$BUILD_ID"); fi
  if [ -n "$SOURCE_DATE_EPOCH" ]; then
    arguments+=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH")
  fi
  run docker compose build "${arguments[@]}" "${services[@]}"
}
