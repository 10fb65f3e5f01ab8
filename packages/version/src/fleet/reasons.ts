/**
 * Why a machine refused, rolled back or waits: stable codes for scripts and dashboards, each with
 * the one next step for a person.
 */
export const REASONS = {
  // Detection
  LISTING_INCOMPLETE: "Run `tideline-sync check` again; the remote's answer was cut off",
  REMOTE_UNREACHABLE:
    "Check the network and the address of the remote, then run `tideline-sync check`",
  REMOTE_UNUSABLE:
    "Correct the remote's address in sync.config.yaml; only https: and http: on loopback are used",
  REMOTE_TIMED_OUT:
    "Run `tideline-sync check` again; the remote took the request and did not answer",
  REMOTE_UNAUTHORIZED:
    "Correct the remote's address, or set GITHUB_TOKEN to a token that may read the repository",
  REMOTE_NOT_FOUND: "Correct the remote's address in sync.config.yaml; there is no repository",
  REMOTE_UNAVAILABLE: "Run `tideline-sync check` later; the remote has trouble of its own",
  REMOTE_NOT_GIT:
    "Look at what answers in the remote's place: a network's sign-in page, or no git server at all",
  LISTING_TOO_LARGE: "Narrow `tagPrefix` in sync.config.yaml; the remote lists too much",
  REF_NOT_FOUND: "Correct `branch`, `tagPrefix` or `override` of the subsystem in sync.config.yaml",
  TAG_MOVED:
    "Find out why the tag names another commit now; then `tideline-sync approve` it, or leave it",
  REMOTES_DISAGREE:
    "Find out which remote is right; then `override` the subsystem in sync.config.yaml",
  BRANCH_REWRITTEN: "Look at the branch's new history; then `tideline-sync approve` it",
  AWAITING_ASSETS: "Nothing to do; the release's files are still being uploaded",
  ASSET_REPLACED:
    "Find out who replaced the file after it was published; publish a new release instead",
  TAG_WITHDRAWN:
    "Find out whether the tag was withdrawn upstream; then `tideline-sync approve` it, or wait for the next",
  TOO_YOUNG: "Nothing to do; it is taken when it is as old as `minimumAge` asks",
  CURRENT_UNKNOWN:
    "Install a release, or write `version: ` into `.version`; what runs here is none of the tags",
  VERSION_UNREADABLE:
    "Approve the release by hand, or correct `tagPrefix`; the tag is not a semantic version",
  // Trust
  NOT_SIGNED: "Publish with `tideline-sync publish`; there is no signature",
  NO_TRUSTED_ROOTS: "Put the fleet's root keys under `trust.roots` in sync.config.yaml",
  SIGNATURE_INVALID: "Do not install; tell the publisher that no trusted key covers these bytes",
  KEYSET_INVALID: "Do not install; the release keys are not vouched for by enough of the roots",
  KEYSET_EXPIRED: "Sign a new keyset with the offline roots: `tideline-sync keys sign-keyset`",
  KEYSET_TOO_OLD: "Publish again with the newest keyset; this machine has seen a newer one",
  MANIFEST_INVALID:
    "Publish again with this version of `tideline-sync`; the manifest cannot be read",
  MANIFEST_EXPIRED: "Publish the release again; it is too old to be installed anew",
  WRONG_SUBSYSTEM: "Do not install; the release is of another subsystem than the ledger says",
  WRONG_RELEASE: "Do not install; the signed release is another one than the ledger says it is",
  SEQ_REUSED:
    "Publish with a higher `seq`; this machine has seen another release with the same one",
  CLOCK_BEHIND: "Set the machine's clock; by it the release was signed in the future",
  DOWNGRADE: "To go back on purpose, publish a revert: `tideline-sync publish --revert SEQ`",
  FREEZE: "Compare the release host with the ledger; one of them serves an old state",
  REVOKED: "Publish a newer release; this binary was revoked",
  SYNC_TOO_OLD: "Update `tideline-sync` first; the release needs a newer one",
  NO_ARTIFACT: "Publish the release for this platform as well",
  // Download and archive
  HOST_UNREACHABLE: "Check the network to the release host; it is tried again by itself",
  HOST_UNUSABLE:
    "Publish again with other addresses; only https: and http: on loopback are fetched from",
  RATE_LIMITED: "Nothing to do; it is tried again when the release host allows it",
  SIZE_MISMATCH: "Do not install; the release host serves other bytes than were signed",
  CHECKSUM_MISMATCH: "Do not install; the release host serves other bytes than were signed",
  DISK_FULL: "Free space on the disk of the path that is named, then run it again",
  FOLDER_NOT_WRITABLE:
    "Give the user of `tideline-sync` write access to the folder of the path that is named",
  ARCHIVE_INVALID: "Package and publish again; the archive cannot be read to its end",
  ARCHIVE_UNSAFE: "Do not install; the archive holds what no release of ours holds",
  MEMBER_MISSING: "Package and publish again; the archive lacks the member that the manifest names",
  FORMAT_UNSUPPORTED: "Package as tar.gz, zip, gz or raw",
  // Exec test
  EXEC_FAILED: "Publish a build for this machine's platform; the binary does not run here",
  EXEC_TIMED_OUT: "Correct `versionArgs` in sync.config.yaml, or publish a build that answers",
  EXEC_WRONG_VERSION: "Publish again; the binary says another version than the manifest",
  // Last look
  DRIFTED:
    "Find out who changed the live binary; `tideline-sync apply NAME --replace` installs the release over it, `tideline-sync apply NAME --adopt` takes it as it is",
  UPDATE_IN_PROGRESS: "Wait for the other `tideline-sync`; it holds the lock",
  PINNED: "`tideline-sync pin NAME --remove` lets updates through again",
  DENIED: "Publish a fixed release; this binary failed here before and is not tried again",
  WAITING_FOR_APPROVAL: "`tideline-sync approve NAME` lets the major version go",
  HELD_HERE: "`tideline-sync approve NAME --here` lets it go on this machine",
  REJECTED:
    "Nothing to do; the next release is asked about anew. `tideline-sync approve NAME --here` lets this one go on this machine after all",
  PAUSED: "`tideline-sync rollout resume NAME` lets it go on when it is safe to",
  HALTED:
    "Look at the failed machines; then publish a fix, or `tideline-sync rollout resume NAME` lets it go on",
  NOT_YET_REACHED: "Nothing to do; the rollout reaches this machine with a later ring",
  SUPERSEDED: "Nothing to do; a newer release is taken instead",
  OUTSIDE_WINDOW: "Nothing to do; it is installed in the subsystem's next window",
  TOO_MANY_ATTEMPTS:
    "Nothing to do; it is tried again by itself. `tideline-sync apply NAME --now` tries at once, and another release needs not wait",
  SUPERVISOR_UNREACHABLE:
    "Start the supervisor, or correct `supervisor` in sync.config.yaml; the one of `tideline-sync` itself is `tideline-sync guard -- watch`",
  SERVICE_UNKNOWN:
    "Correct the subsystem's `service` in sync.config.yaml; the supervisor has none of that name",
  STATE_DAMAGED:
    "Look at the file of the state folder that is named; without it the machine begins anew",
  DAMAGED:
    "Find out who changed it; `tideline-sync apply NAME --replace` installs the release over it, and if a version before is kept `tideline-sync rollback NAME` puts that back",
  UNKNOWN_BINARY:
    "Nobody knows what it is; `tideline-sync apply NAME --adopt` takes it as it is, `tideline-sync apply NAME --replace` installs the release over it",
  // After the swap
  SWAP_FAILED: "Look at the folder of the binary; the old one still is in its place",
  RESTART_FAILED: "Look at the supervisor's log; the old version was started again",
  NOT_READY: "Look at the service's log; the version was not ready in time",
  EXITED: "Look at the service's log in the report; the new version ended by itself",
  FLAPPING: "Look at the service's log; the version does not stay up",
  CHECK_FAILED: "Look at the report; the subsystem's own health check failed",
  NOT_RUNNING:
    "Look at the service's log, and start it with its supervisor; its version is current",
  ROLLED_BACK_BY_HAND: "`tideline-sync pin NAME --remove` lets updates through again",
  INTERRUPTED: "Nothing to do; the machine went down while the new version was watched",
  ROLLBACK_FAILED: "Go to the machine; neither the new version nor the one before is well",
  NO_PREVIOUS: "Nothing to go back to; install a release with `tideline-sync apply`",
  PREVIOUS_DAMAGED:
    "Install a release with `tideline-sync apply`; the kept binary is not what it was",
  // Source, build and publishing
  SOURCE_DIRTY: "Commit or remove the changes in the source folder; nothing was overwritten",
  SOURCE_UNUSABLE:
    "Clone the upstream into `source.folder`, or correct the folder in sync.config.yaml",
  GIT_MISSING: "Install git; updating a source folder needs it",
  BUILD_FAILED: "Look at the build's output; nothing was published",
  TEST_FAILED: "Look at the test's output; nothing was published",
  OUTPUT_MISSING: "Correct `source.output` in sync.config.yaml; the build left no such file behind",
  PACKAGE_NAME_TAKEN:
    "Put `{platform}` into `package.fileName` in sync.config.yaml; two files have one name",
  OUTPUT_STALE: "Build again; `.version` beside the binary is of another build",
  NO_RELEASE_HOST: "Name the repository under `releases` in sync.config.yaml",
  NO_RELEASE_KEY:
    "Give the release key and the keyset: `tideline-sync publish --help` says where they are looked for",
  NOT_AUTHORIZED:
    "Set TIDELINE_RELEASE_TOKEN or GITHUB_TOKEN to a token that may write the repository's contents",
  HOST_REFUSED: "Look at what the release host said; nothing was published",
  LEDGER_UNREACHABLE:
    "Check the ledger's address and the network, then run it again; nothing is done twice",
  LEDGER_REFUSED: "Look at what the ledger said, then run it again; nothing is done twice",
  TOKEN_REFUSED:
    "Set the variable that is named to the token of the ledger's settings; `tideline-sync doctor` tries the reading one",
  RELEASE_NOT_FOUND: "Look at the release host for the `seq`; no signed release of it is there",
  PUBLISH_CONFLICT: "Publish with a higher `seq`; another release has this one",
  READ_BACK_FAILED: "Publish again; what the release host serves is not what was uploaded",
} as const satisfies Record<string, string>;

/** A stable code of {@link REASONS}. */
export type ReasonCode = keyof typeof REASONS;
