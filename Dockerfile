# Images of this repository's apps, of its ledger and of the gateway. build.sh, deploy.sh and compose.yaml build
# them; git never runs in here, what a build is called comes in as build arguments.
#
#   docker build --build-arg APP=admin --build-arg SPOT_VERSION=abc123def456 .
#   docker build --target ledger .
#   docker build --target gateway .
#
# Where npm goes through a mirror: --secret id=npmrc,src=$HOME/.npmrc; where images do: NODE_IMAGE,
# which takes a digest as well (node@sha256:…).
ARG NODE_IMAGE=node:22.21.1-bookworm-slim

# Only what npm reads, so that a change of the sources installs nothing anew.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /repository
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /repository
COPY --from=manifests /repository ./
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts --no-audit --no-fund

# The programs that the last stages run, each one file.
FROM dependencies AS programs
COPY packages packages
COPY scripts scripts
RUN npx esbuild scripts/serve-app.ts scripts/serve-ledger.ts --bundle --outdir=/programs \
    --platform=node --format=esm --out-extension:.js=.mjs --conditions=convex --target=node20 \
    --external:convex --external:esbuild --external:libsql --external:object-inspect --external:ws

FROM dependencies AS build
COPY . .
ARG APP=web
# The ledger as browsers reach it.
ARG VITE_CONVEX_URL=http://127.0.0.1:3210
ARG TIDELINE_ENVIRONMENT=local
ARG SPOT_VERSION=unknown
ARG VERSION=${SPOT_VERSION}
# With "-dirty" it names no commit, and none is stamped.
ARG GIT_SHA=
ARG SOURCE_DATE_EPOCH=
RUN TIDELINE_VERSION="${VERSION}" GITHUB_SHA="${GIT_SHA}" \
    node scripts/run.mjs build "${APP}" --out /release

FROM ${NODE_IMAGE} AS ledger-dependencies
WORKDIR /repository
COPY --from=manifests /repository ./
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts --no-audit --no-fund --omit=dev \
    --workspace=packages/embedded --workspace=packages/ledger

# No version is baked into the ledger: a deployment of an app must not restart it.
FROM ${NODE_IMAGE} AS ledger
WORKDIR /repository
COPY --from=ledger-dependencies /repository ./
COPY packages/version packages/version
COPY packages/ledger packages/ledger
COPY convex convex
COPY --from=programs /programs/serve-ledger.mjs ./
RUN mkdir /data && chown 1000:1000 /data
ENV NODE_ENV=production
USER 1000:1000
VOLUME /data
EXPOSE 3210 3211
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["node", "serve-ledger.mjs", "--check"]
CMD ["node", "serve-ledger.mjs"]

# The gateway, one file too, and the script that it gives to pages where it looks for that. What it
# holds of CommonJS asks for Node's modules by a "require" that an ES module has to be given.
FROM dependencies AS gateway-program
COPY tsconfig.base.json ./
COPY packages packages
RUN npx esbuild packages/gateway/src/main.ts --bundle --outfile=/gateway/tideline-gateway.mjs \
    --platform=node --format=esm --conditions=convex --target=node20 \
    --banner:js='import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' \
    && npm run build --workspace=packages/browser \
    && mkdir -p /gateway/node_modules/@tideline/browser \
    && cp -R packages/browser/package.json packages/browser/dist /gateway/node_modules/@tideline/browser/

# No version is baked into it either: its clients would lose their streams for nothing.
#
#   docker run -p 8780:8780 IMAGE --convex-url https://….convex.cloud --target web/production
FROM ${NODE_IMAGE} AS gateway
WORKDIR /srv
COPY --from=gateway-program /gateway ./
ENV NODE_ENV=production
USER 1000:1000
EXPOSE 8780
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:8780/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "tideline-gateway.mjs", "--host", "0.0.0.0"]

FROM ${NODE_IMAGE} AS app
WORKDIR /srv
RUN mkdir site && chown 1000:1000 site
COPY --from=programs /programs/serve-app.mjs ./
COPY --from=build /release release
ARG SPOT_VERSION=unknown
ARG VERSION=${SPOT_VERSION}
ARG GIT_SHA=
ARG BUILD_ID=
ENV NODE_ENV=production \
    SPOT_VERSION=${VERSION} \
    VERSION=${VERSION} \
    GIT_SHA=${GIT_SHA} \
    BUILD_ID=${BUILD_ID}
LABEL org.opencontainers.image.title="Tideline" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${GIT_SHA}" \
    dev.tideline.build-id="${BUILD_ID}"
USER 1000:1000
# Releases that were served before: tabs that are still open load the rest of themselves from them.
VOLUME /srv/site
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["node", "serve-app.mjs", "--check"]
CMD ["node", "serve-app.mjs"]
