/**
 * A platform that looks as if it had run for a day: fifty customers, ten sources, and receivers, some of which fail. The day is simulated in
 * about a minute by advancing the clock between bursts of real deliveries. Afterwards it runs as an ordinary node.
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type ReceiverResponse, type Received, type Receiver, startReceiver } from "@posthorn/testkit";
import { startNode, type TestNode } from "../../packages/posthorn/test/support/posthorn.ts";
import { ShiftedClock } from "../../packages/posthorn/test/support/shifted-clock.ts";
import { type Random, seededRandom } from "../lib/random.ts";
import { CUSTOMERS, EVENT_KINDS, type Manner, mannerOf, messagesIn, type SourceKind, SOURCES } from "./scenery.ts";
import { forged, inboundOf, SOURCE_SECRET } from "./senders.ts";

const HOUR_MS = 3_600_000;
const STEP_MS = HOUR_MS / 4;
/** Time limit for the deliveries of one step: deliveries after a failure are sent slowly. */
const SETTLE_MS = 1500;
const POLL_MS = 20;
/** Endpoints that fail permanently start to at least this long before the end. */
const OUTAGE_MS = 5 * HOUR_MS;
const SILENCE_MS = 7 * HOUR_MS;
const QUIET_SECONDS = 3600;

export interface DemoOptions {
  /** Folder of its data. */
  readonly folder: string;
  /** Such as `127.0.0.1:8071`; by default any free port of the loopback interface. */
  readonly listen?: string;
  /** Hours of history. Default 24. */
  readonly hours?: number;
  readonly onProgress?: (done: number, of: number) => void;
}

interface DemoSource {
  readonly kind: SourceKind;
  readonly url: string;
}

export class Demo implements AsyncDisposable {
  readonly #node: TestNode;
  readonly #receiver: Receiver;
  readonly #clock: ShiftedClock;
  readonly #random: Random = seededRandom(8);
  readonly #manners = new Map<string, Manner>();
  readonly #applications: string[] = [];
  readonly #sources: DemoSource[] = [];
  /** When its day ends, Unix milliseconds. */
  readonly #end = Date.now();

  private constructor(node: TestNode, receiver: Receiver, clock: ShiftedClock) {
    this.#node = node;
    this.#receiver = receiver;
    this.#clock = clock;
    receiver.respondWith((request) => this.#respond(request));
  }

  /** Starts the demo, and simulates its past. */
  static async start({ folder, listen, hours = 24, onProgress }: DemoOptions): Promise<Demo> {
    const clock = new ShiftedClock(Date.now() - hours * HOUR_MS);
    const receiver = await startReceiver();
    const found = { addresses: ["127.0.0.1"], ttl: 60 };
    const node = await startNode(folder, {
      env: {
        POSTHORN_LISTEN: listen ?? "127.0.0.1:0",
        POSTHORN_RETRY_SCHEDULE: "60,1800,7200",
        POSTHORN_EGRESS_ALLOW: "loopback,*.example",
        POSTHORN_SECOND_HEADER_FAMILY: "false",
      },
      clock,
      egress: {
        // The host names of the demo resolve to its own receiver.
        nameService: {
          query: (_host, family) => Promise.resolve(family === 4 ? found : { addresses: [], ttl: 60 }),
          probe: () => Promise.resolve(null),
          system: () => Promise.resolve(found.addresses),
          cancel: () => undefined,
        },
      },
    });
    const demo = new Demo(node, receiver, clock);
    await demo.#setUp();
    const steps = (hours * HOUR_MS) / STEP_MS;
    for (let step = 0; step < steps; step++) {
      await demo.#live();
      clock.set(demo.#end - (steps - step - 1) * STEP_MS);
      onProgress?.(step + 1, steps);
    }
    clock.set(Date.now());
    await demo.#live();
    return demo;
  }

  get url(): string {
    return this.#node.url;
  }

  get token(): string {
    return this.#node.token;
  }

  /** Sends random events while a person watches the demo. */
  async happen(): Promise<void> {
    this.#receiver.clear();
    await this.#publish();
    if (this.#random.below(3) === 0) await this.#receive(this.#sources[this.#random.below(this.#sources.length)]!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node[Symbol.asyncDispose]();
    await this.#receiver[Symbol.asyncDispose]();
  }

  /** Calls its API. @throws When the call is refused. */
  async call(method: string, path: string, body?: object): Promise<Record<string, unknown> & { readonly id: string }> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === "" ? { id: "" } : (JSON.parse(text) as Record<string, unknown> & { id: string });
  }

  async #setUp(): Promise<void> {
    for (const { name, group, description, payload } of EVENT_KINDS) {
      const schema = { type: "object", description, examples: [payload(this.#random)] };
      await this.call("POST", "/api/v1/event-type", { name, groupName: group, description, schemas: { 1: schema } });
    }
    for (const name of CUSTOMERS) await this.#setUpCustomer(name);
    for (const kind of SOURCES) await this.#setUpSource(kind);
  }

  async #setUpCustomer(name: string): Promise<void> {
    const uid = uidOf(name);
    this.#applications.push(uid);
    await this.call("POST", "/api/v1/app", { name, uid });
    const count = 1 + this.#random.below(2);
    for (let index = 0; index < count; index++) {
      const manner = mannerOf(this.#manners.size);
      const host = `${index === 0 ? "hooks" : "erp"}.${uid}.example:${new URL(this.#receiver.url).port}`;
      const path = index === 0 ? "/webhooks/posthorn" : "/events";
      this.#manners.set(host + path, manner);
      const description = index === 0 ? "Production" : "Accounting";
      const { id } = await this.call("POST", `/api/v1/app/${uid}/endpoint`, {
        url: `http://${host}${path}`,
        description,
        ...(index === 0 ? {} : { eventTypes: ["invoice.paid", "invoice.payment_failed", "order.created"] }),
      });
      const endpoint = `/api/v1/app/${uid}/endpoint/${id}`;
      if (manner === "off") await this.call("PATCH", endpoint, { disabled: true });
      if (manner === "paused") await this.call("POST", `${endpoint}/pause`, {});
    }
  }

  async #setUpSource(kind: SourceKind): Promise<void> {
    const { name, type, silent = false } = kind;
    const signed = type !== "generic-webhook";
    const proof = signed ? { secrets: [SOURCE_SECRET] } : { allowUnsigned: true };
    const made = await this.call("POST", "/ingest/api/v1/source", { name, type, ...proof });
    this.#sources.push({ kind, url: made["ingestUrl"] as string });
    const { port } = new URL(this.#receiver.url);
    const path = `/ingest/api/v1/source/${made.id}`;
    await this.call("POST", `${path}/endpoint`, { url: `http://orders.internal.example:${port}/in/${type}` });
    if (type === "github") {
      const [url, eventTypes] = [`http://ci.internal.example:${port}/build`, ["push"]];
      await this.call("POST", `${path}/endpoint`, { url, eventTypes });
    }
    if (silent) await this.call("PUT", `${path}/activity`, { mode: "fixed", inactiveAfterSeconds: QUIET_SECONDS });
  }

  /** Simulates a quarter of an hour, with all its effects at once. */
  async #live(): Promise<void> {
    const now = this.#clock.now();
    const count = messagesIn(new Date(now).getUTCHours(), this.#random);
    for (let index = 0; index < count; index++) await this.#publish();
    for (const source of this.#sources) {
      const quiet = source.kind.silent === true && now > this.#end - SILENCE_MS;
      if (!quiet && this.#random.below(3) === 0) await this.#receive(source);
    }
    await this.#settle();
  }

  async #publish(): Promise<void> {
    const random = this.#random;
    // Some customers are much busier than others.
    const application = this.#applications[random.below(1 + random.below(this.#applications.length))]!;
    const { name, payload } = EVENT_KINDS[random.below(EVENT_KINDS.length)]!;
    await this.call("POST", `/api/v1/app/${application}/msg`, { eventType: name, payload: payload(random) });
  }

  async #receive({ kind: { type }, url }: DemoSource): Promise<void> {
    const genuine = inboundOf(type, this.#random, this.#clock.now());
    const { headers, body } = this.#random.below(25) === 0 ? forged(genuine) : genuine;
    const { pathname } = new URL(url);
    const response = await fetch(this.url + pathname, { method: "POST", headers, body });
    await response.arrayBuffer();
  }

  async #settle(): Promise<void> {
    const until = Date.now() + SETTLE_MS;
    while (Date.now() < until) {
      const now = await this.call("GET", "/api/v1/stats/now");
      const { due, held } = now["waiting"] as { due: number; held: number };
      const { inFlight } = now["dispatcher"] as { inFlight: number };
      if (due === held && inFlight === 0) return;
      await delay(POLL_MS);
    }
  }

  #respond({ headers, path }: Received): ReceiverResponse {
    const [random, late] = [this.#random, this.#clock.now() > this.#end - OUTAGE_MS];
    switch (this.#manners.get(`${headers["host"]}${path}`) ?? "healthy") {
      case "flaky":
        return random.below(8) === 0 ? { status: 502, body: "<h1>502 Bad Gateway</h1>" } : 204;
      case "slow":
        return { status: 200, delayMs: 60 + random.below(120) };
      case "busy":
        return random.below(10) === 0 ? { status: 429, headers: { "retry-after": "900" } } : 204;
      case "strict":
        return { status: 401, headers: { "content-type": "application/json" }, body: '{"error":"invalid signature"}' };
      case "down":
        return late ? { status: 500, body: "upstream connect error or disconnect/reset before headers" } : 204;
      case "healthy":
      case "off":
      case "paused":
        return { status: 200, headers: { "content-type": "application/json" }, body: '{"received":true}' };
    }
  }
}

function uidOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
