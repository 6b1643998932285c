/** Expiry of endpoint certificates. If a certificate is not renewed, deliveries fail as soon as it expires. */
import { APPLICATION_KIND } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type Context, reader, type Services } from "../context.ts";
import { originOf } from "../endpoint/verification.ts";
import { sourceIdOf } from "../source/source.ts";
import type { Tx } from "../../store/tx.ts";

/** A certificate that a receiver presented. Times are Unix milliseconds. */
export interface Certificate {
  readonly origin: string;
  readonly validTo: number;
}

export interface EndingCertificate {
  readonly endpointId: string;
  /** ID of the application, or of the source if the endpoint is one of its routes. */
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly url: string;
  readonly validTo: number;
}

const DAY_MS = 86_400_000;
/** Certificates are reported this long before they expire. */
export const ENDING_MS: number = 30 * DAY_MS;
/** Maximum number of endpoints in the list, and of rows that are read for it: some rows belong to URLs that are no longer used. */
const MAX_LISTED = 50;
const MAX_READ = 500;

/** Endpoints whose certificates have expired or expire within 30 days, the earliest first. */
export async function endingCertificates(ctx: Context): Promise<readonly EndingCertificate[]> {
  const { services, actor } = ctx;
  const visible = visibleApplications(actor);
  const rows = await reader(ctx)
    .selectFrom("endpoint_certificate as c")
    .innerJoin("endpoint as e", "e.id", "c.endpoint_id")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select(["e.public_id as endpointId", "e.url", "c.origin", "c.valid_to as validTo"])
    .select(["a.public_id as appId", "a.uid as appUid", "a.name as appName", "a.kind"])
    .where("c.valid_to", "<", services.now() + ENDING_MS)
    .where("a.org_id", "=", actor.orgId)
    .$if(visible !== null, (own) => own.where("a.id", "in", visible!))
    .where("a.kind", "<>", APPLICATION_KIND.operational)
    .where("a.deleted_at", "is", null)
    .where("e.deleted_at", "is", null)
    .where("e.replay_task_id", "is", null)
    .where("e.disabled", "=", 0)
    .orderBy("c.valid_to")
    .limit(MAX_READ)
    .execute();
  return rows
    .filter(({ origin, url }) => origin === originOf(url))
    .slice(0, MAX_LISTED)
    .map(({ endpointId, appId, appUid, appName, url, validTo, kind }) => {
      const shown = kind === APPLICATION_KIND.source ? sourceIdOf(appId) : appId;
      return { endpointId, appId: shown, appUid, appName, url, validTo };
    });
}

/** The certificate of an endpoint; `null`: it has none, or received no request since its URL was set. */
export async function certificateOf(
  ctx: Context,
  endpoint: { readonly key: number; readonly url: string },
): Promise<Certificate | null> {
  const row = await reader(ctx)
    .selectFrom("endpoint_certificate")
    .select(["origin", "valid_to as validTo"])
    .where("endpoint_id", "=", endpoint.key)
    .executeTakeFirst();
  return row?.origin === originOf(endpoint.url) ? row : null;
}

/** Stores certificates that are new or changed. */
export async function saveCertificates(
  { store, now }: Services,
  seen: ReadonlyMap<number, Certificate>,
): Promise<void> {
  const stored = await store.db
    .selectFrom("endpoint_certificate")
    .select(["endpoint_id", "origin", "valid_to"])
    .where("endpoint_id", "in", [...seen.keys()])
    .execute();
  const changed = new Map(seen);
  for (const { endpoint_id, origin, valid_to } of stored) {
    const certificate = seen.get(endpoint_id);
    if (certificate?.origin === origin && certificate.validTo === valid_to) changed.delete(endpoint_id);
  }
  if (changed.size > 0) await store.transaction((tx) => write(tx, changed, now()), "health.certificates");
}

async function write({ db }: Tx, changed: ReadonlyMap<number, Certificate>, at: number): Promise<void> {
  const rows = [...changed].map(([endpoint_id, { origin, validTo }]) => {
    return { endpoint_id, origin, valid_to: validTo, seen_at: at };
  });
  await db
    .insertInto("endpoint_certificate")
    .values(rows)
    .onConflict((conflict) =>
      conflict.column("endpoint_id").doUpdateSet((eb) => ({
        origin: eb.ref("excluded.origin"),
        valid_to: eb.ref("excluded.valid_to"),
        seen_at: eb.ref("excluded.seen_at"),
      })),
    )
    .execute();
}
