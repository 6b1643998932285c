import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { eventually, usedMemory } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { readHead } from "./direct-head.ts";

const SOCKET = { destroyed: false };

/** The request if the text consists of exactly one. */
function read(text: string): Seen | null {
  const bytes = Buffer.from(text, "latin1");
  const head = readHead(bytes, SOCKET);
  if (head === null || head.bodyStart + head.bodyLength !== bytes.length) return null;
  const { method, url, headers, rawHeaders } = head;
  return { method, url, headers, rawHeaders, body: bytes.toString("latin1", head.bodyStart) };
}

function post(target: string, headers: readonly string[], body = "{}"): string {
  return `${[`POST ${target} HTTP/1.1`, ...headers, `content-length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`;
}

const ORDINARY: readonly string[] = [
  post("/api/v1/app/app-1/msg?with_content=false", ["host: x", "Authorization: Bearer a.b-c", "accept: */*"]),
  post(
    "/in/0123",
    ["Host: x:80", "X-GitHub-Event: issues", "empty:", "connection: Keep-Alive"],
    '{"a":"\xff\r\n\r\n"}',
  ),
  post("/", [], ""),
  post("/a?b=c&d=%20", ["a:  two spaces  ", 'user-agent: x (y; z) "q" {}|~'], "0".repeat(3000)),
];

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: object;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

async function seenBy(request: IncomingMessage): Promise<Seen> {
  const { method, url, headers, rawHeaders } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString("latin1") };
}

/** The requests as parsed by Node's server, in their order on one connection. */
async function readByNode(requests: readonly string[]): Promise<readonly Seen[]> {
  const seen: Promise<Seen>[] = [];
  await using server = createServer({ requireHostHeader: false }, (request, response) => {
    seen.push(seenBy(request));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.resume();
  socket.write(`${requests.join("")}GET /last HTTP/1.1\r\nconnection: close\r\n\r\n`, "latin1");
  await once(socket, "close");
  return Promise.all(seen);
}

/** Numbers from 0 to below `below`, the same in each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES: readonly string[] = [
  ...'\0\t\n\r !"#%,/0159:;<=?@AZ\\^_az{|}~\x7f\x80\xff'.split(""),
  "\r\n",
  "\r\n ",
  "\n\n",
  "\r\n\r\n",
  "content-length: 1\r\n",
  "Content-Length: 0, 0\r\n",
  "transfer-encoding: chunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "connection: close\r\n",
  "connection: upgrade\r\nupgrade: websocket\r\n",
  "expect: 100-continue\r\n",
  "cookie: a=b\r\n",
  "__proto__: x\r\n",
  "constructor: x\r\n",
  "x-a: 1\r\nX-A: 2\r\n",
];

describe("an ordinary request", () => {
  it("is parsed as by Node's parser, even after random changes", async () => {
    const next = seeded(184);
    const changed = Array.from({ length: 20_000 }, () => {
      let text = ORDINARY[next(ORDINARY.length)]!;
      for (let count = next(3); count >= 0; count--) {
        const at = next(Math.min(text.length, 300));
        text = text.slice(0, at) + PIECES[next(PIECES.length)]! + text.slice(at + next(3));
      }
      return text;
    });
    const accepted = [...ORDINARY, ...changed].flatMap((text) => {
      const request = read(text);
      return request === null ? [] : [{ text, request }];
    });
    expect(accepted.length).toBeGreaterThan(1000);
    expect(accepted.slice(0, ORDINARY.length).map(({ text }) => text)).toEqual(ORDINARY);
    const seen = await readByNode(accepted.map(({ text }) => text));
    expect(seen.length).toBe(accepted.length + 1);
    for (const [index, { request }] of accepted.entries()) {
      expect(request).toEqual(seen[index]);
    }
  });
});

describe("Node's parser reads", () => {
  const [first] = ORDINARY as [string];
  it.each([
    ["an incomplete head", first.slice(0, 40)],
    ["another method", first.replace("POST", "PUT")],
    ["another version", first.replace("HTTP/1.1", "HTTP/1.0")],
    ["an absolute target", first.replace("/api", "http://x/api")],
    ["a body without a length", first.replace(/content-length: \d+\r\n/, "")],
    ["a repeated length", first.replace("host: x", "content-length: 2")],
    ["a length with a sign", first.replace("content-length: 2", "content-length: +2")],
    ["a chunked body", first.replace("host: x", "transfer-encoding: chunked")],
    ["a transfer coding with a space before the colon", first.replace("host: x", "transfer-encoding : chunked")],
    ["a folded header", first.replace("host: x", "host: x\r\n y")],
    ["a line that ends with LF only", first.replace("host: x\r\n", "host: x\n")],
    ["a carriage return in a value", first.replace("host: x", "host: x\ry")],
    ["bytes above ASCII", first.replace("host: x", "host: \xe9")],
    ["a header twice", first.replace("host: x", "a: 1\r\na: 2")],
    ["a name of Object.prototype", first.replace("host: x", "constructor: x")],
    ["a connection that closes", first.replace("host: x", "connection: close")],
    ["an upgrade", first.replace("host: x", "connection: upgrade\r\nupgrade: x")],
    ["an expectation", first.replace("host: x", "expect: 100-continue")],
    [
      "more than 64 headers",
      post(
        "/",
        Array.from({ length: 64 }, (_, index) => `a-${index}: x`),
      ),
    ],
    ["a head of more than 8 KiB", post("/", [`a: ${"x".repeat(8192)}`])],
  ])("%s", (_title, text) => {
    expect(readHead(Buffer.from(text, "latin1"), SOCKET)).toBeNull();
  });
});

it("names of headers do not keep the heads of their requests in memory, however many there are", async () => {
  const kept: string[] = [];
  const readNext = (): void => {
    const { rawHeaders, headers } = read(
      post("/", [`X-Name-Of-Request-${kept.length}: 1`, `x-padding: ${"p".repeat(8000)}`]),
    )!;
    kept.push(rawHeaders[0]!, Object.keys(headers)[0]!);
  };
  readNext();
  const before = usedMemory();
  while (kept.length < 4000) readNext();
  // What is created while the collector marks survives its first collection.
  await eventually(() => expect(usedMemory() - before).toBeLessThan(4 * 1024 * 1024), { timeoutMs: 10_000 });
  expect(kept.slice(-2)).toEqual(["X-Name-Of-Request-3998", "x-name-of-request-3998"]);
});
