/**
 * A computer that sleeps: its process is frozen, so that its connection stays open but nothing responds. The test moves the clock of the
 * server. Everything between the API and the connection is the real server.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedNode, startEmbedded } from "../src/embed/start.ts";
import type { ConnectedSession, RelayConnection } from "../src/relay/connection.ts";
import type { RequestFrame, ServerFrame } from "../src/relay/frames.ts";
import { VirtualClock } from "../src/testing/clock.ts";
import { TestNetwork } from "../src/testing/network.ts";
import { openTestStore, temporaryFolder, type TestStore } from "../src/testing/store.ts";

const START = Date.parse("2026-03-01T12:00:00Z");
const MINUTE = 60_000;

const folder = temporaryFolder();
const clock = new VirtualClock(START, () => undefined);
let embedded: EmbeddedNode;
let store: TestStore;
let token: string;
let apps = 0;

beforeAll(async () => {
  const key = (): string => randomBytes(32).toString("base64");
  const settings = { dataDir: folder.path, publicUrl: "http://posthorn.test", jwtSecret: key(), encryptionKey: key() };
  embedded = await startEmbedded(
    { settings: { ...settings, logLevel: "silent" } },
    {
      clock: clock.exact,
      workerClock: clock.background,
      createEgress: (egress) => new TestNetwork(egress, clock.exact),
      openStore: ({ listener }) =>
        Promise.resolve((store = openTestStore(join(folder.path, "posthorn.db"), listener)).store),
    },
  );
  const { services, actor } = embedded.ctx;
  token = await services.tokens.sign({ sub: actor.orgPublicId, exp: START / 1000 + 86_400 });
});
afterAll(async () => {
  await embedded.node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Waits until the server has nothing to do at this time. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 5;) {
    await setImmediate();
    quiet = store.load() > 0 ? 0 : quiet + 1;
  }
}

const advance = (ms: number): Promise<void> => clock.moveTo(clock.now() + ms, settled);

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const request = new Request(`http://posthorn.test/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const response = await embedded.mount.fetch(request);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function newApp(): Promise<string> {
  const uid = `app-${apps++}`;
  await call("POST", "app", { name: uid, uid });
  return uid;
}

async function publish(app: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const { id } = await call("POST", `app/${app}/msg`, { eventType: "invoice.paid", payload: { at } });
    ids.push(String(id));
  }
  return ids;
}

/** A process of `posthorn listen`, which can be frozen. */
class Laptop {
  readonly frames: ServerFrame[] = [];
  readonly endpoint: string;
  /** Deliveries that waited when it connected. */
  readonly backlog: unknown;
  isFrozen = false;
  isClosed = false;
  #connection: RelayConnection | null = null;

  private constructor({ endpointId, backlog }: Record<string, unknown>) {
    this.endpoint = String(endpointId);
    this.backlog = backlog;
  }

  static async connect(app: string): Promise<Laptop> {
    const { relay } = embedded.ctx.services;
    const body = { name: "anna", clientId: "client-anna", resume: true };
    const invited = await call("POST", `app/${app}/relay/session`, body);
    const laptop = new Laptop(invited);
    const row = await relay.connect(String(invited["ticket"]), "websocket");
    const { id: key, public_id: id, endpoint_id: endpointKey, app_id: appKey } = row;
    laptop.#attach({ key, id, endpointKey, endpointId: laptop.endpoint, appKey });
    return laptop;
  }

  get requests(): readonly RequestFrame[] {
    return this.frames.filter((frame) => frame.type === "request");
  }

  get received(): readonly string[] {
    return this.requests.map(({ message }) => message.id);
  }

  #attach(session: ConnectedSession): void {
    const link = {
      send: (frame: ServerFrame) => this.#read(frame),
      // A socket of a frozen process is closed by the server only.
      close: () => void (this.isClosed = true),
    };
    this.#connection = embedded.ctx.services.relay.attach(session, link, 10);
  }

  #read(frame: ServerFrame): void {
    if (this.isFrozen) return;
    this.frames.push(frame);
    if (frame.type === "request") queueMicrotask(() => this.#respond(frame.id));
  }

  #respond(id: string): void {
    const { relay } = embedded.ctx.services;
    const connection = this.#connection!;
    relay.handle(connection, { type: "ack", id });
    const none = { headers: [], body: "", truncated: false, durationMs: 1 } as const;
    relay.handle(connection, { type: "response", id, status: 200, ...none });
  }
}

async function deliveryOf(app: string, message: string): Promise<Record<string, unknown>> {
  const { data } = await call("GET", `app/${app}/msg/${message}/delivery`);
  return (data as Record<string, unknown>[])[0]!;
}

describe("a listener whose computer sleeps for an hour", () => {
  it("loses nothing: its lease ends, deliveries are on hold, and it gets them in order after it wakes up", async () => {
    const app = await newApp();
    const asleep = await Laptop.connect(app);
    await call("PUT", `app/${app}/endpoint/${asleep.endpoint}/policy`, { order: { by: "endpoint" } });
    const before = await publish(app, 3);
    await eventually(() => expect(asleep.received).toEqual(before));

    asleep.isFrozen = true;
    const during = [...(await publish(app, 2))];
    await advance(15_000);
    await eventually(() => expect(asleep.isClosed).toBe(true));
    const listeners = await call("GET", `app/${app}/endpoint/${asleep.endpoint}/relay/listener`);
    expect(listeners["data"]).toEqual([]);
    for (let minute = 0; minute < 60; minute += 15) {
      during.push(...(await publish(app, 2)));
      await advance(15 * MINUTE);
    }
    expect(clock.now()).toBeGreaterThanOrEqual(START + 60 * MINUTE);
    for (const id of during) {
      expect(await deliveryOf(app, id)).toMatchObject({ attempts: 0, heldReason: "endpoint_without_listener" });
    }
    expect(asleep.received).toEqual(before);

    const awake = await Laptop.connect(app);
    expect(awake.backlog).toBe(during.length);
    await eventually(async () => {
      await settled();
      expect(awake.received).toEqual(during);
    });
    for (const id of [...before, ...during]) {
      await eventually(async () =>
        expect(await deliveryOf(app, id)).toMatchObject({ attempts: 1, status: 0, heldReason: null }),
      );
    }
  });
});

describe("a listener whose computer is awake for an hour", () => {
  it("keeps its lease, and gets each message when it is published", async () => {
    const app = await newApp();
    const awake = await Laptop.connect(app);
    const ids = [...(await publish(app, 1))];
    for (let minute = 0; minute < 60; minute += 15) {
      await advance(15 * MINUTE);
      ids.push(...(await publish(app, 1)));
      await eventually(() => expect(awake.received).toEqual(ids));
    }
    expect(awake.isClosed).toBe(false);
  });
});
