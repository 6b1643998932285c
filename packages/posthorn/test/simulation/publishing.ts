/** Messages that applications publish, and the deliveries expected for them. */
import { systemActor } from "../../src/domain/access.ts";
import type { OutsideContext } from "../../src/domain/context.ts";
import { createMessage } from "../../src/domain/message/create.ts";
import type { Ledger } from "./ledger.ts";
import type { SimulatedNode } from "./node.ts";
import type { Random } from "./random.ts";
import { HOUR, type Span } from "./spans.ts";
import type { TrackedEndpoint } from "./tracked.ts";
import type { Verdict } from "./verdict.ts";

/** A message that was published. */
export interface Published {
  readonly id: string;
  readonly key: number;
  /** Uid of its application. */
  readonly app: string;
}

export interface EndpointHandle {
  readonly id: string;
  readonly app: string;
  readonly key: number;
  readonly host: string;
}

/** Ordering keys. */
export const KEYS = ["a", "b", "c"] as const;
const APPS = ["customer", "second", "third"] as const;
/** Number of deliveries in a crowd. */
const CROWD = 240;
/** Number of recent messages that operations may choose from. */
const RECENT = 60;

export interface PublisherWorld {
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly random: Random;
  /** Stream for the assignment to applications. */
  readonly tenantRandom: Random;
  readonly span: Span;
}

export class Publisher {
  /** Uids of the applications. */
  readonly apps: readonly string[];
  /** Newest first. */
  readonly recent: Published[] = [];
  published = 0;
  readonly #world: PublisherWorld;
  readonly #endpoints: readonly EndpointHandle[];

  /** @param endpoints The existing endpoints of all applications. */
  constructor(world: PublisherWorld, endpoints: readonly EndpointHandle[]) {
    const { tenantRandom, span } = world;
    this.#world = world;
    this.#endpoints = endpoints;
    this.apps = APPS.slice(0, tenantRandom.pick(span.crowded ? [2, 2, 3] : [1, 2, 2, 3]));
  }

  /** The first application publishes a lot at once, before all others. */
  async crowd(node: SimulatedNode): Promise<void> {
    const { tenantRandom } = this.#world;
    const [first, ...others] = this.apps;
    const each = this.#endpoints.filter(({ app }) => app === first).length;
    const many = Array.from({ length: Math.ceil(CROWD / Math.max(1, each)) }, () => first!);
    await Promise.all([...many, ...others].map((app) => this.publish(node, app, tenantRandom)));
  }

  async publish(node: SimulatedNode, app: string, random: Random = this.#world.random): Promise<void> {
    const { ledger, span } = this.#world;
    const hours = (most: number): number => Math.floor((most * HOUR) / span.speedUp);
    const own = this.#endpoints.filter((endpoint) => endpoint.app === app);
    const expected = own.map(({ key }) => ledger.endpoints.get(key)!).filter(({ deleted }) => !deleted);
    const { id, key } = await createMessage({
      ctx: contextOf(node),
      input: {
        app,
        application: { uid: app, name: "Customer", throttleRate: null, metadata: {} },
        eventType: "invoice.paid",
        eventId: null,
        channels: null,
        tags: null,
        payload: new Uint8Array(random.int(0, 100)),
        contentType: "application/json",
        orderingKey: random.chance(0.6) ? random.pick(KEYS) : null,
        deliverAt: null,
        delayMs: random.chance(0.1) ? random.span(1000, hours(6)) : null,
        deliverUntil: null,
        ttlMs: random.chance(0.03) ? random.span(60_000, hours(24)) : null,
        retentionMs: null,
        idempotency: null,
      },
    });
    this.published++;
    for (const endpoint of expected) this.#expectDelivery(key, endpoint);
    this.recent.unshift({ id, key, app });
    if (this.recent.length > RECENT) this.recent.pop();
  }

  #expectDelivery(messageId: number, endpoint: TrackedEndpoint): void {
    if (endpoint.deleted || endpoint.deliveries.has(messageId)) return;
    const text = `message ${messageId} was accepted, its delivery to ${endpoint.host} is not stored`;
    this.#world.verdict.broken("accepted_is_stored", text);
  }
}

export function contextOf({ services }: SimulatedNode): OutsideContext {
  return { services, actor: systemActor(1, "org_simulation"), tx: null };
}
