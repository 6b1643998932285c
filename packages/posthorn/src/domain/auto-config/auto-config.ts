/**
 * Subscriptions that receivers complete themselves. The sender creates one and hands over its token; the receiver registers its URL or a
 * polling endpoint with it, and starts to receive. Each token has one endpoint.
 */
import { generateSecret } from "@posthorn/webhooks";
import type { Selectable } from "kysely";
import { POLLING_KIND, WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { AutoConfigTable } from "../../store/feed-schema.ts";
import type { Actor } from "../access.ts";
import type { Application } from "../application/application.ts";
import { findResource } from "../application/resource.ts";
import { getApplication } from "../application/find.ts";
import { currentToken, issueToken, revokeTokens, type ScopedToken } from "../auth/scoped-token.ts";
import { atomically, type Call, type Context, reader, type TransactionContext } from "../context.ts";
import type { Destination } from "../destination/destination.ts";
import { type DestinationInput, upsertDestination } from "../destination/save.ts";
import { insertEndpoint } from "../endpoint/create.ts";
import { checkEventTypes, type Endpoint, type EndpointInput, toEndpoint } from "../endpoint/endpoint.ts";
import { checkSecret, rotateSecret } from "../endpoint/secret.ts";
import { patchEndpoint } from "../endpoint/update.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

export interface AutoConfigRef {
  /** Id or uid of the application. */
  readonly app: string;
  readonly autoConfig: string;
}

export interface AutoConfig {
  readonly key: number;
  readonly id: string;
  readonly createdAt: number;
  /** `null` until the receiver has subscribed, and after its endpoint was deleted. */
  readonly endpoint: Endpoint | null;
}

export interface CreatedAutoConfig {
  readonly id: string;
  /** For the receiver: address of the server, identifiers, signing secret and API token. */
  readonly token: string;
  readonly createdAt: number;
}

const PREFIX = "auto_v2_";
const GRACE_SECONDS = 86_400;

function placeOf(key: number): string {
  return sealedIn("auto_config.secret_sealed", key);
}

export function createAutoConfig(call: Call<{ readonly app: string }>): Promise<CreatedAutoConfig> {
  return atomically(call, async ({ ctx, input }) => {
    const application = await getApplication(ctx, input.app);
    const { ids, secretBox, now } = ctx.services;
    const { key, id } = ids.next("acsub_");
    const secret = generateSecret();
    const at = now();
    const row = { id: key, public_id: id, app_id: application.key, endpoint_id: null };
    await ctx.tx.db
      .insertInto("auto_config")
      .values({ ...row, secret_sealed: secretBox.seal(secret, placeOf(key)), created_at: at, updated_at: at })
      .execute();
    const issued = await issueToken(ctx, ctx.tx, ownerOf(application, key), { graceMs: 0 });
    ctx.audit?.created("subscription", id);
    return { id, token: tokenFor(ctx, application, id, secret, issued), createdAt: at };
  });
}

function ownerOf({ key: appKey }: Application, autoConfigKey: number) {
  return { appKey, endpointKey: null, autoConfigKey };
}

function tokenFor(
  { services }: Context,
  application: Application,
  sid: string,
  esec: string,
  { token }: ScopedToken,
): string {
  const content = { aid: application.id, sid, surl: services.rules.publicUrl(), esec, tok: token };
  return PREFIX + Buffer.from(JSON.stringify(content)).toString("base64");
}

async function find(
  ctx: Context,
  ref: AutoConfigRef,
): Promise<{ readonly application: Application; readonly row: Selectable<AutoConfigTable> }> {
  const name = "subscription";
  const found = await findResource(ctx, { app: ref.app, prefix: "acsub_", ref: ref.autoConfig, name }, (isIt) =>
    reader(ctx).selectFrom("auto_config").selectAll().where(isIt).executeTakeFirst(),
  );
  const scope = ctx.actor.kind === "application" ? ctx.actor.scope : undefined;
  if (scope !== undefined && scope.autoConfigKey !== found.row.id) throw notFound(name);
  return found;
}

async function endpointOf(ctx: Context, { endpoint_id: key }: Selectable<AutoConfigTable>): Promise<Endpoint | null> {
  if (key === null) return null;
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .selectAll()
    .where("id", "=", key)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : toEndpoint(ctx, row);
}

export interface AutoConfigState extends AutoConfig {
  /** Last characters of the token; empty if it was revoked. */
  readonly tokenEnd: string;
}

export async function getAutoConfig({ ctx, input }: Call<AutoConfigRef>): Promise<AutoConfigState> {
  return stateOf(ctx, (await find(ctx, input)).row);
}

async function stateOf(ctx: Context, row: Selectable<AutoConfigTable>): Promise<AutoConfigState> {
  const current = await currentToken(ctx, reader(ctx), { endpointKey: null, autoConfigKey: row.id });
  return {
    key: row.id,
    id: row.public_id,
    createdAt: row.created_at,
    endpoint: await endpointOf(ctx, row),
    tokenEnd: current?.token.slice(-4) ?? "",
  };
}

export async function listAutoConfigs({
  ctx,
  input,
}: Call<PageRequest & { readonly app: string }>): Promise<Page<AutoConfigState>> {
  const application = await getApplication(ctx, input.app);
  const page = await readPage(input, { order: "desc", keyOf: idIterator("acsub_") }, (slice) => {
    const rows = reader(ctx)
      .selectFrom("auto_config")
      .selectAll()
      .where("app_id", "=", application.key)
      .orderBy("id", slice.order)
      .limit(slice.limit);
    return (slice.from === null ? rows : rows.where("id", comparison(slice.order), slice.from)).execute();
  });
  return { ...page, rows: await Promise.all(page.rows.map((row) => stateOf(ctx, row))) };
}

/** Replaces token and signing secret. The earlier ones are valid until the grace period ends. */
export function rotateAutoConfig(
  call: Call<AutoConfigRef & { readonly secret: string | null; readonly gracePeriodSeconds: number | null }>,
): Promise<CreatedAutoConfig> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, row } = await find(ctx, input);
    const gracePeriodSeconds = input.gracePeriodSeconds ?? GRACE_SECONDS;
    const secret = input.secret === null ? generateSecret() : checkSecret(input.secret, "signingSecret");
    const endpoint = await endpointOf(ctx, row);
    if (endpoint !== null) {
      const rotation = { app: application.id, endpoint: endpoint.id, key: secret, gracePeriodSeconds };
      await rotateSecret({ ctx, input: rotation });
    }
    await ctx.tx.db
      .updateTable("auto_config")
      .set({ secret_sealed: ctx.services.secretBox.seal(secret, placeOf(row.id)), updated_at: ctx.services.now() })
      .where("id", "=", row.id)
      .execute();
    const graceMs = gracePeriodSeconds * 1000;
    const issued = await issueToken(ctx, ctx.tx, ownerOf(application, row.id), { graceMs });
    const token = tokenFor(ctx, application, row.public_id, secret, issued);
    return { id: row.public_id, token, createdAt: row.created_at };
  });
}

/** Revokes the token. The endpoint stays. */
export function deleteAutoConfig(call: Call<AutoConfigRef>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { row } = await find(ctx, input);
    await revokeTokens(ctx.tx, { endpointKey: null, autoConfigKey: row.id });
    await ctx.tx.db.deleteFrom("auto_config").where("id", "=", row.id).execute();
  });
}

/** Registers the receiver's URL, or changes it. */
export function subscribeEndpoint(
  call: Call<AutoConfigRef & { readonly fields: EndpointInput; readonly headers: Record<string, string> }>,
): Promise<Endpoint> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, row } = await find(ctx, input);
    const { fields, headers } = input;
    if ((fields.kind ?? WEBHOOK_KIND) !== WEBHOOK_KIND) throw invalid("kind", "Register a URL here.");
    const existing = await boundTo(ctx, row, WEBHOOK_KIND);
    if (existing !== null) {
      const { disabled: _disabled, ...changes } = fields;
      return patchEndpoint({ ctx, input: { app: application.id, endpoint: existing.id, changes } });
    }
    const secret = ctx.services.secretBox.open(row.secret_sealed, placeOf(row.id));
    const endpoint = await insertEndpoint(ctx, application, { ...fields, secret, headers });
    await bind(ctx, row, endpoint);
    return endpoint;
  });
}

/** Creates the polling endpoint of the subscription, or changes which messages it gets. */
export function subscribeDestination(
  call: Call<AutoConfigRef & { readonly fields: DestinationInput }>,
): Promise<Destination> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, row } = await find(ctx, input);
    const { fields } = input;
    if (fields.type !== "pollingEndpoint") throw invalid("type", "This token can create a `pollingEndpoint` only.");
    const existing = await boundTo(ctx, row, POLLING_KIND);
    await checkEventTypes(ctx, fields.eventTypes, existing?.eventTypes ?? null);
    const inside: TransactionContext = { ...ctx, actor: ofItsApplication(ctx.actor) };
    const { destination } = await upsertDestination({
      ctx: inside,
      input: { app: application.id, endpoint: existing?.id ?? row.public_id, fields },
    });
    if (existing === null) await bind(ctx, row, destination.endpoint);
    return destination;
  });
}

/**
 * The caller with the capability that creating its endpoint needs. A token of a subscription has no capabilities, and stays confined to its
 * application.
 */
function ofItsApplication(actor: Actor): Actor {
  if (actor.kind === "organisation" || actor.scope === undefined) return actor;
  const { scope: _scope, ...application } = actor;
  return { ...application, capabilities: new Set(["ViewBase", "ManageEndpoint"]) };
}

async function boundTo(ctx: Context, row: Selectable<AutoConfigTable>, kind: string): Promise<Endpoint | null> {
  const existing = await endpointOf(ctx, row);
  if (existing === null || existing.kind === kind) return existing;
  throw new PosthornError(
    "conflict",
    "This token already has an endpoint of another kind, and each token has only one endpoint. Ask the sender for another token.",
  );
}

async function bind({ tx, services }: TransactionContext, { id }: Selectable<AutoConfigTable>, endpoint: Endpoint) {
  await tx.db
    .updateTable("auto_config")
    .set({ endpoint_id: endpoint.key, updated_at: services.now() })
    .where("id", "=", id)
    .execute();
}
