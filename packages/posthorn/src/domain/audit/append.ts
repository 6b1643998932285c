/** Appends entries to the audit log. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import type { AuditType } from "../../store/audit-schema.ts";
import type { Tx } from "../../store/tx.ts";
import type { TransactionServices } from "../context.ts";
import type { AuditHead } from "./signer.ts";
import {
  AUDIT_VERSION,
  type AuditActor,
  type AuditDetail,
  type AuditEntry,
  type AuditTarget,
  hashOfEntry,
  hex,
  NO_HASH,
} from "./entry.ts";

/** What an entry records. */
export interface AuditRecord {
  readonly type: AuditType;
  readonly action: string;
  readonly actor: AuditActor;
  readonly target: AuditTarget | null;
  /** The application that was concerned, with its key. */
  readonly application: { readonly key: number; readonly id: string } | null;
  readonly detail: AuditDetail;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export interface AuditOrganisation {
  readonly orgId: number;
  readonly orgPublicId: string;
}

type AppendServices = Pick<TransactionServices, "auditSigner" | "now" | "operational">;

/** Bounds of texts that callers choose. */
const MAX_ID = 256;
const MAX_TEXT = 512;

/**
 * Appends an entry in the transaction of the change: both are committed, or neither. Write transactions run one at a time in the whole
 * cluster (see `Store.transaction`), so the head that is read here is still the head when it is replaced.
 *
 * The signature of the head is verified first. Otherwise, the new signature would hide that entries were deleted together with their head.
 */
export async function appendEntry(
  services: AppendServices,
  tx: Tx,
  organisation: AuditOrganisation,
  record: AuditRecord,
): Promise<void> {
  const head = await tx.db
    .selectFrom("audit_head")
    .selectAll()
    .where("org_id", "=", organisation.orgId)
    .executeTakeFirst();
  if (head !== undefined && services.auditSigner.isGenuine(toHead(head, organisation.orgPublicId), head.signature)) {
    await appendTo(services, tx, organisation, head, record);
    return;
  }
  const last = await tx.db
    .selectFrom("audit_entry")
    .select(["seq", "hash"])
    .where("org_id", "=", organisation.orgId)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const pruned = { pruned_seq: 0, pruned_hash: NO_HASH };
  const start = { seq: last?.seq ?? 0, hash: last?.hash ?? NO_HASH, at: 0, ...pruned };
  if (head === undefined && last === undefined) {
    await appendTo(services, tx, organisation, start, record);
    return;
  }
  const found = head === undefined ? {} : { headSequence: head.seq, headHash: hex(head.hash) };
  const next = await appendTo(services, tx, organisation, start, {
    type: "change",
    action: INVALID_HEAD,
    actor: { kind: "system", id: null, name: null },
    target: null,
    application: null,
    detail: { facts: { ...found, lastSequence: start.seq } },
    ip: null,
    userAgent: null,
  });
  await appendTo(services, tx, organisation, next, record);
}

/** Action of the entry that records that the head was missing, or not signed by this server. */
export const INVALID_HEAD = "system.audit.invalid-head";

export function toHead(row: Omit<HeadColumns, "at">, organisation: string): AuditHead {
  return {
    organisation,
    sequence: row.seq,
    hash: hex(row.hash),
    prunedSequence: row.pruned_seq,
    prunedHash: hex(row.pruned_hash),
  };
}

async function appendTo(
  services: AppendServices,
  tx: Tx,
  { orgId, orgPublicId }: AuditOrganisation,
  head: HeadColumns,
  record: AuditRecord,
): Promise<HeadColumns> {
  const at = services.now();
  const seq = head.seq + 1;
  const { target, application } = record;
  const entry: AuditEntry = {
    version: AUDIT_VERSION,
    organisation: orgPublicId,
    sequence: seq,
    timestamp: new Date(at).toISOString(),
    type: record.type,
    action: record.action,
    actor: { kind: record.actor.kind, id: text(record.actor.id, MAX_ID), name: text(record.actor.name, MAX_ID) },
    target:
      target === null ? null : { kind: target.kind, id: text(target.id, MAX_ID), name: text(target.name, MAX_ID) },
    application: application?.id ?? null,
    detail: record.detail,
    ip: text(record.ip, MAX_ID),
    userAgent: text(record.userAgent, MAX_TEXT),
    previousHash: hex(head.hash),
  };
  const hash = hashOfEntry(entry);
  await tx.db
    .insertInto("audit_entry")
    .values({
      org_id: orgId,
      seq,
      at,
      type: entry.type,
      action: entry.action,
      actor_kind: entry.actor.kind,
      actor_id: entry.actor.id,
      actor_name: entry.actor.name,
      target_kind: entry.target?.kind ?? null,
      target_id: entry.target?.id ?? null,
      target_name: entry.target?.name ?? null,
      app_id: application?.key ?? null,
      app_public_id: entry.application,
      detail_json: canonicalJson(entry.detail),
      ip: entry.ip,
      user_agent: entry.userAgent,
      prev_hash: head.hash,
      hash,
    })
    .execute();
  const next = { seq, hash, at, pruned_seq: head.pruned_seq, pruned_hash: head.pruned_hash };
  await saveHead(services, tx, { orgId, orgPublicId }, next);
  await services.operational.announce(tx, { orgId, type: "audit.recorded", data: { ...entry, hash: hex(hash) } });
  return next;
}

export interface HeadColumns {
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly at: number;
  readonly pruned_seq: number;
  readonly pruned_hash: Uint8Array;
}

/** Signs and stores the head. */
export async function saveHead(
  { auditSigner }: Pick<TransactionServices, "auditSigner">,
  { db }: Tx,
  { orgId, orgPublicId }: AuditOrganisation,
  { seq, hash, at, pruned_seq, pruned_hash }: HeadColumns,
): Promise<void> {
  const head = { seq, hash, at, pruned_seq, pruned_hash };
  const signature = auditSigner.sign(toHead(head, orgPublicId));
  const columns = { ...head, key_id: auditSigner.keyId, signature };
  await db
    .insertInto("audit_head")
    .values({ org_id: orgId, ...columns })
    .onConflict((conflict) => conflict.column("org_id").doUpdateSet(columns))
    .execute();
}

/** A text that both databases store unchanged, and that has only one encoding in JSON. PostgreSQL refuses NUL. */
function text(value: string | null, length: number): string | null {
  return value === null ? null : value.slice(0, length).replaceAll("\0", "\uFFFD").toWellFormed();
}
