import { type HeaderReader, readHeaders, type WebhookRequest } from "../request.ts";
import { parseJson } from "./payload.ts";

/** Finds the payload in a body's text. `undefined` when there is none. */
export type PayloadReader = (text: string, contentType: string) => unknown;

/** A request as definitions look at it: each view is made when first asked for. */
export interface Inbound {
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array;
  readonly headers: HeaderReader;
  /** Value of a header, name in lower case; repeated ones joined by `", "`. */
  header(name: string): string | undefined;
  /** First value of a query parameter, decoded. */
  query(name: string): string | undefined;
  /** The body as text. Invalid UTF-8 is replaced: for looking, never for checking a signature over the whole body. */
  text(): string;
  /** The payload as the definition's reader finds it. */
  payload(): unknown;
}

/**
 * Opens a request for reading. Nothing throws: what is not there is `undefined`. One that is open already stays so: who verifies,
 * describes and answers a request can open it once.
 */
export function openInbound(request: WebhookRequest, reader: PayloadReader = parseJson): Inbound {
  if (request instanceof RequestView && request.reader === reader) return request;
  return new RequestView(request, reader);
}

/** The query of an absolute or relative URL, without the question mark. */
export function queryOf(url: string): string {
  return /\?([^#]*)/.exec(url)?.[1] ?? "";
}

const utf8Text = /* @__PURE__ */ new TextDecoder();

// A class rather than closures: opening a request must cost next to nothing, for most of it is never looked at.
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
