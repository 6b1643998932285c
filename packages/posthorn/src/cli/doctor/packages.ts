/** Check of the client packages that the endpoints in the database need. */
import { DatabaseSync } from "node:sqlite";
import { missingPackages } from "../../destinations/connections/installed.ts";
import { kindNamed } from "../../destinations/kinds.ts";
import { type Finding, ok, skipped, warning } from "./finding.ts";

/** Endpoints of a destination kind. */
export interface KindUse {
  readonly kind: string;
  readonly endpoints: number;
}

const CHECK = "packages";
const USES = (endpoint: string): string => `
  SELECT kind, CAST(count(*) AS INTEGER) AS endpoints FROM ${endpoint} WHERE kind <> 'http' AND deleted_at IS NULL GROUP BY kind ORDER BY kind`;
const MISSING = "SELECT missing_kinds FROM posthorn.node WHERE leased_until > posthorn.clock_ms()";

/** On a single node, nothing sends to endpoints of a kind whose package is missing. */
export function checkPackagesOfFile(path: string): readonly Finding[] {
  try {
    using db = new DatabaseSync(path, { readOnly: true });
    return packageFindings(db.prepare(USES("endpoint")).all() as unknown as readonly KindUse[], []);
  } catch {
    return [withoutTables()];
  }
}

/** @param query Runs a statement on PostgreSQL. */
export async function checkPackagesOfCluster(
  query: (sql: string) => Promise<readonly unknown[]>,
): Promise<readonly Finding[]> {
  try {
    const uses = (await query(USES("posthorn.endpoint"))) as readonly KindUse[];
    const nodes = (await query(MISSING)) as readonly { readonly missing_kinds: string | null }[];
    const missing = nodes.flatMap(({ missing_kinds: kinds }) =>
      kinds === null ? [] : [JSON.parse(kinds) as readonly string[]],
    );
    return packageFindings(uses, missing);
  } catch {
    return [withoutTables()];
  }
}

/**
 * @param nodes Kinds that each live node cannot send to.
 * @param missing Packages of a kind that are not installed here.
 */
export function packageFindings(
  uses: readonly KindUse[],
  nodes: readonly (readonly string[])[],
  missing: (kind: string) => readonly string[] = missingPackages,
): readonly Finding[] {
  const findings = uses.flatMap(({ kind, endpoints }): Finding[] => {
    const packages = missing(kind);
    if (packages.length === 0) return [];
    const counted = `${endpoints} ${kindNamed(kind)?.title ?? kind} ${endpoints === 1 ? "endpoint needs" : "endpoints need"}`;
    const found = `${counted} ${packages.join(" and ")}, which is not installed here.`;
    if (nodes.some((kinds) => !kinds.includes(kind))) return [ok(CHECK, `${found} Another node sends to them.`)];
    const fix = `Run \`npm i ${packages.join(" ")}\` where Posthorn is installed, and restart it. Until then, deliveries to them are on hold.`;
    return [warning(CHECK, found, fix)];
  });
  return findings.length === 0 ? [ok(CHECK, "The client packages of all endpoints are installed.")] : findings;
}

function withoutTables(): Finding {
  return skipped(CHECK, "This database has no endpoints of other kinds than webhooks yet.");
}
