import { type Context, reader } from "../context.ts";
import { idIterator } from "../paging.ts";

const userKey = idIterator("usr_");
const apiKeyKey = idIterator("key_");

/**
 * Names of the users and API keys among callers, by ID. Other callers have none, and users who left the organisation no longer have one. Callers
 * with a token of an application learn no names.
 */
export async function callerNames(ctx: Context, ids: Iterable<string | null>): Promise<ReadonlyMap<string, string>> {
  const { actor } = ctx;
  if (actor.kind !== "organisation") return new Map();
  const known = [...new Set(ids)].filter((id) => id !== null);
  const db = reader(ctx);
  const people = await db
    .selectFrom("person")
    .select(["public_id", "name", "email"])
    .where("id", "in", keysOf(known, userKey))
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("membership")
          .select("membership.id")
          .whereRef("membership.person_id", "=", "person.id")
          .where("membership.org_id", "=", actor.orgId),
      ),
    )
    .execute();
  const keys = await db
    .selectFrom("api_key")
    .select(["public_id", "name"])
    .where("id", "in", keysOf(known, apiKeyKey))
    .where("org_id", "=", actor.orgId)
    .execute();
  return new Map([
    ...people.map(({ public_id, name, email }) => [public_id, name === "" ? email : name] as const),
    ...keys.map(({ public_id, name }) => [public_id, name] as const),
  ]);
}

function keysOf(ids: readonly string[], keyOf: (id: string) => number | null): readonly number[] {
  const keys = ids.flatMap((id) => keyOf(id) ?? []);
  return keys.length === 0 ? [-1] : keys;
}
