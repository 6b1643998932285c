/** An organisation comes into being when its first token is used. */
import type { Services } from "../context.ts";

/** The organisation of a server that has only one. */
export const DEFAULT_ORGANISATION = "org_00000000000000000000default";

export async function ensureOrganisation(services: Services, publicId: string): Promise<number> {
  const { store } = services;
  const find = (): Promise<{ id: number } | undefined> =>
    store.hotDb.selectFrom("organisation").select("id").where("public_id", "=", publicId).executeTakeFirst();
  const found = await find();
  if (found !== undefined) return found.id;
  await store.transaction(
    ({ db }) =>
      db
        .insertInto("organisation")
        .values({ public_id: publicId, created_at: services.now() })
        .onConflict((conflict) => conflict.column("public_id").doNothing())
        .execute(),
    "organisation.ensure",
  );
  return (await find())!.id;
}
