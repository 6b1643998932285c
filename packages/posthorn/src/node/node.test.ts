import { connect, Server, type Socket } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, vi } from "vitest";
import { LinkedSiblings } from "../../test/support/linked-siblings.ts";
import { startNode, type TestNode } from "../../test/support/posthorn.ts";
import { temporaryFolder } from "../../test/support/store.ts";
import { threadBus } from "../../test/support/thread-bus.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import { MainHealth } from "../threads/health.ts";
import { ThreadJobExchange } from "../threads/job-exchange.ts";

/** Short enough to wait for, while the defaults exceed the timeout of a test. */
const TIMEOUTS = { headersMs: 300, requestMs: 600, checkMs: 50 };

/** Sends `begin`, then `rest` slowly byte by byte. Returns everything received until the connection was closed. */
async function drip(url: string, begin: string, rest: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let sent = 0;
  const timer = setInterval(() => socket.write(rest[sent++ % rest.length]!), 30);
  socket.write(begin);
  const response = await untilClosed(socket);
  clearInterval(timer);
  return response;
}

function untilClosed(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.on("error", () => socket.destroy());
  return new Promise((resolve) => socket.once("close", () => resolve(text)));
}

function publishHead({ token }: TestNode, length: number): string {
  return `POST /api/v1/app/slow/msg HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: ${length}\r\n\r\n`;
}

describe("a slow client", () => {
  it("that sends its headers too slowly is disconnected with 408 in JSON", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, { timeouts: TIMEOUTS });
    const response = await drip(node.url, "GET /health HTTP/1.1\r\n", "x-a: b\r\n");
    expect(response).toMatch(/^HTTP\/1\.1 408 /);
    expect(response).toMatch(/\{"code":"[a-z_]+","detail":"[^"]+"\}$/);
  });

  it("that sends its body too slowly is disconnected, and nothing of it is stored", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, { timeouts: TIMEOUTS });
    const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
    const body = JSON.stringify({ name: "Slow", uid: "slow" });
    await fetch(`${node.url}/api/v1/app`, { method: "POST", headers, body });
    const response = await drip(node.url, publishHead(node, 10_000), '{"eventType":"a","payload":{"a":"');
    expect(response).not.toContain("HTTP/1.1 2");
    const list = await fetch(`${node.url}/api/v1/app/slow/msg`, { headers });
    expect(await list.json()).toMatchObject({ data: [] });
  });

  it("that sends nothing at all is disconnected", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, { timeouts: TIMEOUTS });
    const responses = Array.from({ length: 50 }, () =>
      untilClosed(connect(Number(new URL(node.url).port), "127.0.0.1")),
    );
    await Promise.all(responses);
    expect((await fetch(`${node.url}/health`)).status).toBe(204);
  });

  it("does not prevent the server from stopping", async () => {
    using folder = temporaryFolder();
    let closed: Promise<string>;
    {
      await using node = await startNode(folder.path);
      const socket = connect(Number(new URL(node.url).port), "127.0.0.1");
      socket.write(`${publishHead(node, 1000)}{`);
      closed = untilClosed(socket);
      await fetch(`${node.url}/health`);
    }
    expect(await closed).not.toContain("HTTP/1.1 2");
  });
});

describe("a start that fails halfway", () => {
  it("leaves no server running and no lock on the folder", async () => {
    using folder = temporaryFolder();
    await (await startNode(folder.path))[Symbol.asyncDispose]();
    const renameColumn = (from: string, to: string): void => {
      const db = new DatabaseSync(join(folder.path, "posthorn.db"));
      db.exec(`ALTER TABLE task RENAME COLUMN ${from} TO ${to}`);
      db.close();
    };
    // Tasks are read last, when the server is already listening.
    renameColumn("status", "hidden");
    const before = process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
    await expect(startNode(folder.path)).rejects.toMatchObject({ code: "storage_failed" });
    expect(process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap")).toHaveLength(before);
    renameColumn("hidden", "status");
    await using node = await startNode(folder.path);
    expect((await fetch(`${node.url}/health`)).status).toBe(204);
  });
});

it("a node that is stopped while it starts does not listen and takes no shards", async () => {
  using folder = temporaryFolder();
  const stop = new AbortController();
  const siblings = new LinkedSiblings();
  const listened = vi.spyOn(Server.prototype, "listen");
  const [broadcast] = threadBus(1) as [Broadcast];
  const thread = {
    exchange: new ThreadJobExchange(1, broadcast),
    health: new MainHealth(broadcast),
    onShare: () => undefined,
    number: 1,
    siblings,
    broadcast,
    join: () => Promise.resolve(stop.abort()),
    url: null,
    counts: false,
    others: null,
  };
  await expect(startNode(folder.path, { signal: stop.signal, thread })).rejects.toThrow("This operation was aborted");
  expect(listened).not.toHaveBeenCalled();
  listened.mockRestore();
});
