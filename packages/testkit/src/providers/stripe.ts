/**
 * A fake of the parts of Stripe's API that concern events and webhook endpoints, and of Stripe's sender.
 *
 * Based on the documentation ("Events", "Pagination", "Errors", "Rate limits", "Check the webhook signatures"): events are listed
 * for 30 days, newest first, in pages of at most 100 after the ID of the last one seen.
 */
import { createHmac, randomBytes } from "node:crypto";
import { close, sendWebhook, serve, type FakeResponse, type StandInRequest, urlOf } from "./http.ts";

const KEEP_MS = 30 * 86_400_000;

export interface StripeOptions {
  /** The secret key that the API accepts. */
  readonly key: string;
  /** Unix milliseconds. Defaults to the clock of the machine. */
  readonly now?: () => number;
}

interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly secret: string;
}

interface StripeEvent {
  readonly id: string;
  readonly at: number;
  readonly type: string;
  readonly object: object;
  /** Endpoints that have not returned 2xx. */
  pending: number;
}

export interface StripeStandIn extends AsyncDisposable {
  readonly url: string;
  /** Requests to the API, as `METHOD /path?query`. */
  readonly calls: readonly string[];
  /** Triggers an event, and sends it to the endpoints that subscribe to it. Returns the ID of the event. */
  emit(type: string, object: object): Promise<string>;
  /** Triggers an event that no endpoint receives. */
  emitUndelivered(type: string, object: object): Promise<string>;
  /** Returns these for the next requests, one each, without any effect. */
  refuseNext(...responses: readonly FakeResponse[]): void;
}

/** Stripe's response to too many requests. */
export function stripeRateLimit(): FakeResponse {
  const error = { code: "rate_limit", type: "invalid_request_error", message: "Request rate limit exceeded." };
  return { status: 429, headers: { "stripe-rate-limited-reason": "global-rate" }, json: { error } };
}

export async function startStripe(options: StripeOptions): Promise<StripeStandIn> {
  const stripe = new Stripe(options);
  const server = await serve((request) => stripe.handle(request));
  return {
    url: urlOf(server),
    calls: stripe.calls,
    emit: (type, object) => stripe.emit(type, object, true),
    emitUndelivered: (type, object) => stripe.emit(type, object, false),
    refuseNext: (...responses) => void stripe.refusals.push(...responses),
    [Symbol.asyncDispose]: () => close(server),
  };
}

class Stripe {
  readonly calls: string[] = [];
  readonly refusals: FakeResponse[] = [];
  readonly #key: string;
  readonly #now: () => number;
  readonly #endpoints: Endpoint[] = [];
  /** Oldest first. */
  readonly #events: StripeEvent[] = [];

  constructor({ key, now = Date.now }: StripeOptions) {
    this.#key = key;
    this.#now = now;
  }

  async emit(type: string, object: object, arrives: boolean): Promise<string> {
    const endpoints = this.#endpoints.filter(({ events }) => events.includes("*") || events.includes(type));
    const event: StripeEvent = { id: id("evt"), at: this.#now(), type, object, pending: endpoints.length };
    this.#events.push(event);
    for (const endpoint of endpoints) if (arrives) await this.#deliver(endpoint, event);
    return event.id;
  }

  handle(request: StandInRequest): FakeResponse {
    const { method, url } = request;
    this.calls.push(`${method} ${url.pathname}${url.search}`);
    const response = this.refusals.shift() ?? this.#authorised(request) ?? this.#route(request);
    return {
      ...response,
      headers: { "request-id": id("req"), "stripe-version": "2026-01-28.preview", ...response.headers },
    };
  }

  #authorised({ headers }: StandInRequest): FakeResponse | null {
    const [kind = "", value = ""] = (headers["authorization"] ?? "").split(" ");
    const key = kind.toLowerCase() === "basic" ? Buffer.from(value, "base64").toString().split(":")[0] : value;
    if (key === this.#key) return null;
    const message =
      key === "" ? "You did not provide an API key." : `Invalid API Key provided: ${key!.slice(0, 8)}****`;
    return { status: 401, json: { error: { type: "invalid_request_error", message } } };
  }

  #route({ method, url, body }: StandInRequest): FakeResponse {
    if (method === "POST" && url.pathname === "/v1/webhook_endpoints") return this.#create(body);
    if (method === "GET" && url.pathname === "/v1/events") return this.#list(url);
    const one = /^\/v1\/events\/(\w+)$/.exec(url.pathname)?.[1];
    if (method === "GET" && one !== undefined) {
      const event = this.#kept().find((candidate) => candidate.id === one);
      return event === undefined ? missing(`No such event: '${one}'`, "id") : { status: 200, json: eventOut(event) };
    }
    return missing(`Unrecognized request URL (${method}: ${url.pathname}).`, null);
  }

  #create(body: Buffer): FakeResponse {
    const form = new URLSearchParams(body.toString());
    const events = [...form].filter(([name]) => name.startsWith("enabled_events")).map(([, value]) => value);
    const endpoint: Endpoint = {
      id: id("we"),
      url: form.get("url") ?? "",
      events,
      secret: `whsec_${randomBytes(24).toString("base64url")}`,
    };
    this.#endpoints.push(endpoint);
    const { id: endpointId, url, secret } = endpoint;
    return {
      status: 200,
      json: {
        id: endpointId,
        object: "webhook_endpoint",
        url,
        secret,
        enabled_events: events,
        livemode: false,
        status: "enabled",
      },
    };
  }

  #kept(): StripeEvent[] {
    const since = this.#now() - KEEP_MS;
    return this.#events.filter(({ at }) => at > since);
  }

  #list(url: URL): FakeResponse {
    const query = url.searchParams;
    const limit = Number(query.get("limit") ?? 10);
    if (!(limit >= 1 && limit <= 100)) return invalid("This value must be between 1 and 100.", "limit");
    const types = [...query].filter(([name]) => /^types\[\d*\]$/.test(name)).map(([, value]) => value);
    if (types.length > 20) return invalid("Too many types: 20 at most.", "types");
    const type = query.get("type");
    const all = this.#kept().toReversed();
    const behind = query.get("starting_after");
    const start = behind === null ? 0 : all.findIndex((event) => event.id === behind) + 1;
    if (behind !== null && start === 0) return missing(`No such event: '${behind}'`, "starting_after");
    const matching = all
      .slice(start)
      .filter((event) => (types.length === 0 || types.includes(event.type)) && (type === null || type === event.type))
      .filter(({ at }) => inRange(Math.floor(at / 1000), query))
      .filter(
        ({ pending }) =>
          query.get("delivery_success") === null || (query.get("delivery_success") === "true") === (pending === 0),
      );
    const data = matching.slice(0, limit).map(eventOut);
    return { status: 200, json: { object: "list", data, has_more: matching.length > limit, url: "/v1/events" } };
  }

  async #deliver(endpoint: Endpoint, event: StripeEvent): Promise<void> {
    const body = JSON.stringify(eventOut(event), null, 2);
    const time = Math.floor(this.#now() / 1000);
    const signature = createHmac("sha256", endpoint.secret).update(`${time}.${body}`).digest("hex");
    const headers = {
      accept: "*/*; q=0.5, application/xml",
      "content-type": "application/json; charset=utf-8",
      "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      "stripe-signature": `t=${time},v1=${signature},v0=${"0".repeat(64)}`,
    };
    const { status } = await sendWebhook(endpoint.url, headers, body);
    if (status >= 200 && status < 300) event.pending -= 1;
  }
}

function inRange(created: number, query: URLSearchParams): boolean {
  const bound = (name: string): number | null => (query.has(name) ? Number(query.get(name)) : null);
  const [gt, gte, lt, lte] = ["created[gt]", "created[gte]", "created[lt]", "created[lte]"].map(bound);
  return (
    (gt === null || created > gt!) &&
    (gte === null || created >= gte!) &&
    (lt === null || created < lt!) &&
    (lte === null || created <= lte!)
  );
}

function eventOut({ id: eventId, at, type, object, pending }: StripeEvent): object {
  return {
    id: eventId,
    object: "event",
    api_version: "2026-01-28.preview",
    created: Math.floor(at / 1000),
    data: { object },
    livemode: false,
    pending_webhooks: pending,
    request: { id: null, idempotency_key: null },
    type,
  };
}

function id(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString("hex")}`;
}

function missing(message: string, param: string | null): FakeResponse {
  const error = {
    code: "resource_missing",
    message,
    type: "invalid_request_error",
    ...(param === null ? {} : { param }),
  };
  return { status: 404, json: { error } };
}

function invalid(message: string, param: string): FakeResponse {
  return {
    status: 400,
    json: { error: { code: "parameter_invalid_integer", message, param, type: "invalid_request_error" } },
  };
}
