/** Subscribers at the WebSub hub that join, renew and leave while the server is killed. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, type Received, type Receiver, startReceiver } from "@posthorn/testkit";
import type { KillRun } from "./run.ts";

const PAUSE_MS = 50;
const MAX_PAUSE_MS = 400;
/** Subscribers that join during a run, and how many of them leave again. */
const MAX_JOINING = 6;
const LEAVING = 0.5;

export interface Subscription {
  readonly id: string;
  readonly callback: string;
  readonly endpointId: string;
  readonly leaseSeconds: number;
}

export class HubSubscriber {
  readonly name: string;
  readonly callback: string;
  readonly secret: string;
  readonly receiver: Receiver;
  /** The requests that it confirms. */
  intent: "subscribe" | "unsubscribe" = "subscribe";
  /** Lease that it requested last. */
  lease = "";
  /** When its subscription was seen in the list, in Unix milliseconds. */
  since = 0;
  /** When it was seen to be removed; `null`: it has not left. */
  until: number | null = null;
  id = "";

  constructor(name: string, receiver: Receiver) {
    this.name = name;
    this.receiver = receiver;
    this.secret = `secret of ${name}`;
    this.callback = `${receiver.url}/callback?of=${name}`;
    receiver.respondWith(({ method, path }) => {
      if (method !== "GET") return 204;
      const query = new URL(path, receiver.url).searchParams;
      if (query.get("hub.mode") !== this.intent) return 404;
      return { status: 200, body: query.get("hub.challenge")! };
    });
  }

  /** IDs of the messages, in the order in which they arrived. */
  received(): readonly string[] {
    return this.#events().map(({ headers }) => headers["webhook-id"]!);
  }

  unverified(): readonly string[] {
    return this.#events()
      .filter(({ headers, body }) => {
        const mac = createHmac("sha256", this.secret).update(body).digest("hex");
        return headers["x-hub-signature"] !== `sha256=${mac}`;
      })
      .map(({ headers }) => headers["webhook-id"]!);
  }

  #events(): readonly Received[] {
    return this.receiver.requests.filter(({ method }) => method === "POST");
  }
}

export interface Changes {
  readonly renewals: () => number;
  /** Waits for the current change, and returns the subscribers that joined and stayed, and those that joined and left. */
  readonly stop: () => Promise<{
    readonly joined: readonly HubSubscriber[];
    readonly left: readonly HubSubscriber[];
  }>;
}

export class HubScene implements AsyncDisposable {
  readonly #run: KillRun;
  readonly #topic: string;
  readonly #all: HubSubscriber[] = [];
  #isOver = false;

  private constructor(run: KillRun, topic: string) {
    this.#run = run;
    this.#topic = topic;
  }

  static async start(run: KillRun): Promise<HubScene> {
    const topic = await run.call("POST", `/app/${run.app}/websub/topic`, { leaseSeconds: { min: 60 } });
    return new HubScene(run, topic["url"] as string);
  }

  /** Adds a subscriber, and waits until its subscription is listed. */
  async subscribed({ lease = "864000" }: { readonly lease?: string } = {}): Promise<HubSubscriber> {
    const one = new HubSubscriber(`subscriber-${this.#all.length}`, await startReceiver());
    this.#all.push(one);
    await this.#request(one, lease);
    one.id = await this.#until(async () => (await this.subscriptionOf(one))?.id);
    one.since = Date.now();
    return one;
  }

  /** Lets subscribers join, renew and leave at random. */
  changeUntilStopped(steady: readonly HubSubscriber[]): Changes {
    const joined: HubSubscriber[] = [];
    const left: HubSubscriber[] = [];
    const stopping = new AbortController();
    let renewals = 0;
    const step = async (): Promise<void> => {
      const { random } = this.#run;
      if (joined.length + left.length < MAX_JOINING && random.chance(0.3)) {
        joined.push(await this.subscribed());
      } else if (joined.length > left.length && random.chance(LEAVING)) {
        const one = joined.shift()!;
        await this.#leave(one);
        left.push(one);
      } else {
        await this.#request(random.pick(steady), String(random.int(1000, 9000)));
        renewals++;
      }
    };
    const work = (async () => {
      while (!stopping.signal.aborted && !this.#isOver) {
        await step();
        await delay(this.#run.random.int(0, MAX_PAUSE_MS));
      }
    })();
    return {
      renewals: () => renewals,
      stop: async () => {
        stopping.abort();
        await work;
        await eventually(async () => assert.deepEqual(await this.requests(), []), { timeoutMs: 120_000 });
        for (const one of steady) {
          // The lease is that of the last request, whatever the order in which requests were verified.
          assert.equal(String((await this.subscriptionOf(one))?.leaseSeconds), one.lease, one.name);
        }
        return { joined, left };
      },
    };
  }

  async subscriptionOf({ callback }: HubSubscriber): Promise<Subscription | undefined> {
    const found = (await this.#subscriptions()).filter((one) => one.callback === callback);
    assert(found.length < 2, `${callback} is subscribed ${found.length} times`);
    return found[0];
  }

  async callbacks(): Promise<readonly string[]> {
    return (await this.#subscriptions()).map(({ callback }) => callback);
  }

  /** Requests that were not confirmed. */
  async requests(): Promise<readonly unknown[]> {
    return (await this.#run.call("GET", `/app/${this.#run.app}/websub/request`))["data"] as readonly unknown[];
  }

  async endpoints(): Promise<readonly unknown[]> {
    const { data } = await this.#run.call("GET", `/app/${this.#run.app}/endpoint?limit=250`);
    return (data as readonly { readonly kind?: string }[]).filter(({ kind }) => kind === "webSub");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#all.map(({ receiver }) => receiver.close()));
  }

  async #leave(one: HubSubscriber): Promise<void> {
    one.intent = "unsubscribe";
    await this.#request(one, null);
    await this.#until(async () => ((await this.subscriptionOf(one)) === undefined ? true : undefined));
    one.until = Date.now();
  }

  async #subscriptions(): Promise<readonly Subscription[]> {
    const { data } = await this.#run.call("GET", `/app/${this.#run.app}/websub/subscription?limit=250`);
    return data as readonly Subscription[];
  }

  /** Sends a request until the hub accepts it. @param lease `null`: to unsubscribe. */
  async #request(one: HubSubscriber, lease: string | null): Promise<void> {
    one.lease = lease ?? "";
    const body = new URLSearchParams({
      "hub.mode": one.intent,
      "hub.topic": this.#topic,
      "hub.callback": one.callback,
      ...(lease === null ? {} : { "hub.lease_seconds": lease, "hub.secret": one.secret }),
    });
    await this.#until(async () => {
      const { url } = this.#run;
      if (url === null) return undefined;
      const response = await fetch(`${url}/websub`, { method: "POST", body });
      if (response.status === 202) return true;
      // An earlier request was accepted, and its response was lost.
      if (response.status === 404 && lease === null) return true;
      assert(response.status === 429 || response.status === 503, `${response.status}: ${await response.text()}`);
      return undefined;
    });
  }

  /** Repeats a step until it returns something. It rejects while the server is down. */
  async #until<T>(step: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await step().catch((error: unknown) => {
        if (error instanceof assert.AssertionError) throw error;
        return undefined;
      });
      if (found !== undefined) return found;
      assert(!this.#isOver, "the run is over");
      await delay(PAUSE_MS);
    }
  }
}
