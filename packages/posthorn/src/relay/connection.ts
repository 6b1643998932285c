/** One connected listener: sends it requests, matches its responses to them, and finds out whether it still responds. */
import type { ByeReason, ClientFrame, LocalFailure, RequestFrame, ServerFrame } from "./frames.ts";
import { BYE_REASONS, MAX_RELAY_BODY_CHARACTERS } from "./frames.ts";

/** The transport of a connection: a WebSocket, or an event stream. */
export interface RelayLink {
  send(frame: ServerFrame): void;
  /** Ends the transport, after a `bye` frame. */
  close(reason: ByeReason): void;
}

/** A session as its connection needs it. */
export interface ConnectedSession {
  readonly key: number;
  readonly id: string;
  readonly endpointKey: number;
  readonly endpointId: string;
  readonly appKey: number;
}

/** How a listener answered a request. */
export type RelayAnswer =
  | {
      readonly kind: "response";
      readonly status: number;
      /** Names and values alternate. */
      readonly headers: readonly string[];
      /** Base64. */
      readonly body: string;
      readonly truncated: boolean;
      readonly durationMs: number;
    }
  | {
      readonly kind: "error";
      /** `too_large`: it was not sent to the listener. */
      readonly code: LocalFailure | "too_large";
      readonly message: string;
      readonly durationMs: number;
    }
  /** The connection ended, or does not respond: nothing is known about the request, and it must be sent again. */
  | { readonly kind: "gone" };

export interface RelayConnectionOptions {
  readonly session: ConnectedSession;
  readonly link: RelayLink;
  /** Maximum number of requests without a response. Further ones wait. */
  readonly window: number;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  /** Called once, when the connection has ended. */
  readonly onEnd: (connection: RelayConnection) => void;
}

/** A listener acknowledges each request at once. One that does not is asleep, or gone. */
export const ACK_MS = 10_000;

/** Characters of a body that a slow connection transfers in a millisecond: it has that much longer to acknowledge a large request. */
const CHARACTERS_PER_MS = 256;
/** Interval in which a listener can close an open circuit once. */
const READY_MS = 1000;

export const GONE: RelayAnswer = { kind: "gone" };

/**
 * The response to a request that is too large for a connection; `null` if it is not. If it were sent, it would end the connection and fail all
 * other requests.
 */
export function refusalOf({ body }: RequestFrame): RelayAnswer | null {
  if (body.length <= MAX_RELAY_BODY_CHARACTERS) return null;
  const [size, most] = [body.length, MAX_RELAY_BODY_CHARACTERS].map((length) =>
    Math.floor((length * 3) / 4 / 1024 / 1024),
  );
  const message = `The body has ${size} MiB, and listeners receive at most ${most} MiB. Send it to a URL, or publish a link to it.`;
  return { kind: "error", code: "too_large", message, durationMs: 0 };
}

interface Pending {
  readonly frame: RequestFrame;
  readonly settle: (answer: RelayAnswer) => void;
  isSent: boolean;
  isAcked: boolean;
  cancelAck: () => void;
}

export class RelayConnection {
  readonly session: ConnectedSession;
  readonly #options: RelayConnectionOptions;
  /** Requests without a response by ID, oldest first. */
  readonly #pending = new Map<string, Pending>();
  #inFlight = 0;
  /** Characters of the bodies of requests that were sent and have no response. */
  #inFlightCharacters = 0;
  #readyAt = -Infinity;
  #isEnded = false;

  constructor(options: RelayConnectionOptions) {
    this.#options = options;
    this.session = options.session;
  }

  /** Requests without a response, and those that wait for a place in the window. */
  get load(): number {
    return this.#pending.size;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends a request, as soon as the window has a place. Never rejects. Without a response in time, the answer is `timeout`, or `gone`. */
  request(frame: RequestFrame, signal: AbortSignal): Promise<RelayAnswer> {
    if (this.#isEnded || signal.aborted || this.#pending.has(frame.id)) return Promise.resolve(GONE);
    const refusal = refusalOf(frame);
    if (refusal !== null) return Promise.resolve(refusal);
    const { promise, resolve } = Promise.withResolvers<RelayAnswer>();
    const cancelTimeout = this.#options.setTimer(frame.timeoutMs, () => this.#timedOut(frame));
    const abort = (): void => this.#drop(frame.id, GONE);
    signal.addEventListener("abort", abort, { once: true });
    this.#pending.set(frame.id, {
      frame,
      settle: (answer) => {
        cancelTimeout();
        signal.removeEventListener("abort", abort);
        resolve(answer);
      },
      isSent: false,
      isAcked: false,
      cancelAck: () => undefined,
    });
    this.#fill();
    return promise;
  }

  /** Handles a frame of the listener. Answers to requests that are no longer known are ignored. */
  receive(frame: ClientFrame): void {
    switch (frame.type) {
      case "ack": {
        const pending = this.#pending.get(frame.id);
        if (pending === undefined) return;
        pending.isAcked = true;
        pending.cancelAck();
        return;
      }
      case "response": {
        const { status, headers, body, truncated, durationMs } = frame;
        this.#settle(frame.id, { kind: "response", status, headers: headers.flat(), body, truncated, durationMs });
        return;
      }
      case "error": {
        const { code, message, durationMs } = frame;
        // A listener that stops has not passed the request on.
        this.#settle(frame.id, code === "stopped" ? GONE : { kind: "error", code, message, durationMs });
        return;
      }
      case "ping":
        this.#options.link.send({ type: "pong" });
        return;
      // The hub closes an open circuit of the endpoint. A second start changes nothing.
      case "ready":
      case "start":
    }
  }

  /** Whether a `ready` frame that arrives now has an effect: one in a second has. @param now Unix milliseconds. */
  ready(now: number): boolean {
    if (Math.abs(now - this.#readyAt) < READY_MS) return false;
    this.#readyAt = now;
    return true;
  }

  /** Tells the listener how many deliveries wait. */
  show(backlog: number, isExact: boolean): void {
    if (!this.#isEnded) this.#options.link.send({ type: "state", backlog, isExact });
  }

  /** Ends the connection with a reason for its listener. Unanswered requests are sent again. */
  end(reason: ByeReason, message: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { link, onEnd } = this.#options;
    link.send({ type: "bye", reason, message, reconnect: BYE_REASONS[reason].isTemporary });
    link.close(reason);
    for (const pending of this.#pending.values()) {
      pending.cancelAck();
      pending.settle(GONE);
    }
    this.#pending.clear();
    onEnd(this);
  }

  #fill(): void {
    for (const pending of this.#pending.values()) {
      if (this.#inFlight >= this.#options.window) return;
      if (pending.isSent) continue;
      const { body, timeoutMs } = pending.frame;
      // Several large requests at once would be more than the connection may leave unread.
      if (this.#inFlight > 0 && this.#inFlightCharacters + body.length > MAX_RELAY_BODY_CHARACTERS) return;
      pending.isSent = true;
      this.#inFlight++;
      this.#inFlightCharacters += body.length;
      const ackMs = Math.min(ACK_MS + Math.ceil(body.length / CHARACTERS_PER_MS), timeoutMs);
      pending.cancelAck = this.#options.setTimer(ackMs, () => this.#unresponsive());
      this.#options.link.send(pending.frame);
    }
  }

  #unresponsive(): void {
    this.end("unresponsive", "The listener did not acknowledge a request. Its deliveries wait until it is back.");
  }

  #timedOut({ id, timeoutMs }: RequestFrame): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    // It waited for a place in the window, so that nothing is known about the local server.
    if (!pending.isSent) return this.#drop(id, GONE);
    if (!pending.isAcked) return this.#unresponsive();
    const message = `The local server did not respond within ${Math.round(timeoutMs / 1000)} seconds.`;
    this.#drop(id, { kind: "error", code: "timeout", message, durationMs: timeoutMs });
  }

  /** Settles a request that the listener must no longer answer. */
  #drop(id: string, answer: RelayAnswer): void {
    const isSent = this.#pending.get(id)?.isSent === true;
    this.#settle(id, answer);
    if (isSent && !this.#isEnded) this.#options.link.send({ type: "cancel", id });
  }

  #settle(id: string, answer: RelayAnswer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (pending.isSent) {
      this.#inFlight--;
      this.#inFlightCharacters -= pending.frame.body.length;
    }
    pending.cancelAck();
    pending.settle(answer);
    this.#fill();
  }
}
