/** Calls of the API during a simulation, through the domain operations. */
import type { Context } from "../../src/domain/context.ts";
import { cancelMessage } from "../../src/domain/delivery/cancel.ts";
import { resendMessage } from "../../src/domain/delivery/resend.ts";
import { createEndpoint } from "../../src/domain/endpoint/create.ts";
import { deleteEndpoint } from "../../src/domain/endpoint/delete.ts";
import { patchEndpoint } from "../../src/domain/endpoint/update.ts";
import { setEndpointPolicy } from "../../src/domain/policy/set.ts";
import { NO_FILTER } from "../../src/domain/replay/replay.ts";
import { bulkReplay, recoverEndpoint, replayMissing } from "../../src/domain/replay/start.ts";
import type { Ledger } from "./ledger.ts";
import type { TrackedDelivery } from "./tracked.ts";
import type { SimulatedNode } from "./node.ts";
import { type ManualCall, type ManualOperation, ManualOperations, isManual } from "./manual-operations.ts";
import { someOrder, somePolicy } from "./policies.ts";
import { contextOf, type EndpointHandle, KEYS, type Published, Publisher } from "./publishing.ts";
import type { Random } from "./random.ts";
import { HOUR, type Span } from "./spans.ts";
import { SlowReplays } from "./slow-replay.ts";
import { unblockStuck } from "./unblocking.ts";
import type { Verdict } from "./verdict.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { Changes } from "./threads/changes.ts";
import {
  type ChangeName,
  isChange,
  isOfSlowReplay,
  type SlowReplayStep,
  type OperationName,
} from "./operation-names.ts";

/** Subject of an operation. */
interface Chosen {
  readonly endpoint: EndpointHandle;
  readonly message: Published | undefined;
  /** Unix milliseconds. */
  readonly since: number;
}

export interface OperationsWorld {
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  readonly random: Random;
  /** Stream for manual operations, so that the other streams stay the same. */
  readonly manualRandom: Random;
  /** Stream for slow replays. */
  readonly replayRandom: Random;
  /** Stream for unblocking deliveries that are stuck behind failed ones. */
  readonly unblockRandom: Random;
  /** Stream for changes that all threads of a process must apply at once. */
  readonly changeRandom: Random;
  /** Stream for the assignment to applications. */
  readonly tenantRandom: Random;
  readonly span: Span;
}

/** Operations on an endpoint, or on a message of it, that the caller chooses. */
type ChosenOperation = Exclude<
  OperationName,
  "publish" | "crowd" | "unblock_stuck" | ManualOperation | SlowReplayStep | ChangeName
>;

/** An endpoint that received a request within this time is active. */
const BUSY_MS = 5000;

export class Operations {
  readonly endpoints: EndpointHandle[] = [];
  readonly #world: OperationsWorld;
  readonly #publisher: Publisher;
  readonly #manualOperations = new ManualOperations();
  readonly #slowReplays: SlowReplays;
  readonly #changes: Changes;

  constructor(world: OperationsWorld) {
    this.#world = world;
    this.#publisher = new Publisher(world, this.endpoints);
    this.#slowReplays = new SlowReplays(world);
    this.#changes = new Changes(world);
  }

  async makeEndpoint(node: SimulatedNode, host: string): Promise<void> {
    const { apps } = this.#publisher;
    const app = apps[this.endpoints.length] ?? this.#world.tenantRandom.pick(apps);
    const { key, id } = await createEndpoint({
      ctx: contextOf(node),
      input: {
        app,
        kind: null,
        url: `https://${host}/hook`,
        config: null,
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
    this.endpoints.push({ key, id, app, host });
  }

  /** The first message creates an application. */
  async makeApplications(node: SimulatedNode): Promise<void> {
    for (const app of this.#publisher.apps) await this.#publisher.publish(node, app);
  }

  /** Messages that were published. */
  get published(): number {
    return this.#publisher.published;
  }

  /** Lets an endpoint keep messages in order. */
  async setOrder(node: SimulatedNode, endpoint: EndpointHandle): Promise<void> {
    await this.setPolicy(node, endpoint, { order: someOrder(this.#world.random) });
  }

  async setRate(node: SimulatedNode, endpoint: EndpointHandle): Promise<void> {
    const limits = { timeoutMs: 15_000, ratePerSecond: this.#world.random.pick([1, 2]) };
    await this.setPolicy(node, endpoint, { limits });
  }

  /** Changes these sections of the policy of an endpoint. */
  async setPolicy(node: SimulatedNode, endpoint: EndpointHandle, policy: object): Promise<void> {
    const input = { app: endpoint.app, endpoint: endpoint.id, policy, change: true };
    await setEndpointPolicy({ ctx: contextOf(node), input });
  }

  /** Stream that chooses the node for an operation; `undefined`: the stream of the processes. */
  chanceOf(name: OperationName): Random | undefined {
    if (isOfSlowReplay(name)) return this.#world.replayRandom;
    if (name === "unblock_stuck") return this.#world.unblockRandom;
    if (isChange(name)) return this.#world.changeRandom;
    return isManual(name) ? this.#world.manualRandom : undefined;
  }

  /** Performs the operation on a random message and endpoint. Rejects as the domain operation does. */
  async perform(name: OperationName, node: SimulatedNode): Promise<void> {
    // Applications with more endpoints publish more.
    if (name === "publish") return this.#publisher.publish(node, this.#world.tenantRandom.pick(this.endpoints).app);
    if (name === "crowd") return this.#publisher.crowd(node);
    if (isManual(name)) return this.#manual(name, node);
    if (name === "unblock_stuck") return unblockStuck(this.#world, node, this.endpoints);
    if (isOfSlowReplay(name)) return this.#slowReplays.perform(name, node, this.endpoints);
    if (isChange(name)) return this.#changes.perform(name, node, this.endpoints);
    const { random, ledger, span } = this.#world;
    const isOpen = name !== "cancel" || random.chance(0.5);
    const inFlight = random.chance(0.7) ? this.#pickInFlight(isOpen, node, random) : null;
    const endpoint = inFlight?.endpoint ?? random.pick(this.endpoints);
    const since = Math.floor(node.run.clock.wall - random.span(HOUR, 48 * HOUR) / span.speedUp);
    // Newer messages are chosen more often.
    const recent = this.#publisher.recent.filter(({ app }) => app === endpoint.app);
    const message = inFlight?.message ?? recent[Math.floor(recent.length * random.next() ** 3)];
    ledger.touched(endpoint.key);
    try {
      await this.#do(name, contextOf(node), { endpoint, message, since });
    } finally {
      ledger.touched(endpoint.key);
    }
  }

  async #do(name: ChosenOperation, ctx: Context, { endpoint, message, since }: Chosen): Promise<void> {
    const { random } = this.#world;
    const { app } = endpoint;
    const ref = { app, endpoint: endpoint.id };
    const window = { since, until: null };
    switch (name) {
      case "resend":
        if (message !== undefined) await resendMessage({ ctx, input: { ...ref, message: message.id } });
        return;
      case "cancel":
        if (message === undefined) return;
        await cancelMessage({
          ctx,
          input: { app, message: message.id, endpoint: random.chance(0.5) ? endpoint.id : null },
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

  async #manual(name: ManualOperation, node: SimulatedNode): Promise<void> {
    const { manualRandom: random, span, ledger } = this.#world;
    const next = name === "cancel_next" ? this.#pickInFlight(false, node, random) : null;
    const waiting = name === "try_now" ? this.#waitingEndpoints(node) : [];
    const endpoint = next?.endpoint ?? random.pick(waiting.length > 0 ? waiting : this.endpoints);
    const { app } = endpoint;
    const recent = next === null ? this.#publisher.recent.filter((message) => message.app === app) : [next.message];
    if (name === "try_now") ledger.wanted(endpoint.key);
    const call: ManualCall = {
      ctx: contextOf(node),
      app,
      endpoint: endpoint.id,
      endpoints: this.endpoints.filter((other) => other.app === app).map(({ id }) => id),
      message: recent.length === 0 ? null : random.pick(recent).id,
      orderingKey: random.pick(KEYS),
      random,
      now: node.run.clock.wall,
      backMs: (48 * HOUR) / span.speedUp,
      pauseMs: (2 * HOUR) / span.speedUp,
    };
    ledger.touched(endpoint.key);
    try {
      await this.#manualOperations.perform(name, call);
      if (name === "try_now") ledger.endpoints.get(endpoint.key)!.triedAt = this.#world.time.elapsed;
    } finally {
      ledger.touched(endpoint.key);
    }
  }

  /** Resumes everything that was paused manually. */
  async letAllGo(node: SimulatedNode): Promise<void> {
    await this.#changes.complete(node);
    await this.#enableAll(node);
    await this.#slowReplays.resumeAll(node);
  }

  async #enableAll(node: SimulatedNode): Promise<void> {
    for (const { id, key, app } of this.endpoints) {
      // The caller that deleted it may have received an error although the deletion was committed.
      if (this.#world.ledger.endpoints.get(key)?.deleted === true) continue;
      const input = { app, endpoint: id, changes: { disabled: false } };
      await patchEndpoint({ ctx: contextOf(node), input });
    }
  }

  /** A message that is, or will soon be, in flight to an endpoint. */
  #pickInFlight(
    isOpen: boolean,
    { run }: SimulatedNode,
    random: Random,
  ): { readonly message: Published; readonly endpoint: EndpointHandle } | null {
    const found = this.#publisher.recent.flatMap((message) =>
      this.endpoints
        .filter(({ key }) => {
          const delivery = this.#world.ledger.delivery(message.key, key);
          return isOpen ? delivery?.open : delivery !== undefined && this.#isNext(delivery, run.clock.wall);
        })
        .map((endpoint) => ({ message, endpoint })),
    );
    return found.length === 0 ? null : random.pick(found);
  }

  /** Endpoints with due deliveries to which nothing is sent. */
  #waitingEndpoints({ run }: SimulatedNode): readonly EndpointHandle[] {
    const { ledger, time } = this.#world;
    const due = [...ledger.live].filter(({ open, row }) => open === null && row.due! <= run.clock.wall);
    const waiting = new Set(due.map(({ endpoint }) => endpoint));
    return this.endpoints.filter(({ key }) => {
      const endpoint = ledger.endpoints.get(key)!;
      return waiting.has(endpoint) && !endpoint.disabled && time.elapsed - endpoint.requestedAt > BUSY_MS;
    });
  }

  /** It is due at an active endpoint. */
  #isNext({ open, row, endpoint }: TrackedDelivery, wall: number): boolean {
    const { elapsed } = this.#world.time;
    return open === null && row.due !== null && row.due <= wall && elapsed - endpoint.requestedAt < BUSY_MS;
  }
}
