#!/usr/bin/env bash
# Deploys the example's page under the name of this commit (or SPOT_VERSION); --help says more.
set -euo pipefail
exec "$(dirname -- "${BASH_SOURCE[0]}")/run.sh" deploy "$@"
