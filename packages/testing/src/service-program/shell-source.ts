import type { ServiceProgramOptions } from "./service-program.js";

const VARIANTS = {
  good: `ready\nexec sleep 2147483`,
  "wrong-version": `ready\nexec sleep 2147483`,
  "never-ready": `exec sleep 2147483`,
  "crash-at-start": `echo "cannot start: broken" >&2\nexit 3`,
  "spoils-data": `echo new > "$notes/data"\nexit 3`,
  // An ignored signal stays ignored over exec.
  "ignores-sigterm": `trap '' TERM\nready\nexec sleep 2147483`,
  "ends-slowly": `trap 'sleep 3; end 0' TERM\nready\nrest`,
  "crash-later": `trap 'echo crashed >&2; end 4' USR1\ntrap 'end 0' TERM\nready\nrest`,
  "ready-then-not": `trap unready USR2\ntrap 'end 0' TERM\nready\nwhile :; do rest; done`,
} as const;

/** The service as a shell script (POSIX.1-2017, chapter 2); no HTTP. */
export function shellSource({
  name = "demo",
  version,
  variant = "good",
}: ServiceProgramOptions): string {
  return `#!/bin/sh
# ${name} ${version} ${variant}
if [ "$1" = --version ]; then
  echo "${name} ${variant === "wrong-version" ? "0.0.0-other" : version}"
  exit 0
fi
notes=
while [ $# -gt 0 ]; do
  case "$1" in --notes) notes=$2; shift ;; esac
  shift
done
note() { if [ -n "$notes" ]; then echo "$2" >> "$notes/$1"; fi; }
ready() { note "ready-$$" ready; echo "${name} ${version} is ready"; }
unready() { rm -f "$notes/ready-$$"; echo "${name} ${version} is not ready"; }
end() { kill $child 2> /dev/null; exit "$1"; }
rest() { sleep 2147483 & child=$!; wait $child; kill $child 2> /dev/null; }
note starts "$$ ${version}"
echo "${name} ${version} starts"
if [ "${variant}" != spoils-data ] && [ -e "$notes/data" ]; then
  echo "cannot read data of another version" >&2
  exit 5
fi
${VARIANTS[variant]}
`;
}
