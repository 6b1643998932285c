/** Routes of a source as a graph. */
import { type Call, reader } from "../context.ts";
import { type Forwarding, toForwarding } from "../endpoint/forwarding.ts";
import { getSource } from "./find.ts";

export type GraphNode =
  | { readonly id: string; readonly kind: "source"; readonly name: string; readonly type: string }
  | {
      readonly id: string;
      readonly kind: "filter";
      readonly endpointId: string;
      /** `null`: all types. */
      readonly eventTypes: readonly string[] | null;
      /** As configured; `null`: none. */
      readonly filter: unknown;
    }
  | { readonly id: string; readonly kind: "transformation"; readonly endpointId: string }
  | {
      readonly id: string;
      readonly kind: "endpoint";
      readonly uid: string | null;
      readonly url: string;
      readonly description: string;
      readonly disabled: boolean;
      readonly forwarding: Forwarding;
    };

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Whether there are more endpoints than returned. */
  readonly cut: boolean;
}

/** Endpoints returned. */
const MAX_ENDPOINTS = 500;

/** One path source → filter → transformation → endpoint for each endpoint. Parts that an endpoint does not have are omitted. */
export async function getGraph({ ctx, input }: Call<{ readonly source: string }>): Promise<Graph> {
  const { key, id, name, type } = await getSource(ctx, input.source);
  const rows = await reader(ctx)
    .selectFrom("endpoint")
    .select(["public_id", "uid", "url", "description", "disabled", "event_types_json", "filter_json", "forward_json"])
    .select("transformation_enabled")
    .where("app_id", "=", key)
    .where("deleted_at", "is", null)
    .where("replay_task_id", "is", null)
    .orderBy("id")
    .limit(MAX_ENDPOINTS + 1)
    .execute();
  const nodes: GraphNode[] = [{ id, kind: "source", name, type }];
  const edges: { from: string; to: string }[] = [];
  for (const row of rows.slice(0, MAX_ENDPOINTS)) {
    const line = lineOf(row);
    nodes.push(...line);
    line.forEach((node, index) => edges.push({ from: index === 0 ? id : line[index - 1]!.id, to: node.id }));
  }
  return { nodes, edges, cut: rows.length > MAX_ENDPOINTS };
}

interface GraphRow {
  readonly public_id: string;
  readonly uid: string | null;
  readonly url: string;
  readonly description: string;
  readonly disabled: number;
  readonly event_types_json: string | null;
  readonly filter_json: string | null;
  readonly forward_json: string | null;
  readonly transformation_enabled: number;
}

function lineOf(row: GraphRow): readonly GraphNode[] {
  const { public_id: endpointId, uid, url, description } = row;
  const line: GraphNode[] = [];
  if (row.event_types_json !== null || row.filter_json !== null) {
    const eventTypes = row.event_types_json === null ? null : (JSON.parse(row.event_types_json) as string[]);
    const filter: unknown = row.filter_json === null ? null : JSON.parse(row.filter_json);
    line.push({ id: `filter:${endpointId}`, kind: "filter", endpointId, eventTypes, filter });
  }
  if (row.transformation_enabled === 1) {
    line.push({ id: `transformation:${endpointId}`, kind: "transformation", endpointId });
  }
  const forwarding = toForwarding(row.forward_json);
  const disabled = row.disabled === 1;
  line.push({ id: endpointId, kind: "endpoint", uid, url, description, disabled, forwarding });
  return line;
}
