import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Gateway } from "../ingest/gateway.ts";
import { inboundRoute, responder } from "./front.ts";

const respond = responder(["vary", "Origin"], () => 7);

/** Sends an inbound webhook to a server, which handles it with `listener`. */
async function responseOf(listener: (request: IncomingMessage, response: ServerResponse) => void) {
  await using server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in/${"0".repeat(40)}`;
  const response = await fetch(url, { method: "POST", body: "{}", headers: { connection: "close" } });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe("a response", () => {
  it("is not written again if the host program has already written one", async () => {
    const { status, text } = await responseOf((_request, response) => {
      response.writeHead(503).end("timeout");
      respond(response, { status: 202, json: "{}" }, false);
    });
    expect([status, text]).toEqual([503, "timeout"]);
  });

  it("has the headers of its status", async () => {
    const { headers } = await responseOf((_request, response) => respond(response, { status: 503, json: "{}" }, true));
    expect([headers.get("retry-after"), headers.get("connection"), headers.get("vary")]).toEqual([
      "7",
      "close",
      "Origin",
    ]);
  });

  it("to an inbound webhook is a 500 if it cannot be written, and the process continues", async () => {
    const gateway = {
      known: () => null,
      find: async () => ({ status: 200, headers: { "x-invalid": "line\nbreak" }, body: "" }),
    } as unknown as Gateway;
    const log = pino({ level: "silent" });
    const route = inboundRoute({ gateway, log, respond, isForIngest: null, hasProxies: false });
    const { status, text } = await responseOf((request, response) => void route(request, response, request));
    expect(status).toBe(500);
    expect(text).toContain("internal_error");
  });
});
