/** What callers of the API do meanwhile, through the verbs of the domain. */
import type { Context } from "../../src/domain/context.ts";
import { cancelMessage } from "../../src/domain/delivery/cancel.ts";
import { resendMessage } from "../../src/domain/delivery/resend.ts";
import { createEndpoint } from "../../src/domain/endpoint/create.ts";
import { deleteEndpoint } from "../../src/domain/endpoint/delete.ts";
import { patchEndpoint } from "../../src/domain/endpoint/update.ts";
import { createMessage } from "../../src/domain/message/create.ts";
import { setEndpointPolicy } from "../../src/domain/policy/set.ts";
import { NO_FILTER } from "../../src/domain/replay/replay.ts";
import { bulkReplay, recoverEndpoint, replayMissing } from "../../src/domain/replay/start.ts";
import type { Ledger, TrackedDelivery, TrackedEndpoint } from "./ledger.ts";
import type { SimulatedNode } from "./node.ts";
import { someOrder, somePolicy } from "./policies.ts";
import type { Random } from "./random.ts";
import { HOUR, type Span } from "./spans.ts";
import type { Verdict } from "./verdict.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const APP = "customer";

/** A message that was published. */
interface Published {
  readonly id: string;
  readonly key: number;
}

export interface EndpointHandle {
  readonly id: string;
  readonly key: number;
  readonly host: string;
}

export interface OperationsWorld {
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly random: Random;
  readonly span: Span;
}

export type OperationName =
  | "publish"
  | "resend"
  | "cancel"
  | "disable"
  | "enable"
  | "policy"
  | "recover"
  | "bulk_replay"
  | "replay_missing"
  | "delete_endpoint";

const KEYS = ["a", "b", "c"] as const;
/** An endpoint that got a request within this time is at work. */
const BUSY_MS = 5000;
/** Messages that somebody may come back to. */
const RECENT = 60;

export class Operations {
  readonly endpoints: EndpointHandle[] = [];
  readonly #world: OperationsWorld;
  /** Newest first. */
  readonly #recent: Published[] = [];
  published = 0;

  constructor(world: OperationsWorld) {
    this.#world = world;
  }

  async makeEndpoint(node: SimulatedNode, host: string): Promise<void> {
    const { key, id } = await createEndpoint({
      ctx: contextOf(node),
      input: {
        app: APP,
        url: `https://${host}/hook`,
        uid: null,
        description: "",
        version: 1,
        throttleRate: null,
        disabled: false,
        eventTypes: null,
        channels: null,
        metadata: {},
        secret: null,
        headers: {},
      },
    });
    this.endpoints.push({ key, id, host });
  }

  /** Lets an endpoint keep messages in order. */
  async setOrder(node: SimulatedNode, endpoint: EndpointHandle): Promise<void> {
    const policy = { order: someOrder(this.#world.random) };
    const input = { app: APP, endpoint: endpoint.id, policy, change: true };
    await setEndpointPolicy({ ctx: contextOf(node), input });
  }

  async setRate(node: SimulatedNode, endpoint: EndpointHandle): Promise<void> {
    const policy = { limits: { timeoutMs: 15_000, ratePerSecond: this.#world.random.pick([1, 2]) } };
    const input = { app: APP, endpoint: endpoint.id, policy, change: true };
    await setEndpointPolicy({ ctx: contextOf(node), input });
  }

  /** Does it, on a message and an endpoint of its choice. Rejects as the verb does. */
  async perform(name: OperationName, node: SimulatedNode): Promise<void> {
    const ctx = contextOf(node);
    if (name === "publish") return this.#publish(node);
    const { random, span } = this.#world;
    const isOpen = name !== "cancel" || random.chance(0.5);
    const underWay = random.chance(0.7) ? this.#underWay(isOpen, node) : null;
    const endpoint = underWay?.endpoint ?? random.pick(this.endpoints);
    const ref = { app: APP, endpoint: endpoint.id };
    const since = node.run.clock.wall - random.span(HOUR, 48 * HOUR) / span.haste;
    const window = { since: Math.floor(since), until: null };
    // What is new is likelier to be looked at.
    const message = underWay?.message ?? this.#recent[Math.floor(this.#recent.length * random.next() ** 3)];
    switch (name) {
      case "resend":
        if (message !== undefined) await resendMessage({ ctx, input: { ...ref, message: message.id } });
        return;
      case "cancel":
        if (message === undefined) return;
        await cancelMessage({
          ctx,
          input: { app: APP, message: message.id, endpoint: random.chance(0.5) ? endpoint.id : null },
        });
        return;
      case "disable":
      case "enable":
        await patchEndpoint({ ctx, input: { ...ref, changes: { disabled: name === "disable" } } });
        return;
      case "policy":
        await setEndpointPolicy({ ctx, input: { ...ref, policy: somePolicy(random), change: true } });
        return;
      case "recover":
        await recoverEndpoint({ ctx, input: { ...ref, ...window } });
        return;
      case "bulk_replay":
        await bulkReplay({ ctx, input: { ...ref, ...window, filter: NO_FILTER } });
        return;
      case "replay_missing":
        await replayMissing({ ctx, input: { ...ref, ...window } });
        return;
      case "delete_endpoint":
        if (this.endpoints.length < 3) return;
        await deleteEndpoint({ ctx, input: ref });
        if (this.endpoints.includes(endpoint)) this.endpoints.splice(this.endpoints.indexOf(endpoint), 1);
    }
  }

  /** Switches every endpoint on. */
  async enableAll(node: SimulatedNode): Promise<void> {
    for (const { id, key } of this.endpoints) {
      // Who deleted it may have been told that it failed.
      if (this.#world.ledger.endpoints.get(key)?.deleted === true) continue;
      const input = { app: APP, endpoint: id, changes: { disabled: false } };
      await patchEndpoint({ ctx: contextOf(node), input });
    }
  }

  /** A message that is on its way to an endpoint just now, or whose turn there comes soon. */
  #underWay(
    isOpen: boolean,
    { run }: SimulatedNode,
  ): { readonly message: Published; readonly endpoint: EndpointHandle } | null {
    const found = this.#recent.flatMap((message) =>
      this.endpoints
        .filter(({ key }) => {
          const delivery = this.#world.ledger.delivery(message.key, key);
          return isOpen ? delivery?.open : delivery !== undefined && this.#isNext(delivery, run.clock.wall);
        })
        .map((endpoint) => ({ message, endpoint })),
    );
    return found.length === 0 ? null : this.#world.random.pick(found);
  }

  /** It is due at an endpoint that is at work. */
  #isNext({ open, row, endpoint }: TrackedDelivery, wall: number): boolean {
    const { elapsed } = this.#world.time;
    return open === null && row.due !== null && row.due <= wall && elapsed - endpoint.requestedAt < BUSY_MS;
  }

  async #publish(node: SimulatedNode): Promise<void> {
    const { random, ledger, verdict, span } = this.#world;
    const hours = (most: number): number => Math.floor((most * HOUR) / span.haste);
    const owed = [...ledger.endpoints.values()].filter((endpoint) => !endpoint.deleted);
    const message = await createMessage({
      ctx: contextOf(node),
      input: {
        app: APP,
        application: { uid: APP, name: "Customer", throttleRate: null, metadata: {} },
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
    for (const endpoint of owed) this.#expectOwed(message.key, endpoint, verdict);
    this.#recent.unshift(message);
    if (this.#recent.length > RECENT) this.#recent.pop();
  }

  #expectOwed(messageId: number, endpoint: TrackedEndpoint, verdict: Verdict): void {
    if (endpoint.deleted || endpoint.deliveries.has(messageId)) return;
    verdict.broken(
      "accepted_is_stored",
      `message ${messageId} was accepted, its delivery to ${endpoint.host} is not stored`,
    );
  }
}

function contextOf({ services }: SimulatedNode): Context {
  return { services, actor: { kind: "organisation", orgId: 1, orgPublicId: "org_simulation", keyId: null }, tx: null };
}
