import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { Outlet } from "./outlet.js";

/** A socket whose peer takes a write only when told to. */
class SlowSocket extends Duplex {
  readonly taken: Buffer[] = [];
  #waiting: (() => void)[] = [];
  isBlocked = false;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(chunk);
    if (this.isBlocked) this.#waiting.push(done);
    else done();
  }

  unblock(): void {
    this.isBlocked = false;
    for (const done of this.#waiting.splice(0)) done();
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Outlet", () => {
  it("joins answers and the Transition after them into one write", () => {
    const socket = new SlowSocket();
    const outlet = new Outlet(socket, () => {});
    outlet.write([Buffer.from("a"), Buffer.from("b")], Buffer.from("T"));
    expect(socket.taken.map(String)).toEqual(["abT"]);
  });

  it("takes any number of Transitions from a fast reader", () => {
    const outlet = new Outlet(new SlowSocket(), () => {});
    for (let index = 0; index < 10; index += 1) {
      expect(outlet.canTakeTransition()).toBe(true);
      outlet.write([], Buffer.from("T"));
    }
  });

  it("holds at most two Transitions for a slow reader, and says when they are gone", async () => {
    const socket = new SlowSocket();
    let relieved = 0;
    const outlet = new Outlet(socket, () => {
      relieved += 1;
    });
    socket.isBlocked = true;
    outlet.write([], Buffer.from("1"));
    expect(outlet.canTakeTransition()).toBe(true);
    outlet.write([], Buffer.from("2"));
    expect(outlet.canTakeTransition()).toBe(false);
    expect(relieved).toBe(0);
    socket.unblock();
    await turn();
    expect(relieved).toBe(1);
    expect(outlet.canTakeTransition()).toBe(true);
  });

  it("refuses answers while a megabyte waits, and says when it is gone", async () => {
    const socket = new SlowSocket();
    let relieved = 0;
    const outlet = new Outlet(socket, () => {
      relieved += 1;
    });
    socket.isBlocked = true;
    expect(outlet.canTakeAnswer()).toBe(true);
    outlet.write([Buffer.alloc(1_048_576)], null);
    expect(outlet.canTakeAnswer()).toBe(false);
    socket.unblock();
    await turn();
    expect(relieved).toBe(1);
    expect(outlet.canTakeAnswer()).toBe(true);
  });
});
