/**
 * Lists a bucket and emits what is new. Keys are listed in their own order, so each scan reads all of them, over several polls if there are
 * many. An object is new if it was modified later than an hour before the start of the previous scan, and was not seen. The hour is needed
 * because a multipart upload carries the time of its start.
 */
import { awsAuth, awsFailure } from "../../destinations/kinds/aws.ts";
import { encodeRfc3986 } from "../../destinations/auth/aws-signature.ts";
import { bucketUrl } from "../../destinations/kinds/s3.ts";
import { xmlText } from "../../destinations/xml-text.ts";
import {
  type Cursor,
  type PolledDriver,
  type Polled,
  type SourceErrorCode,
  type SourceEvent,
  SourceFailure,
  type SourceHost,
  type SourceResponse,
} from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { S3_SOURCE } from "../kinds/s3.ts";
import { sourceFailure } from "../listeners/failure.ts";
import { SeenIds } from "./request.ts";
import { kindResponse } from "./sqs.ts";

type Config = ConfigOf<(typeof S3_SOURCE)["fields"]>;

const TITLE = "Amazon S3";
const PAGES = 20;
const OVERLAP_MS = 3_600_000;
const MAX_LIST_BYTES = 4 * 1024 * 1024;
/** Maximum number of objects whose contents one poll reads; the next one reads further objects. */
const MAX_CONTENTS = 64;
const MAX_CONTENT_BYTES = 32 * 1024 * 1024;

interface Listed {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly modifiedAt: number;
}

/** Where a scan is. */
interface Scan {
  /** Key after which the list continues; `null`: a new scan begins. */
  readonly after: string | null;
  /** When it began. */
  readonly startedAt: number;
}

export const S3_DRIVER: PolledDriver = {
  family: "poll",
  poll: async (host, cursor) => {
    const config = host.config as Config;
    const scan = scanOf(cursor, host.now());
    const since = numberOr(cursor?.["since"]);
    const seen = new SeenIds(cursor);
    const isSilent = since === null && config.start === "baseline";
    const events: SourceEvent[] = [];
    const handled: string[] = [];
    let { after } = scan;
    let contentBytes = 0;
    let isEnd = false;
    for (let page = 0; page < PAGES && !isEnd; page++) {
      const listed = await list(host, config, after);
      for (const object of listed.objects) {
        if (events.length >= MAX_CONTENTS || contentBytes >= MAX_CONTENT_BYTES) {
          return polled({ events, seen, handled, since, scan: { ...scan, after } });
        }
        after = object.key;
        const id = `${object.key}@${object.etag}`;
        if (!object.key.endsWith(config.suffix ?? "")) continue;
        if (object.modifiedAt < (since ?? 0) - OVERLAP_MS) continue;
        // Objects older than the overlap are not listed again.
        if (object.modifiedAt >= scan.startedAt - OVERLAP_MS) handled.push(id);
        if (seen.has(id) || (isSilent && object.modifiedAt < scan.startedAt)) continue;
        const event = await eventOf(host, config, object);
        if (event === null) continue;
        events.push(event);
        if (config.content) contentBytes += event.body.byteLength;
      }
      isEnd = listed.isEnd;
    }
    return polled({
      events,
      seen,
      handled,
      since: isEnd ? scan.startedAt : since,
      scan: isEnd ? null : { ...scan, after },
    });
  },
};

interface Progress {
  readonly events: readonly SourceEvent[];
  readonly seen: SeenIds;
  readonly handled: readonly string[];
  readonly since: number | null;
  /** `null`: it is complete. */
  readonly scan: Scan | null;
}

function polled({ events, seen, handled, since, scan }: Progress): Polled {
  seen.add(handled);
  return {
    events,
    cursor: { since, scan, seen: seen.toCursor(handled.length) },
    next: scan === null ? { kind: "interval" } : { kind: "now" },
  };
}

function scanOf(cursor: Cursor | null, now: number): Scan {
  const scan = cursor?.["scan"] as Partial<Scan> | null | undefined;
  return { after: scan?.after ?? null, startedAt: numberOr(scan?.startedAt) ?? now };
}

async function list(
  host: SourceHost,
  config: Config,
  after: string | null,
): Promise<{ readonly objects: readonly Listed[]; readonly isEnd: boolean }> {
  const query: [string, string][] = [
    ["encoding-type", "url"],
    ["list-type", "2"],
    ["max-keys", "1000"],
  ];
  if (config.prefix !== null) query.push(["prefix", config.prefix]);
  if (after !== null) query.push(["start-after", after]);
  const search = query.map(([name, value]) => `${name}=${encodeRfc3986(value)}`).join("&");
  const response = await get(host, config, `${bucketUrl(config)}/?${search}`, MAX_LIST_BYTES);
  if (response.status > 299) throw sourceFailure(awsFailure(TITLE, kindResponse(response)));
  const text = Buffer.from(response.body).toString();
  if (!text.includes("<ListBucketResult")) {
    throw new SourceFailure("unreadable", "The list of the bucket cannot be read.", {
      hint: "Check the endpoint URL, and whether a proxy responded instead.",
    });
  }
  // Searches for tags instead of parsing the document, so that the cost depends only on its length.
  const objects = text
    .split("<Contents>")
    .slice(1)
    .flatMap((part) => objectOf(part.slice(0, part.indexOf("</Contents>"))));
  return { objects, isEnd: xmlText(text, "IsTruncated") !== "true" || objects.length === 0 };
}

/** Empty for a value that is not an object. */
function objectOf(xml: string): readonly Listed[] {
  const key = decoded(xmlText(xml, "Key") ?? "");
  const etag = (xmlText(xml, "ETag") ?? "").replaceAll('"', "");
  const size = Number(xmlText(xml, "Size"));
  const modifiedAt = Date.parse(xmlText(xml, "LastModified") ?? "");
  const isObject = key !== "" && Number.isSafeInteger(size) && Number.isFinite(modifiedAt);
  return isObject ? [{ key, etag, size, modifiedAt }] : [];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return text;
  }
}

function get(host: SourceHost, config: Config, url: string, maxResponseBytes: number) {
  const auth = awsAuth(config, "s3");
  return host.sendSigned({ method: "GET", url, headers: [], body: NO_BYTES, auth, maxResponseBytes });
}

const NO_BYTES = new Uint8Array(0);

/** `null`: the object was deleted since it was listed. */
async function eventOf(host: SourceHost, config: Config, object: Listed): Promise<SourceEvent | null> {
  const { key, etag, size, modifiedAt } = object;
  const description = { bucket: config.bucket, key, size, etag, lastModified: new Date(modifiedAt).toISOString() };
  const base = {
    id: `${key}@${etag}`,
    type: config.eventType,
    occurredAt: modifiedAt,
    headers: ["s3-bucket", config.bucket, "s3-object", key, "s3-etag", etag, "s3-size", String(size)],
  };
  const described = { ...base, body: Buffer.from(JSON.stringify(description)), contentType: "application/json" };
  const mostBytes = Math.min(config.maxObjectBytes, host.maxBodyBytes);
  if (!config.content || size > mostBytes) return described;
  const path = key.split("/").map(encodeRfc3986).join("/");
  let response: SourceResponse;
  try {
    // An error may be larger than the object.
    response = await get(host, config, `${bucketUrl(config)}/${path}`, Math.max(MAX_ERROR_BYTES, mostBytes));
  } catch (error) {
    // Its compressed content becomes too large, or is damaged. Another attempt would have the same result.
    if (error instanceof SourceFailure && CONTENT_FAILURES.has(error.code)) return described;
    throw error;
  }
  if (response.status === 404) return null;
  if (response.status > 299) throw sourceFailure(awsFailure(TITLE, kindResponse(response)));
  if (response.body.byteLength > mostBytes) return described;
  const contentType = response.headers.get("content-type") ?? "application/octet-stream";
  return { ...base, body: response.body, contentType };
}

const MAX_ERROR_BYTES = 1024;
const CONTENT_FAILURES: ReadonlySet<SourceErrorCode> = new Set(["response_too_large", "protocol_error"]);

function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
