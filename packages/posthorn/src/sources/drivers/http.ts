import {
  type Cursor,
  type Polled,
  type PolledDriver,
  SourceFailure,
  type SourceEvent,
  type SourceHost,
  type SourceResponse,
  type Unreadable,
} from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { HTTP_POLL } from "../kinds/http.ts";
import type { Item, Items } from "../parse/items.ts";
import {
  headersOf,
  linkWith,
  MAX_DOCUMENT_BYTES,
  requireSuccess,
  SeenIds,
  shortHash,
  type Validators,
  validatorsIn,
  validatorsOf,
} from "./request.ts";

type Config = ConfigOf<(typeof HTTP_POLL)["fields"]>;

const INTERVAL = { kind: "interval" } as const;
/** Items without an ID that are quarantined in one poll. */
const MAX_UNREADABLE = 10;

/**
 * The cursor has the validators and the hash of the last response, the number of events so far, and the time of the first read. The last two
 * are part of the event ID, so a value that returns to an earlier one is a new event, but a repeated read is not.
 */
export const HTTP_DRIVER: PolledDriver = {
  family: "poll",
  poll: (host, cursor) => {
    const config = host.config as Config;
    return config.emit === "items" ? pollItems(host, config, cursor) : pollResponse(host, config, cursor);
  },
};

async function pollResponse(host: SourceHost, config: Config, cursor: Cursor | null): Promise<Polled> {
  const isAlways = config.emit === "always";
  const response = await send(host, config, config.url, isAlways ? null : validatorsOf(cursor));
  if (!isAlways) {
    requireSuccess(response, host.now());
    if (cursor !== null && response.status === 304) return { events: [], cursor, next: INTERVAL };
  }
  const hash = shortHash(contentOf(config, response));
  const count = typeof cursor?.["count"] === "number" ? cursor["count"] : 0;
  const since = typeof cursor?.["since"] === "number" ? cursor["since"] : host.now();
  const facts = { ...validatorsIn(response), hash, since };
  if (!isAlways && cursor?.["hash"] === hash) return { events: [], cursor: { ...facts, count }, next: INTERVAL };
  if (!isAlways && cursor === null && config.start === "baseline") {
    return { events: [], cursor: { ...facts, count }, next: INTERVAL };
  }
  // The first read has no time of a first read yet, and may be repeated.
  const epoch = cursor === null ? "first" : since.toString(36);
  const id = `http/${epoch}/${count}${isAlways ? "" : `/${hash}`}`;
  return { events: [eventOf(config, response, id)], cursor: { ...facts, count: count + 1 }, next: INTERVAL };
}

/** The part of the response that is compared for changes. */
function contentOf({ method }: Config, { body, headers, status }: SourceResponse): string | Uint8Array {
  if (method !== "HEAD") return body;
  const names = ["etag", "last-modified", "docker-content-digest", "content-length"];
  return [String(status), ...names.map((name) => headers.get(name) ?? "")].join("\n");
}

function eventOf({ eventType }: Config, { status, headers, body }: SourceResponse, id: string): SourceEvent {
  const contentType = headers.get("content-type") ?? "application/octet-stream";
  const listed = [...headers].filter(([name]) => name !== "set-cookie").flat();
  return {
    id,
    type: eventType,
    body,
    contentType,
    occurredAt: null,
    headers: ["x-source-status", String(status), ...listed],
  };
}

async function pollItems(host: SourceHost, config: Config, cursor: Cursor | null): Promise<Polled> {
  const seen = new SeenIds(cursor);
  const isBaseline = cursor === null && config.start === "baseline";
  const fresh: Item[] = [];
  const unreadable: Unreadable[] = [];
  const ids: string[] = [];
  let facts: Validators & { readonly hash: string } = { etag: null, lastModified: null, hash: "" };
  let url: string | null = config.url;
  for (let page = 0; url !== null && page < config.maxPages; page++) {
    const response = await send(host, config, url, page === 0 ? validatorsOf(cursor) : null);
    requireSuccess(response, host.now());
    const hash = shortHash(response.body);
    if (page === 0 && cursor !== null && (response.status === 304 || hash === cursor["hash"])) {
      return { events: [], cursor, next: INTERVAL };
    }
    if (page === 0) facts = { ...validatorsIn(response), hash };
    const { items, next } = await itemsOf(host, config, response);
    const isNew = (item: Item): boolean => item.id !== null && !seen.has(item.id);
    const found = items.filter((item) => isNew(item));
    fresh.push(...found);
    ids.push(...items.flatMap(({ id }) => id ?? []));
    unreadable.push(...items.filter(({ id }) => id === null).map((item) => withoutId(config, item)));
    // Pages after one without a new item have already been seen.
    url = found.length === 0 ? null : nextPage(config, response, next);
  }
  seen.add(config.order === "newest-first" ? ids.toReversed() : ids);
  const emitted = isBaseline ? [] : [...new Map(fresh.map((item) => [item.id, item])).values()];
  return {
    events: (config.order === "newest-first" ? emitted.toReversed() : emitted).map((item) => itemEvent(config, item)),
    unreadable: unreadable.slice(0, MAX_UNREADABLE),
    cursor: { ...facts, seen: seen.toCursor(ids.length) },
    next: INTERVAL,
  };
}

async function itemsOf(host: SourceHost, config: Config, { body }: SourceResponse): Promise<Items> {
  const { items, itemId, paging, nextCursor } = config;
  const next = paging === "cursor" ? nextCursor : null;
  const parsed = await host.parse({ kind: "items", body, items: items!, itemId, nextCursor: next });
  if (parsed.kind === "parsed") return parsed.value as Items;
  throw new SourceFailure("unreadable", `The items of the response cannot be read: ${parsed.detail}`, {
    hint: "The response must be JSON, and `items` the path of a list in it.",
  });
}

function nextPage(
  { url, paging, cursorParameter }: Config,
  response: SourceResponse,
  cursor: string | null,
): string | null {
  if (paging === "cursor" && cursor !== null) {
    const next = new URL(url);
    next.searchParams.set(cursorParameter!, cursor);
    return next.href;
  }
  const link = paging === "link" ? linkWith(response, "next") : null;
  // Credentials are only meant for the server of the URL.
  return link !== null && new URL(link).origin === new URL(url).origin ? link : null;
}

function itemEvent({ eventType }: Config, { id, json }: Item): SourceEvent {
  const contentType = "application/json";
  return {
    id: `http/item/${id}`,
    type: eventType,
    body: Buffer.from(json),
    contentType,
    occurredAt: null,
    headers: ["content-type", contentType],
  };
}

function withoutId({ itemId }: Config, { json }: Item): Unreadable {
  const detail = `The item has no ID at ${itemId}.`;
  return { reason: "item_without_id", detail, body: Buffer.from(json), contentType: "application/json" };
}

function send(host: SourceHost, config: Config, url: string, validators: Validators | null): Promise<SourceResponse> {
  const headers = [...headersOf(config, { accept: "application/json, */*;q=0.5", validators })];
  const isPost = config.method === "POST";
  const hasType = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "content-type");
  if (isPost && !hasType) headers.push("content-type", "application/json");
  const body = isPost ? Buffer.from(config.body ?? "") : null;
  return host.send({ method: config.method, url, headers, body, maxResponseBytes: MAX_DOCUMENT_BYTES });
}
