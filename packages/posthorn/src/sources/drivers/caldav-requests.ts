/** Requests of WebDAV and CalDAV (RFC 4918, RFC 4791), with the credentials of a source. */
import { SourceFailure, type SourceHost, type SourceResponse } from "../driver.ts";
import type { Multistatus } from "../parse/multistatus.ts";
import { headersOf, MAX_DOCUMENT_BYTES, type RequestConfig, requireSuccess } from "./request.ts";

export interface CalDavConfig extends RequestConfig {
  /** Name of the calendar, for an account with several. */
  readonly calendar: string | null;
  /** Time zone of times without one. */
  readonly timeZone: string;
}

export interface Period {
  readonly from: number;
  readonly to: number;
}

export const NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"';
export const NOWHEN: Period = { from: 0, to: 0 };

export interface CalDavRequest {
  readonly method: "PROPFIND" | "REPORT";
  readonly url: string;
  readonly body: string;
  readonly depth: "0" | "1";
}

export class CalDavRequests {
  readonly #host: SourceHost;
  readonly #config: CalDavConfig;

  constructor(host: SourceHost, config: CalDavConfig) {
    this.#host = host;
    this.#config = config;
  }

  get config(): CalDavConfig {
    return this.#config;
  }

  /** The document in the response. Rejects unless it is a success. */
  async ask(request: CalDavRequest, period: Period = NOWHEN): Promise<Multistatus> {
    const response = await this.send(request);
    const { status } = response;
    if (status === 405 || status === 501) {
      throw new SourceFailure(
        "protocol_error",
        `The server does not support ${request.method} at this URL (HTTP ${status}).`,
        {
          hint: "Enter the URL of a calendar of a CalDAV server. For a file in the iCalendar format use the kind ical.",
        },
      );
    }
    this.requireSuccess(response);
    return this.parse(response, period);
  }

  requireSuccess(response: SourceResponse): void {
    requireSuccess(response, this.#host.now());
  }

  send({ method, url, body, depth }: CalDavRequest): Promise<SourceResponse> {
    const headers = [...headersOf(this.#config, { accept: "application/xml, text/xml;q=0.9" })];
    headers.push("content-type", 'application/xml; charset="utf-8"', "depth", depth);
    const document = Buffer.from(`<?xml version="1.0" encoding="utf-8"?>${body}`);
    return this.#host.send({ method, url, headers, body: document, maxResponseBytes: MAX_DOCUMENT_BYTES });
  }

  async parse({ body }: SourceResponse, { from, to }: Period = NOWHEN): Promise<Multistatus> {
    const { timeZone } = this.#config;
    const parsed = await this.#host.parse({ kind: "multistatus", body, from, to, timeZone });
    if (parsed.kind === "parsed") return parsed.value as Multistatus;
    throw new SourceFailure("unreadable", `The response of the server cannot be read: ${parsed.detail}`, {
      hint: "Enter the URL of a calendar of a CalDAV server.",
    });
  }
}

/** A request for properties. */
export function propfind(url: string, properties: string, depth: "0" | "1" = "0"): CalDavRequest {
  const body = `<d:propfind ${NAMESPACES}><d:prop>${properties}</d:prop></d:propfind>`;
  return { method: "PROPFIND", url, body, depth };
}
