import { type HeaderReader, readHeaders, type WebhookRequest } from "../request.ts";
import { parseJson } from "./payload.ts";

/** Extracts the payload from the text of a body. Returns `undefined` when there is none. */
export type PayloadReader = (text: string, contentType: string) => unknown;

/** A request as definitions read it. Each view is computed on first use. */
export interface Inbound {
  /** HTTP method in upper case. */
  readonly method: string;
  /** URL of the request. */
  readonly url: string;
  /** The exact bytes of the body. */
  readonly body: Uint8Array;
  /** Access to all headers. */
  readonly headers: HeaderReader;
  /** Value of a header (name in lower case); repeated headers are joined by `", "`. */
  header(name: string): string | undefined;
  /** First value of a query parameter, decoded. */
  query(name: string): string | undefined;
  /** The body as text. Invalid UTF-8 is replaced, so never verify a signature over the whole body with it. */
  text(): string;
  /** The payload, as extracted by the definition's reader. */
  payload(): unknown;
}

/**
 * Opens a request for reading. Never throws: missing parts are `undefined`. A request that is already open is
 * returned as it is, so verifying, describing and answering a request can share one view.
 *
 * @param request The request as it arrived.
 * @param reader Extracts the payload. Defaults to JSON.
 * @returns A lazy view of the request.
 *
 * @example
 *
 * ```ts
 * import { openInbound } from "@posthorn/webhooks/provider";
 *
 * const inbound = openInbound({
 *   method: "POST",
 *   url: "https://receiver.example/webhooks?tenant=42",
 *   headers: { "X-Event": "ping" },
 *   body: new TextEncoder().encode('{"id":7}'),
 * });
 * console.log(inbound.header("x-event"), inbound.query("tenant"), inbound.payload()); // ping 42 { id: 7 }
 * ```
 */
export function openInbound(request: WebhookRequest, reader: PayloadReader = parseJson): Inbound {
  if (request instanceof RequestView && request.reader === reader) return request;
  return new RequestView(request, reader);
}

/** Query of an absolute or relative URL, without the question mark. */
export function queryOf(url: string): string {
  return /\?([^#]*)/.exec(url)?.[1] ?? "";
}

const utf8Text = /* @__PURE__ */ new TextDecoder();

// A class rather than closures, because opening a request must be cheap: most of it is never read.
class RequestView implements Inbound {
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array;
  readonly headers: HeaderReader;
  readonly reader: PayloadReader;
  private decoded: string | undefined;
  private found: { readonly payload: unknown } | undefined;

  constructor({ method, url, headers, body }: WebhookRequest, reader: PayloadReader) {
    this.method = method.toUpperCase();
    this.url = url;
    this.body = body;
    this.headers = readHeaders(headers);
    this.reader = reader;
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  query(name: string): string | undefined {
    return new URLSearchParams(queryOf(this.url)).get(name) ?? undefined;
  }

  text(): string {
    return (this.decoded ??= utf8Text.decode(this.body));
  }

  payload(): unknown {
    this.found ??= { payload: this.reader(this.text(), this.headers.get("content-type") ?? "") };
    return this.found.payload;
  }
}
