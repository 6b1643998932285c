/** Identity of an MCP subscription: principal, callback, event and arguments. Its ID and the hashes that find its row are derived from it. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../lib/canonical-json.ts";
import type { Application } from "../application/application.ts";
import type { Principal } from "./principal.ts";

/** Identifies a subscription, together with the principal. */
export interface McpSubscriptionRef {
  /** Id or uid of the application, or ID of a source. */
  readonly app: string;
  readonly url: string;
  /** Name of the event: that of an event type, or the ID of a source. */
  readonly name: string;
  readonly arguments: Readonly<Record<string, string>>;
}

export interface Identity {
  readonly application: Application;
  readonly principal: Principal;
  /** Normalised. */
  readonly url: string;
  readonly ref: McpSubscriptionRef;
  /** Hash of everything that identifies the subscription. */
  readonly keyHash: Uint8Array;
  /** Hash of principal and callback. */
  readonly verifiedHash: Uint8Array;
}

export function hashesOf(
  { id }: Principal,
  url: string,
  { name, arguments: given }: McpSubscriptionRef,
): Pick<Identity, "keyHash" | "verifiedHash"> {
  return { keyHash: hashOf([id, url, name, given]), verifiedHash: hashOf([id, url]) };
}

function hashOf(parts: readonly unknown[]): Uint8Array {
  return createHash("sha256").update(canonicalJson(parts)).digest();
}

export function idOf({ application, keyHash }: Pick<Identity, "application" | "keyHash">): string {
  const digest = createHash("sha256").update(application.id).update(keyHash).digest("hex");
  return `sub_${digest.slice(0, 32)}`;
}
