import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { print, printTable } from "../output.ts";
import { withJson } from "../help.ts";

interface ClusterOut {
  readonly at: string;
  readonly nodes: readonly {
    readonly id: number;
    readonly host: string;
    readonly thread: number | null;
    readonly version: string;
    readonly state: string;
    readonly current: boolean;
    readonly startedAt: string;
    readonly lastSeenAt: string;
    readonly shards: number;
    readonly inFlight: number;
    readonly lagSeconds: number;
  }[];
  readonly shards: readonly { readonly shard: number; readonly node: number | null }[];
  readonly lagSeconds: number;
}

/** `posthorn cluster`: shows the nodes of the cluster and their load. */
export function addClusterCommand(program: Command): void {
  const command = withJson(
    program.command("cluster").description("show the nodes of the cluster and their load"),
    "ClusterOut",
  );
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const cluster = (await call(options, "GET", "/api/v1/cluster")) as unknown as ClusterOut;
    if (options["json"] === true) print(JSON.stringify(cluster, null, 2));
    else show(cluster);
  });
}

function show({ at, nodes, shards, lagSeconds }: ClusterOut): void {
  const rows = nodes.map((node) => [
    `${node.id}${node.current ? " *" : ""}`,
    node.thread === null ? node.host : `${node.host} (thread ${node.thread})`,
    node.version,
    node.state,
    node.startedAt,
    `${((Date.parse(at) - Date.parse(node.lastSeenAt)) / 1000).toFixed(1)} s ago`,
    String(node.shards),
    String(node.inFlight),
    `${node.lagSeconds.toFixed(1)} s`,
  ]);
  printTable([["NODE", "HOST", "VERSION", "STATE", "STARTED", "SEEN", "SHARDS", "IN FLIGHT", "LAG"], ...rows]);
  const unowned = shards.filter(({ node }) => node === null).length;
  print(
    `\n* handled this request. ${shards.length} shards, ${unowned === 0 ? "each with a node" : `${unowned} without a node`}; ` +
      `the longest wait of a due delivery is ${lagSeconds.toFixed(1)} s.`,
  );
}
