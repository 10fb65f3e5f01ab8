import { FLEET_FUNCTIONS, type PlatformKey } from "@tideline/version/fleet";
import { type AskOptions, askLedger } from "./ask-ledger.js";
import { type Machine, makeMachineKey, readMachineFile, writeMachine } from "./machine-file.js";
import { signEnrolment } from "./sign-enrolment.js";

/** What a machine says of itself when it joins. */
export interface EnrolRequest {
  readonly state: string;
  /** TIDELINE_FLEET_ENROL_TOKEN */
  readonly enrolToken: string;
  readonly name: string;
  readonly channel: string;
  readonly platform: PlatformKey;
}

/**
 * Makes this machine known to a ledger: its key pair is made here, and the ledger hears the public
 * half alone. Done again it is the same machine, with another name or channel; after a lost answer
 * too, as the key is on disk before anybody hears of it.
 *
 * @throws {UsageError} If `machine.json` is there and cannot be used.
 * @throws {SyncError} `TOKEN_REFUSED`, or whatever else the ledger says.
 */
export async function enrol(
  { state, enrolToken, name, channel, platform }: EnrolRequest,
  ask: Omit<AskOptions, "doing" | "token">,
): Promise<Machine> {
  const { url } = ask;
  const before = await readMachineFile(state);
  // Another ledger has never heard of this key, and nobody shall recognise a machine across the two.
  const privateKey = before?.url === url ? before.privateKey : makeMachineKey();
  const about = { name, channel, url, privateKey };
  // Who it is to another ledger stays until this one has answered.
  if (before === null) {
    await writeMachine(state, { ...about, machineId: null, enrolledAt: 0 });
  }
  const enrolment = signEnrolment(privateKey, { name, channel, platform }, Date.now());
  const answer = await askLedger(
    "mutation",
    FLEET_FUNCTIONS.enrolMachine,
    { enrolToken, ...enrolment },
    { ...ask, doing: "enrol", token: "TIDELINE_FLEET_ENROL_TOKEN" },
  );
  const { machineId, enrolledAt } = answer as { machineId: unknown; enrolledAt: unknown };
  if (typeof machineId !== "string" || typeof enrolledAt !== "number") {
    throw new TypeError(
      `Cannot enrol: expected an id and a time of ${url}, got "${JSON.stringify(answer).slice(0, 200)}"`,
    );
  }
  const machine = { ...about, machineId, enrolledAt };
  await writeMachine(state, machine);
  return machine;
}
