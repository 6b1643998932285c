/** Limits on readers that keep a request open: streams and waiting reads. */
import type { Actor } from "../../domain/access.ts";
import { PosthornError } from "../../lib/errors.ts";

const MAX_READERS = 2000;
const MAX_ORGANISATION_READERS = 500;
/** Readers with tokens of one application. */
const MAX_APPLICATION_READERS = 50;

export class OpenReaders {
  readonly #actors = new Set<{ readonly actor: Actor }>();

  /** Counts a reader until it is disposed. Throws when one more would exceed a limit; the narrowest is named. */
  enter(actor: Actor): Disposable {
    let ofOrganisation = 0;
    let ofApplication = 0;
    for (const { actor: other } of this.#actors) {
      if (other.orgId !== actor.orgId) continue;
      ofOrganisation++;
      if (other.kind === "application" && actor.kind === "application" && other.appId === actor.appId) ofApplication++;
    }
    const advice = "Close one, or try again later.";
    if (ofApplication >= MAX_APPLICATION_READERS) {
      throw new PosthornError(
        "too_many_application_streams",
        `Tokens of this application have ${MAX_APPLICATION_READERS} streams and waiting reads open, the most allowed. ${advice}`,
      );
    }
    if (ofOrganisation >= MAX_ORGANISATION_READERS) {
      throw new PosthornError(
        "too_many_organisation_streams",
        `This organisation has ${MAX_ORGANISATION_READERS} streams and waiting reads open, the most allowed. ${advice}`,
      );
    }
    if (this.#actors.size >= MAX_READERS) {
      throw new PosthornError(
        "too_many_streams",
        `This server has ${MAX_READERS} streams and waiting reads open, the most allowed. ${advice}`,
      );
    }
    const entry = { actor };
    this.#actors.add(entry);
    return { [Symbol.dispose]: () => void this.#actors.delete(entry) };
  }
}

/** The readers of this process. */
export const OPEN_READERS: OpenReaders = new OpenReaders();

/** Runs `read` with a signal that is aborted after the wait, or when the caller disconnects. Without a wait, it is aborted from the start. */
export async function waiting<T>(
  actor: Actor,
  seconds: number,
  disconnected: () => AbortSignal,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (seconds === 0) return read(AbortSignal.abort());
  using stack = new DisposableStack();
  stack.use(OPEN_READERS.enter(actor));
  return await read(AbortSignal.any([AbortSignal.timeout(seconds * 1000), disconnected()]));
}
