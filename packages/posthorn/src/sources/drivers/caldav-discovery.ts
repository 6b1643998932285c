/**
 * Finds a calendar from the URL of its server or account: `/.well-known/caldav` (RFC 6764), then the principal of the user (RFC 5397), then
 * the home set of the user's calendars (RFC 4791, section 6.2.1), then the calendars in it.
 */
import { SourceFailure, type SourceResponse } from "../driver.ts";
import type { Resource } from "../parse/multistatus.ts";
import { type CalDavRequests, propfind } from "./caldav-requests.ts";

const WELL_KNOWN = "/.well-known/caldav";
const ABOUT =
  "<d:displayname/><d:resourcetype/><d:current-user-principal/><c:calendar-home-set/><c:supported-calendar-component-set/>";
const MAX_REDIRECTS = 5;
const MAX_HOMES = 5;
/** Maximum number of calendars that an error names. */
const MAX_NAMED = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A resource, and the URL that its paths are relative to. */
interface Found {
  readonly resource: Resource;
  readonly url: string;
}

interface Calendar {
  readonly url: string;
  readonly name: string | null;
}

/** The URL of the calendar that a source reads: its own URL if that is a calendar. */
export async function findCalendar(requests: CalDavRequests): Promise<string> {
  const { url, calendar } = requests.config;
  const [own, problem] = await described(requests, url);
  if (own?.resource.isCalendar === true) return url;
  const homes = await findHomes(requests, own);
  // A mistyped URL of a calendar must not lead to another one.
  const isServer = new URL(url).pathname === "/";
  const found =
    homes.length > 0 || !isServer ? homes : await findHomes(requests, (await described(requests, wellKnown(url)))[0]);
  if (found.length === 0) {
    if (problem !== null) requests.requireSuccess(problem);
    throw new SourceFailure(
      "target_not_found",
      "The URL is not that of a calendar, and the server lists no calendars of the user.",
      {
        hint: "Enter the URL of a calendar, or that of a CalDAV server.",
      },
    );
  }
  return chosen(await calendarsIn(requests, found), calendar);
}

/** The server's description of a URL; `null`, with the response, if it refuses one. Rejects if another URL would not help. */
async function described(
  requests: CalDavRequests,
  url: string,
): Promise<readonly [found: Found, problem: null] | readonly [found: null, problem: SourceResponse]> {
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const response = await requests.send(propfind(at, ABOUT));
    const { status, headers } = response;
    const location = headers.get("location");
    if (location !== undefined && REDIRECTS.has(status) && redirects < MAX_REDIRECTS) {
      at = resolved(location, at);
      continue;
    }
    if (status === 401 || status === 429 || status >= 500) requests.requireSuccess(response);
    // Web servers also respond with a success, but not with this document.
    if (status !== 207) return [null, response];
    const [resource] = (await requests.parse(response)).resources;
    return resource === undefined ? [null, response] : [{ resource, url: response.url }, null];
  }
}

/** The home set of the user, from the server's description of the start. */
async function findHomes(requests: CalDavRequests, start: Found | null): Promise<readonly string[]> {
  if (start === null) return [];
  const { resource, url } = start;
  const own = resource.homes.map((home) => resolved(home, url));
  if (own.length > 0 || resource.principal === null) return own;
  const [principal] = await described(requests, resolved(resource.principal, url));
  return principal === null ? [] : principal.resource.homes.map((home) => resolved(home, principal.url));
}

async function calendarsIn(requests: CalDavRequests, homes: readonly string[]): Promise<readonly Calendar[]> {
  const found: Calendar[] = [];
  for (const home of homes.slice(0, MAX_HOMES)) {
    const { resources } = await requests.ask(propfind(home, ABOUT, "1"));
    for (const { href, name, isCalendar, components } of resources) {
      const hasAppointments = components === null || components.includes("VEVENT");
      if (isCalendar && hasAppointments) found.push({ url: resolved(href, home), name });
    }
  }
  return found;
}

/** The only calendar, or the one with this name or path. */
function chosen(calendars: readonly Calendar[], wanted: string | null): string {
  const [only, ...others] = calendars;
  if (only === undefined) {
    throw new SourceFailure("target_not_found", "The account has no calendar with appointments.", {
      hint: "Create a calendar, or share one with the account.",
    });
  }
  if (wanted === null) {
    if (others.length === 0) return only.url;
    throw new SourceFailure("target_not_found", `The account has several calendars: ${namesOf(calendars)}.`, {
      hint: "Enter the name of one of them as `calendar`.",
    });
  }
  const matching = calendars.filter((one) => isNamed(one, wanted.trim()));
  if (matching.length === 1) return matching[0]!.url;
  const problem = matching.length === 0 ? "no calendar" : "several calendars";
  throw new SourceFailure(
    "target_not_found",
    `The account has ${problem} with the name "${wanted}". Its calendars are ${namesOf(calendars)}.`,
    { hint: "Enter the name or the path of one of them as `calendar`." },
  );
}

function isNamed({ url, name }: Calendar, wanted: string): boolean {
  const path = decoded(new URL(url).pathname);
  const last = path.split("/").findLast((part) => part !== "");
  return name?.toLowerCase() === wanted.toLowerCase() || path === wanted || last === wanted || url === wanted;
}

function namesOf(calendars: readonly Calendar[]): string {
  const named = calendars.slice(0, MAX_NAMED).map(({ url, name }) => {
    const path = decoded(new URL(url).pathname);
    return name === null ? path : `${name.slice(0, 60)} (${path})`;
  });
  return [...named, ...(calendars.length > MAX_NAMED ? ["…"] : [])].join(", ");
}

function wellKnown(url: string): string {
  return new URL(WELL_KNOWN, url).href;
}

/**
 * A path or URL that the server names. Calendars can be on another host (iCloud has them on several), but credentials are not sent without
 * encryption to one.
 */
function resolved(href: string, base: string): string {
  const url = URL.parse(href, base);
  const isSafe = url !== null && (url.protocol === "https:" || url.origin === new URL(base).origin);
  if (isSafe) return url.href;
  throw new SourceFailure(
    "protocol_error",
    `The server refers to calendars at ${href.slice(0, 200)}, another server without encryption.`,
    {
      hint: "Enter the URL of the calendar itself.",
    },
  );
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
