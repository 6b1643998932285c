/** Responses that are not valid HTTP, sent byte for byte by a TCP server. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Egress, parseAllowList } from "../src/index.ts";
import type { EgressResult } from "../src/index.ts";
import { CLIENT, HANG_MS } from "./client.ts";

/** Sends the bytes that the path of the request contains in base64url, and closes the connection. */
const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", (head) => {
    const path = /^\S+ \/(\S*)/.exec(head.toString("latin1"))?.[1] ?? "";
    socket.end(Buffer.from(path, "base64url"));
  });
});
let origin = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

async function answered(bytes: string): Promise<EgressResult> {
  await using egress = new Egress({ client: CLIENT, allow: parseAllowList("loopback"), maxUrlLength: 100_000 });
  const path = Buffer.from(bytes, "latin1").toString("base64url");
  const request = { method: "POST", headers: [], body: Buffer.from("{}"), timeoutMs: HANG_MS, maxResponseBytes: 1000 };
  return await egress.send({ ...request, url: `${origin}/${path}` });
}

const status = (line: string) => `HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`;
const header = (text: string) => `HTTP/1.1 200 OK\r\n${text}\r\n\r\n`;

describe("a malformed response is the receiver's fault", () => {
  test.each([
    "000 x",
    "001 x",
    "099 x",
    "0 x",
    "1 x",
    "99 x",
    "20 x",
    "2000 x",
    "0200 x",
    "65736 x",
    "4294967496 x",
    "-200 x",
    "+200 x",
    "abc x",
    "20x OK",
    "2 00",
    "200OK",
    "",
    " 200 OK",
    "0x0 x",
    "２００ x",
  ])("status %j", async (line) => {
    for (const bytes of [status(line), `HTTP/1.1 ${line}\r\n\r\n`, `HTTP/1.1 102 x\r\n\r\n${status(line)}`]) {
      expect(await answered(bytes)).toMatchObject({ kind: "error", code: "protocol", fault: "target" });
    }
  });

  test.each([
    ["a switch of protocols", "HTTP/1.1 101 x\r\n\r\n"],
    ["a switch to another protocol", "HTTP/1.1 101 x\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\n"],
    ["a switch with a length", "HTTP/1.1 101 x\r\ncontent-length: 5\r\n\r\nhello"],
    ["100 that was not asked for", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
    ["HTTP/3.0", "HTTP/3.0 200 OK\r\n\r\n"],
    ["HTTP/9.9", "HTTP/9.9 200 OK\r\n\r\n"],
    ["no version", "HTTP/ 200 OK\r\n\r\n"],
    ["lower case", "http/1.1 200 OK\r\n\r\n"],
    ["Shoutcast", "ICY 200 OK\r\n\r\n"],
    ["SSH", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["SMTP", "220 mail ESMTP\r\n"],
    ["a page without a head", "<html></html>"],
    ["JSON without a head", '{"ok":true}'],
    ["zeros", "\0\0\0\0"],
    ["a TLS alert", "\x15\x03\x01\x00\x02\x02\x28"],
    ["random bytes", "\xff\xfe\x00\x9c\r\n\r\n"],
    ["lines without carriage return", "HTTP/1.1 200 OK\na: b\n\n"],
    ["a bare carriage return in a header", header("a: b\rc: d")],
    ["a header without colon", header("nothing")],
    ["a header without name", header(": empty")],
    ["a space in a name", header("a b: c")],
    ["a space before the colon", header("a : c")],
    ["NUL in a name", header("a\0: c")],
    ["NUL in a value", header("a: c\0")],
    ["a folded header", header("a: b\r\n c")],
    ["a negative length", header("content-length: -1")],
    ["a length that is not a number", header("content-length: abc")],
    ["a hexadecimal length", header("content-length: 0x5")],
    ["a length beyond all numbers", header("content-length: 99999999999999999999999")],
    ["two lengths", `${header("content-length: 5\r\ncontent-length: 6")}hello`],
    ["a list of lengths", `${header("content-length: 5, 5")}hello`],
    ["length and chunks", `${header("content-length: 5\r\ntransfer-encoding: chunked")}0\r\n\r\n`],
  ])("%s", async (_title, bytes) => {
    expect(await answered(bytes)).toMatchObject({ kind: "error", code: "protocol", fault: "target" });
  });

  test.each([
    ["a chunk size that is not a number", `${header("transfer-encoding: chunked")}zz\r\n`],
    ["a negative chunk size", `${header("transfer-encoding: chunked")}-1\r\n`],
    ["a chunk size beyond all numbers", `${header("transfer-encoding: chunked")}ffffffffffffffffff\r\n`],
    ["a chunk without end", `${header("transfer-encoding: chunked")}5\r\nhelloXX`],
    ["a broken trailer", `${header("transfer-encoding: chunked\r\ntrailer: x")}0\r\nbroken\r\n\r\n`],
  ])("%s, after a valid head", async (_title, bytes) => {
    expect(await answered(bytes)).toMatchObject({ kind: "response", status: 200, bodyError: { code: "protocol" } });
  });

  test.each([
    ["nothing", "", "reset"],
    ["half a status line", "HTTP/1.1 20", "reset"],
    ["a head without end", "HTTP/1.1 200 OK\r\na: b", "reset"],
    ["only informational heads", "HTTP/1.1 102 x\r\n\r\n", "reset"],
    ["a head that is too large", header(`a: ${"x".repeat(20_000)}`), "headers_too_large"],
    ["too many informational heads", "HTTP/1.1 103 x\r\n\r\n".repeat(20), "protocol"],
  ])("%s", async (_title, bytes, code) => {
    expect(await answered(bytes)).toMatchObject({ kind: "error", code, fault: "target" });
  });
});

describe("an unusual but valid response is accepted", () => {
  test.each([
    ["600 x", 600],
    ["999 x", 999],
    ["200", 200],
    ["200 \xff\xfe", 200],
    ["407 x", 407],
  ])("status %j", async (line, expected) => {
    expect(await answered(status(line))).toMatchObject({ kind: "response", status: expected });
  });
});
