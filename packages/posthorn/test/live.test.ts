import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";

let node: TestNode;
const folder = temporaryFolder();
const receiver = createServer((request, response) => {
  request.resume();
  response.end("ok");
});

beforeAll(async () => {
  node = await startNode(folder.path);
  await new Promise<void>((resolve) => void receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  for (const app of ["one", "two"]) {
    await call("POST", "app", { name: app, uid: app });
    await call("POST", `app/${app}/endpoint`, { uid: "ep", url: `http://127.0.0.1:${port}/` });
  }
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  receiver.close();
  folder[Symbol.dispose]();
});

async function call(method: string, path: string, body: object, token = node.token): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${node.url}/api/v1/${path}`, { method, headers, body: JSON.stringify(body) });
  return (await response.json()) as Record<string, unknown>;
}

interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** An open stream; `take` waits for the first event that matches. */
class Stream implements AsyncDisposable {
  readonly told: Told[] = [];
  readonly #abort = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  static async open(options: { readonly token?: string; readonly since?: string } = {}): Promise<Stream> {
    const stream = new Stream();
    const response = await fetch(`${node.url}/api/v1/live`, {
      signal: stream.#abort.signal,
      headers: {
        authorization: `Bearer ${options.token ?? node.token}`,
        ...(options.since === undefined ? {} : { "last-event-id": options.since }),
      },
    });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    stream.#reading = stream.#read(response.body!);
    return stream;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of body) {
        const blocks = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
        text = blocks.pop()!;
        for (const block of blocks) {
          const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
          if (fields["event"] === undefined) continue;
          this.told.push({
            id: fields["id"]!,
            event: fields["event"],
            data: JSON.parse(fields["data"]!) as Record<string, unknown>,
          });
        }
      }
    } catch {
      // Ended by the test.
    }
  }

  async take(fits: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      const found = this.told.find(fits);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }
}

const publish = (app: string, eventType: string): Promise<Record<string, unknown>> =>
  call("POST", `app/${app}/msg`, { eventType, payload: { a: 1 } });

describe("GET /api/v1/live", () => {
  it("reports a message and its attempt as they happen", async () => {
    await using stream = await Stream.open();
    const { id } = await publish("one", "live.first");
    const accepted = await stream.take(({ event, data }) => event === "message.accepted" && data["msgId"] === id);
    expect(accepted.data).toMatchObject({ appUid: "one", eventType: "live.first", endpoints: 1 });
    const attempt = await stream.take(({ event, data }) => event === "attempt.recorded" && data["msgId"] === id);
    expect(attempt.data).toMatchObject({ status: 0, responseStatusCode: 200, nextAttempt: null });
    expect(attempt.data["endpointId"]).toMatch(/^ep_/);
  });

  it("shows a token of an application only its own events", async () => {
    const { token } = await call("POST", "auth/app-portal-access/one", {});
    await using stream = await Stream.open({ token: token as string });
    const other = await publish("two", "live.other");
    const own = await publish("one", "live.own");
    await stream.take(({ event, data }) => event === "attempt.recorded" && data["msgId"] === own["id"]);
    expect(JSON.stringify(stream.told)).not.toContain(other["id"]);
  });

  it("continues after a disconnect where it stopped", async () => {
    let since: string;
    {
      await using stream = await Stream.open();
      const { id } = await publish("one", "live.before");
      since = (await stream.take(({ event, data }) => event === "attempt.recorded" && data["msgId"] === id)).id;
    }
    const missed = await publish("one", "live.between");
    await using again = await Stream.open({ since });
    await again.take(({ event, data }) => event === "attempt.recorded" && data["msgId"] === missed["id"]);
    expect(again.told.map(({ event }) => event)).not.toContain("gap");
  });

  it("reports a gap when it cannot continue", async () => {
    await using stream = await Stream.open({ since: "another-run.12" });
    const gap = await stream.take(({ event }) => event === "gap");
    // It can continue from there.
    await using again = await Stream.open({ since: gap.id });
    const { id } = await publish("one", "live.after");
    await again.take(({ data }) => data["msgId"] === id);
    expect(again.told.map(({ event }) => event)).not.toContain("gap");
  });

  it("needs a valid token", async () => {
    await expect(Stream.open({ token: "phk_nobody" })).rejects.toThrow(/^401/);
  });

  it("does not prevent a node from stopping", async () => {
    const own = temporaryFolder();
    const other = await startNode(own.path);
    const response = await fetch(`${other.url}/api/v1/live`, { headers: { authorization: `Bearer ${other.token}` } });
    await other[Symbol.asyncDispose]();
    expect(await response.text()).toContain("event: open");
    own[Symbol.dispose]();
  });
});
