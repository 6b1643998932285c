import { createHmac } from "node:crypto";
import { hostname } from "node:os";
import type { Secrets } from "../config/secrets.ts";
import type { NodeFacts } from "../store/cluster.ts";
import { VERSION } from "../lib/version.ts";
import { hasEnded, ownMark } from "./process-mark.ts";

/**
 * Describes this node to the cluster. The mark allows comparing the secrets of two nodes without revealing them. The root key is not part of
 * it, because nodes have different ones while it is being replaced, and a node with a wrong one cannot open the data keys anyway.
 */
export function nodeFacts({ jwtSecret }: Secrets, kinds: readonly string[], thread: number | null): NodeFacts {
  const secretsMark = createHmac("sha256", jwtSecret).update("posthorn nodes").digest("base64url").slice(0, 16);
  return { host: hostname(), thread, version: VERSION, secretsMark, process: ownMark(), kinds, hasEnded };
}
