/** A signal that aborts with another one, or by itself, or after a time. */
export interface ChildSignal {
  readonly signal: AbortSignal;
  /** Aborts it and lets go of the other one. */
  end(): void;
}

/**
 * Makes a signal that aborts when `parent` does, with its reason.
 *
 * `AbortSignal.any` would do the same, but on Node 20 one that nobody holds on to is collected, and
 * then never aborts.
 *
 * @param timeoutMs Aborts after this as well; absent: never.
 */
export function childSignal(parent: AbortSignal, timeoutMs?: number): ChildSignal {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => controller.abort(new DOMException(`No answer in ${timeoutMs} ms`, "TimeoutError")),
          timeoutMs,
        );
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      parent.removeEventListener("abort", follow);
      controller.abort();
    },
  };
}
