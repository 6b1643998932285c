/**
 * Entries of the audit log and their hash chain.
 *
 * The hash of an entry is the SHA-256 of its canonical JSON (RFC 8785) in UTF-8. The JSON includes the hash of the entry before, so an entry
 * cannot be changed, removed, inserted or moved without changing every hash after it. `docs/features/audit.md` documents the format, with test
 * vectors, so that a chain can be verified without Posthorn: changes here need a new `version`.
 */
import { createHash } from "node:crypto";
import type { Selectable } from "kysely";
import { canonicalJson } from "../../lib/canonical-json.ts";
import type { AuditEntryTable, AuditType } from "../../store/audit-schema.ts";

export type { AuditType };

export const AUDIT_VERSION = 1;

/** `previousHash` of the first entry: 32 zero bytes. */
export const NO_HASH: Uint8Array = new Uint8Array(32);

/** Kinds of actors. `token` is a signed token of the organisation, `application` a token of one application. */
export const AUDIT_ACTOR_KINDS = [
  "token",
  "key",
  "user",
  "application",
  "link",
  "anonymous",
  "embedded",
  "cli",
  "system",
] as const;
export type AuditActorKind = (typeof AUDIT_ACTOR_KINDS)[number];

/** Who acted, as known at that time. */
export interface AuditActor {
  readonly kind: AuditActorKind;
  readonly id: string | null;
  readonly name: string | null;
}

/** What was changed or viewed. */
export interface AuditTarget {
  readonly kind: string;
  readonly id: string | null;
  readonly name: string | null;
}

/** A changed field; `from` and `to` are absent when its values could contain secrets or personal data. */
export interface AuditFieldChange {
  readonly field: string;
  readonly from?: AuditValue;
  readonly to?: AuditValue;
}

export type AuditValue = string | number | boolean | null | readonly string[];

export interface AuditDetail {
  /** Names of the fields in the request. */
  readonly fields?: readonly string[];
  readonly changes?: readonly AuditFieldChange[];
  /** Further facts, such as the reason why the server acted. */
  readonly facts?: Readonly<Record<string, AuditValue>>;
}

/** An entry as it is hashed, exported and shown. */
export interface AuditEntry {
  readonly version: number;
  readonly organisation: string;
  readonly sequence: number;
  /** RFC 3339 with milliseconds, in UTC. */
  readonly timestamp: string;
  readonly type: AuditType;
  readonly action: string;
  readonly actor: AuditActor;
  readonly target: AuditTarget | null;
  readonly application: string | null;
  readonly detail: AuditDetail;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** 64 lower-case hexadecimal digits. */
  readonly previousHash: string;
}

export type HashedAuditEntry = AuditEntry & { readonly hash: string };

export function hashOfEntry(entry: AuditEntry): Buffer {
  return createHash("sha256").update(canonicalJson(entry)).digest();
}

export type AuditRow = Selectable<AuditEntryTable>;

/** Returns the entry of a row, with the hash that the row has. */
export function toEntry(row: AuditRow, organisation: string): HashedAuditEntry {
  return {
    version: AUDIT_VERSION,
    organisation,
    sequence: row.seq,
    timestamp: new Date(row.at).toISOString(),
    type: row.type,
    action: row.action,
    actor: { kind: row.actor_kind as AuditActorKind, id: row.actor_id, name: row.actor_name },
    target: row.target_kind === null ? null : { kind: row.target_kind, id: row.target_id, name: row.target_name },
    application: row.app_public_id,
    detail: JSON.parse(row.detail_json) as AuditDetail,
    ip: row.ip,
    userAgent: row.user_agent,
    previousHash: hex(row.prev_hash),
    hash: hex(row.hash),
  };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
