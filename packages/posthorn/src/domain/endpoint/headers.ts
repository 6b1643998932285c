/** Custom headers of an endpoint: which are allowed, how they are kept, and what is shown of them. */
import { invalid } from "../../lib/errors.ts";
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { isSecretHeader } from "../secret-headers.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";

export type HeaderMap = Record<string, string>;

const MAX_HEADERS = 100;
const MAX_VALUE_BYTES = 4096;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
/** Visible ASCII, space, tab and what RFC 9110 calls obs-text; above all no line break. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that the HTTP connection, proxies or the signature own. */
const PROTECTED_NAMES = new Set(
  (
    "age cache-control clear-site-data connection content-encoding content-language content-length content-location " +
    "content-type expect expires host keep-alive pragma proxy-authenticate proxy-authorization proxy-connection te trailer trailers " +
    "transfer-encoding upgrade user-agent warning"
  ).split(" "),
);
const PROTECTED_PREFIXES =
  "webhook- svix- x-svix- x-amz- x-amzn- x-google x-goog- x-gfe x-azure- x-fd- x-posthorn-".split(" ");

/** Throws a 422 that names the first header that may not be set, or whose value could not be sent. */
export function checkHeaders(headers: HeaderMap): HeaderMap {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) throw invalid("headers", `An endpoint may have ${MAX_HEADERS} headers.`);
  for (const [name, value] of entries) {
    const trouble = headerTrouble(name, value);
    if (trouble !== null) throw invalid(["body", "headers", name], trouble);
  }
  return headers;
}

/** Why this header may not be set, or its value could not be sent; `null` when it is fine. */
export function headerTrouble(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  if (!TOKEN.test(name)) return "Not the name of a header (RFC 9110, section 5.1).";
  if (PROTECTED_NAMES.has(lower) || PROTECTED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return `The header ${name} is set by Posthorn or by HTTP itself and cannot be chosen.`;
  }
  if (!VALUE.test(value)) return "A header value cannot hold line breaks or other control characters.";
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) return `A header value may have ${MAX_VALUE_BYTES} bytes.`;
  return null;
}

/** Custom headers with their values; those that hold a credential by name only. */
export async function getHeaders({
  ctx,
  input,
}: Call<EndpointRef>): Promise<{ readonly headers: HeaderMap; readonly sensitive: readonly string[] }> {
  const { endpoint } = await getEndpoint(ctx, input);
  const entries = Object.entries(await readHeaders(ctx, endpoint.key));
  return {
    headers: Object.fromEntries(entries.filter(([name, value]) => !isSecretHeader(name, value))),
    sensitive: entries.filter(([name, value]) => isSecretHeader(name, value)).map(([name]) => name),
  };
}

/** Replaces all custom headers. */
export async function setHeaders({ ctx, input }: Call<EndpointRef & { readonly headers: HeaderMap }>): Promise<void> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  await saveHeaders(ctx, application.key, endpoint.key, checkHeaders(input.headers));
}

export interface PatchHeaders extends EndpointRef {
  readonly headers: Record<string, string | null>;
  readonly deleteHeaders: readonly string[];
}

/** Adds and replaces headers; `null` removes one. Names are compared without regard to case. */
export function patchHeaders(call: Call<PatchHeaders>): Promise<void> {
  return atomically(call, changeHeaders);
}

async function changeHeaders({ ctx, input }: Call<PatchHeaders>): Promise<void> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const named = new Set([...Object.keys(input.headers), ...input.deleteHeaders].map((name) => name.toLowerCase()));
  const kept = Object.entries(await readHeaders(ctx, endpoint.key)).filter(([name]) => !named.has(name.toLowerCase()));
  const added = Object.entries(input.headers).filter((entry): entry is [string, string] => entry[1] !== null);
  await saveHeaders(ctx, application.key, endpoint.key, checkHeaders(Object.fromEntries([...kept, ...added])));
}

async function readHeaders(ctx: Context, endpointKey: number): Promise<HeaderMap> {
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .select("headers_sealed")
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  if (row.headers_sealed === null) return {};
  return JSON.parse(ctx.services.secretBox.open(row.headers_sealed)) as HeaderMap;
}

export function sealHeaders(ctx: Context, headers: HeaderMap): Uint8Array | null {
  return Object.keys(headers).length === 0 ? null : ctx.services.secretBox.seal(JSON.stringify(headers));
}

async function saveHeaders(ctx: Context, appKey: number, endpointKey: number, headers: HeaderMap): Promise<void> {
  await write(ctx, async ({ db, signal }) => {
    await db
      .updateTable("endpoint")
      .set({ headers_sealed: sealHeaders(ctx, headers), updated_at: ctx.services.now() })
      .where("id", "=", endpointKey)
      .execute();
    signal({ kind: "application", key: appKey });
  });
}
