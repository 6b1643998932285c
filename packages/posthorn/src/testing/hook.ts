/** A receiver of webhooks in a test. */
import type { EgressRequest } from "@posthorn/egress";
import type { Duration } from "./duration.ts";
import type { ConnectionFailure, Reaction, Receiver } from "./network.ts";
import { ReceivedWebhook } from "./webhook.ts";

/** Handles a webhook, as your application does. Throwing, or rejecting, responds with 500. */
export type HookHandler = (request: Request) => Response | Promise<Response>;

export interface FailureOptions {
  /** Number of requests that fail. Default: 1. */
  readonly times?: number;
  /** Headers of the response, such as `{ "retry-after": "120" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WaitOptions {
  /** How far the clock may move. Default: 7 days, which covers every retry of the default schedule. */
  readonly within?: Duration;
  /** Milliseconds of real time to wait for code that is still running, once there is nothing left to deliver. Default: 1000. */
  readonly timeoutMs?: number;
}

/** Services that a hook gets from its test. */
export interface HookHost {
  readonly now: () => number;
  /** Event type of a message; `null`: there is no such message. */
  readonly eventTypeOf: (messageId: string) => Promise<string | null>;
  /** Delivers, and moves the clock, until `find` returns a webhook. Rejects with a `TestingError` that says why none arrived. */
  readonly wait: (
    hook: Hook,
    type: string | null,
    find: () => ReceivedWebhook | null,
    options: WaitOptions,
  ) => Promise<ReceivedWebhook>;
}

export interface HookFacts {
  readonly url: string;
  /** ID or UID of the application; `null`: the hook has no endpoint of its own. */
  readonly applicationId: string | null;
  readonly endpointId: string | null;
  readonly secret: string | null;
}

interface PlannedFailure {
  readonly failure: number | ConnectionFailure;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const accept: HookHandler = () => new Response(null, { status: 204 });

/**
 * An endpoint whose requests the test receives. It responds with 204, unless it has a handler or is told to fail.
 *
 * ```ts
 * const hook = await posthorn.hook({ application: "acme" });
 * await posthorn.message.create("acme", { eventType: "invoice.paid", payload: { invoice: 17 } });
 * const webhook = await hook.received("invoice.paid");
 * ```
 */
export class Hook implements Receiver {
  readonly url: string;
  /** ID or UID of the application; `null` for a receiver without an endpoint of its own. */
  readonly applicationId: string | null;
  readonly endpointId: string | null;
  /** Secret that signs the requests; `null` for a receiver without an endpoint of its own. */
  readonly secret: string | null;
  readonly #host: HookHost;
  readonly #webhooks: ReceivedWebhook[] = [];
  readonly #taken = new Set<ReceivedWebhook>();
  readonly #failures: PlannedFailure[] = [];
  #handler: HookHandler;

  constructor(host: HookHost, { url, applicationId, endpointId, secret }: HookFacts, handler: HookHandler = accept) {
    this.#host = host;
    this.url = url;
    this.applicationId = applicationId;
    this.endpointId = endpointId;
    this.secret = secret;
    this.#handler = handler;
  }

  /** Every request so far, in order, including those that failed. */
  get webhooks(): readonly ReceivedWebhook[] {
    return this.#webhooks;
  }

  /** Types of the accepted webhooks, in the order in which they were accepted. */
  get types(): readonly (string | null)[] {
    return this.#webhooks.filter(({ accepted }) => accepted).map(({ type }) => type);
  }

  /**
   * Resolves with the next webhook that the hook has accepted and that no earlier call has returned. Retries are due at once: the clock
   * moves from one to the next. Rejects with the code `webhook_not_received`, and says what happened instead.
   *
   * @param type Event type. Default: any.
   */
  received(type: string | null = null, options: WaitOptions = {}): Promise<ReceivedWebhook> {
    return this.#host.wait(this, type, () => this.#take(type), options);
  }

  /**
   * Makes the next requests fail.
   *
   * @param failure An HTTP status, or how the connection fails.
   */
  failNext(failure: number | ConnectionFailure, { times = 1, headers = {}, body = "" }: FailureOptions = {}): void {
    for (let left = times; left > 0; left--) this.#failures.push({ failure, headers, body });
  }

  /** Passes all further requests to a handler, such as the one of your application. */
  respondWith(handler: HookHandler): void {
    this.#handler = handler;
  }

  /** Forgets the requests so far. */
  clear(): void {
    this.#webhooks.length = 0;
    this.#taken.clear();
  }

  /** Called by the network of the test. */
  async receive(request: EgressRequest): Promise<Reaction> {
    const webhook = await this.#record(request);
    const planned = this.#failures.shift();
    const reaction = planned === undefined ? await this.#handle(webhook) : reactionOf(planned);
    webhook.outcome = typeof reaction === "string" ? reaction : reaction.status;
    return reaction;
  }

  async #record(request: EgressRequest): Promise<ReceivedWebhook> {
    const at = this.#host.now();
    const id = idOf(request);
    const type = id === null ? null : await this.#host.eventTypeOf(id);
    const attempt = 1 + this.#webhooks.filter((earlier) => earlier.id === id).length;
    const webhook = new ReceivedWebhook(request, { type, attempt, at, secret: this.secret });
    this.#webhooks.push(webhook);
    return webhook;
  }

  async #handle(webhook: ReceivedWebhook): Promise<Response> {
    try {
      return await this.#handler(webhook.request());
    } catch (error) {
      webhook.error = error;
      return new Response(String(error), { status: 500 });
    }
  }

  #take(type: string | null): ReceivedWebhook | null {
    const found = this.#webhooks.find(
      (webhook) => webhook.accepted && !this.#taken.has(webhook) && (type === null || webhook.type === type),
    );
    if (found !== undefined) this.#taken.add(found);
    return found ?? null;
  }
}

function idOf({ headers }: EgressRequest): string | null {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "webhook-id");
  return at === -1 ? null : headers[at + 1]!;
}

function reactionOf({ failure, headers, body }: PlannedFailure): Reaction {
  if (typeof failure === "string") return failure;
  return new Response(body === "" ? null : body, { status: failure, headers });
}
