/** The cost of an accepted request and of a delivery, in counts that do not depend on the machine. */
import { createHook } from "node:async_hooks";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubHeaders } from "./support/gateway.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

const REQUESTS = 60;
const HOOK = "s3cret";
const BODY = '{"eventType":"user.created","payload":{"id":1}}';

/** A connection that waits for each response, without promises. */
class Client implements Disposable {
  readonly #socket: Socket;

  constructor(url: string) {
    this.#socket = connect(Number(new URL(url).port), "127.0.0.1");
  }

  send(text: string, answered: (response: string) => void): void {
    this.#socket.once("data", (chunk) => answered(chunk.toString()));
    this.#socket.write(text);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** Answers each request, without promises. */
class Receiver implements AsyncDisposable {
  #then: (() => void) | null = null;
  readonly #server = createServer((request, response) => {
    request.resume();
    response.writeHead(204).end();
    const then = this.#then;
    this.#then = null;
    then?.();
  });

  async url(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Calls a function for the next request. */
  next(then: () => void): void {
    this.#then = then;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await this.#server[Symbol.asyncDispose]();
  }
}

/**
 * The numbers of promises created between sending a request and the end of its work: the response to it, and what `delivered` waits for.
 * Sorted, because background work can only add to them.
 */
function promisesOf(
  url: string,
  requestOf: (index: number) => string,
  delivered: (then: () => void) => void = (then) => then(),
): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const counts: number[] = [];
    const hook = createHook({ init: (_id, type) => void (type === "PROMISE" && count++) }).enable();
    const client = new Client(url);
    const end = (): void => {
      hook.disable();
      client[Symbol.dispose]();
    };
    const next = (index: number): void => {
      if (index === REQUESTS) {
        end();
        return resolve(counts.toSorted((a, b) => a - b));
      }
      count = 0;
      let left = 2;
      const part = (): void => {
        left--;
        if (left > 0) return;
        counts.push(count);
        next(index + 1);
      };
      delivered(part);
      client.send(requestOf(index), (response) => {
        if (/^HTTP\/1\.1 20[02] /.test(response)) return part();
        end();
        reject(new Error(response));
      });
    };
    next(0);
  });
}

function post(path: string, headers: Readonly<Record<string, string>>): string {
  const all = { host: "x", ...headers, "content-length": String(Buffer.byteLength(BODY)) };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`POST ${path} HTTP/1.1`, ...head].join("\r\n")}\r\n\r\n${BODY}`;
}

// The promises of the connection pool depend on its state.
describe.skipIf(onPostgres)("the promises created for an accepted request", () => {
  const folder = temporaryFolder();
  let node: TestNode;
  beforeAll(async () => {
    node = await startNode(folder.path);
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const call = async (path: string, body: object): Promise<Record<string, string>> => {
    const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
    const response = await fetch(node.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as Record<string, string>;
  };

  // Through Fastify they are 26.
  it("are at most 16 for a message", async () => {
    const { id } = await call("/api/v1/app", { name: "App" });
    const request = post(`/api/v1/app/${id}/msg`, { authorization: `Bearer ${node.token}` });
    expect((await promisesOf(node.url, () => request))[0]).toBeLessThanOrEqual(16);
  });

  it("are at most 19 for an inbound webhook", async () => {
    const source = await call("/ingest/api/v1/source", { name: "GitHub", type: "github", secrets: [HOOK] });
    const path = new URL(source["ingestUrl"]!).pathname;
    const request = (index: number): string => post(path, githubHeaders(HOOK, BODY, `d-${index}`));
    expect((await promisesOf(node.url, request))[0]).toBeLessThanOrEqual(17);
  });

  it("are at most 32 for a message with its delivery, whose outcome is stored with the next message", async () => {
    await using receiver = new Receiver();
    const { id } = await call("/api/v1/app", { name: "App" });
    await call(`/api/v1/app/${id}/endpoint`, { url: await receiver.url() });
    const request = post(`/api/v1/app/${id}/msg`, { authorization: `Bearer ${node.token}` });
    const counts = await promisesOf(
      node.url,
      () => request,
      (then) => receiver.next(then),
    );
    expect(counts[REQUESTS / 2]).toBeLessThanOrEqual(32);
  });
});
