/** Links and codes that work once and expire. Only their hashes are stored. */
import { randomBytes, randomInt } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import type { PersonTokenKind, PersonTokenTable } from "../../store/people-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { TransactionServices } from "../context.ts";
import { hashToken } from "../auth/hash-token.ts";

export interface NewOneTime {
  readonly kind: PersonTokenKind;
  readonly orgId: number;
  readonly lifetimeMs: number;
  readonly personKey?: number;
  readonly appKey?: number | null;
  readonly role?: string;
  readonly email?: string;
  readonly createdBy?: string;
}

export interface OneTime {
  readonly key: number;
  readonly id: string;
  /** Shown once. */
  readonly code: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type OneTimeRow = Selectable<PersonTokenTable>;

export async function createOneTime(
  { ids, now }: Pick<TransactionServices, "ids" | "now">,
  db: Kysely<Database>,
  { kind, orgId, lifetimeMs, personKey, appKey = null, role, email, createdBy = "" }: NewOneTime,
): Promise<OneTime> {
  const { key, id } = ids.next("inv_");
  const code = kind === "developer" ? readableCode(12) : randomBytes(32).toString("base64url");
  const createdAt = now();
  const expiresAt = createdAt + lifetimeMs;
  await db
    .insertInto("person_token")
    .values({
      id: key,
      public_id: id,
      kind,
      hash: hashOf(kind, code),
      person_id: personKey ?? null,
      org_id: orgId,
      app_id: appKey,
      role: role ?? null,
      email: email ?? null,
      created_by: createdBy,
      created_at: createdAt,
      expires_at: expiresAt,
    })
    .execute();
  return { key, id, code, createdAt, expiresAt };
}

/** Finds a link or code that is still valid. Throws `link_invalid` if there is none. */
export async function findOneTime(
  db: Kysely<Database>,
  kind: PersonTokenKind,
  code: string,
  now: number,
): Promise<OneTimeRow> {
  const row = await db
    .selectFrom("person_token")
    .selectAll()
    .where("hash", "=", hashOf(kind, code))
    .where("kind", "=", kind)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (row === undefined) throw linkInvalid();
  return row;
}

/** Uses up a link or code. Of two concurrent calls, one throws `link_invalid`. */
export async function takeOneTime(
  db: Kysely<Database>,
  kind: PersonTokenKind,
  code: string,
  now: number,
): Promise<OneTimeRow> {
  const row = await findOneTime(db, kind, code, now);
  const { numDeletedRows } = await db.deleteFrom("person_token").where("id", "=", row.id).executeTakeFirst();
  if (numDeletedRows === 0n) throw linkInvalid();
  return row;
}

/** A code that a person can type, such as `K7XQ-2M9F-D4TB`. */
export function readableCode(length: number): string {
  const letters = Array.from({ length }, () => READABLE[randomInt(READABLE.length)]!).join("");
  return letters.match(/.{4}/g)!.join("-");
}

/** Without vowels, so that no words appear, and without characters that look alike. */
const READABLE = "BCDFGHJKLMNPQRSTVWXZ2456789";

/** Hash of a code that a person may have typed in any spelling. */
export function readableHash(purpose: string, code: string): Uint8Array {
  return hashToken(`${purpose}:${code.toUpperCase().replaceAll(/[^A-Z0-9]/g, "")}`);
}

function hashOf(kind: PersonTokenKind, code: string): Uint8Array {
  return kind === "developer" ? readableHash(kind, code) : hashToken(`${kind}:${code}`);
}

export function linkInvalid(): PosthornError {
  return new PosthornError(
    "link_invalid",
    "This link or code was already used, has expired, or was replaced by a newer one. Ask for a new one.",
  );
}
