/** Reads the audit log of an organisation. */
import type { Kysely } from "kysely";
import { isId, keyOfId } from "../../lib/id.ts";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type Call, type Context, type OutsideContext, reader } from "../context.ts";
import { comparison, type Page, type PageRequest, readPage } from "../paging.ts";
import { applicationIdOf } from "../source/source.ts";
import { type AuditType, type HashedAuditEntry, toEntry } from "./entry.ts";
import { toHead } from "./append.ts";
import type { SignedAuditHead } from "./signer.ts";
import { type AuditProblem, ChainVerifier } from "./verify.ts";

export interface AuditFilter {
  readonly type: AuditType | null;
  readonly action: string | null;
  /** Id of a key or user. */
  readonly actor: string | null;
  readonly actorKind: string | null;
  readonly target: string | null;
  /** Id or uid of an application, or id of a source. */
  readonly application: string | null;
  readonly before: number | null;
  readonly after: number | null;
}

export const ALL_ENTRIES: AuditFilter = {
  type: null,
  action: null,
  actor: null,
  actorKind: null,
  target: null,
  application: null,
  before: null,
  after: null,
};

/** Whether the caller would get every entry. Only then can the chain be verified. */
export function isComplete(ctx: Context, filter: AuditFilter): boolean {
  return visibleApplications(ctx.actor) === null && Object.values(filter).every((value) => value === null);
}

export async function listAuditEntries({
  ctx,
  input,
}: Call<PageRequest & AuditFilter>): Promise<Page<HashedAuditEntry>> {
  const query = await filtered(ctx, input);
  return readPage(input, { order: "desc", keyOf: sequenceOf }, async (slice) => {
    let rows = query.orderBy("seq", slice.order).limit(slice.limit);
    if (slice.from !== null) rows = rows.where("seq", comparison(slice.order), slice.from);
    return (await rows.execute()).map((row) => toEntry(row, ctx.actor.orgPublicId));
  });
}

function sequenceOf(iterator: string): number | null {
  return /^[1-9]\d{0,15}$/.test(iterator) ? Number(iterator) : null;
}

async function filtered(ctx: Context, filter: AuditFilter) {
  const { type, action, actor, actorKind, target, application, before, after } = filter;
  let query = reader(ctx).selectFrom("audit_entry").selectAll().where("org_id", "=", ctx.actor.orgId);
  const limit = visibleApplications(ctx.actor);
  if (limit !== null) query = query.where("app_id", "in", limit);
  if (type !== null) query = query.where("type", "=", type);
  if (action !== null) query = query.where("action", "=", action);
  if (actor !== null) query = query.where("actor_id", "=", actor);
  if (actorKind !== null) query = query.where("actor_kind", "=", actorKind);
  if (target !== null) query = query.where("target_id", "=", target);
  if (application !== null) query = query.where("app_id", "=", await applicationKey(ctx, application));
  if (before !== null) query = query.where("at", "<", before);
  if (after !== null) query = query.where("at", ">", after);
  return query;
}

/** Also finds a deleted application, if `ref` is its id. */
async function applicationKey(ctx: Context, ref: string): Promise<number> {
  const id = isId("src_", ref) ? applicationIdOf(ref) : ref;
  const key = keyOfId("app_", id);
  if (key !== null) return key;
  const row = await reader(ctx)
    .selectFrom("application")
    .select("id")
    .where("org_id", "=", ctx.actor.orgId)
    .where("kind", "=", APPLICATION_KIND.customer)
    .where("uid", "=", ref)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  return row?.id ?? -1;
}

export async function readHead(ctx: Context): Promise<SignedAuditHead | null> {
  const { orgId, orgPublicId } = ctx.actor;
  const row = await reader(ctx).selectFrom("audit_head").selectAll().where("org_id", "=", orgId).executeTakeFirst();
  if (row === undefined) return null;
  const signature = Buffer.from(row.signature).toString("base64");
  return { ...toHead(row, orgPublicId), keyId: row.key_id, signature };
}

const PAGE = 500;

/** The head, and the last entry that a verification has to read. */
export interface AuditExtent {
  readonly head: SignedAuditHead | null;
  readonly last: number;
}

/** An entry after the head is either newer, or was inserted: the head is read last, so newer entries are not mistaken for inserted ones. */
export async function readExtent(ctx: Context): Promise<AuditExtent> {
  const newest = await newestSequence(reader(ctx), ctx.actor.orgId);
  const head = await readHead(ctx);
  return { head, last: Math.max(newest, head?.sequence ?? 0) };
}

async function newestSequence(db: Kysely<Database>, orgId: number): Promise<number> {
  const row = await db
    .selectFrom("audit_entry")
    .select((eb) => eb.fn.max<number | null>("seq").as("seq"))
    .where("org_id", "=", orgId)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Reads the entries of a range, oldest first, in pages. */
export async function* readEntries(
  ctx: OutsideContext,
  filter: AuditFilter,
  { after, last }: { readonly after: number; readonly last: number },
): AsyncGenerator<readonly HashedAuditEntry[]> {
  const query = await filtered(ctx, filter);
  for (let from = after; ;) {
    const rows = await query.where("seq", ">", from).where("seq", "<=", last).orderBy("seq").limit(PAGE).execute();
    if (rows.length > 0) yield rows.map((row) => toEntry(row, ctx.actor.orgPublicId));
    if (rows.length < PAGE) return;
    from = rows.at(-1)!.seq;
  }
}

export interface AuditVerification {
  readonly intact: boolean;
  /** Entries that were verified. */
  readonly checked: number;
  /** Whether all entries that are kept were verified. */
  readonly complete: boolean;
  readonly head: SignedAuditHead | null;
  readonly publicKey: string;
  readonly problems: readonly AuditProblem[];
}

/** Verifies the newest entries, and the signature of the head. */
export async function verifyNewest(ctx: OutsideContext, limit: number): Promise<AuditVerification> {
  const { auditSigner } = ctx.services;
  const { head, last } = await readExtent(ctx);
  const pruned = head?.prunedSequence ?? 0;
  const after = Math.max(pruned, last - limit);
  const complete = after === pruned;
  const verifier = new ChainVerifier({ sequence: after, hash: complete ? (head?.prunedHash ?? null) : null });
  for await (const page of readEntries(ctx, ALL_ENTRIES, { after, last }))
    for (const entry of page) verifier.add(entry);
  verifier.finish(head, auditSigner.publicKeys);
  const { problems, checked } = verifier;
  return { intact: problems.length === 0, checked, complete, head, publicKey: auditSigner.publicKey, problems };
}
