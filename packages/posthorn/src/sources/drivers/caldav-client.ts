/** Requests to one calendar of a CalDAV server (RFC 4791, RFC 6578). */
import { SourceFailure } from "../driver.ts";
import type { Resource } from "../parse/multistatus.ts";
import { type CalDavRequest, type CalDavRequests, NAMESPACES, type Period, propfind } from "./caldav-requests.ts";

export interface Collection {
  readonly name: string | null;
  /** State of the calendar; `null`: the server has no such tokens. */
  readonly token: string | null;
}

/** Changes since a token. `null` if the server does not recognise the token, or does not support tokens. */
export interface SyncResult {
  readonly token: string;
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly isComplete: boolean;
}

/** Maximum number of resources in one request. */
const MULTIGET = 100;
/** Servers may compare times without a zone as if they were in another zone. */
const DAY_MS = 86_400_000;
/** The server cannot list everything in one response (RFC 6578, section 3.6). */
const TRUNCATED = 507;

export class CalDavClient {
  readonly #requests: CalDavRequests;
  readonly #url: string;

  constructor(requests: CalDavRequests, url: string) {
    this.#requests = requests;
    this.#url = url;
  }

  /** Rejects if the URL is not a calendar. */
  async collection(): Promise<Collection> {
    const request = propfind(this.#url, "<d:displayname/><d:resourcetype/><d:sync-token/>");
    const { resources } = await this.#requests.ask(request);
    const [own] = resources;
    if (own?.isCalendar === true) return { name: own.name, token: own.syncToken };
    throw new SourceFailure("target_not_found", "The URL is not that of a calendar.", {
      hint: "Enter the URL of a calendar, or that of the server and the name of the calendar.",
    });
  }

  /** Changes since a token. */
  async changes(token: string): Promise<SyncResult | null> {
    const body = `<d:sync-collection ${NAMESPACES}><d:sync-token>${escaped(token)}</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`;
    const response = await this.#requests.send(this.#report(body, "0"));
    // An unknown token, or a server without this report. Everything is compared then.
    if (response.status >= 400 && response.status <= 499 && !isRefused(response.status)) return null;
    this.#requests.requireSuccess(response);
    const { syncToken, resources } = await this.#requests.parse(response);
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

  /** ETags of the appointments that have not ended at this time, or of all of them. */
  async list(since: number | null): Promise<readonly Resource[]> {
    const range = since === null ? "" : `<c:time-range start="${stamp(since - DAY_MS)}"/>`;
    const { resources } = await this.#requests.ask(this.#report(query("<d:getetag/>", range), "1"));
    return resources;
  }

  /** Appointments with occurrences in a period. */
  async within(period: Period): Promise<readonly Resource[]> {
    const range = `<c:time-range start="${stamp(period.from - DAY_MS)}" end="${stamp(period.to + DAY_MS)}"/>`;
    const request = this.#report(query("<d:getetag/><c:calendar-data/>", range), "1");
    const { resources } = await this.#requests.ask(request, period);
    return resources;
  }

  /** The existing ones among these resources, with their appointments. */
  async get(hrefs: readonly string[]): Promise<readonly Resource[]> {
    const found: Resource[] = [];
    for (let from = 0; from < hrefs.length; from += MULTIGET) {
      const listed = hrefs.slice(from, from + MULTIGET).map((href) => `<d:href>${escaped(href)}</d:href>`);
      const body = `<c:calendar-multiget ${NAMESPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>${listed.join("")}</c:calendar-multiget>`;
      const { resources } = await this.#requests.ask(this.#report(body, "1"));
      found.push(...resources.filter(({ calendar }) => calendar !== null));
    }
    return found;
  }

  #report(body: string, depth: "0" | "1"): CalDavRequest {
    return { method: "REPORT", url: this.#url, body, depth };
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
