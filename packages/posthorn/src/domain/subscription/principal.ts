/** Who holds a subscription of an MCP client. It ends with the access of its principal: see `entitlement.ts`. */
import type { Actor } from "../access.ts";
import type { CallingClient } from "../grant.ts";

export interface Principal {
  /** Shown with the endpoint: without anything secret. */
  readonly label: string;
  /** The same for every token with the same access: subscriptions are found again with it. */
  readonly id: string;
  readonly tokenHash: Uint8Array | null;
  /** Unix milliseconds at which its access ends; `null`: unknown, or never. */
  readonly endsAt: number | null;
}

export function principalOf(actor: Actor): Principal {
  if (actor.kind === "application") {
    const { tokenHash, tokenExpiresAt, sessionId, isPortalKey } = actor;
    const endsAt = finite(tokenExpiresAt);
    const isKey = isPortalKey === true;
    const id = isKey ? `portal-key:${hex(tokenHash)}` : `portal:${sessionId ?? ""}`;
    return { id, label: isKey ? "portal key" : "portal token", tokenHash, endsAt };
  }
  const { caller } = actor;
  const own = { tokenHash: null, endsAt: null };
  if (caller.kind === "key") {
    const { id, limits } = caller;
    return { ...own, id: `key:${id}`, label: id, endsAt: limits?.expiresAt ?? null };
  }
  if (caller.kind === "user" && caller.client !== undefined)
    return { ...own, id: `client:${holderOf(caller.client, caller.id)}`, label: caller.client.name };
  if (caller.kind === "user") return { ...own, id: `user:${caller.id}`, label: caller.id };
  const organisation = { id: "organisation", label: "organisation" };
  if (caller.kind !== "token" || caller.token === undefined) return { ...own, ...organisation };
  return { ...organisation, tokenHash: caller.token.hash, endsAt: finite(caller.token.expiresAt) };
}

/**
 * A client that registered itself has one connection per person. A new connection replaces it and takes over its subscriptions. With a metadata
 * document, a person can have several connections, and revoking one must end its subscriptions.
 */
function holderOf({ id, registeredAs }: CallingClient, person: string): string {
  return registeredAs === null ? id : `${registeredAs}:${person}`;
}

function finite(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
