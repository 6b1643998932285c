/** Tells MCP clients that their subscriptions were ended on the server. */
import { MCP_EVENTS_KIND } from "../../destinations/kinds.ts";
import type { McpCallback } from "../../destinations/kinds/mcp-request.ts";
import type { Services } from "../context.ts";
import { openConfig } from "../endpoint/sealed-config.ts";
import { actorOf } from "./actor.ts";
import { announceEnd } from "./callback.ts";
import type { EndedSubscription } from "./end.ts";

export interface TerminationsOptions {
  readonly announce: (ended: EndedSubscription, signal: AbortSignal) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** Callbacks called at the same time. A slow one occupies its place for up to ten seconds. */
const CONCURRENT = 8;
/** Maximum length of the queue. Clients beyond it are not notified: they notice at their next renewal. */
const MAX_WAITING = 1000;

/** Queue of clients to notify. They are called in the background, because their callbacks may be slow. */
export class Terminations implements AsyncDisposable {
  readonly #options: TerminationsOptions;
  readonly #stopping = new AbortController();
  readonly #waiting: EndedSubscription[] = [];
  readonly #calls = new Set<Promise<void>>();

  constructor(options: TerminationsOptions) {
    this.#options = options;
  }

  add(ended: EndedSubscription): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(ended);
    this.#fill();
  }

  /** Aborts running calls. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#calls);
  }

  #fill(): void {
    while (this.#calls.size < CONCURRENT && this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      const call = this.#call(this.#waiting.shift()!).finally(() => {
        this.#calls.delete(call);
        this.#fill();
      });
      this.#calls.add(call);
    }
  }

  async #call(ended: EndedSubscription): Promise<void> {
    const { announce, onFailure } = this.#options;
    try {
      await announce(ended, this.#stopping.signal);
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Notifies one client, unless it has subscribed again with the same ID: the new subscription has not ended. */
export async function announceTo(
  services: Services,
  { appKey, endpointKey: id, targetHash, configSealed, termination }: EndedSubscription,
  signal: AbortSignal,
): Promise<void> {
  const { db } = services.store;
  const again = await db
    .selectFrom("subscription")
    .select("id")
    .where("app_id", "=", appKey)
    .where("protocol", "=", "mcp")
    .where("target_hash", "=", targetHash)
    .executeTakeFirst();
  if (again !== undefined) return;
  const config = openConfig(services.secretBox, { id, kind: MCP_EVENTS_KIND, config_sealed: configSealed });
  if (config === null) return;
  const ctx = { services, tx: null, actor: await actorOf(db, appKey) };
  await announceEnd(ctx, appKey, config as unknown as McpCallback, { ...termination, signal });
}
