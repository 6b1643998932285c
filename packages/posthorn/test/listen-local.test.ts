/** The local server of a listener. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../../egress/test/certificates.ts";
import { forwardTo } from "../src/cli/listen/local.ts";
import type { RequestFrame } from "../src/relay/frames.ts";

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
let servers: Server[] = [];

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
  servers = [];
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const frame: RequestFrame = {
  type: "request",
  id: "1",
  timeoutMs: 30_000,
  method: "POST",
  path: "/a%20b?x=1&x=2",
  headers: [
    ["X-Trace", "one"],
    ["x-trace", "two"],
  ],
  body: BYTES.toString("base64"),
  message: { id: "msg_1", eventType: "a", timestamp: "2026-02-03T04:05:06Z", provider: null },
};

const send = (url: string, insecure = false) =>
  forwardTo({ url: new URL(url), headers: [], insecure })(frame, new AbortController().signal);

describe("a local server", () => {
  it("gets every byte of the body, path, query and repeated headers, and its response is returned unchanged", async () => {
    const seen: { url: string; headers: string[]; body: Buffer }[] = [];
    const handle: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        seen.push({ url: request.url!, headers: request.rawHeaders, body: Buffer.concat(chunks) });
        response.writeHead(207, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]).end(BYTES);
      });
    };
    const port = await listening(createServer(handle));
    const result = await send(`http://127.0.0.1:${port}/hooks`);
    expect(seen).toMatchObject([{ url: "/hooks/a%20b?x=1&x=2", body: BYTES }]);
    expect(seen[0]!.headers.slice(0, 4)).toEqual(["X-Trace", "one", "x-trace", "two"]);
    expect(result).toMatchObject({ kind: "response", status: 207, body: BYTES, truncated: false });
    const cookies = result.kind === "response" ? result.headers.filter(([name]) => name === "Set-Cookie") : [];
    expect(cookies).toEqual([
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
  });

  it("with a self-signed certificate is rejected with advice, and accepted with --insecure", async () => {
    const { key, cert } = await makeCertificate({ name: "laptop" });
    const port = await listening(createTlsServer({ key, cert }, (_request, response) => response.end("ok")));
    expect(await send(`https://127.0.0.1:${port}/`)).toMatchObject({
      kind: "error",
      code: "tls",
      message: expect.stringContaining("--insecure"),
    });
    expect(await send(`https://127.0.0.1:${port}/`, true)).toMatchObject({ kind: "response", status: 200 });
  });
});
