/** One run of the crash test for sources: a provider that repeats unacknowledged events, and a server that is killed. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Receiver, TestServer } from "@posthorn/testkit";
import { Kills } from "./kills.ts";
import type { PersistentClient } from "./persistent-client.ts";
import type { Random } from "./random.ts";

const SECRET = "secret-of-the-hook";
/** Maximum number of concurrent requests with one event. */
const STORM = 4;

export class ReceiveRun {
  readonly kills: Kills;
  readonly server: TestServer;
  /** Bodies of the events that got 2xx, by delivery ID. */
  readonly accepted = new Map<string, string>();
  /** Events that may be sent until the next kill. */
  left = 0;
  requests = 0;
  repeats = 0;
  /** Additional headers of each request. */
  headers: Readonly<Record<string, string>> = {};
  sourceId = "";
  endpointId = "";
  readonly #random: Random;
  readonly #receiver: Receiver;
  #path = "";
  #ended = false;

  constructor(random: Random, server: TestServer, receiver: Receiver) {
    this.#random = random;
    this.server = server;
    this.#receiver = receiver;
    this.kills = new Kills(server, receiver);
  }

  async call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(this.server.url + path, {
      method,
      headers: { authorization: `Bearer ${this.server.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async setUp(): Promise<void> {
    const source = await this.call("POST", "/ingest/api/v1/source", {
      name: "Crash",
      type: "github",
      secrets: [SECRET],
    });
    this.sourceId = String(source["id"]);
    this.#path = new URL(String(source["ingestUrl"])).pathname;
    const path = `/ingest/api/v1/source/${this.sourceId}/endpoint`;
    this.endpointId = String((await this.call("POST", path, { url: `${this.#receiver.url}/target` }))["id"]);
  }

  /** Sends one event after the other, each in several concurrent requests, until one of them gets a final response. */
  async send(client: PersistentClient): Promise<void> {
    while (!this.#ended) {
      if (this.left <= 0) {
        await delay(5);
        continue;
      }
      this.left--;
      const id = randomUUID();
      const body = `{"action":"opened","exact":1.0,"id":"${id}","text":"${"x".repeat(this.#random.below(600))}"}`;
      const headers = {
        ...this.headers,
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
        "x-github-event": "issues",
        "x-github-delivery": id,
        "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
      };
      const storm = Array.from({ length: 1 + this.#random.below(STORM) }, async () => {
        const response = await client.post({ path: this.#path, headers, body });
        assert.equal(response.status, 200, response.text);
        this.requests += 1;
        if (response.tries > 1) this.repeats += 1;
      });
      await Promise.all(storm);
      this.accepted.set(id, body);
    }
  }

  end(): void {
    this.#ended = true;
  }

  /** Delivery IDs of all messages in the API, with repetitions. */
  async listAll(): Promise<string[]> {
    const found: string[] = [];
    let iterator = "";
    for (;;) {
      const path = `/api/v1/app/${this.sourceId}/msg?limit=250&with_content=false${iterator}`;
      const page = (await this.call("GET", path)) as unknown as {
        readonly data: readonly { readonly eventId: string }[];
        readonly iterator: string;
        readonly done: boolean;
      };
      found.push(...page.data.map(({ eventId }) => eventId));
      if (page.done) return found;
      iterator = `&iterator=${page.iterator}`;
    }
  }
}
