/** The HTTP side of the door for inbound webhooks: bytes in, an answer out. Nothing is parsed and no token of the API is asked for. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BUSY, type Gateway } from "../ingest/gateway.ts";
import type { InboundResponse } from "../ingest/inbound-response.ts";
import type { LiveSource } from "../ingest/live-source.ts";
import { jsonResponse } from "../ingest/verifier.ts";
import { discard } from "./connection.ts";
import { asksForScript, INERT } from "./inert.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const TOO_LARGE = jsonResponse(413, "payload_too_large", "The body is larger than this source takes.");
const CUT_OFF = jsonResponse(400, "bad_request", "The body ended before it was complete.");
const SCRIPT = jsonResponse(
  403,
  "script_refused",
  "A browser asked for this URL as a script or worker. It takes webhooks and serves no code.",
);
const NO_BODY = Buffer.alloc(0);

/**
 * Registers `/in/:token`. The answer is given by a hook, before Fastify looks at the body: whatever its type and encoding say, its
 * bytes are taken as they come.
 *
 * Must be registered before hooks that are for callers of the API, such as CORS: a hook that answers is the last.
 */
export function registerInbound(app: FastifyInstance, gateway: Gateway): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, fail: (error: Error) => void): Promise<void> => {
    try {
      send(reply, asksForScript(request.headers) ? await refused(request, SCRIPT) : await receive(gateway, request));
    } catch (error) {
      fail(error as Error);
    }
  };
  app.addHook("onRequest", (request, reply, done) => {
    if (request.routeOptions.config.inbound !== true) return done();
    void answer(request, reply, done);
  });
  for (const url of ["/in/:token", "/in/:token/*"]) {
    app.route({
      method: [...METHODS],
      url,
      config: { inbound: true },
      // The document is about the API.
      schema: { hide: true },
      // Never reached: the hook has answered.
      handler: () => undefined,
    });
  }
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** A door for strangers: see `registerInbound`. */
    readonly inbound?: boolean;
  }
}

async function receive(gateway: Gateway, request: FastifyRequest): Promise<InboundResponse> {
  const { token } = request.params as { readonly token: string };
  const source = await gateway.find(token);
  const refusal =
    "status" in source ? source : gateway.admit(source, { address: request.ip, headers: request.headers });
  return refusal === null ? read(gateway, source as LiveSource, token, request) : refused(request, refusal);
}

/** The answer to a request whose body is not read. */
async function refused(request: FastifyRequest, answer: InboundResponse): Promise<InboundResponse> {
  await discard(request.raw);
  return answer;
}

async function read(
  gateway: Gateway,
  source: LiveSource,
  token: string,
  request: FastifyRequest,
): Promise<InboundResponse> {
  const { raw, ip } = request;
  const held = { bytes: 0 };
  try {
    const body = await readBody(raw, gateway.maxBodyBytes(source), (bytes) => {
      const fits = gateway.limits.takeBytes(source.key, bytes);
      if (fits) held.bytes += bytes;
      return fits;
    });
    if (!Buffer.isBuffer(body)) {
      await discard(raw);
      return body;
    }
    const { path, query } = partsOf(raw.url ?? "", token);
    const { method = "GET", rawHeaders, headers } = raw;
    return await gateway.receive(source, { token, method, path, query, rawHeaders, headers, address: ip, body });
  } finally {
    gateway.limits.giveBytes(source.key, held.bytes);
  }
}

/**
 * The whole body, or how to answer when it is too large, cut off, or does not fit into memory now. By events: an iterator makes
 * promises and listeners for each of its few chunks.
 */
function readBody(
  raw: IncomingMessage,
  most: number,
  take: (bytes: number) => boolean,
): Promise<Buffer | InboundResponse> {
  if (Number(raw.headers["content-length"] ?? 0) > most) return Promise.resolve(TOO_LARGE);
  // It was aborted before a listener existed: no event will come.
  if (raw.destroyed) return Promise.resolve(CUT_OFF);
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    const stop = (answer: InboundResponse): void => {
      raw.off("data", onData).off("end", onEnd);
      chunks = [];
      resolve(answer);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength;
      if (size > most) stop(TOO_LARGE);
      else if (!take(chunk.byteLength)) stop(BUSY);
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      if (isCutOff(raw)) stop(CUT_OFF);
      else resolve(chunks.length === 0 ? NO_BODY : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    };
    // A request that breaks off has no end. After one it changes nothing.
    raw
      .on("data", onData)
      .on("end", onEnd)
      .once("error", () => stop(CUT_OFF))
      .once("close", () => stop(CUT_OFF));
  });
}

/** A request that a host has handed over as an object never came over a socket, and says nothing of that. */
function isCutOff({ complete }: { readonly complete?: boolean }): boolean {
  return complete === false;
}

/** What follows the token, exactly as it was written. */
function partsOf(url: string, token: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf("?");
  const whole = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? "" : url.slice(mark + 1);
  return { path: whole.slice(whole.indexOf(token) + token.length), query };
}

/** Past Fastify: to a text it adds a charset, and a type where the provider wants none. */
function send(reply: FastifyReply, { status, headers, body }: InboundResponse): void {
  reply.hijack();
  const { raw } = reply;
  // What has no body has no length either (RFC 9110, section 8.6).
  if (status === 204 || status === 304) return void raw.writeHead(status, { ...headers, ...INERT }).end();
  const length = status === 205 ? 0 : Buffer.byteLength(body);
  const typed = length === 0 || headers["content-type"] !== undefined ? null : { "content-type": "text/plain" };
  raw.writeHead(status, { ...headers, ...typed, ...INERT, "content-length": length });
  raw.end(length === 0 ? undefined : body);
}
