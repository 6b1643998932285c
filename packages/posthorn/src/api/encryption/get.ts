import { listKeys } from "../../domain/encryption/list.ts";
import { EncryptionOut } from "../models/encryption.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime } from "../wire.ts";

export const getEncryption = defineRoute({
  method: "GET",
  path: "/api/v1/encryption",
  operationId: "v1.encryption.get",
  tag: "Encryption",
  summary: "List the encryption keys",
  description: "Covers the whole server. Only its first organisation may see the keys.",
  access: "organisation",
  permission: "keys:manage",
  responses: { 200: EncryptionOut },
  handle: async ({ ctx }) => {
    const { root, keys, nodes } = await listKeys({ ctx, input: null });
    const time = (at: number | null): string | null => (at === null ? null : dateTime(at));
    return ok({
      rootKey: root,
      keys: keys.map(({ id, state, provider, root: rootId, ...at }) => ({
        id,
        state,
        rootKey: `${provider}:${rootId}`,
        createdAt: dateTime(at.created_at),
        sealingSince: time(at.sealing_at),
        destroyedAt: time(at.destroyed_at),
      })),
      nodes: nodes.map(({ root: rootKey, ...node }) => ({ ...node, rootKey })),
    });
  },
});
