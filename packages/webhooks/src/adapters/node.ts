import { WebhookError } from "../errors.ts";
import type { WebhookReceiver } from "../receiver/receiver.ts";
import { failureReply, type WebhookReply } from "../receiver/reply.ts";
import { type HeaderRecord, readHeaders, type WebhookRequest } from "../request.ts";
import {
  alreadyRead,
  bodyLimit,
  type BodyOptions,
  keptBody,
  type NodeBodyStream,
  readNodeBody,
  tooLarge,
} from "./body.ts";
import { absoluteUrl, type UrlOptions } from "./url.ts";

/** Body limit and public URL. */
export interface NodeHandlerOptions extends BodyOptions, UrlOptions {}

/** The part of `http.IncomingMessage`, and of what frameworks attach to it, that is used. */
export interface NodeRequest extends NodeBodyStream {
  /** HTTP method. */
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  /** Headers with names in lower case. */
  readonly headers: HeaderRecord & { readonly "content-length"?: string | undefined };
  /** The connection; `encrypted` tells HTTPS from HTTP. */
  readonly socket?: object | null;
  /** The raw body, if a platform or body parser keeps it there (Cloud Functions, `verify` of `express.json`). */
  readonly rawBody?: unknown;
  /** Result of a body parser: the raw body after `express.raw` or `express.text`, otherwise a parsed value. */
  readonly body?: unknown;
}

/** How a framework mounted the handler. */
export interface NodeMount {
  /** Path and query as the sender called them. */
  readonly path: string;
  /** What to change when the framework has consumed the body; part of the error message. */
  readonly remedy: string;
  /** The raw body, if the framework keeps it elsewhere than on the request. */
  readonly kept?: unknown;
}

/** The part of `http.ServerResponse` that is used. */
export interface NodeResponse {
  /** Writes status and headers. */
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** Writes the body and ends the response. */
  end(body?: string): unknown;
}

/** A request listener for `http.createServer`. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

const REMEDY = "Mount the handler before any body parser, or keep the raw bytes as request.rawBody.";

/**
 * Creates a request listener for `http.createServer`.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param options Body limit and public URL.
 * @returns A listener that reads the body, runs the receiver and writes the response.
 *
 * @example
 *
 * ```ts
 * import { createServer } from "node:http";
 * import { nodeHandler } from "@posthorn/webhooks/node";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const receiver = createReceiver({
 *   source: standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
 *   handle: ({ type }) => console.log(type),
 * });
 * const server = createServer(nodeHandler(receiver));
 * // server.listen(3000);
 * ```
 */
export function nodeHandler(receiver: WebhookReceiver, options: NodeHandlerOptions = {}): NodeHandler {
  return (request, response) => {
    receiveNode(receiver, request, { path: request.url ?? "/", remedy: REMEDY }, options)
      // Only an onError that throws ends up here. Without a response the sender would wait for its timeout.
      .catch(() => failureReply(500, "internal"))
      .then((reply) => writeReply(request, response, reply))
      .catch(() => undefined);
  };
}

/**
 * Reads a Node request and passes it to the receiver. For frameworks based on Node's requests that have no adapter
 * here.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param request Node's request, with its body unread or kept raw.
 * @param mount Path as the sender called it, and where the framework keeps the raw body.
 * @param options Body limit and public URL.
 * @returns The response to write, for instance with {@link writeReply}.
 *
 * @example
 *
 * ```ts
 * import { createServer } from "node:http";
 * import { receiveNode, writeReply } from "@posthorn/webhooks/node";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const receiver = createReceiver({
 *   source: standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
 *   handle: ({ type }) => console.log(type),
 * });
 * const server = createServer(async (request, response) => {
 *   const mount = { path: request.url ?? "/", remedy: "Mount this handler before any body parser." };
 *   writeReply(request, response, await receiveNode(receiver, request, mount, { maxBodyBytes: 100_000 }));
 * });
 * // server.listen(3000);
 * ```
 */
export async function receiveNode(
  receiver: WebhookReceiver,
  request: NodeRequest,
  mount: NodeMount,
  options: NodeHandlerOptions,
): Promise<WebhookReply> {
  const headers = readHeaders(request.headers);
  const socket: { readonly encrypted?: unknown } = request.socket ?? {};
  const empty: WebhookRequest = {
    method: request.method ?? "GET",
    url: absoluteUrl(mount.path, { headers, encrypted: socket.encrypted === true }, options),
    headers: request.headers,
    body: new Uint8Array(0),
  };
  try {
    return await receiver.receive({ ...empty, body: await rawBody(request, mount, bodyLimit(options)) });
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error;
    const reply = receiver.refuse(error, empty);
    // The rest of the body stays unread, so the connection cannot serve another request.
    return { ...reply, headers: { ...reply.headers, connection: "close" } };
  }
}

/** The raw body: as kept by a framework, or read from the stream. */
function rawBody(request: NodeRequest, mount: NodeMount, limit: number): Uint8Array | Promise<Uint8Array> {
  const kept = keptBody(mount.kept) ?? keptBody(request.rawBody) ?? keptBody(request.body);
  if (kept !== undefined) {
    if (kept.length > limit) throw tooLarge(limit);
    return kept;
  }
  if (request.readableDidRead === true) throw alreadyRead(mount.remedy);
  return readNodeBody(request, limit);
}

/**
 * Writes a reply to a Node response, with its `content-length`. A HEAD request gets no body.
 *
 * @param request Node's request; its method decides whether a body is written.
 * @param response Node's response.
 * @param reply Reply of a receiver.
 *
 * @example
 *
 * ```ts
 * import { type NodeResponse, writeReply } from "@posthorn/webhooks/node";
 *
 * const response: NodeResponse = {
 *   writeHead: (status, headers) => console.log(status, headers["content-length"]), // 200 2
 *   end: () => undefined,
 * };
 * const request = { method: "POST", headers: {}, on: () => undefined, pause: () => undefined };
 * writeReply(request, response, { status: 200, headers: {}, body: "ok" });
 * ```
 */
export function writeReply(request: NodeRequest, response: NodeResponse, reply: WebhookReply): void {
  const length = reply.status === 204 ? {} : { "content-length": String(new TextEncoder().encode(reply.body).length) };
  response.writeHead(reply.status, { ...reply.headers, ...length });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}
