/** Check of the client packages that the endpoints in the database need. */
import { DatabaseSync } from "node:sqlite";
import { isSentTo } from "../../cluster/kinds.ts";
import { missingPackages } from "../../destinations/connections/installed.ts";
import { kindNamed } from "../../destinations/kinds.ts";
import { kindsByShard } from "../../store/shards.ts";
import { type Finding, ok, problem, reasonOf, skipped, warning } from "./finding.ts";

/** Endpoints of a destination kind. */
export interface KindUse {
  readonly kind: string;
  /** `null` on a single node. */
  readonly shard: number | null;
  readonly endpoints: number;
}

/** Whether a node sends to endpoints of a kind in a shard; `null`: no node runs, or there is only one. */
type IsSent = (use: KindUse) => boolean | null;

interface NodeRow {
  readonly id: number;
  readonly leaseMs: number;
  readonly draining: number;
  readonly kinds: string | null;
}

const CHECK = "packages";
const FILE_HAS_KINDS = "SELECT 1 FROM pragma_table_info('endpoint') WHERE name = 'kind'";
const FILE_USES = `
  SELECT kind, NULL AS shard, count(*) AS endpoints FROM endpoint WHERE kind <> 'http' AND deleted_at IS NULL GROUP BY kind ORDER BY kind`;
const CLUSTER_HAS = `
  SELECT (to_regclass('posthorn.endpoint') IS NOT NULL)::int AS tables, (to_regprocedure('posthorn.shard_of(bigint)') IS NOT NULL)::int AS kinds`;
const USES = `
  SELECT kind, posthorn.shard_of(id)::int AS shard, count(*)::int AS endpoints
  FROM posthorn.endpoint WHERE kind <> 'http' AND deleted_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2`;
const NODES = `
  SELECT id::float8 AS id, (leased_until - posthorn.clock_ms())::float8 AS "leaseMs", draining::int AS draining, kinds FROM posthorn.node`;
const SHARDS = `SELECT id::int AS shard, node_id::float8 AS "nodeId" FROM posthorn.shard`;

/** On a single node, nothing sends to endpoints of a kind whose package is missing. */
export function checkPackagesOfFile(path: string): readonly Finding[] {
  try {
    using db = new DatabaseSync(path, { readOnly: true });
    if (db.prepare(FILE_HAS_KINDS).get() === undefined) return [withoutTables()];
    return packageFindings(db.prepare(FILE_USES).all() as unknown as readonly KindUse[], () => null);
  } catch (error) {
    return [unchecked(error)];
  }
}

/** @param query Runs a statement on PostgreSQL. */
export async function checkPackagesOfCluster(
  query: (sql: string) => Promise<readonly unknown[]>,
): Promise<readonly Finding[]> {
  try {
    const [has] = (await query(CLUSTER_HAS)) as readonly { readonly tables: number; readonly kinds: number }[];
    if (has?.tables !== 1) return [withoutTables()];
    if (has.kinds !== 1) return [skipped(CHECK, "The packages can be checked once the migrations are done.")];
    const uses = (await query(USES)) as readonly (KindUse & { readonly shard: number })[];
    const nodes = ((await query(NODES)) as readonly NodeRow[]).map(({ id, leaseMs, draining, kinds }) => ({
      id,
      leaseMs,
      report: { draining: draining === 1 },
      kinds: kinds === null ? null : (JSON.parse(kinds) as readonly string[]),
    }));
    const shards = (await query(SHARDS)) as readonly { readonly shard: number; readonly nodeId: number | null }[];
    const view = { nodes, shards, kinds: kindsByShard(uses) };
    return packageFindings(uses, ({ kind, shard }) => isSentTo(view, kind, shard));
  } catch (error) {
    return [unchecked(error)];
  }
}

/** @param missing Packages of a kind that are not installed here. */
export function packageFindings(
  uses: readonly KindUse[],
  isSent: IsSent,
  missing: (kind: string) => readonly string[] = missingPackages,
): readonly Finding[] {
  const findings = [...new Set(uses.map(({ kind }) => kind))].flatMap((kind) => {
    const ofKind = uses.filter((use) => use.kind === kind);
    return findingOf(kind, ofKind, { isSent, packages: missing(kind) });
  });
  return findings.length === 0 ? [ok(CHECK, "The client packages of all endpoints are installed.")] : findings;
}

function findingOf(
  kind: string,
  uses: readonly KindUse[],
  { isSent, packages }: { readonly isSent: IsSent; readonly packages: readonly string[] },
): readonly Finding[] {
  const title = kindNamed(kind)?.title ?? kind;
  if (packages.length === 0) {
    const held = countOf(uses.filter((use) => isSent(use) === false));
    if (held === 0) return [];
    const found = `Deliveries to ${endpoints(held, title)} are on hold, because the node that owns the shard lacks a package.`;
    return [warning(CHECK, found, "Install the same packages on all nodes, and restart them.")];
  }
  const [all, held] = [countOf(uses), countOf(uses.filter((use) => isSent(use) !== true))];
  const need = all === 1 ? "needs" : "need";
  const found = `${endpoints(all, title)} ${need} ${packages.join(" and ")}, which is not installed here.`;
  if (held === 0) return [ok(CHECK, `${found} Another node sends to them.`)];
  const which = held === all ? "them" : `${held} of them`;
  const fix = `Run \`npm i ${packages.join(" ")}\` where Posthorn is installed, and restart it. Until then, deliveries to ${which} are on hold.`;
  return [warning(CHECK, found, fix)];
}

function countOf(uses: readonly KindUse[]): number {
  return uses.reduce((sum, use) => sum + use.endpoints, 0);
}

function endpoints(count: number, title: string): string {
  return `${count} ${title} ${count === 1 ? "endpoint" : "endpoints"}`;
}

function withoutTables(): Finding {
  return skipped(CHECK, "This database has no endpoints of kinds other than webhooks yet.");
}

function unchecked(error: unknown): Finding {
  const fix = "Check that the database user may read the tables of Posthorn, and run the command again.";
  return problem(CHECK, `The packages of endpoints could not be checked: ${reasonOf(error)}.`, fix);
}
