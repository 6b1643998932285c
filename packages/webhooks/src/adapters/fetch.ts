import { WebhookError } from "../errors.ts";
import type { WebhookReceiver } from "../receiver/receiver.ts";
import type { WebhookReply } from "../receiver/reply.ts";
import type { WebhookRequest } from "../request.ts";
import { alreadyRead, bodyLimit, type BodyOptions, readWebBody } from "./body.ts";
import { absoluteUrl, type UrlOptions } from "./url.ts";
import { readHeaders } from "../request.ts";

/** Body limit and public URL. Without `publicUrl` the request's own URL is used. */
export interface FetchHandlerOptions extends BodyOptions, UrlOptions {}

/**
 * A handler for everything based on `Request` and `Response`: Next.js route handlers, Hono, Cloudflare Workers, Deno,
 * Bun. The second argument is the runtime's context if it has `waitUntil`; otherwise it is ignored.
 */
export type FetchHandler = (request: Request, context?: object) => Promise<Response>;

/**
 * Creates a `fetch`-style handler for a receiver.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param options Body limit and public URL.
 * @returns A function from `Request` to `Response`.
 *
 * @example
 *
 * ```ts
 * import { sign } from "@posthorn/webhooks";
 * import { fetchHandler } from "@posthorn/webhooks/fetch";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const receiver = createReceiver({ source: standardWebhooks(secret), handle: () => undefined });
 * export const POST = fetchHandler(receiver);
 *
 * const body = '{"type":"invoice.paid"}';
 * const headers = await sign({ id: "msg_1", body }, secret);
 * const response = await POST(new Request("https://receiver.example/webhooks", { method: "POST", headers, body }));
 * console.log(response.status); // 200
 * ```
 */
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
          "Pass the request before anything calls json(), text() or formData() on it, or pass a clone().",
        );
      }
      const body = await readWebBody(request.body, request.headers.get("content-length"), bodyLimit(options));
      return toResponse(request, await receiver.receive({ ...empty, body }, waitUntilOf(context)));
    } catch (error) {
      if (error instanceof WebhookError) return toResponse(request, receiver.refuse(error, empty));
      const broken = new WebhookError(
        "body_unavailable",
        "Reading the body failed before its end.",
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
  // Called as a method of its object: the runtime checks `this`.
  return typeof context?.waitUntil === "function" ? { waitUntil: (work) => context.waitUntil?.(work) } : {};
}

function toResponse(request: Request, { status, headers, body }: WebhookReply): Response {
  const bodiless = request.method === "HEAD" || body === "" || status === 204 || status === 304;
  return new Response(bodiless ? null : body, { status, headers });
}
