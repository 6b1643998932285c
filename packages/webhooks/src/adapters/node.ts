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

/** Limits, and where the public URL comes from. */
export interface NodeHandlerOptions extends BodyOptions, UrlOptions {}

/** What is read of `http.IncomingMessage`, and of what frameworks hang on it. */
export interface NodeRequest extends NodeBodyStream {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: HeaderRecord & { readonly "content-length"?: string | undefined };
  readonly socket?: object | null;
  /** Raw body, where a platform or a body parser keeps it (Cloud Functions, `verify` of `express.json`). */
  readonly rawBody?: unknown;
  /** What a body parser left: the raw body after `express.raw` and `express.text`, something parsed otherwise. */
  readonly body?: unknown;
}

/** Where in a framework the request stands. */
export interface NodeMount {
  /** Path with query as the sender called it. */
  readonly path: string;
  /** What to change when the framework has eaten the body. */
  readonly remedy: string;
  /** Raw body that the framework keeps elsewhere than on the request. */
  readonly kept?: unknown;
}

/** What is used of `http.ServerResponse`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string): unknown;
}

/** A listener for `http.createServer`. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse) => void;

const REMEDY = "Mount the handler in front of body parsers, or keep the raw bytes as request.rawBody.";

/** Makes a handler for `http.createServer` of a receiver. */
export function nodeHandler(receiver: WebhookReceiver, options: NodeHandlerOptions = {}): NodeHandler {
  return (request, response) => {
    receiveNode(receiver, request, { path: request.url ?? "/", remedy: REMEDY }, options)
      // Only a failing onError comes here; without an answer the sender would wait for its own deadline.
      .catch(() => failureReply(500, "internal"))
      .then((reply) => writeReply(request, response, reply))
      .catch(() => undefined);
  };
}

/** Reads a Node request and has it received. Never rejects. */
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
    // The rest of the body is not read, so the connection cannot serve another request.
    return { ...reply, headers: { ...reply.headers, connection: "close" } };
  }
}

/** The raw body: what a framework kept of it, or the stream when nobody has read it yet. */
function rawBody(request: NodeRequest, mount: NodeMount, limit: number): Uint8Array | Promise<Uint8Array> {
  const kept = keptBody(mount.kept) ?? keptBody(request.rawBody) ?? keptBody(request.body);
  if (kept !== undefined) {
    if (kept.length > limit) throw tooLarge(limit);
    return kept;
  }
  if (request.readableDidRead === true) throw alreadyRead(mount.remedy);
  return readNodeBody(request, limit);
}

/** Writes a reply to a Node response. */
export function writeReply(request: NodeRequest, response: NodeResponse, reply: WebhookReply): void {
  const length = reply.status === 204 ? {} : { "content-length": String(new TextEncoder().encode(reply.body).length) };
  response.writeHead(reply.status, { ...reply.headers, ...length });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}
