/** HTTP routes of inbound webhooks. They read raw bodies without parsing and require no API token. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BUSY, type Gateway } from "../ingest/gateway.ts";
import type { InboundResponse } from "../ingest/inbound-response.ts";
import type { LiveSource } from "../ingest/live-source.ts";
import { jsonResponse } from "../ingest/verifier.ts";
import { ByteCollector } from "../lib/byte-collector.ts";
import { ownBytes } from "../domain/message/prepare.ts";
import { discard } from "./connection.ts";
import type { HotBody, HotRequest, HotResponse } from "./hot-route.ts";
import { withoutOwnCookies } from "./session/cookies.ts";
import { asksForScript, INERT } from "./inert.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const TOO_LARGE = jsonResponse(413, "payload_too_large", "The body is larger than this source accepts.");
const CUT_OFF = jsonResponse(400, "bad_request", "The body ended before it was complete.");
const SCRIPT = jsonResponse(
  403,
  "script_refused",
  "A browser asked for this URL as a script or worker. It receives webhooks and serves no code.",
);

/**
 * Registers `/in/:token`. A hook sends the response before Fastify reads the body, so that the bytes are received unchanged for any content
 * type and encoding.
 *
 * Must be registered before the hooks for API callers, such as CORS, because no hook runs after the one that responds.
 */
export function registerInbound(app: FastifyInstance, gateway: Gateway): void {
  const respond = async (request: FastifyRequest, reply: FastifyReply, fail: (error: Error) => void): Promise<void> => {
    try {
      const { raw, ip } = request;
      const { token } = request.params as { readonly token: string };
      const response = await receiveInbound(gateway, { raw, body: raw, token, address: ip });
      // Bypasses Fastify, which adds a charset to strings, and a content type where the provider expects none.
      reply.hijack();
      sendInbound(reply.raw, response);
    } catch (error) {
      fail(error as Error);
    }
  };
  app.addHook("onRequest", (request, reply, done) => {
    if (request.routeOptions.config.inbound !== true) return done();
    void respond(request, reply, done);
  });
  for (const url of ["/in/:token", "/in/:token/*"]) {
    app.route({
      method: [...METHODS],
      url,
      config: { inbound: true },
      // Never reached, because the hook responds.
      handler: () => undefined,
    });
  }
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Source URL that requires no API token: see `registerInbound`. */
    readonly inbound?: boolean;
  }
}

/** Request to the URL of a source. */
export interface InboundCall {
  readonly raw: HotRequest;
  readonly body: HotBody;
  readonly token: string;
  /** Address of the sender. */
  readonly address: string;
}

/** Reads a request and passes it to its source. Not async: a request whose source and body are in memory costs few promises. */
export function receiveInbound(gateway: Gateway, call: InboundCall): Promise<InboundResponse> {
  try {
    if (asksForScript(call.raw.headers)) return refused(call.body, SCRIPT);
    const known = gateway.known(call.token);
    return known === null ? find(gateway, call) : admit(gateway, known, call);
  } catch (error) {
    return Promise.reject(error);
  }
}

async function find(gateway: Gateway, call: InboundCall): Promise<InboundResponse> {
  const found = await gateway.find(call.token);
  return "status" in found ? refused(call.body, found) : admit(gateway, found, call);
}

function admit(gateway: Gateway, source: LiveSource, call: InboundCall): Promise<InboundResponse> {
  const refusal = gateway.admit(source, { address: call.address, headers: call.raw.headers });
  return refusal === null ? read(gateway, source, call) : refused(call.body, refusal);
}

/** Discards the body of a rejected request, then returns the response. */
async function refused(body: HotBody, response: InboundResponse): Promise<InboundResponse> {
  if (!Buffer.isBuffer(body)) await discard(body);
  return response;
}

/** Reads the body and passes it on. Reserves its memory until the response. */
function read(gateway: Gateway, source: LiveSource, call: InboundCall): Promise<InboundResponse> {
  const { limits } = gateway;
  let held = 0;
  const take = (bytes: number): boolean => {
    const fits = limits.takeBytes(source.key, bytes);
    if (fits) held += bytes;
    return fits;
  };
  const release = (): void => limits.giveBytes(source.key, held);
  const most = gateway.maxBodyBytes(source);
  let received: Promise<InboundResponse>;
  try {
    received = Buffer.isBuffer(call.body)
      ? pass(gateway, source, call, checkBody(call.body, most, take))
      : readBody(call.body, most, take).then((body) => pass(gateway, source, call, body));
  } catch (error) {
    release();
    throw error;
  }
  return received.then(
    (response) => {
      release();
      return response;
    },
    (error: unknown) => {
      release();
      throw error;
    },
  );
}

function pass(
  gateway: Gateway,
  source: LiveSource,
  { raw, body: sent, token, address }: InboundCall,
  body: Buffer | InboundResponse,
): Promise<InboundResponse> {
  if (!Buffer.isBuffer(body)) return refused(sent, body);
  const { path, query } = partsOf(raw.url ?? "", token);
  const { method = "GET", headers } = raw;
  // The dashboard may have the same origin, so that browsers send its cookies here too.
  const rawHeaders = headers.cookie === undefined ? raw.rawHeaders : withoutOwnCookies(raw.rawHeaders);
  return gateway.receive(source, { token, method, path, query, rawHeaders, headers, address, body });
}

/** The body, or the response to one that is too large or does not fit into memory now. */
function checkBody(body: Buffer, most: number, take: (bytes: number) => boolean): Buffer | InboundResponse {
  if (body.byteLength > most) return TOO_LARGE;
  return take(body.byteLength) ? ownBytes(body) : BUSY;
}

/**
 * Reads the whole body, or returns the response to a body that is too large, incomplete, or does not fit into memory now. Uses
 * events because an iterator creates promises and listeners for each chunk.
 */
function readBody(
  raw: IncomingMessage,
  most: number,
  take: (bytes: number) => boolean,
): Promise<Buffer | InboundResponse> {
  if (Number(raw.headers["content-length"] ?? 0) > most) return Promise.resolve(TOO_LARGE);
  // The request was aborted before the listeners were added, so no event will follow.
  if (raw.destroyed) return Promise.resolve(CUT_OFF);
  return new Promise((resolve) => {
    const body = new ByteCollector();
    let size = 0;
    const stop = (response: InboundResponse): void => {
      raw.off("data", onData).off("end", onEnd);
      body.clear();
      resolve(response);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength;
      if (size > most) stop(TOO_LARGE);
      else if (!take(chunk.byteLength)) stop(BUSY);
      else body.add(chunk);
    };
    const onEnd = (): void => {
      if (isCutOff(raw)) stop(CUT_OFF);
      else resolve(body.bytes());
    };
    // An aborted request emits no `end`. After `end`, a second `resolve` has no effect.
    raw
      .on("data", onData)
      .on("end", onEnd)
      .once("error", () => stop(CUT_OFF))
      .once("close", () => stop(CUT_OFF));
  });
}

/** Whether the body is incomplete. A request object passed in by a host application has no `complete` property. */
function isCutOff({ complete }: { readonly complete?: boolean }): boolean {
  return complete === false;
}

/** Path and query after the token, exactly as received. */
function partsOf(url: string, token: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf("?");
  const whole = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? "" : url.slice(mark + 1);
  return { path: whole.slice(whole.indexOf(token) + token.length), query };
}

export function sendInbound(raw: HotResponse, { status, headers, body }: InboundResponse): void {
  // A response without a body has no length (RFC 9110, section 8.6).
  if (status === 204 || status === 304) {
    raw.writeHead(status, { ...headers, ...INERT });
    return void raw.end("", "utf8");
  }
  const length = status === 205 ? 0 : Buffer.byteLength(body);
  const typed = length === 0 || headers["content-type"] !== undefined ? null : { "content-type": "text/plain" };
  raw.writeHead(status, { ...headers, ...typed, ...INERT, "content-length": length });
  raw.end(length === 0 ? "" : body, "utf8");
}
