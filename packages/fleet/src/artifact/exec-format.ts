import { endianness } from "node:os";

/**
 * Says why the kernel would not run a file that begins with these bytes, or null.
 *
 * It is asked before a file is started, because what the kernel does not know (ENOEXEC) the C library
 * hands to `/bin/sh`, "no shell" or not: a binary for another processor would run as a script, line
 * by line, with the rights of whoever updates. See execvp(3).
 *
 * @param head The first 64 bytes.
 */
export function execFormatProblem(
  head: Uint8Array,
  { platform, arch, order }: ExecHost = here(),
): string | null {
  const text = Buffer.from(head.subarray(0, 4)).toString("latin1");
  if (platform === "win32")
    return text.startsWith("MZ") ? null : expected("a program of Windows", head);
  if (text.startsWith("#!")) return null;
  if (platform === "darwin") return MACH_O.has(text) ? null : expected("a Mach-O program", head);
  return text === "\x7fELF" ? elfProblem(head, arch, order) : expected("an ELF program", head);
}

/** Where a file is to run. */
export interface ExecHost {
  readonly platform: string;
  readonly arch: string;
  readonly order: "LE" | "BE";
}

function here(): ExecHost {
  return { platform: process.platform, arch: process.arch, order: endianness() };
}

function elfProblem(head: Uint8Array, arch: string, order: "LE" | "BE"): string | null {
  const known = ELF_MACHINES[arch];
  if (known === undefined) return null;
  if (head.length < 64) return expected("a whole ELF header", head);
  // System V ABI, "ELF header": class, data, type, machine, size and number of program headers.
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isLittle = head[5] === 1;
  const word = (offset: number) => view.getUint16(offset, isLittle);
  if (word(18) !== known.machine || head[4] !== known.bits / 32 || isLittle !== (order === "LE")) {
    return `expected an ELF program for ${arch}, got one for machine ${word(18)}`;
  }
  if (word(16) !== ET_EXEC && word(16) !== ET_DYN) {
    return `expected an ELF program, got ELF of type ${word(16)}`;
  }
  const [entrySize, count] = known.bits === 64 ? [word(54), word(56)] : [word(42), word(44)];
  const isWhole = entrySize === (known.bits === 64 ? 56 : 32) && count > 0;
  return isWhole ? null : "expected an ELF program, got one without program headers";
}

function expected(what: string, head: Uint8Array): string {
  return `expected ${what}, got a file that begins with "${Buffer.from(head.subarray(0, 8)).toString("hex")}"`;
}

const ET_EXEC = 2;
const ET_DYN = 3;

const ELF_MACHINES: Readonly<Record<string, { machine: number; bits: 32 | 64 }>> = {
  x64: { machine: 62, bits: 64 },
  arm64: { machine: 183, bits: 64 },
  arm: { machine: 40, bits: 32 },
  ia32: { machine: 3, bits: 32 },
  riscv64: { machine: 243, bits: 64 },
  ppc64: { machine: 21, bits: 64 },
  s390x: { machine: 22, bits: 64 },
};

// Thin, 64 and 32 bits; fat, for several processors. What an Apple processor cannot run, Rosetta may.
const MACH_O = new Set(["\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe"]);
