import { CappedBody, type ListNode } from "./collections.ts";
import type { Cancelable, CancelEntry, Cancellations, DeadlineEntry, Deadlines, Timed } from "./timeouts.ts";
import type { Opened, OpenPhase } from "./connect/open.ts";
import { EgressError, type EgressErrorCode } from "./errors.ts";
import type { Connection, Pool, Waiter } from "./pool.ts";
import type { OutgoingRequest, ReplyHandler } from "./transport.ts";
import type { EgressRequest, EgressResponse, EgressResult, EgressTimings } from "./types.ts";

/** Functions of a client that an exchange uses. `T` is the client's representation of a target. */
export interface ExchangeHost<T> {
  readonly now: () => number;
  readonly deadlines: Deadlines<Exchange<T>>;
  readonly cancellations: Cancellations;
  /** Opens a checked connection for the exchange, until the controller aborts. */
  open(exchange: Exchange<T>, controller: AbortController): Promise<Opened>;
  /** Why a connection that was checked under earlier rules may no longer be used; `null` when it may. */
  revet(target: T, connection: Connection): EgressError | null;
  /** Code for a timeout during the DNS phase: the target's fault when our resolver works, otherwise ours. */
  dnsTimeoutCode(): EgressErrorCode;
  /** The pool to ask again after a connection turned out to be stale. */
  pool(target: T): Pool;
}

type Mutable<O> = { -readonly [K in keyof O]: O[K] };
type Phase = "queue" | OpenPhase | "wait" | "body" | "done";

/** Informational responses (1xx) accepted before the final response. */
const MAX_INFORMATIONAL = 16;
/** Number of consecutive idle connections that may turn out to be closed before the exchange fails: more than a pool has. */
const MAX_STALE = 40;
/** A timer that fires this late shows that the process stalled, and does not indicate a problem of the peer. */
const STALLED_MS = 1000;
const REDIRECT = new Set([300, 301, 302, 303, 307, 308]);

/**
 * One request from its start to its result.
 *
 * ```text
 * queue → [dns → [proxy →] connect → [tls →]] wait → body → done
 * ```
 *
 * Every exchange ends in {@link Exchange.finish}, exactly once: it ends the deadline and releases or closes the
 * connection.
 */
export class Exchange<T> implements Waiter, ReplyHandler, Timed, Cancelable {
  readonly request: EgressRequest;
  readonly target: T;
  readonly dueAt: number;
  place: ListNode<Waiter> | null = null;
  readonly #outgoing: OutgoingRequest;
  readonly #host: ExchangeHost<T>;
  readonly #resolve: (result: EgressResult) => void;
  readonly #startedAt: number;
  readonly #deadline: DeadlineEntry<Exchange<T>>;
  readonly #cancel: CancelEntry | null;
  #opening: AbortController | null = null;
  #connection: Connection | null = null;
  #isWritten = false;
  #phase: Phase = "queue";
  #phaseAt: number;
  #stale = 0;
  #queueMs = 0;
  #dnsMs: number | null = null;
  #connectMs: number | null = null;
  #tlsMs: number | null = null;
  #waitMs: number | null = null;
  #bodyMs: number | null = null;
  #reused = false;
  #peer: string | null = null;
  #informational = 0;
  #status = 0;
  #responseHeaders: string[] = [];
  readonly #body: CappedBody;

  constructor(
    host: ExchangeHost<T>,
    request: EgressRequest,
    target: T,
    outgoing: OutgoingRequest,
    resolve: (result: EgressResult) => void,
  ) {
    this.#host = host;
    this.request = request;
    this.target = target;
    this.#outgoing = outgoing;
    this.#resolve = resolve;
    this.#body = new CappedBody(request.maxResponseBytes);
    this.#startedAt = host.now();
    this.#phaseAt = this.#startedAt;
    // A timer measures real time, regardless of the clock of a test.
    const timeoutMs = request.timeoutMs > 0 ? request.timeoutMs : 0;
    this.dueAt = performance.now() + timeoutMs;
    this.#deadline = host.deadlines.add(this, timeoutMs);
    this.#cancel = request.signal === undefined ? null : host.cancellations.add(request.signal, this);
  }

  get done(): boolean {
    return this.#phase === "done";
  }

  // ---- waiting for a connection

  open(): Promise<Opened> {
    this.#opening = new AbortController();
    return this.#host.open(this, this.#opening);
  }

  /** Called when a phase of opening a connection begins. */
  enter(phase: Phase): void {
    if (this.done) return;
    const now = this.#host.now();
    const spent = now - this.#phaseAt;
    switch (this.#phase) {
      case "queue":
        this.#queueMs += spent;
        break;
      case "dns":
        this.#dnsMs = spent;
        break;
      case "proxy":
      case "connect":
        this.#connectMs = (this.#connectMs ?? 0) + spent;
        break;
      case "tls":
        this.#tlsMs = spent;
        break;
      case "wait":
        this.#waitMs = spent;
        break;
      case "body":
        this.#bodyMs = spent;
        break;
      case "done":
        break;
    }
    this.#phase = phase;
    this.#phaseAt = now;
  }

  onConnection(connection: Connection): void {
    if (this.done) return connection.pool.discard(connection);
    this.#opening = null;
    const refusal = this.#host.revet(this.target, connection);
    if (refusal !== null) {
      connection.pool.discard(connection);
      // The address of an idle socket is refused now, but the name may resolve to another one by now.
      return connection.requests > 1 ? this.#host.pool(this.target).acquire(this) : this.fail(refusal);
    }
    this.#connection = connection;
    this.#reused = connection.requests > 1;
    this.#peer = connection.opened.peer;
    this.enter("wait");
    connection.transport.send(this.#outgoing, this);
  }

  onNoConnection(error: EgressError): void {
    this.fail(error);
  }

  // ---- events of the connection

  onWrite(): boolean {
    const refusal = this.#refusal();
    if (refusal === null) this.#isWritten = true;
    else this.fail(refusal);
    return refusal === null;
  }

  /**
   * Why the request may no longer be written; `null` when it may. A stalled process reads from its sockets before its timers
   * fire, so the timeout can have passed unnoticed.
   */
  #refusal(): EgressError | null {
    const lateMs = this.#lateMs();
    if (lateMs >= 0) return new EgressError("stalled", `the timeout passed ${Math.round(lateMs)} ms ago`);
    if (this.request.maySend?.() !== false) return null;
    return new EgressError("canceled", "maySend returned false before the request was written");
  }

  #lateMs(): number {
    return this.#host.now() - this.#startedAt - this.request.timeoutMs;
  }

  onInformational(): void {
    if (this.done || ++this.#informational <= MAX_INFORMATIONAL) return;
    this.fail(new EgressError("protocol", "more than 16 informational responses"));
  }

  onHead(status: number, headers: string[]): void {
    if (this.done) return;
    this.enter("body");
    this.#status = status;
    this.#responseHeaders = headers;
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (this.done) return;
    if (!this.#body.add(bytes, from, to)) this.#finishResponse(true, false);
  }

  onEnd(isReusable: boolean): void {
    if (!this.done) this.#finishResponse(false, isReusable);
  }

  onFailure(error: EgressError): void {
    if (this.done) return;
    const unwritten = !this.#isWritten && error.code === "reset";
    if (unwritten && this.#reused && this.#stale < MAX_STALE) return this.#again();
    this.fail(error);
  }

  /** The idle connection closed before a byte was written, so using another one cannot send the request twice. */
  #again(): void {
    this.#stale++;
    const connection = this.#connection;
    this.#connection = null;
    this.#peer = null;
    if (connection !== null) connection.pool.discard(connection);
    this.enter("queue");
    this.#waitMs = null;
    this.#host.pool(this.target).acquire(this);
  }

  // ---- the ends

  /** Ends the exchange with an error or, if the head has arrived, with the response received so far. */
  fail(error: EgressError): void {
    if (this.done) return;
    if (this.#phase === "body" && error.code !== "canceled" && error.code !== "shutdown") {
      return this.#finishResponse(false, false, error);
    }
    this.#opening?.abort(error);
    const { code, fault, message, detail } = error;
    const peer = this.#peer;
    const timings = this.#finish(false);
    this.#resolve({ kind: "error", code, fault, message, detail, timings, peer });
  }

  onCancel(): void {
    this.fail(new EgressError("canceled", "the signal of the request was aborted"));
  }

  onDeadline(): void {
    const limit = `the timeout of ${this.request.timeoutMs} ms`;
    const lateMs = this.#lateMs();
    if (!this.#isWritten && lateMs > STALLED_MS) {
      return this.fail(new EgressError("stalled", `${limit} fired ${Math.round(lateMs)} ms late`));
    }
    switch (this.#phase) {
      case "queue":
        return this.fail(
          new EgressError(
            "no_sockets",
            `${limit} passed while waiting for a socket: raise maxSockets or maxSocketsPerOrigin`,
          ),
        );
      case "dns":
        return this.fail(new EgressError(this.#host.dnsTimeoutCode(), `${limit} passed in the DNS look-up`));
      case "proxy":
        return this.fail(new EgressError("proxy_failed", `${limit} passed while connecting to the proxy`));
      case "connect":
        return this.fail(new EgressError("connect_timeout", `${limit} passed while connecting`));
      case "tls":
        return this.fail(new EgressError("timeout", `${limit} passed in the TLS handshake`));
      case "wait":
        return this.fail(new EgressError("timeout", `${limit} passed before the response head arrived`));
      case "body":
        return this.fail(new EgressError("timeout", `${limit} passed while reading the response body`));
      case "done":
        return undefined;
    }
  }

  #finishResponse(truncated: boolean, isReusable: boolean, error?: EgressError): void {
    const tls = this.#connection?.opened.tls ?? null;
    const peer = this.#peer;
    const response: Mutable<EgressResponse> = {
      kind: "response",
      status: this.#status,
      headers: this.#responseHeaders,
      body: this.#body.bytes(),
      truncated,
      timings: this.#finish(isReusable),
      peer,
    };
    if (error !== undefined) response.bodyError = { code: error.code, message: error.message, detail: error.detail };
    if (REDIRECT.has(response.status)) {
      const location = headerValue(response.headers, "location");
      if (location !== undefined) response.location = location;
    }
    if (tls !== null) response.tls = tls;
    this.#resolve(response);
  }

  #finish(reusable: boolean): EgressTimings {
    this.enter("done");
    this.#host.deadlines.remove(this.#deadline);
    if (this.#cancel !== null) this.#host.cancellations.remove(this.#cancel);
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) {
      this.#host.pool(this.target).leave(this);
    } else if (reusable) {
      connection.pool.release(connection);
    } else {
      connection.pool.discard(connection);
    }
    return {
      queueMs: micros(this.#queueMs),
      dnsMs: micros(this.#dnsMs),
      connectMs: micros(this.#connectMs),
      tlsMs: micros(this.#tlsMs),
      waitMs: micros(this.#waitMs),
      bodyMs: micros(this.#bodyMs),
      totalMs: micros(this.#phaseAt - this.#startedAt),
      reused: this.#reused,
    };
  }
}

/** Rounds milliseconds to three decimals; further digits are noise. */
function micros<T extends number | null>(ms: T): T {
  return (ms === null ? null : Math.round(ms * 1000) / 1000) as T;
}

/**
 * First value of a header in a flat list of names and values.
 *
 * @param headers Flat list as in {@link EgressResponse.headers}.
 * @param name Name in lower case. Names in the list may be in any case.
 * @returns The value; `undefined` when the header is absent.
 *
 * @example
 *
 * ```ts
 * import { headerValue } from "@posthorn/egress";
 *
 * console.log(headerValue(["Retry-After", "120", "Content-Type", "text/plain"], "retry-after")); // 120
 * ```
 */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const key = headers[index]!;
    if (key.length === name.length && key.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}
