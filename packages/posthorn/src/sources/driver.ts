/** Interface of the code that reads a source, and of the services that it uses. `docs/decisions/109-source-runners.md` has the reasons. */
import type { KindAuth, KindRequest } from "../destinations/kind.ts";
import type { ListenRequest, ListenResult, RemoveRequest } from "../destinations/connections/listening.ts";
import type { ListenEnd } from "../destinations/connections/protocol.ts";
import type { KindConfig } from "../fields/field.ts";
import type { Cursor, SourceErrorCode, SourceEvent, Unreadable } from "./source-event.ts";

export { type Cursor, type SourceErrorCode, type SourceEvent, type Unreadable } from "./source-event.ts";

/** An HTTP request of a driver. It passes the address guard; redirects are followed for GET and HEAD. */
export interface SourceRequest {
  readonly method: string;
  readonly url: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  readonly maxResponseBytes: number;
}

/** A request to a cloud service. Redirects are not followed. */
export interface SignedRequest extends Omit<KindRequest, "secretHeaders" | "auth"> {
  readonly auth: KindAuth;
  readonly maxResponseBytes: number;
  /** Default: 30 seconds. */
  readonly timeoutMs?: number;
}

export interface SourceResponse {
  readonly status: number;
  /** Names in lower case. The first value of each; all of `link`. */
  readonly headers: ReadonlyMap<string, string>;
  /** Decompressed. */
  readonly body: Uint8Array;
  /** URL of the last request, after redirects. */
  readonly url: string;
}

/** A document to be parsed in a worker thread. */
export type ParseJob =
  /** A list in a JSON document, by paths. */
  | {
      readonly kind: "items";
      readonly body: Uint8Array;
      readonly items: string;
      readonly itemId: string;
      readonly nextCursor: string | null;
    }
  /** RSS, Atom, RDF or JSON Feed. */
  | { readonly kind: "feed"; readonly body: Uint8Array }
  /** A mail. Contents of attachments are included up to `attachmentBytes` together. */
  | { readonly kind: "mail"; readonly body: Uint8Array; readonly attachmentBytes: number }
  /** A response of a CalDAV server. Occurrences that start between `from` and `to` (Unix milliseconds) are listed. */
  | {
      readonly kind: "multistatus";
      readonly body: Uint8Array;
      readonly from: number;
      readonly to: number;
      readonly timeZone: string;
    }
  /** iCalendar. Occurrences that start between `from` and `to` (Unix milliseconds) are listed. */
  | {
      readonly kind: "calendar";
      readonly body: Uint8Array;
      readonly from: number;
      readonly to: number;
      readonly timeZone: string;
    };

/** Result of a {@link ParseJob}: plain data, or the reason why the document cannot be read. */
export type ParseResult =
  | { readonly kind: "parsed"; readonly value: unknown }
  | { readonly kind: "unreadable"; readonly detail: string };

/** Connections that are not HTTP. They are held in a separate thread, and pass the address guard. */
export interface SourceConnections {
  /** Reads over a connection until it ends, or the signal is aborted. Never rejects. */
  listen(request: Omit<ListenRequest, "allow">): Promise<ListenResult>;
  /** Removes what a listener has created at the peer. Resolves with the reason if that was not possible. Never rejects. */
  remove(request: Omit<RemoveRequest, "allow">): Promise<ListenEnd | null>;
}

/** Services for a driver that removes what it has left at the peer. */
export interface ForgetHost {
  /** Configuration with which it was created. */
  readonly config: KindConfig;
  /** Public ID of the source. */
  readonly sourceId: string;
  readonly connections: Pick<SourceConnections, "remove">;
}

/** Surroundings of a driver. */
export interface SourceHost {
  readonly config: KindConfig;
  /** Public ID of the source. */
  readonly sourceId: string;
  readonly name: string;
  /** URL of the source, where it receives requests. */
  readonly url: string;
  /** Larger bodies are quarantined. */
  readonly maxBodyBytes: number;
  readonly connections: SourceConnections;
  /** Aborted when the source is changed, deleted, or moves to another node, and when time is up. */
  readonly signal: AbortSignal;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Sends a request. Rejects with a {@link SourceFailure} if there is no response. */
  send(request: SourceRequest): Promise<SourceResponse>;
  /** As `send`, with the authentication of a cloud. If a response says that the credentials are outdated, the request is tried once more. */
  sendSigned(request: SignedRequest): Promise<SourceResponse>;
  /** Parses an untrusted document in a worker thread, with limits of time and memory. */
  parse(job: ParseJob): Promise<ParseResult>;
  /** Resolves after this time. Rejects when the signal is aborted. */
  wait(ms: number): Promise<void>;
}

/** When a source is polled again. */
export type NextPoll =
  /** After the interval of its configuration. */
  | { readonly kind: "interval" }
  /** At once: there is more to read. */
  | { readonly kind: "now" }
  | { readonly kind: "at"; readonly at: number };

/** Result of a poll. Events are stored before the cursor moves. */
export interface Polled {
  readonly events: readonly SourceEvent[];
  readonly unreadable?: readonly Unreadable[];
  /** A problem despite a complete read. It is shown, and the source counts as failing. */
  readonly problem?: SourceFailure;
  readonly cursor: Cursor;
  readonly next: NextPoll;
}

export interface PolledDriver {
  readonly family: "poll";
  /** @param cursor `null`: the source has not been polled yet. */
  poll(host: SourceHost, cursor: Cursor | null): Promise<Polled>;
}

/** Services for a driver that keeps a connection. */
export interface ListeningHost extends SourceHost {
  /**
   * Stores events, and then the cursor. Resolves when both are on disk: do not acknowledge the peer earlier. Waits while too many events are in
   * flight, which slows down a driver that awaits it before it continues to read. Rejects when nothing more may be stored; in that case, leave
   * the events unacknowledged.
   *
   * @param cursor `null`: unchanged, because the peer keeps the position itself.
   */
  emit(events: readonly SourceEvent[], cursor: Cursor | null): Promise<void>;
  /** Stores what cannot be read in quarantine. Resolves when it is on disk. */
  quarantine(unreadable: Unreadable): Promise<void>;
  /** The connection works. */
  connected(): void;
}

export interface ListeningDriver {
  readonly family: "listen";
  /**
   * Reads until the signal is aborted, then closes its connections and resolves. Rejects with a {@link SourceFailure} when the connection
   * ends; it is called again after a pause that grows with each failure.
   */
  listen(host: ListeningHost, cursor: Cursor | null): Promise<void>;
  /**
   * Removes what it has created at the peer, such as a session or a consumer group, after the source was deleted or its target was changed.
   * Rejects with a {@link SourceFailure} when that was not possible; it is called again later.
   */
  forget?(host: ForgetHost): Promise<void>;
}

export type SourceDriver = PolledDriver | ListeningDriver;

/** Reading a source failed. */
export class SourceFailure extends Error {
  override readonly name = "SourceFailure";
  readonly code: SourceErrorCode;
  /** What to do about it; `null`: wait. */
  readonly hint: string | null;
  /** The peer accepts no request before this many milliseconds; `null`: it did not say. */
  readonly retryAfterMs: number | null;

  /** @param message What went wrong, as a sentence without secrets. */
  constructor(
    code: SourceErrorCode,
    message: string,
    { hint = null, retryAfterMs = null }: { readonly hint?: string | null; readonly retryAfterMs?: number | null } = {},
  ) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.retryAfterMs = retryAfterMs;
  }
}
