/** Reads and changes custom headers of endpoints, which are stored sealed. */
import { atomically, type Call, type Context, reader, write } from "../context.ts";
import { isSecretHeader } from "../secret-headers.ts";
import { type EndpointRef, getEndpoint } from "./find.ts";
import { type HeaderMap, checkHeaders } from "./header-rules.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Returns the custom headers with their values; of headers that contain credentials, only the names. */
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

/** Adds and replaces headers; `null` removes one. Names are case-insensitive. */
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
  return JSON.parse(ctx.services.secretBox.open(row.headers_sealed, placeOf(endpointKey))) as HeaderMap;
}

export function sealHeaders(ctx: Context, endpointKey: number, headers: HeaderMap): Uint8Array | null {
  if (Object.keys(headers).length === 0) return null;
  return ctx.services.secretBox.seal(JSON.stringify(headers), placeOf(endpointKey));
}

function placeOf(endpointKey: number): string {
  return sealedIn("endpoint.headers_sealed", endpointKey);
}

async function saveHeaders(ctx: Context, appKey: number, endpointKey: number, headers: HeaderMap): Promise<void> {
  await write(ctx, async ({ db, signal }) => {
    await db
      .updateTable("endpoint")
      .set({ headers_sealed: sealHeaders(ctx, endpointKey, headers), updated_at: ctx.services.now() })
      .where("id", "=", endpointKey)
      .execute();
    signal({ kind: "application", key: appKey });
  });
}
