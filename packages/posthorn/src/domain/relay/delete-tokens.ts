import type { Tx } from "../../store/tx.ts";

/** Deletes the listen tokens of an application or a source, or those of one of its endpoints. Their listeners are disconnected with the endpoint. */
export async function deleteListenTokens(
  { db }: Pick<Tx, "db">,
  { appKey, endpointKey = null }: { readonly appKey: number; readonly endpointKey?: number | null },
): Promise<void> {
  const tokens = db.deleteFrom("listen_token").where("app_id", "=", appKey);
  await (endpointKey === null ? tokens : tokens.where("endpoint_id", "=", endpointKey)).execute();
}

/** Deletes listen tokens that have expired, and those of earlier versions whose endpoint or application was deleted. */
export async function deleteExpiredTokens({ db }: Pick<Tx, "db">, now: number): Promise<void> {
  await db
    .deleteFrom("listen_token")
    .where(({ eb, or, exists, selectFrom }) =>
      or([
        eb("listen_token.expires_at", "<=", now),
        exists(
          selectFrom("endpoint")
            .innerJoin("application", "application.id", "endpoint.app_id")
            .select("endpoint.id")
            .whereRef("endpoint.id", "=", "listen_token.endpoint_id")
            .where((of) =>
              of.or([of("endpoint.deleted_at", "is not", null), of("application.deleted_at", "is not", null)]),
            ),
        ),
      ]),
    )
    .execute();
}
