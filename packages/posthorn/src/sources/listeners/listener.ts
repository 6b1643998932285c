/**
 * Interface of the code that reads a broker. Listeners run in the connector thread, where every connection passes the address guard.
 * `docs/decisions/117-listen-in-the-connector-thread.md` has the reasons.
 */
import type { Socket } from "node:net";
import type { KindConfig } from "../../fields/field.ts";
import type { Cursor, SourceErrorCode, SourceEvent, Unreadable } from "../source-event.ts";
import type { FilterOutput, StreamFilter } from "./large-messages.ts";

/** Why a broker could not be read. */
export interface ListenFailure {
  readonly code: SourceErrorCode;
  /** What went wrong, as a sentence without secrets. */
  readonly message: string;
  /** What to do about it; `null`: wait. */
  readonly hint: string | null;
  /** The broker accepts no connection before this many milliseconds; `null`: it did not say. */
  readonly retryAfterMs: number | null;
}

/** Services for a connection that is opened only to remove something. */
export interface ForgetHost {
  readonly config: KindConfig;
  /** Name of the source at the broker: the same at each connection, and different for each source. */
  readonly session: string;
  readonly signal: AbortSignal;
}

export interface ListenHost extends ForgetHost {
  /** As last saved; `null`: the source was never read. */
  readonly cursor: Cursor | null;
  /** Maximum number of messages that the broker may send before the first one is acknowledged. */
  readonly window: number;
  /** Larger bodies are quarantined. */
  readonly maxBodyBytes: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The connection works, and messages can arrive. */
  connected(): void;
  /**
   * Hands over a message. Resolves when it is on disk: do not acknowledge it earlier. Resolves in the order of the calls. Rejects when it was
   * not stored and the listener is being stopped; in that case, the message must not be acknowledged.
   */
  deliver(event: SourceEvent): Promise<void>;
  /** Hands over something that is not an event, as `deliver` does. */
  quarantine(unreadable: Unreadable): Promise<void>;
  /** Stores the cursor after everything that was handed over before. */
  save(cursor: Cursor): Promise<void>;
  /** Bytes of a message that were received and dropped, because it is too large to be kept: they use no memory. */
  skipped(bytes: number): void;
  /** Puts a filter in front of the client of each connection that is opened from now on. */
  shorten(make: (output: FilterOutput, socket: Socket) => StreamFilter): void;
  /** Whether more messages than the window, or too many bytes, are waiting to be stored. If so, stop reading from the connection. */
  readonly isFull: boolean;
  /** Resolves when it is no longer full. Rejects when the listener is being stopped. */
  room(): Promise<void>;
}

export interface Listener {
  /**
   * Connects and hands over messages until the signal aborts, then closes its connections and resolves. Rejects when the connection fails or
   * ends.
   */
  listen(host: ListenHost): Promise<void>;
  /** Explains an error of the protocol; `null`: it is not one. */
  failure(error: unknown): ListenFailure | null;
  /** Removes what it has created at the broker for this source. */
  forget?(host: ForgetHost): Promise<void>;
}

/** Rejection of a listener that already knows the failure. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly failure: ListenFailure;

  constructor(code: SourceErrorCode, message: string, hint: string | null = null, retryAfterMs: number | null = null) {
    super(message);
    this.failure = { code, message, hint, retryAfterMs };
  }
}

/** For a client whose internals, which a listener uses, differ from the supported ones. Continuing could lose messages. */
export function unsupportedClient(name: string): ListenError {
  const message = `The installed version of ${name} does not work with this version of Posthorn.`;
  return new ListenError("internal", message, 'Install the version that "posthorn connectors" names.');
}

/** The listener is being stopped, so that its messages are not acknowledged. */
export class ListenStopped extends Error {
  override readonly name = "ListenStopped";
}
