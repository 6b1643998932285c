import { WebhookError } from "../errors.ts";
import type { WebhookReceiver } from "../receiver/receiver.ts";
import type { WebhookReply } from "../receiver/reply.ts";
import type { WebhookRequest } from "../request.ts";
import { alreadyRead, bodyLimit, type BodyOptions, readWebBody } from "./body.ts";
import { absoluteUrl, type UrlOptions } from "./url.ts";
import { readHeaders } from "../request.ts";

/** Limits, and where the public URL comes from. Without `publicUrl` the request's own URL counts. */
export interface FetchHandlerOptions extends BodyOptions, UrlOptions {}

/**
 * A handler for everything that speaks `Request` and `Response`: Next.js route handlers, Hono, Cloudflare Workers, Deno,
 * Bun. The second argument is the runtime's context when it has `waitUntil`, and is ignored otherwise.
 */
export type FetchHandler = (request: Request, context?: object) => Promise<Response>;

/** Makes a `fetch`-style handler of a receiver. */
export function fetchHandler(receiver: WebhookReceiver, options: FetchHandlerOptions = {}): FetchHandler {
  return async (request, context) => {
    const empty: WebhookRequest = {
      method: request.method,
      url: publicUrlOf(request, options),
      headers: request.headers,
      body: new Uint8Array(0),
    };
    try {
      if (request.bodyUsed) {
        throw alreadyRead(
          "Hand the request over before anything calls json(), text() or formData(), or hand over a clone().",
        );
      }
      const body = await readWebBody(request.body, request.headers.get("content-length"), bodyLimit(options));
      return toResponse(request, await receiver.receive({ ...empty, body }, waitUntilOf(context)));
    } catch (error) {
      if (error instanceof WebhookError) return toResponse(request, receiver.refuse(error, empty));
      const broken = new WebhookError(
        "body_unavailable",
        "The body could not be read to its end.",
        {},
        { cause: error },
      );
      return toResponse(request, receiver.refuse(broken, empty));
    }
  };
}

function publicUrlOf(request: Request, options: UrlOptions): string {
  if (options.publicUrl === undefined && options.trustProxy !== true) return request.url;
  const { pathname, search, host, protocol } = new URL(request.url);
  const known = readHeaders(request.headers);
  const headers = { ...known, get: (name: string) => known.get(name) ?? (name === "host" ? host : undefined) };
  return absoluteUrl(pathname + search, { headers, encrypted: protocol === "https:" }, options);
}

interface WaitUntil {
  waitUntil?: (work: Promise<unknown>) => void;
}

function waitUntilOf(context: WaitUntil | undefined): { readonly waitUntil?: (work: Promise<unknown>) => void } {
  // Called on its own object: the runtime's method insists on its receiver.
  return typeof context?.waitUntil === "function" ? { waitUntil: (work) => context.waitUntil?.(work) } : {};
}

function toResponse(request: Request, { status, headers, body }: WebhookReply): Response {
  const bodiless = request.method === "HEAD" || body === "" || status === 204 || status === 304;
  return new Response(bodiless ? null : body, { status, headers });
}
