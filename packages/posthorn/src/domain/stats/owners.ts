/** The places that count a message or an attempt: organisation, application and endpoint. */
import { isOneOf } from "../../store/portable-sql.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import type { Tally } from "./tally.ts";

interface Owners {
  /** The organisation, unless it is operational webhook traffic, and the application. */
  ofApplication(appId: number): readonly Place[];
  /** Like `ofApplication`, plus the endpoint. */
  ofEndpoint(endpointId: number): readonly Place[];
}

type Place = Parameters<Tally["at"]>[0];

export async function ownersOf(
  { store: { db } }: Services,
  { apps, endpoints }: { readonly apps: readonly number[]; readonly endpoints: readonly number[] },
): Promise<Owners> {
  const appOf = new Map<number, number>();
  if (endpoints.length > 0) {
    const rows = await db
      .selectFrom("endpoint")
      .select(["id", "app_id"])
      .where(isOneOf(db, "id", endpoints))
      .execute();
    for (const { id, app_id } of rows) appOf.set(id, app_id);
  }
  const wanted = [...new Set([...apps, ...appOf.values()])];
  const rows =
    wanted.length === 0
      ? []
      : await db
          .selectFrom("application")
          .select(["id", "org_id", "kind"])
          .where(isOneOf(db, "id", wanted))
          .execute();
  const places = new Map(
    rows.map(({ id, org_id: orgId, kind }) => {
      const own = { orgId, appId: id, endpointId: 0 };
      return [id, kind === APPLICATION_KIND.operational ? [own] : [{ orgId, appId: 0, endpointId: 0 }, own]];
    }),
  );
  const ofApplication = (appId: number): readonly Place[] => places.get(appId) ?? [];
  return {
    ofApplication,
    ofEndpoint: (endpointId) => {
      const above = ofApplication(appOf.get(endpointId) ?? 0);
      const own = above.at(-1);
      return own === undefined ? [] : [...above, { ...own, endpointId }];
    },
  };
}
