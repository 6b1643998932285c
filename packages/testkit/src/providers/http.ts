/** Shared parts of the fake provider APIs: a small HTTP server and a webhook sender. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface StandInRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FakeResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; absent: no body. */
  readonly json?: unknown;
}

/** Starts a server on a free port of 127.0.0.1. */
export async function serve(
  handle: (request: StandInRequest) => FakeResponse | Promise<FakeResponse>,
): Promise<Server> {
  const server = createServer((incoming, outgoing) => void respond(incoming, outgoing, handle));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => void server.close(resolve));
  server.closeAllConnections();
  await closed;
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: StandInRequest) => FakeResponse | Promise<FakeResponse>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = "", url = "", headers } = incoming;
  const {
    status,
    headers: extra = {},
    json,
  } = await handle({
    method,
    url: new URL(url, `http://${headers.host}`),
    headers: headers as Record<string, string>,
    body: Buffer.concat(chunks),
  });
  const body = json === undefined ? "" : JSON.stringify(json, null, 2);
  outgoing.writeHead(status, {
    ...(json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
    ...extra,
  });
  outgoing.end(body);
}

/** The response to a webhook; status 0 means none. */
export interface SentWebhook {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends a webhook as a provider does. It does not follow redirects, and reports a missing response as status 0. */
export async function sendWebhook(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<SentWebhook> {
  try {
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual" });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  } catch {
    return { status: 0, headers: {}, body: "" };
  }
}
