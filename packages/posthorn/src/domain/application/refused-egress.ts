/** Finds stored egress rules that have no effect because they go beyond what the operator allows. */
import type { Selectable } from "kysely";
import type { ApplicationTable, EndpointTable } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import type { RefusedTarget } from "../rules.ts";
import type { EndpointEgress } from "../endpoint/egress.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Rules of one application, or of one endpoint, that have no effect. */
export interface RefusedEgress {
  readonly applicationId: string;
  /** `null`: the rules are those of the application. */
  readonly endpointId: string | null;
  /** Entries of its allow list. */
  readonly words: readonly string[];
  /** Host of its proxy, without port and credentials; `null` if there is none or it is allowed. */
  readonly proxyHost: string | null;
}

/** Rows per query. */
const PAGE = 500;

/** Checks all stored rules, so that a node can report them when it starts. */
export async function* refusedEgress(services: Services): AsyncGenerator<RefusedEgress> {
  for await (const row of pages((after) => applicationsAfter(services, after))) {
    const words = row.egress_allow === null ? [] : services.rules.refusedWords(row.egress_allow).map(textOf);
    const proxyHost = refusedProxyHost(services, row.egress_sealed, sealedIn("application.egress_sealed", row.id));
    if (words.length > 0 || proxyHost !== null) {
      yield { applicationId: row.public_id, endpointId: null, words, proxyHost };
    }
  }
  for await (const row of pages((after) => endpointsAfter(services, after))) {
    const proxyHost = refusedProxyHost(services, row.egress_sealed, sealedIn("endpoint.egress_sealed", row.id));
    if (proxyHost !== null) yield { applicationId: row.app_public_id, endpointId: row.public_id, words: [], proxyHost };
  }
}

async function* pages<Row extends { readonly id: number }>(
  read: (after: number) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  for (let after = -1; ;) {
    const rows = await read(after);
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

type ApplicationRow = Pick<Selectable<ApplicationTable>, "id" | "public_id" | "egress_allow" | "egress_sealed">;
type EndpointRow = Pick<Selectable<EndpointTable>, "id" | "public_id" | "egress_sealed"> & {
  readonly app_public_id: string;
};

function applicationsAfter({ store }: Services, after: number): Promise<readonly ApplicationRow[]> {
  return store.db
    .selectFrom("application")
    .select(["id", "public_id", "egress_allow", "egress_sealed"])
    .where("id", ">", after)
    .where("deleted_at", "is", null)
    .where(({ eb, or }) => or([eb("egress_allow", "is not", null), eb("egress_sealed", "is not", null)]))
    .orderBy("id")
    .limit(PAGE)
    .execute();
}

function endpointsAfter({ store }: Services, after: number): Promise<readonly EndpointRow[]> {
  return store.db
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .select(["endpoint.id", "endpoint.public_id", "endpoint.egress_sealed", "application.public_id as app_public_id"])
    .where("endpoint.id", ">", after)
    .where("endpoint.deleted_at", "is", null)
    .where("application.deleted_at", "is", null)
    .where("endpoint.egress_sealed", "is not", null)
    .orderBy("endpoint.id")
    .limit(PAGE)
    .execute();
}

function refusedProxyHost({ secretBox, rules }: Services, sealed: Uint8Array | null, context: string): string | null {
  if (sealed === null) return null;
  const { proxy } = JSON.parse(secretBox.open(sealed, context)) as Pick<EndpointEgress, "proxy">;
  return proxy === undefined ? null : (rules.refusedProxy(proxy)?.text ?? null);
}

function textOf({ text }: RefusedTarget): string {
  return text;
}
