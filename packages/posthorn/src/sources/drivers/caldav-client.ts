/** Requests to one calendar of a CalDAV server (RFC 4791, RFC 6578). */
import { SourceFailure, type SourceHost, type SourceResponse } from "../driver.ts";
import type { Multistatus, Resource } from "../parse/multistatus.ts";
import { headersOf, MAX_DOCUMENT_BYTES, type RequestConfig, requireSuccess } from "./request.ts";

export interface CalDavConfig extends RequestConfig {
  /** Time zone of times without one. */
  readonly timeZone: string;
}

export interface Period {
  readonly from: number;
  readonly to: number;
}

export interface Collection {
  readonly name: string | null;
  /** State of the calendar; `null`: the server has no such tokens. */
  readonly token: string | null;
}

/** What has changed since a token. `null`: the server does not know the token (any more), or cannot tell. */
export interface SyncResult {
  readonly token: string;
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly isComplete: boolean;
}

const NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"';
const NOWHEN: Period = { from: 0, to: 0 };
/** Resources that are asked for in one request. */
const MULTIGET = 100;
/** Servers may compare times without a zone in another one. */
const DAY_MS = 86_400_000;
/** The server cannot list everything in one response (RFC 6578, section 3.6). */
const TRUNCATED = 507;

export class CalDavClient {
  readonly #host: SourceHost;
  readonly #config: CalDavConfig;

  constructor(host: SourceHost, config: CalDavConfig) {
    this.#host = host;
    this.#config = config;
  }

  /** Rejects if the URL is no calendar. */
  async collection(): Promise<Collection> {
    const { resources } = await this.#ask(
      "PROPFIND",
      `<d:propfind ${NAMESPACES}><d:prop><d:displayname/><d:resourcetype/><d:sync-token/></d:prop></d:propfind>`,
      { depth: "0", period: NOWHEN },
    );
    const [own] = resources;
    if (own?.isCalendar === true) return { name: own.name, token: own.syncToken };
    throw new SourceFailure("target_not_found", "The URL belongs to no calendar.", {
      hint: "Enter the URL of one calendar, not of the server, the account, or its list of calendars.",
    });
  }

  /** Changes since a token. */
  async changes(token: string): Promise<SyncResult | null> {
    const body = `<d:sync-collection ${NAMESPACES}><d:sync-token>${escaped(token)}</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`;
    const response = await this.#send("REPORT", body, "0");
    // An unknown token, or a server without this report. Everything is compared then.
    if (response.status >= 400 && response.status <= 499 && !isRefused(response.status)) return null;
    requireSuccess(response, this.#host.now());
    const { syncToken, resources } = await this.#parse(response, NOWHEN);
    if (syncToken === null) return null;
    const own = new URL(response.url).pathname;
    const others = resources.filter(({ href }) => pathOf(href, response.url) !== own);
    return {
      token: syncToken,
      changed: others.filter(({ status }) => status !== 404).map(({ href }) => href),
      removed: others.filter(({ status }) => status === 404).map(({ href }) => href),
      isComplete: !resources.some(({ status }) => status === TRUNCATED),
    };
  }

  /** Appointments that have not ended at this time, or all of them: only their ETags. */
  async list(since: number | null): Promise<readonly Resource[]> {
    const range = since === null ? "" : `<c:time-range start="${stamp(since - DAY_MS)}"/>`;
    const { resources } = await this.#ask("REPORT", query("<d:getetag/>", range), { depth: "1", period: NOWHEN });
    return resources;
  }

  /** Appointments with occurrences in a period. */
  async within(period: Period): Promise<readonly Resource[]> {
    const range = `<c:time-range start="${stamp(period.from - DAY_MS)}" end="${stamp(period.to + DAY_MS)}"/>`;
    const { resources } = await this.#ask("REPORT", query("<d:getetag/><c:calendar-data/>", range), {
      depth: "1",
      period,
    });
    return resources;
  }

  /** Those of these resources that exist, with their appointments. */
  async get(hrefs: readonly string[]): Promise<readonly Resource[]> {
    const found: Resource[] = [];
    for (let from = 0; from < hrefs.length; from += MULTIGET) {
      const listed = hrefs.slice(from, from + MULTIGET).map((href) => `<d:href>${escaped(href)}</d:href>`);
      const body = `<c:calendar-multiget ${NAMESPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>${listed.join("")}</c:calendar-multiget>`;
      const { resources } = await this.#ask("REPORT", body, { depth: "1", period: NOWHEN });
      found.push(...resources.filter(({ calendar }) => calendar !== null));
    }
    return found;
  }

  async #ask(
    method: string,
    body: string,
    { depth, period }: { readonly depth: string; readonly period: Period },
  ): Promise<Multistatus> {
    const response = await this.#send(method, body, depth);
    if (response.status === 405 || response.status === 501) {
      throw new SourceFailure(
        "protocol_error",
        `The server does not know ${method} at this URL (HTTP ${response.status}).`,
        {
          hint: "Enter the URL of a calendar of a CalDAV server. For a file in the iCalendar format use the kind ical.",
        },
      );
    }
    requireSuccess(response, this.#host.now());
    return this.#parse(response, period);
  }

  #send(method: string, body: string, depth: string): Promise<SourceResponse> {
    const headers = [...headersOf(this.#config, { accept: "application/xml, text/xml;q=0.9" })];
    headers.push("content-type", 'application/xml; charset="utf-8"', "depth", depth);
    const { url } = this.#config;
    const document = Buffer.from(`<?xml version="1.0" encoding="utf-8"?>${body}`);
    return this.#host.send({ method, url, headers, body: document, maxResponseBytes: MAX_DOCUMENT_BYTES });
  }

  async #parse({ body }: SourceResponse, { from, to }: Period): Promise<Multistatus> {
    const { timeZone } = this.#config;
    const parsed = await this.#host.parse({ kind: "multistatus", body, from, to, timeZone });
    if (parsed.kind === "parsed") return parsed.value as Multistatus;
    throw new SourceFailure("unreadable", `The response of the server cannot be read: ${parsed.detail}`, {
      hint: "Enter the URL of a calendar of a CalDAV server.",
    });
  }
}

function query(properties: string, range: string): string {
  return `<c:calendar-query ${NAMESPACES}><d:prop>${properties}</d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">${range}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`;
}

function isRefused(status: number): boolean {
  return status === 401 || status === 429;
}

/** `20260302T064000Z`. */
function stamp(at: number): string {
  return `${new Date(Math.max(0, at)).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function pathOf(href: string, base: string): string {
  return URL.parse(href, base)?.pathname ?? href;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
