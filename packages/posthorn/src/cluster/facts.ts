import { createHmac } from "node:crypto";
import { hostname } from "node:os";
import type { Secrets } from "../config/secrets.ts";
import type { NodeFacts } from "../store/cluster.ts";
import { VERSION } from "../lib/version.ts";
import { hasEnded, ownMark } from "./process-mark.ts";

/** Describes this node to the cluster. The mark allows comparing the secrets of two nodes without revealing them. */
export function nodeFacts({ encryptionKey, jwtSecret }: Secrets): NodeFacts {
  const secretsMark = createHmac("sha256", encryptionKey)
    .update(`posthorn nodes ${jwtSecret}`)
    .digest("base64url")
    .slice(0, 16);
  return { host: hostname(), version: VERSION, secretsMark, process: ownMark(), hasEnded };
}
