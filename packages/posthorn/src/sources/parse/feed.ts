/** Entries of a feed in any of its formats, in one form. */
import { parseFeed as parse } from "feedsmith";

export interface Feed {
  readonly title: string | null;
  readonly link: string | null;
  /** WebSub hub, which would push new entries. */
  readonly hub: string | null;
  /** The feed's own URL, which is subscribed at the hub. */
  readonly self: string | null;
  /** In the order of the document. */
  readonly entries: readonly FeedEntry[];
}

export interface FeedEntry {
  /** ID in the feed, its link, or a text made of title and time. `null`: it has none of them. */
  readonly identity: string | null;
  /** Unix milliseconds; `null`: it has no time that can be read. */
  readonly publishedAt: number | null;
  /** The entry in one form, with everything that the format has as `raw`. */
  readonly json: string;
}

/** More entries of a feed are not read. */
const MAX_ENTRIES = 2000;

type Part = Readonly<Record<string, unknown>>;

/** @throws {Error} If it is not a feed. */
export function parseFeed(body: Uint8Array): Feed {
  const { feed } = parse(decode(body)) as { readonly format: string; readonly feed: Part };
  const entries = [...list(feed["items"]), ...list(feed["entries"])].slice(0, MAX_ENTRIES);
  const links = [...list(feed["links"]), ...list(part(feed["atom"])["links"])];
  const hub = list(feed["hubs"]).find(({ type }) => String(type).toLowerCase() === "websub");
  return {
    title: textOf(feed["title"]),
    link: textOf(feed["link"]) ?? textOf(feed["home_page_url"]) ?? linkOf(links),
    hub: textOf(hub?.["url"]) ?? hrefOf(links, "hub"),
    self: textOf(feed["feed_url"]) ?? hrefOf(links, "self"),
    entries: entries.map(entryOf),
  };
}

/** The encoding that the XML declaration names; UTF-8 without one. */
function decode(body: Uint8Array): string {
  const start = new TextDecoder("latin1").decode(body.subarray(0, 200));
  const encoding = /^[^<]*<\?xml[^>]*\sencoding=["']([A-Za-z0-9._-]{1,40})["']/.exec(start)?.[1] ?? "utf-8";
  return new TextDecoder(encoding).decode(body);
}

function entryOf(entry: Part): FeedEntry {
  const link = textOf(entry["link"]) ?? textOf(entry["url"]) ?? linkOf(list(entry["links"]));
  const title = textOf(entry["title"]);
  const published =
    textOf(entry["pubDate"]) ??
    textOf(entry["published"]) ??
    textOf(entry["date_published"]) ??
    textOf(part(entry["dc"])["date"]);
  const updated = textOf(entry["updated"]) ?? textOf(entry["date_modified"]);
  const id = textOf(part(entry["guid"])["value"]) ?? textOf(entry["guid"]) ?? textOf(entry["id"]);
  const publishedAt = timeOf(published) ?? timeOf(updated);
  const made = title === null && published === null ? null : `${title ?? ""}\n${published ?? ""}`;
  const value = {
    id,
    title,
    link,
    publishedAt: isoOf(timeOf(published)),
    updatedAt: isoOf(timeOf(updated)),
    authors: [...list(entry["authors"]), ...list(entry["author"])].map(
      (author) => textOf(author["name"]) ?? textOf(author),
    ),
    summary: textOf(entry["summary"]) ?? textOf(entry["description"]),
    content:
      textOf(entry["content"]) ??
      textOf(part(entry["content"])["encoded"]) ??
      textOf(entry["content_html"]) ??
      textOf(entry["content_text"]),
    categories: [...list(entry["categories"]), ...list(entry["tags"])].map(
      (category) => textOf(category["name"]) ?? textOf(category["term"]) ?? textOf(category),
    ),
    raw: entry,
  };
  return { identity: id ?? link ?? made, publishedAt, json: JSON.stringify(value) };
}

/** A text, or an object with a text as its value. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value.trim() === "" ? null : value;
  return typeof value === "object" && value !== null && "value" in value ? textOf(value.value) : null;
}

function part(value: unknown): Part {
  return typeof value === "object" && value !== null ? (value as Part) : {};
}

/** Items as objects; a text becomes the value of one. */
function list(value: unknown): readonly Part[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === "string" ? { value: item } : part(item))) : [];
}

function hrefOf(links: readonly Part[], rel: string): string | null {
  return textOf(links.find((link) => link["rel"] === rel)?.["href"]);
}

/** Link to the page: `alternate`, or without a relation. */
function linkOf(links: readonly Part[]): string | null {
  return hrefOf(links, "alternate") ?? textOf(links.find(({ rel }) => rel === undefined)?.["href"]);
}

function timeOf(text: string | null): number | null {
  const time = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

function isoOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
