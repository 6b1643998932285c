/** Posthorn in the process of a test: the real engine, with a clock that the test moves, and without ports or a network. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { setTimeout as delay } from "node:timers/promises";
import { callerFor } from "../embed/call.ts";
import { Posthorn } from "../embed/posthorn.ts";
import { type EmbeddedNode, type HostLog, type Settings, startEmbedded } from "../embed/start.ts";
import type { EndpointIn } from "../embed/types.ts";
import type { Services } from "../domain/context.ts";
import { keyOfId } from "../lib/id.ts";
import { VirtualClock } from "./clock.ts";
import { type Duration, durationMs } from "./duration.ts";
import { TestingError } from "./errors.ts";
import { explainMissing, type Explained } from "./explain.ts";
import { Hook, type HookHandler, type HookHost, type WaitOptions } from "./hook.ts";
import { TestNetwork } from "./network.ts";
import { openTestStore, temporaryFolder, type TestStore } from "./store.ts";
import type { ReceivedWebhook } from "./webhook.ts";

/** Options of {@link TestPosthorn.start}. */
export interface TestPosthornOptions {
  /** Settings of docs/configuration.md in camel case, such as `retrySchedule`. */
  readonly settings?: Settings;
  /** The time at which the test starts. Default: now. */
  readonly now?: Date | number | string;
  /**
   * Called each time the clock moves. Pass the time on if your code compares the signed timestamp with `Date.now()`:
   * `(now) => vi.setSystemTime(now)` in Vitest, `(now) => mock.timers.setTime(now)` in `node:test`. Replace `Date` only, no timers.
   */
  readonly onTime?: (now: number) => void;
  /** A pino logger. Default: none, because what goes wrong is part of most tests. */
  readonly log?: HostLog;
}

/** Options of {@link TestPosthorn.hook}. */
export interface HookOptions {
  /** UID or ID of the application, which is created if there is none. Default: `test`. */
  readonly application?: string;
  /** Default: `https://hook-1.example.com/webhooks`, with another number for each. */
  readonly url?: string;
  /** Other fields of the endpoint, such as `filterTypes`, `secret` or `policy`. */
  readonly endpoint?: Partial<Omit<EndpointIn, "url">>;
  /** Handles the requests, such as your application. Default: responds with 204. */
  readonly handler?: HookHandler;
}

const DEFAULT_WITHIN_MS = 7 * 86_400_000;
const DEFAULT_TIMEOUT_MS = 1000;
/** Turns of the event loop without work after which nothing more is expected to happen at the current time. */
const QUIET_TURNS = 3;
/** Turns after which waiting for a handler stops to use a whole processor. */
const BUSY_TURNS = 500;
const LOOK_MS = 2;
/** Time that background jobs get to publish their pending messages. */
const NUDGE_MS = 5000;
/** Step of the clock while deliveries are on hold and have no timer. */
const HOLD_MS = 60_000;
const TOKEN_MS = 366 * 86_400_000;

interface TestParts {
  readonly clock: VirtualClock;
  readonly network: () => TestNetwork;
  readonly store: () => TestStore;
  readonly folder: Disposable;
  readonly token: string;
}

/**
 * A Posthorn for unit tests. It is the server itself, so signatures, filters, retries and order are the real ones, on a database in memory
 * and a clock that moves only when the test moves it or waits for a webhook. It opens no port and connects to nothing.
 *
 * ```ts
 * await using posthorn = await TestPosthorn.start();
 * const hook = await posthorn.hook({ application: "acme" });
 * hook.failNext(503);
 * await posthorn.message.create("acme", { eventType: "invoice.paid", payload: { invoice: 17 } });
 * const webhook = await hook.received("invoice.paid"); // after the retry, without waiting for it
 * assert.equal(webhook.attempt, 2);
 * ```
 */
export class TestPosthorn extends Posthorn {
  /** A token of the organisation, for clients of the HTTP API that call {@link Posthorn.fetch}. */
  readonly token: string;
  readonly #services: Services;
  readonly #parts: TestParts;
  readonly #explained: Explained;
  readonly #host: HookHost;
  #hooks = 0;

  private constructor(embedded: EmbeddedNode, parts: TestParts) {
    super(embedded);
    const { services, actor } = embedded.ctx;
    this.token = parts.token;
    this.#services = services;
    this.#parts = parts;
    this.#explained = { on: callerFor(services, actor), store: services.store };
    this.#host = {
      now: parts.clock.now,
      eventTypeOf: (messageId) => this.#eventTypeOf(messageId),
      wait: (hook, type, find, options) => this.#wait(hook, type, find, options),
    };
  }

  /** Starts an empty server. The first start in a process takes a few tenths of a second, the others a few hundredths. */
  static override async start(options: TestPosthornOptions = {}): Promise<TestPosthorn> {
    const { settings = {}, now = Date.now(), onTime = () => undefined, log } = options;
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(temporaryFolder());
    const clock = new VirtualClock(new Date(now).getTime(), onTime);
    let network: TestNetwork | null = null;
    let store: TestStore | null = null;
    const embedded = await startEmbedded(
      { settings: { ...testSettings(folder.path), ...settings }, ...(log === undefined ? {} : { log }) },
      {
        clock: clock.exact,
        workerClock: clock.background,
        createEgress: (egress) => (network = new TestNetwork(egress, clock.exact)),
        openStore: ({ listener }) =>
          Promise.resolve((store = openTestStore(join(folder.path, "posthorn.db"), listener)).store),
      },
    );
    stack.use(embedded.node);
    const { services, actor } = embedded.ctx;
    const token = await services.tokens.sign({ sub: actor.orgPublicId, exp: (clock.now() + TOKEN_MS) / 1000 });
    const posthorn = new TestPosthorn(embedded, { clock, network: () => network!, store: () => store!, folder, token });
    stack.move();
    return posthorn;
  }

  /** The time of the test. */
  get now(): Date {
    return new Date(this.#parts.clock.now());
  }

  /** Creates an endpoint whose requests the test receives. */
  async hook({ application = "test", url, endpoint = {}, handler }: HookOptions = {}): Promise<Hook> {
    const target = url ?? `https://hook-${++this.#hooks}.example.com/webhooks`;
    await this.application.getOrCreate({ uid: application, name: application });
    const { id: endpointId } = await this.endpoint.create(application, { ...endpoint, url: target });
    const { key: secret } = await this.endpoint.getSecret(application, endpointId);
    return this.#add(new Hook(this.#host, { url: target, applicationId: application, endpointId, secret }, handler));
  }

  /** Receives the requests to a URL whose endpoint your code creates. */
  receiverAt(url: string, handler?: HookHandler): Hook {
    const facts = { url, applicationId: null, endpointId: null, secret: null };
    return this.#add(new Hook(this.#host, facts, handler));
  }

  /** Moves the clock. Everything that becomes due meanwhile happens at its time, such as retries. */
  async advance(duration: Duration): Promise<void> {
    const end = this.#parts.clock.now() + durationMs(duration);
    await this.settled();
    await this.#parts.clock.moveTo(end, () => this.settled());
  }

  /** Resolves when nothing more happens unless the clock moves: every delivery that is due was attempted. */
  async settled(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < QUIET_TURNS; turn++) {
      if (turn < BUSY_TURNS) await new Promise((resolve) => void setImmediate(resolve));
      else await delay(1);
      quiet = this.#isBusy ? 0 : quiet + 1;
    }
  }

  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      this.#parts.folder[Symbol.dispose]();
    }
  }

  get #isBusy(): boolean {
    const { network, store } = this.#parts;
    return store().load() > 0 || this.#services.statistics.load().inFlight > network().waiting;
  }

  #add(hook: Hook): Hook {
    const network = this.#parts.network();
    if (network.hasReceiver(hook.url)) {
      throw new TestingError("url_in_use", `A hook of this test has the URL ${hook.url} already. Choose another one.`);
    }
    network.add(hook);
    return hook;
  }

  async #wait(
    hook: Hook,
    type: string | null,
    find: () => ReceivedWebhook | null,
    { within = DEFAULT_WITHIN_MS, timeoutMs = DEFAULT_TIMEOUT_MS }: WaitOptions,
  ): Promise<ReceivedWebhook> {
    const { clock } = this.#parts;
    const end = clock.now() + durationMs(within);
    // Real time, for code of the user that is still running.
    let giveUpAt = performance.now() + timeoutMs;
    let nudgeMs = NUDGE_MS;
    for (;;) {
      await this.settled();
      const found = find();
      if (found !== null) return found;
      const due = await this.#nextDue();
      if (due !== null && due <= end) {
        await clock.moveTo(due, () => this.settled());
        giveUpAt = performance.now() + timeoutMs;
      } else if (nudgeMs > 0) {
        // Operational webhooks and tasks are published by background jobs.
        await clock.moveTo(Math.min(end, clock.now() + nudgeMs), () => this.settled());
        nudgeMs = 0;
      } else if (performance.now() < giveUpAt) {
        await delay(LOOK_MS);
      } else {
        throw new TestingError("webhook_not_received", await explainMissing(this.#explained, hook, type));
      }
    }
  }

  /** When the next delivery is due; of those that are on hold, when the next timer is. `null`: there is none. */
  async #nextDue(): Promise<number | null> {
    const { clock } = this.#parts;
    const row = await this.#services.store.hotDb
      .selectFrom("delivery")
      .select((eb) => eb.fn.min("due").as("due"))
      .executeTakeFirst();
    const due = row?.due ?? null;
    if (due === null || due > clock.now()) return due;
    return Math.max(clock.now() + 1, clock.next ?? clock.now() + HOLD_MS);
  }

  async #eventTypeOf(messageId: string): Promise<string | null> {
    const key = keyOfId("msg_", messageId);
    if (key === null) return null;
    const row = await this.#services.store.hotDb
      .selectFrom("message")
      .select("event_type")
      .where("id", "=", key)
      .executeTakeFirst();
    return row?.event_type ?? null;
  }
}

function testSettings(folder: string): Settings {
  const key = (): string => randomBytes(32).toString("base64");
  return {
    dataDir: folder,
    publicUrl: "http://posthorn.test",
    jwtSecret: key(),
    encryptionKey: key(),
    logLevel: "silent",
  };
}
