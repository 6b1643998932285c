/**
 * A fake of the parts of GitHub's REST API that concern webhooks of repositories and organisations, and of GitHub's sender.
 *
 * Based on the documentation of version 2022-11-28 ("Repository webhooks", "Organization webhooks", "Rate limits for the REST API",
 * "Validating webhook deliveries"): deliveries are kept for three days, newest first, in pages of at most 100 with a cursor in the
 * `Link` header; a redelivery has the GUID of the delivery it repeats and a new ID.
 */
import { createHmac, randomUUID } from "node:crypto";
import { close, sendWebhook, serve, type SentWebhook, type FakeResponse, type StandInRequest, urlOf } from "./http.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = 3 * DAY_MS;
const DOCS = "https://docs.github.com/rest";

export interface GitHubOptions {
  /** The token that the API accepts. */
  readonly token: string;
  /** Unix milliseconds. Defaults to the clock of the machine. */
  readonly now?: () => number;
}

export interface GitHubHook {
  readonly id: number;
  /** `repos/{owner}/{repo}` or `orgs/{org}`. */
  readonly owner: string;
  readonly events: readonly string[];
  readonly config: Readonly<Record<string, string>>;
}

interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly hookId: number;
  readonly event: string;
  readonly action: string | null;
  readonly at: number;
  readonly redelivery: boolean;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly payload: string;
  readonly response: SentWebhook;
}

export interface GitHubStandIn extends AsyncDisposable {
  /** Base URL of the API. */
  readonly url: string;
  /** Requests to the API, as `METHOD /path?query`. */
  readonly calls: readonly string[];
  /** Triggers an event and sends it to every hook of the owner that subscribes to it. */
  emit(owner: string, event: string, payload: object): Promise<void>;
  /** Triggers an event whose deliveries all fail to connect. */
  emitUndelivered(owner: string, event: string, payload: object): Promise<void>;
  /** Returns these for the next requests, one each, without any effect. */
  refuseNext(...responses: readonly FakeResponse[]): void;
}

/** GitHub's response when the hourly limit is used up; `reset` in Unix seconds. */
export function primaryLimit(reset: number): FakeResponse {
  const headers = { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) };
  return {
    status: 403,
    headers,
    json: { message: "API rate limit exceeded for user ID 1.", documentation_url: `${DOCS}/rate-limit` },
  };
}

/** GitHub's response to too many requests in a short time. */
export function secondaryLimit(retryAfterSeconds: number | null): FakeResponse {
  return {
    status: 403,
    headers: retryAfterSeconds === null ? {} : { "retry-after": String(retryAfterSeconds) },
    json: {
      message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
      documentation_url: DOCS,
    },
  };
}

export async function startGitHub(options: GitHubOptions): Promise<GitHubStandIn> {
  const github = new GitHub(options);
  const server = await serve((request) => github.handle(request));
  github.url = urlOf(server);
  return {
    url: github.url,
    calls: github.calls,
    emit: (owner, event, payload) => github.emit(owner, event, payload, true),
    emitUndelivered: (owner, event, payload) => github.emit(owner, event, payload, false),
    refuseNext: (...responses) => void github.refusals.push(...responses),
    [Symbol.asyncDispose]: () => close(server),
  };
}

class GitHub {
  url = "";
  readonly calls: string[] = [];
  readonly refusals: FakeResponse[] = [];
  readonly #token: string;
  readonly #now: () => number;
  readonly #hooks: GitHubHook[] = [];
  /** Oldest first. */
  readonly #deliveries: Delivery[] = [];
  #nextId = 1_000_000_001;

  constructor({ token, now = Date.now }: GitHubOptions) {
    this.#token = token;
    this.#now = now;
  }

  async emit(owner: string, event: string, payload: object, arrives: boolean): Promise<void> {
    for (const hook of this.#hooks) {
      if (hook.owner !== owner || !(hook.events.includes("*") || hook.events.includes(event))) continue;
      await this.#deliver(
        hook,
        { event, payload: JSON.stringify(payload), guid: randomUUID(), redelivery: false },
        arrives,
      );
    }
  }

  async handle(request: StandInRequest): Promise<FakeResponse> {
    const { method, url, headers } = request;
    this.calls.push(`${method} ${url.pathname}${url.search}`);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return refusal;
    if (headers["user-agent"] === undefined)
      return { status: 403, json: { message: "Request forbidden by administrative rules." } };
    if (!/^(?:bearer|token) /i.test(headers["authorization"] ?? "")) return refused(401, "Requires authentication");
    if (headers["authorization"]!.split(" ")[1] !== this.#token) return refused(401, "Bad credentials");
    const response = await this.#route(request);
    const limit = {
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4999",
      "x-ratelimit-reset": String(Math.ceil(this.#now() / 1000) + 3600),
    };
    return { ...response, headers: { ...limit, ...response.headers } };
  }

  #route({ method, url, body }: StandInRequest): FakeResponse | Promise<FakeResponse> {
    const path = /^\/(repos\/[^/]+\/[^/]+|orgs\/[^/]+)\/hooks(?:\/(\d+)(\/.*)?)?$/.exec(url.pathname);
    if (path === null) return refused(404, "Not Found");
    const [, owner = "", id, rest = ""] = path;
    if (id === undefined)
      return method === "POST" ? this.#create(owner, body) : { status: 200, json: this.#listOf(owner) };
    const hook = this.#hooks.find((candidate) => candidate.owner === owner && candidate.id === Number(id));
    if (hook === undefined) return refused(404, "Not Found");
    if (rest === "" && method === "GET") return { status: 200, json: hookOut(hook) };
    if (rest === "/pings" && method === "POST") return this.#ping(hook);
    if (rest === "/deliveries" && method === "GET") return this.#list(hook, url);
    const one = /^\/deliveries\/(\d+)(\/attempts)?$/.exec(rest);
    const delivery = one === null ? undefined : this.#kept(hook).find((candidate) => candidate.id === Number(one[1]));
    if (delivery === undefined) return refused(404, "Not Found");
    if (one![2] === undefined) return { status: 200, json: detailOut(delivery, hook) };
    return method === "POST" ? this.#redeliver(hook, delivery) : refused(404, "Not Found");
  }

  #listOf(owner: string): readonly object[] {
    return this.#hooks.filter((hook) => hook.owner === owner).map(hookOut);
  }

  #create(owner: string, body: Buffer): FakeResponse {
    const { config, events = ["push"] } = JSON.parse(body.toString()) as {
      readonly config?: Record<string, string>;
      readonly events?: readonly string[];
    };
    if (config?.["url"] === undefined) return refused(422, "Validation Failed");
    const hook: GitHubHook = {
      id: this.#nextId++,
      owner,
      events,
      config: { content_type: "form", insecure_ssl: "0", ...config },
    };
    this.#hooks.push(hook);
    return { status: 201, json: hookOut(hook) };
  }

  async #ping(hook: GitHubHook): Promise<FakeResponse> {
    const payload = JSON.stringify({ zen: "Keep it logically awesome.", hook_id: hook.id, hook: hookOut(hook) });
    await this.#deliver(hook, { event: "ping", payload, guid: randomUUID(), redelivery: false }, true);
    return { status: 204 };
  }

  #kept(hook: GitHubHook): Delivery[] {
    const since = this.#now() - KEEP_MS;
    return this.#deliveries.filter(({ hookId, at }) => hookId === hook.id && at > since);
  }

  /** Newest first. The cursor is opaque: it names the delivery after which the next page begins. */
  #list(hook: GitHubHook, url: URL): FakeResponse {
    const perPage = Math.min(100, Math.max(1, Number(url.searchParams.get("per_page") ?? 30)));
    const cursor = url.searchParams.get("cursor");
    const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number(/^v1_(\d+)$/.exec(cursor)?.[1] ?? Number.NaN);
    if (Number.isNaN(before)) return refused(422, "Invalid cursor");
    const rest = this.#kept(hook)
      .filter(({ id }) => id < before)
      .toReversed();
    const page = rest.slice(0, perPage);
    if (rest.length <= perPage) return { status: 200, json: page.map(summaryOut) };
    const next = new URL(`${this.url}${url.pathname}${url.search}`);
    next.searchParams.set("cursor", `v1_${page.at(-1)!.id}`);
    return { status: 200, headers: { link: `<${next.href}>; rel="next"` }, json: page.map(summaryOut) };
  }

  /** Accepted at once, delivered after the response. */
  #redeliver(hook: GitHubHook, { event, payload, guid }: Delivery): FakeResponse {
    setImmediate(() => void this.#deliver(hook, { event, payload, guid, redelivery: true }, true));
    return { status: 202, json: {} };
  }

  async #deliver(
    hook: GitHubHook,
    { event, payload, guid, redelivery }: Pick<Delivery, "event" | "payload" | "guid" | "redelivery">,
    arrives: boolean,
  ): Promise<void> {
    const { url = "", content_type, secret } = hook.config;
    const body = content_type === "json" ? payload : new URLSearchParams({ payload }).toString();
    const requestHeaders = {
      accept: "*/*",
      "content-type": content_type === "json" ? "application/json" : "application/x-www-form-urlencoded",
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-delivery": guid,
      "x-github-event": event,
      "x-github-hook-id": String(hook.id),
      "x-github-hook-installation-target-id": "1",
      "x-github-hook-installation-target-type": hook.owner.startsWith("repos") ? "repository" : "organization",
      ...(secret === undefined
        ? {}
        : {
            "x-hub-signature": `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`,
            "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
          }),
    };
    const response = arrives ? await sendWebhook(url, requestHeaders, body) : { status: 0, headers: {}, body: "" };
    const action = (JSON.parse(payload) as { readonly action?: string }).action ?? null;
    const id = this.#nextId++;
    this.#deliveries.push({
      id,
      guid,
      hookId: hook.id,
      event,
      action,
      at: this.#now(),
      redelivery,
      requestHeaders,
      payload,
      response,
    });
  }
}

function refused(status: number, message: string): FakeResponse {
  return { status, json: { message, documentation_url: DOCS, status: String(status) } };
}

function hookOut({ id, events, config }: GitHubHook): object {
  const shown = { ...config, ...(config["secret"] === undefined ? {} : { secret: "********" }) };
  return { type: "Repository", id, name: "web", active: true, events, config: shown };
}

function summaryOut({ id, guid, at, redelivery, event, action, response }: Delivery): object {
  return {
    id,
    guid,
    delivered_at: new Date(at).toISOString(),
    redelivery,
    duration: 0.27,
    status:
      response.status === 0
        ? "failed to connect to host"
        : response.status < 300
          ? "OK"
          : `Invalid HTTP Response: ${response.status}`,
    status_code: response.status,
    event,
    action,
    installation_id: null,
    repository_id: 1,
    throttled_at: null,
  };
}

function detailOut(delivery: Delivery, hook: GitHubHook): object {
  const { response, requestHeaders, payload } = delivery;
  const headers = Object.fromEntries(Object.entries(requestHeaders).map(([name, value]) => [headerCase(name), value]));
  return {
    ...summaryOut(delivery),
    url: hook.config["url"],
    request: { headers, payload: JSON.parse(payload) as unknown },
    response: { headers: response.headers, payload: response.body },
  };
}

function headerCase(name: string): string {
  const words: Readonly<Record<string, string>> = { github: "GitHub", id: "ID" };
  return name
    .split("-")
    .map((word) => words[word] ?? word[0]!.toUpperCase() + word.slice(1))
    .join("-");
}
