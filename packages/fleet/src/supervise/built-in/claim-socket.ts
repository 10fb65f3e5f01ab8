import { chmod, mkdir, rename, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { FailedError } from "../../failed-error.js";

/**
 * How long a socket's path may be: sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the zero
 * at the end. What is longer is cut off without a word.
 */
export const MAX_SOCKET_BYTES = 103;

/**
 * Lets a server listen on a unix socket that only its owner may open. A socket that a killed
 * process has left is replaced; one behind which somebody answers is not.
 *
 * @param who Is to listen there, and alone has its sockets at such a place.
 * @throws {FailedError} If another one listens there already.
 * @throws {Error} If the path is too long for a socket.
 */
export async function claimSocket(
  server: Server,
  path: string,
  who: "supervisor" | "guard",
): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_BYTES) {
    throw new Error(
      `Cannot listen on a unix socket: expected a path of at most ${MAX_SOCKET_BYTES} bytes, got "${path}"`,
    );
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (let attempt = 0; ; attempt += 1) {
    try {
      await listen(server, path);
      await chmod(path, 0o600);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || attempt > 2) throw error;
    }
    await removeIfDead(path, who);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Moves it aside before it asks again: of two that find the same dead socket only one moves it. */
async function removeIfDead(path: string, who: string): Promise<void> {
  if (await answers(path)) throw inUse(path, who);
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  // Between the question and the move another one may have claimed it: a moved socket still answers.
  if (await answers(aside)) {
    await rename(aside, path);
    throw inUse(path, who);
  }
  await unlink(aside);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // EACCES: it belongs to another user, and is no leftover of ours to remove.
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else reject(error);
    });
  });
}

function inUse(path: string, who: string): FailedError {
  return new FailedError(
    `Cannot start the ${who}: another ${who} listens on "${path}" already`,
    `Leave that ${who} running, one is enough; or stop it where it was started, and run this again`,
  );
}
