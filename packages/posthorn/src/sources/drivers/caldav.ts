import {
  type Cursor,
  type Polled,
  type PolledDriver,
  SourceFailure,
  type SourceHost,
  type Unreadable,
} from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { CALDAV } from "../kinds/caldav.ts";
import type { Resource } from "../parse/multistatus.ts";
import { CalDavClient, type Collection } from "./caldav-client.ts";
import { findCalendar } from "./caldav-discovery.ts";
import { CalDavRequests } from "./caldav-requests.ts";
import { type Appointments, compare, hasEnded, keyOf, LATE_MS, MAX_KNOWN, starting } from "./calendar-changes.ts";
import { shortHash } from "./request.ts";

type Config = ConfigOf<(typeof CALDAV)["fields"]>;

/** Known state of a resource: the hash of its ETag, and the keys of its appointments. */
type KnownResource = readonly [etag: string, keys: readonly string[]];
type Resources = Readonly<Record<string, KnownResource>>;

interface State {
  /** State of the calendar when it was last read; `null`: the server has no such tokens. */
  readonly token: string | null;
  /** By the hash of their path. */
  readonly resources: Resources;
  readonly known: Appointments;
  readonly reads: number;
  /** Occurrences that start until this time have been emitted. */
  readonly toldUntil: number;
  /** The calendar, and the fields of the configuration that it was found with. Absent in cursors of earlier versions. */
  readonly place?: Place;
}

interface Place {
  readonly url: string;
  /** Hash of the configured URL and name. */
  readonly from: string;
}

/** Resources to be read again. */
interface Touched {
  readonly token: string | null;
  readonly changed: readonly string[];
  /** Hashes of paths. */
  readonly removed: readonly string[];
  /** Whether more changes should be requested immediately. */
  readonly hasMore: boolean;
}

/** Pages of changes in one poll. */
const MAX_PAGES = 10;
/** Appointments that cannot be read and are quarantined in one poll. */
const MAX_UNREADABLE = 10;

/**
 * Asks for changes since the token of the last poll. Servers without tokens are asked for the ETags of appointments that have not ended. The
 * appointments of the next interval are read in each poll, so that one that was moved or removed is not emitted.
 */
export const CALDAV_DRIVER: PolledDriver = { family: "poll", poll };

async function poll(host: SourceHost, cursor: Cursor | null): Promise<Polled> {
  const config = host.config as Config;
  const now = host.now();
  const requests = new CalDavRequests(host, config);
  const ahead = config.minutesBefore * 60_000;
  const everyMs = config.everySeconds * 1000;
  const known = cursor as unknown as State | null;
  const { client, collection, place } = await calendarOf(requests, known?.place ?? null);
  // A different calendar is treated like a new source.
  const isNew = known === null || (known.place !== undefined && known.place.url !== place.url);
  const before = isNew ? emptyState(now + ahead) : known;
  const touched = await touchedSince(client, isNew ? null : before, { collection, now });
  const found = await client.get(touched.changed);
  const change = changesOf(found, touched, before, {
    name: collection.name,
    now,
    isSilent: isNew && config.start === "baseline",
  });
  const until = now + ahead;
  const period = { from: Math.max(before.toldUntil, now - LATE_MS), to: until + everyMs };
  const near = await client.within(period);
  const occurrences = near
    .flatMap(({ calendar }) => calendar?.occurrences ?? [])
    .toSorted((one, other) => one.startsAt - other.startsAt);
  const later = occurrences.find(({ startsAt }) => startsAt > until);
  const due = occurrences.filter(({ startsAt }) => startsAt <= until);
  const { events, unreadable, resources } = change;
  return {
    events: [...events, ...starting({ name: collection.name, occurrences: due }, { kind: "caldav", now })],
    unreadable,
    cursor: {
      token: touched.token,
      resources,
      known: change.known,
      reads: before.reads + 1,
      toldUntil: Math.max(before.toldUntil, until),
      place,
    } satisfies State,
    next: touched.hasMore
      ? { kind: "now" }
      : later === undefined
        ? { kind: "interval" }
        : { kind: "at", at: Math.min(later.startsAt - ahead, now + everyMs) },
  };
}

interface OpenCalendar {
  readonly client: CalDavClient;
  /** Its token is older than everything that is read afterwards, so the next poll finds changes made in between. */
  readonly collection: Collection;
  readonly place: Place;
}

/** The calendar of the last poll, or the one that the configuration leads to. */
async function calendarOf(requests: CalDavRequests, last: Place | null): Promise<OpenCalendar> {
  const { url: configured, calendar } = requests.config;
  const from = shortHash(JSON.stringify([configured, calendar]));
  if (last?.from === from) {
    const client = new CalDavClient(requests, last.url);
    try {
      return { client, collection: await client.collection(), place: last };
    } catch (error) {
      // A calendar that was found can have been moved.
      const isGone = error instanceof SourceFailure && error.code === "target_not_found";
      if (!isGone || last.url === configured) throw error;
    }
  }
  const url = await findCalendar(requests);
  const client = new CalDavClient(requests, url);
  return { client, collection: await client.collection(), place: { url, from } };
}

function emptyState(toldUntil: number): State {
  return { token: null, resources: {}, known: {}, reads: 0, toldUntil };
}

interface Circumstances {
  readonly collection: Collection;
  readonly now: number;
}

/** @param before `null`: nothing has been read yet. */
async function touchedSince(
  client: CalDavClient,
  before: State | null,
  { collection, now }: Circumstances,
): Promise<Touched> {
  const { token } = collection;
  if (before !== null && token !== null && before.token !== null) {
    if (before.token === token) return { token, changed: [], removed: [], hasMore: false };
    const synced = await syncedSince(client, before.token);
    if (synced !== null) return synced;
  }
  const known = before?.resources ?? {};
  const current = (await client.list(now)).filter(({ href }) => href !== "");
  const places = Math.max(0, MAX_KNOWN - Object.keys(known).length);
  const isNew = ({ href }: Resource): boolean => known[hashOf(href)] === undefined;
  const changed = [
    ...current.filter(
      ({ href, etag }) => known[hashOf(href)] !== undefined && known[hashOf(href)]![0] !== shortHash(etag ?? ""),
    ),
    ...current.filter((resource) => isNew(resource)).slice(0, places),
  ].map(({ href }) => href);
  const present = new Set(current.map(({ href }) => hashOf(href)));
  const missing = Object.keys(known).filter((hash) => !present.has(hash));
  if (missing.length === 0) return { token, changed, removed: [], hasMore: false };
  // The remaining ones have only moved into the past.
  const left = (await client.list(null)).filter(({ href }) => missing.includes(hashOf(href)));
  const moved = new Set(left.map(({ href }) => hashOf(href)));
  return {
    token,
    changed: [...changed, ...left.map(({ href }) => href)],
    removed: missing.filter((hash) => !moved.has(hash)),
    hasMore: false,
  };
}

async function syncedSince(client: CalDavClient, from: string): Promise<Touched | null> {
  const changed = new Set<string>();
  const removed = new Set<string>();
  let token = from;
  for (let page = 0; page < MAX_PAGES; page++) {
    const result = await client.changes(token);
    if (result === null) return null;
    token = result.token;
    for (const href of result.changed) changed.add(href);
    for (const href of result.removed) {
      changed.delete(href);
      removed.add(hashOf(href));
    }
    if (result.isComplete) return { token, changed: [...changed], removed: [...removed], hasMore: false };
  }
  return { token, changed: [...changed], removed: [...removed], hasMore: true };
}

interface Calendar {
  readonly name: string | null;
  readonly now: number;
  readonly isSilent: boolean;
}

function changesOf(
  found: readonly Resource[],
  { changed, removed }: Touched,
  before: State,
  { name, now, isSilent }: Calendar,
) {
  const unreadable = found.filter(({ calendar }) => calendar!.problem !== null);
  // Their known state is kept until they can be read.
  const skipped = new Set(unreadable.map(({ href }) => hashOf(href)));
  const touched = new Set([...changed.map((href) => hashOf(href)), ...removed].filter((hash) => !skipped.has(hash)));
  const resources: Record<string, KnownResource> = {};
  const untouched: Record<string, Appointments[string]> = {};
  const affected: Record<string, Appointments[string]> = {};
  for (const [hash, [etag, keys]] of Object.entries(before.resources)) {
    const place = touched.has(hash) ? affected : untouched;
    for (const key of keys) if (before.known[key] !== undefined) place[key] = before.known[key];
    if (!touched.has(hash)) resources[hash] = [etag, keys];
  }
  const readable = found.filter(({ calendar }) => calendar!.problem === null);
  const events = readable.flatMap(({ calendar }) => calendar!.events);
  const compared = compare({ name, events }, affected, { kind: "caldav", now, isSilent, reads: before.reads });
  for (const { href, etag, calendar } of readable) {
    const keys = calendar!.events.map((event) => keyOf(event)).filter((key) => compared.known[key] !== undefined);
    if (keys.length > 0) resources[hashOf(href)] = [shortHash(etag ?? ""), keys];
  }
  return {
    events: compared.changes,
    unreadable: unreadable.slice(0, MAX_UNREADABLE).map((resource) => unreadableEvent(resource)),
    ...withoutEnded(resources, { ...untouched, ...compared.known }, now),
  };
}

/** Ended appointments are removed, so that the cursor does not grow. */
function withoutEnded(
  resources: Resources,
  known: Appointments,
  now: number,
): { readonly resources: Resources; readonly known: Appointments } {
  const current = Object.fromEntries(
    Object.entries(known)
      .filter(([, [, endsAt]]) => !hasEnded(endsAt, now))
      .slice(0, MAX_KNOWN),
  );
  const kept = Object.entries(resources).filter(([, [, keys]]) => keys.some((key) => current[key] !== undefined));
  return { resources: Object.fromEntries(kept), known: current };
}

function unreadableEvent({ href, calendar }: Resource): Unreadable {
  const detail = `The appointment ${href.slice(0, 500)} cannot be read: ${calendar!.problem!}`;
  return { reason: "appointment_unreadable", detail, body: Buffer.from(href), contentType: "text/plain" };
}

/** Servers write the same path with and without percent encoding. */
function hashOf(href: string): string {
  const path = URL.parse(href, "http://server.invalid/")?.pathname ?? href;
  return shortHash(decoded(path));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
