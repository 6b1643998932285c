/** The caller of an operation, as the audit log names it. */
import type { Kysely } from "kysely";
import { keyOfId } from "../../lib/id.ts";
import type { Database } from "../../store/schema.ts";
import type { Actor } from "../access.ts";
import type { AuditActor } from "./entry.ts";

/** Looks up the name that the caller has now, because it can change later. */
export async function auditActorOf(db: Kysely<Database>, actor: Actor): Promise<AuditActor> {
  if (actor.kind === "application") return { kind: "application", id: actor.appPublicId, name: actor.sessionId };
  const { caller } = actor;
  switch (caller.kind) {
    case "key":
      return { kind: "key", id: caller.id, name: await nameOfKey(db, caller.id) };
    case "user":
      return { kind: "user", id: caller.id, name: await nameOfUser(db, caller.key) };
    case "token":
    case "cli":
    case "embedded":
    case "system":
      return { kind: caller.kind, id: null, name: null };
  }
}

/** The address identifies a person better than the name, which the person can choose. */
async function nameOfUser(db: Kysely<Database>, key: number): Promise<string | null> {
  const row = await db.selectFrom("person").select("email").where("id", "=", key).executeTakeFirst();
  return row?.email ?? null;
}

async function nameOfKey(db: Kysely<Database>, id: string): Promise<string | null> {
  const row = await db
    .selectFrom("api_key")
    .select("name")
    .where("id", "=", keyOfId("key_", id) ?? -1)
    .executeTakeFirst();
  return row?.name ?? null;
}
