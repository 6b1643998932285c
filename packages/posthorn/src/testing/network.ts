/** The network of a test: requests go to the hooks of the test, and to no socket. */
import {
  Egress,
  EGRESS_ERRORS,
  type EgressErrorCode,
  type EgressOptions,
  type EgressRequest,
  type EgressResult,
} from "@posthorn/egress";
import type { Clock } from "../dispatch/types.ts";

/** Failures of a connection that a test can ask for, and the errors that Posthorn records for them. */
const CONNECTION_FAILURES = {
  timeout: "timeout",
  refused: "connect_refused",
  reset: "reset",
  dns: "dns_not_found",
} as const satisfies Record<string, EgressErrorCode>;

/** The connection fails: the receiver responds too late, refuses the connection, resets it, or its name does not exist. */
export type ConnectionFailure = keyof typeof CONNECTION_FAILURES;

/** Reaction of a receiver to a request: a response, or a failure of the connection. */
export type Reaction = Response | ConnectionFailure;

export interface Receiver {
  readonly url: string;
  /** Never rejects. */
  receive(request: EgressRequest): Promise<Reaction>;
}

/** Replaces the HTTP client of a node. It applies the same rules to URLs, but resolves no names and opens no connections. */
export class TestNetwork extends Egress {
  readonly #clock: Clock;
  readonly #receivers = new Map<string, Receiver>();
  #waiting = 0;

  constructor(options: EgressOptions, clock: Clock) {
    super(options);
    this.#clock = clock;
  }

  /** Requests that wait for their timeout, which only a move of the clock can end. */
  get waiting(): number {
    return this.#waiting;
  }

  hasReceiver(url: string): boolean {
    return this.#receivers.has(new URL(url).href);
  }

  add(receiver: Receiver): void {
    this.#receivers.set(new URL(receiver.url).href, receiver);
  }

  override async send(request: EgressRequest): Promise<EgressResult> {
    const from = this.#clock.now();
    const failed = (code: EgressErrorCode, detail = ""): EgressResult =>
      failure(code, detail, this.#clock.now() - from);
    const receiver = this.#receivers.get(new URL(request.url).href);
    if (receiver === undefined) return failed("dns_not_found", `no hook of the test has the URL ${request.url}`);
    if (request.signal?.aborted === true || request.maySend?.() === false) return failed("canceled");
    const reaction = await receiver.receive(request);
    if (reaction === "timeout") return failed((await this.#untilTimeout(request)) ? "timeout" : "canceled");
    return typeof reaction === "string" ? failed(CONNECTION_FAILURES[reaction]) : responseOf(reaction, request);
  }

  override check(url: string): ReturnType<Egress["check"]> {
    const problem = this.validateUrl(url);
    const refused = { allowed: false, code: "blocked_url", message: problem?.message ?? "", detail: "" } as const;
    return Promise.resolve(problem === null ? { allowed: true, addresses: [] } : refused);
  }

  override checkHost(host: string): ReturnType<Egress["checkHost"]> {
    const { message } = EGRESS_ERRORS.connect_refused;
    const detail = `a test opens no connections, so ${host} cannot be reached`;
    return Promise.resolve({ allowed: false, code: "connect_refused", message, detail });
  }

  /** Waits in the time of the test. Resolves with `false` if the request is canceled. */
  async #untilTimeout({ timeoutMs, signal }: EgressRequest): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting++;
    const cancel = this.#clock.setTimer(timeoutMs, () => resolve(true));
    const abort = (): void => resolve(false);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      this.#waiting--;
      cancel();
      signal?.removeEventListener("abort", abort);
    }
  }
}

async function responseOf(response: Response, { maxResponseBytes }: EgressRequest): Promise<EgressResult> {
  const body = new Uint8Array(await response.arrayBuffer());
  const location = response.headers.get("location");
  return {
    kind: "response",
    status: response.status,
    headers: [...response.headers].flat(),
    body: body.subarray(0, maxResponseBytes),
    truncated: body.length > maxResponseBytes,
    ...(location === null ? {} : { location }),
    timings: timings(0),
    peer: null,
  };
}

function failure(code: EgressErrorCode, detail: string, totalMs: number): EgressResult {
  const { fault, message } = EGRESS_ERRORS[code];
  return { kind: "error", code, fault, message, detail, timings: timings(totalMs), peer: null };
}

function timings(totalMs: number) {
  return {
    queueMs: 0,
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    waitMs: totalMs,
    bodyMs: null,
    totalMs,
    reused: false,
  };
}
