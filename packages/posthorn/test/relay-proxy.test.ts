/** Listeners behind a proxy that does not pass WebSockets. */
import type { Duplex } from "node:stream";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalResult } from "../src/cli/listen/local.ts";
import { listen, type ListenEnd, type ListenState } from "../src/cli/listen/session.ts";
import type { RequestFrame } from "../src/relay/frames.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { startUpgradeProxy } from "./support/upgrade-proxy.ts";
import { temporaryFolder } from "./support/store.ts";

const ACCEPTED =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";

describe("a listener whose proxy", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let count = 0;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "1,3600" } });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${node.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${node.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  }

  async function newApp(): Promise<string> {
    const app = `proxied-${count++}`;
    await call("POST", "/api/v1/app", { name: app, uid: app });
    return app;
  }

  const publish = async (app: string): Promise<string> =>
    String((await call("POST", `/api/v1/app/${app}/msg`, { eventType: "invoice.paid", payload: {} }))["id"]);

  /** Output of a listener while it runs. */
  class Listening {
    readonly states: ListenState[] = [];
    readonly notes: string[] = [];
    readonly requests: RequestFrame[] = [];
    readonly ended: Promise<ListenEnd>;
    readonly #stop = new AbortController();

    constructor(url: string, app: string, options: { readonly token?: string; readonly hangs?: boolean } = {}) {
      const { token = node.token, hangs = false } = options;
      const answer: LocalResult = {
        kind: "response",
        status: 202,
        headers: [["x-local", "yes"]],
        body: Buffer.from([0, 255, 10]),
        truncated: false,
        durationMs: 1,
      };
      this.ended = listen({
        connection: { url, token },
        app,
        invitation: { name: "anna", clientId: `client-${app}` },
        local: (_frame, signal) => {
          if (!hangs) return Promise.resolve(answer);
          const aborted: LocalResult = { kind: "error", code: "stopped", message: "stopped", durationMs: 1 };
          return new Promise((resolve) => signal.addEventListener("abort", () => resolve(aborted)));
        },
        view: {
          state: (state) => this.states.push(state),
          received: (frame) => this.requests.push(frame),
          answered: () => undefined,
          note: (text) => this.notes.push(text),
        },
        window: 3,
        exitAfter: null,
        signal: this.#stop.signal,
      });
    }

    async connected(): Promise<ListenState> {
      return eventually(() => {
        const state = this.states.findLast(({ connection }) => connection === "connected");
        if (state === undefined) throw new Error(JSON.stringify([this.states, this.notes]));
        return state;
      });
    }

    stop(): Promise<ListenEnd> {
      this.#stop.abort();
      return this.ended;
    }
  }

  const respond = (text: string) => (socket: Duplex) => void socket.end(text);
  it.each([
    ["refuses them", respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")],
    ["passes them on as requests", null],
    ["closes the connection", (socket: Duplex) => void socket.destroy()],
    ["accepts them wrongly", respond(ACCEPTED)],
  ])("%s uses an event stream, says so, and responds like any other", async (_, onUpgrade) => {
    await using proxy = await startUpgradeProxy(node.url, onUpgrade);
    const app = await newApp();
    const listening = new Listening(proxy.url, app);
    expect(await listening.connected()).toMatchObject({ transport: "event-stream" });
    expect(listening.notes).toEqual([
      expect.stringMatching(/^WebSockets are blocked on the way to the server \(.+\)\. Using an event/),
    ]);
    const id = await publish(app);
    await eventually(async () => {
      const { data } = await call("GET", `/api/v1/app/${app}/attempt/msg/${id}`);
      expect(data).toMatchObject([{ status: 0, responseStatusCode: 202, response: "AP8K" }]);
    });
    expect(proxy.passed).toContain("/api/v1/relay/stream");
    expect(await listening.stop()).toEqual({ kind: "stopped" });
  });

  it("blocks WebSockets gets as many requests at a time as it requests, and returns them when it stops", async () => {
    await using proxy = await startUpgradeProxy(node.url, (socket) => void socket.destroy());
    const app = await newApp();
    const first = new Listening(proxy.url, app, { hangs: true });
    await first.connected();
    const ids = [await publish(app), await publish(app), await publish(app), await publish(app)];
    await eventually(() => expect(first.requests).toHaveLength(3));
    await first.stop();
    expect(first.requests).toHaveLength(3);
    const second = new Listening(node.url, app);
    expect(await second.connected()).toMatchObject({ transport: "websocket" });
    await eventually(() => expect(second.requests.map(({ message }) => message.id).toSorted()).toEqual(ids.toSorted()));
    for (const id of ids) {
      await eventually(async () => {
        const { data } = await call("GET", `/api/v1/app/${app}/attempt/msg/${id}`);
        expect(data).toMatchObject([{ responseStatusCode: 202 }]);
      });
    }
    await second.stop();
  });

  it("blocks WebSockets exits when its key is revoked, and says so", async () => {
    await using proxy = await startUpgradeProxy(node.url, (socket) => void socket.destroy());
    const app = await newApp();
    const scopes = ["read", "endpoints:write", "payloads:read"];
    const key = await call("POST", "/api/v1/auth/api-key", { name: "laptop", scopes });
    const listening = new Listening(proxy.url, app, { token: String(key["token"]) });
    await listening.connected();
    await call("DELETE", `/api/v1/auth/api-key/${String(key["id"])}`);
    expect(await listening.ended).toMatchObject({ kind: "ended", reason: "unauthorized" });
  });
});
