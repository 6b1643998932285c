import type { Selectable } from "kysely";
import type { EncryptionKeyTable } from "../../store/encryption-schema.ts";
import { type OutsideCall, reader } from "../context.ts";
import { requireKeyOperator } from "./rotate.ts";

export interface EncryptionState {
  /** Name of the root key of this node. */
  readonly root: string;
  /** Newest first. */
  readonly keys: readonly Omit<Selectable<EncryptionKeyTable>, "wrapped">[];
  readonly nodes: readonly {
    readonly id: number;
    readonly host: string;
    readonly root: string;
    readonly sealing: number;
  }[];
}

/** Lists the data keys, and which one each node seals with. */
export async function listKeys({ ctx }: OutsideCall<null>): Promise<EncryptionState> {
  await requireKeyOperator(ctx);
  const { cluster, keyring } = ctx.services;
  const keys = await reader(ctx)
    .selectFrom("encryption_key")
    .select(["id", "state", "provider", "root", "created_at", "sealing_at", "destroyed_at"])
    .orderBy("id", "desc")
    .execute();
  const rows = await reader(ctx).selectFrom("encryption_key_node").selectAll().execute();
  const { nodes } = await cluster.view();
  return {
    root: `${keyring.root.provider}:${keyring.root.id}`,
    keys,
    nodes: nodes.flatMap(({ id, host }) => {
      const row = rows.find(({ node_id: nodeId }) => nodeId === id);
      return row === undefined ? [] : [{ id, host, root: row.root, sealing: row.sealing }];
    }),
  };
}
