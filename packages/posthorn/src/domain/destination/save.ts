/** Creates and changes destinations of the compatible API. */
import type { ConfigInput } from "../../fields/config.ts";
import { WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { invalid, ValidationError } from "../../lib/errors.ts";
import { requireAccess } from "../access.ts";
import { getApplication } from "../application/find.ts";
import { atomically, type Call, type TransactionContext } from "../context.ts";
import { createEndpoint } from "../endpoint/create.ts";
import type { Endpoint, EndpointInput } from "../endpoint/endpoint.ts";
import { type EndpointRef, findEndpoint } from "../endpoint/find.ts";
import type { HeaderMap } from "../endpoint/header-rules.ts";
import { setHeaders } from "../endpoint/headers.ts";
import { currentSecret, rotateSecret } from "../endpoint/secret.ts";
import { patchEndpoint, upsertEndpoint } from "../endpoint/update.ts";
import { setEndpointPolicy } from "../policy/set.ts";
import { type Destination, destinationEndpoint, isDestination, toDestination } from "./destination.ts";
import { configOfType } from "./config.ts";
import { kindOfType } from "./types.ts";

type Settings = Pick<EndpointInput, "uid" | "disabled" | "eventTypes" | "channels" | "metadata">;

export interface DestinationInput extends Settings {
  readonly type: string;
  readonly config: ConfigInput;
  readonly batch: Destination["batch"];
}

/** Absent fields are unchanged. */
export interface DestinationChange extends Partial<Settings> {
  readonly type: string;
  readonly config?: ConfigInput;
  readonly batch?: Partial<Destination["batch"]>;
}

/** Events are sent to a destination in order. */
const IN_ORDER = { order: { by: "endpoint" } } as const;
/** How long a replaced secret continues to sign. */
const GRACE_SECONDS = 86_400;

export function createDestination(
  call: Call<{ readonly app: string; readonly fields: DestinationInput }>,
): Promise<Destination> {
  return atomically(call, ({ ctx, input }) => create(ctx, input.app, input.fields));
}

/** Replaces a destination, or creates one (with a new id) if there is none. */
export function upsertDestination(
  call: Call<EndpointRef & { readonly fields: DestinationInput }>,
): Promise<{ readonly destination: Destination; readonly created: boolean }> {
  return atomically(call, async ({ ctx, input }) => {
    const { app, endpoint: ref, fields } = input;
    const existing = await findEndpoint(ctx, await getApplication(ctx, app), ref);
    if (existing === null || !(await isDestination(ctx, existing))) {
      return { destination: await create(ctx, app, fields), created: true };
    }
    const parts = partsOf(fields);
    const { type: _type, config: _config, batch, ...settings } = fields;
    const endpoint = await placed(parts.kind, async () => {
      const saved = await upsertEndpoint({
        ctx,
        input: { app, endpoint: existing.id, fields: { ...BARE, ...settings, ...parts.target } },
      });
      await setWebhookParts(ctx, app, existing, parts);
      await setBatch(ctx, app, existing, batch);
      return saved.endpoint;
    });
    return { destination: await toDestination(ctx, app, endpoint), created: false };
  });
}

export function patchDestination(
  call: Call<EndpointRef & { readonly change: DestinationChange }>,
): Promise<Destination> {
  return atomically(call, async ({ ctx, input }) => {
    const { app, change } = input;
    const { endpoint } = await destinationEndpoint(ctx, input);
    const { type, config = {}, batch = {}, ...settings } = change;
    const parts = partsOf({ type, config });
    const { url, config: own } = parts.target;
    const changes = {
      ...settings,
      kind: parts.kind,
      ...(url === null ? {} : { url }),
      ...(own === null || Object.keys(own).length === 0 ? {} : { config: own }),
    };
    const changed = await placed(parts.kind, async () => {
      const saved = await patchEndpoint({ ctx, input: { app, endpoint: endpoint.id, changes } });
      await setWebhookParts(ctx, app, endpoint, parts);
      if (Object.keys(batch).length > 0) await setBatch(ctx, app, endpoint, batch);
      return saved;
    });
    return toDestination(ctx, app, changed);
  });
}

/** Defaults for settings of endpoints that destinations do not have. */
const BARE = { description: "", version: 1, throttleRate: null } as const;

async function create(ctx: TransactionContext, app: string, fields: DestinationInput): Promise<Destination> {
  const { type: _type, config: _config, batch, ...settings } = fields;
  const { kind, target, headers, secret } = partsOf(fields);
  if (secret !== null) requireAccess(ctx.actor, { access: "ManageEndpointSecret", permission: "endpoints:write" });
  const input = { ...BARE, ...settings, ...target, app, secret, headers: headers ?? {} };
  const endpoint = await placed(kind, () => createEndpoint({ ctx, input }));
  await setEndpointPolicy({ ctx, input: { app, endpoint: endpoint.id, policy: { ...IN_ORDER, batch }, change: true } });
  return toDestination(ctx, app, endpoint);
}

async function setBatch(
  ctx: TransactionContext,
  app: string,
  { id }: Endpoint,
  batch: Partial<Destination["batch"]>,
): Promise<void> {
  await setEndpointPolicy({ ctx, input: { app, endpoint: id, policy: { batch }, change: true } });
}

interface DestinationParts {
  readonly kind: string;
  readonly target: Pick<EndpointInput, "kind" | "url" | "config">;
  /** Headers and secret of a webhook; `null`: not given. */
  readonly headers: HeaderMap | null;
  readonly secret: string | null;
}

function partsOf({ type, config }: Pick<DestinationInput, "type" | "config">): DestinationParts {
  const kind = kindOfType(type);
  if (kind !== WEBHOOK_KIND)
    return { kind, target: { kind, url: null, config: configOfType(type, config) }, headers: null, secret: null };
  const { url, headers, key, ...others } = config;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(["body", "config", unknown], "Unknown field. Fields: url, headers, key.");
  return {
    kind,
    target: { kind, url: textOf("url", url), config: null },
    headers: headersOf(headers),
    secret: textOf("key", key),
  };
}

function textOf(field: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  throw invalid(["body", "config", field], "Must be a string.");
}

function headersOf(value: unknown): HeaderMap | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object" || Array.isArray(value)) {
    throw invalid(["body", "config", "headers"], "Must be an object.");
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const wrong = entries.find(([, text]) => typeof text !== "string");
  if (wrong !== undefined) throw invalid(["body", "config", "headers", wrong[0]], "Must be a string.");
  return Object.fromEntries(entries) as HeaderMap;
}

async function setWebhookParts(
  ctx: TransactionContext,
  app: string,
  { id, key }: Endpoint,
  { headers, secret }: DestinationParts,
): Promise<void> {
  if (headers !== null) await setHeaders({ ctx, input: { app, endpoint: id, headers } });
  if (secret === null || secret === (await currentSecret(ctx, key))) return;
  requireAccess(ctx.actor, { access: "ManageEndpointSecret", permission: "endpoints:write" });
  await rotateSecret({ ctx, input: { app, endpoint: id, key: secret, gracePeriodSeconds: GRACE_SECONDS } });
}

/** Changes the locations of validation errors to the fields of a destination. */
async function placed<T>(kind: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const issues = error.issues.map((issue) => ({ ...issue, loc: placeOf(issue.loc, kind) }));
    throw new ValidationError(issues, { cause: error });
  }
}

function placeOf([body = "body", field = "", ...rest]: readonly string[], kind: string): readonly string[] {
  if (field === "kind") return [body, "type"];
  if (kind !== WEBHOOK_KIND) return [body, field, ...rest];
  if (field === "url" || field === "headers") return [body, "config", field, ...rest];
  return field === "secret" || field === "key" ? [body, "config", "key"] : [body, field, ...rest];
}
