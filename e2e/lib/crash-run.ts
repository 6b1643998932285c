/** One run of the crash test: a server that is killed, publishers that retry forever, and receivers that count. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Receiver, TestServer } from "@posthorn/testkit";
import { Kills } from "./kills.ts";
import { apiCall, type PersistentClient } from "./persistent-client.ts";
import type { Random } from "./random.ts";

export interface Published {
  readonly key: string;
  readonly body: string;
  id: string;
}

export class CrashRun {
  readonly random: Random;
  readonly server: TestServer;
  readonly steady: Receiver;
  readonly flaky: Receiver;
  readonly app: string;
  readonly published: Published[] = [];
  readonly kills: Kills;
  resends = 0;
  repeats = 0;
  left = 0;
  steadyId = "";
  flakyId = "";
  secret = "";
  #next = 0;
  #ended = false;

  constructor(random: Random, server: TestServer, steady: Receiver, flaky: Receiver) {
    this.random = random;
    this.server = server;
    this.steady = steady;
    this.flaky = flaky;
    this.kills = new Kills(server, steady, [flaky]);
    this.app = `crash-${random.seed}`;
  }

  async call(method: string, path: string, body?: object): Promise<Record<string, never>> {
    const response = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.server.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path} answered ${response.status}`);
    return (await response.json()) as Record<string, never>;
  }

  async setUp(): Promise<void> {
    await this.call("POST", "/app", { name: "Crash", uid: this.app });
    const steady = await this.call("POST", `/app/${this.app}/endpoint`, { url: `${this.steady.url}/steady` });
    const flaky = await this.call("POST", `/app/${this.app}/endpoint`, { url: `${this.flaky.url}/flaky` });
    // The failures recorded by a killed process are outdated: an open circuit would prolong the run.
    await this.call("PATCH", `/app/${this.app}/policy`, { breaker: { enabled: false } });
    this.steadyId = steady["id"]!;
    this.flakyId = flaky["id"]!;
    this.secret = (await this.call("GET", `/app/${this.app}/endpoint/${this.steadyId}/secret`))["key"]!;
  }

  /** Publishes one message after the other, each until it is accepted. */
  async publish(client: PersistentClient): Promise<void> {
    while (!this.#ended) {
      if (this.left <= 0) {
        await delay(5);
        continue;
      }
      this.left--;
      const key = `${this.app}-${this.#next++}`;
      // A number that no parser may change, and enough bytes to fill database pages.
      const body = `{"key":"${key}","exact":1.0,"text":"${"x".repeat(this.random.below(600))}"}`;
      const request = `{"eventType":"crash.test","payload":${body}}`;
      const path = `/api/v1/app/${this.app}/msg`;
      const response = await client.post(apiCall(path, this.server.token, key, request));
      assert.equal(response.status, 202, response.text);
      if (response.tries > 1) this.repeats++;
      this.published.push({ key, body, id: (JSON.parse(response.text) as { id: string }).id });
    }
  }

  /** Repeatedly requests a resend of a message to the flaky endpoint. */
  async resend(client: PersistentClient): Promise<void> {
    while (!this.#ended) {
      await delay(20);
      const some = this.published[this.random.below(Math.max(1, this.published.length))];
      if (some === undefined) continue;
      const path = `/api/v1/app/${this.app}/msg/${some.id}/endpoint/${this.flakyId}/resend`;
      const key = `resend-${this.resends++}`;
      const response = await client.post(apiCall(path, this.server.token, key, "{}"));
      assert.equal(response.status, 202, response.text);
    }
  }

  end(): void {
    this.#ended = true;
  }

  /** The keys of all messages in the API, by ID. */
  async listAll(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let iterator = "";
    for (;;) {
      const page = (await this.call("GET", `/app/${this.app}/msg?limit=250${iterator}`)) as unknown as {
        data: { id: string; payload: { key: string } }[];
        iterator: string;
        done: boolean;
      };
      for (const { id, payload } of page.data) found.set(id, payload.key);
      if (page.done) return found;
      iterator = `&iterator=${page.iterator}`;
    }
  }
}
