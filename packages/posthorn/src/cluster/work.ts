/** Starts and stops work as shards are gained and lost, and handles signals from other nodes and outages of those signals. */
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Services } from "../domain/context.ts";
import { applySignals } from "../domain/signals.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import type { IdGenerator } from "../lib/id.ts";
import type { SharedFeed } from "../live/shared-feed.ts";
import { type Logger, reporter } from "../lib/log.ts";
import type { Signal } from "../store/signal.ts";
import { type InShards, shardOf } from "../store/shards.ts";
import type { Workers } from "../workers/worker.ts";
import type { Cluster } from "./cluster.ts";
import type { LaneInspector } from "./lane-inspector.ts";
import type { MemberWork } from "./member.ts";

export interface ClusterWorkOptions {
  readonly services: Services;
  readonly cluster: Cluster;
  readonly dispatcher: Dispatcher;
  readonly workers: Workers;
  readonly feed: Pick<SharedFeed, "watchedElsewhere" | "storedElsewhere">;
  readonly ids: IdGenerator;
  readonly lanes: Pick<LaneInspector, "handle">;
  /** Keys of this node up to which every row is on disk. */
  readonly settled: () => SettledKeys;
  readonly log: Logger;
}

/** Interval of scans for work whose notification was lost, for instance because the sending node crashed. */
const LOOK_MS = 30_000;
/** While notifications are down, caches are cleared at this interval. */
const NOTIFICATIONS_DOWN_MS = 500;
/** A write whose outcome is unknown may still commit within this time. */
const UNKNOWN_COMMIT_MS = 2000;

export class ClusterWork implements Disposable {
  readonly #options: ClusterWorkOptions;
  /** Each cancels a timer; `null`: none is set. */
  #cancelLook: (() => void) | null = null;
  #cancelRescan: (() => void) | null = null;
  #cancelUnknownCommit: (() => void) | null = null;
  #closed = false;

  constructor(options: ClusterWorkOptions) {
    this.#options = options;
    const { services } = options;
    services.store.onSignal((signals) => this.#handle(signals));
    services.store.onUnknownCommit(() => this.#lookAgain());
    services.store.cluster?.onNotificationState((up) => (up ? this.#notificationsUp() : this.#notificationsDown()));
  }

  /** Takes over this node's share of the work. */
  async start(): Promise<void> {
    const { cluster, services } = this.#options;
    await cluster.start(this.#work());
    if (services.store.cluster === null) return;
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancelLook?.();
    this.#cancelRescan?.();
    this.#cancelUnknownCommit?.();
  }

  /** Sets a timer, unless this object is closed and could no longer cancel it. */
  #setTimer(ms: number, callback: () => void): () => void {
    return this.#closed ? () => undefined : this.#options.cluster.time.setTimer(ms, callback);
  }

  #work(): MemberWork {
    const { cluster, dispatcher, ids, log, services, settled } = this.#options;
    return {
      gained: (isGained) => this.#gained(isGained),
      leave: (isLeft) => this.#leave(isLeft),
      renewed: () => dispatcher.resume(),
      moved: ({ id, slot, keysFrom }) => {
        ids.moveTo(slot, keysFrom);
        log.warn({ node: id }, "the other nodes considered this node dead; rejoining");
      },
      report: () => {
        const { inFlight, lanes, oldestDue } = dispatcher.load;
        const lagMs = oldestDue === null ? 0 : Math.max(0, services.now() - oldestDue);
        return { inFlight, lanes, lagMs, settled: settled() };
      },
      inFlight: (shard) => dispatcher.inFlightOf((endpointId) => shardOf(endpointId) === shard),
      announce: () => services.store.signal({ kind: "nodes" }),
      onError: (error) =>
        reporter(log)(error, "the cluster could not be updated; trying again", { node: cluster.membership?.id }),
    };
  }

  async #gained(isGained: InShards): Promise<void> {
    const { cluster, dispatcher, workers } = this.#options;
    cluster.onShards();
    try {
      await dispatcher.start(workers.gained(isGained));
    } catch (error) {
      this.#lookForWork();
      throw error;
    }
  }

  async #leave(isLeft: InShards): Promise<void> {
    const { cluster, dispatcher, services, workers } = this.#options;
    cluster.onShards();
    const { left, ended } = dispatcher.leave(isLeft);
    // The new owners have not been notified of deliveries that were queued here after the lanes had moved.
    if (left.length > 0) services.store.signal({ kind: "due", endpointIds: left, from: null });
    await ended;
    await workers.left(isLeft);
  }

  #handle(signals: readonly Signal[]): void {
    applySignals(this.#options.services, signals);
    for (const signal of signals) {
      this.#options.lanes.handle(signal);
      if (signal.kind === "nodes") this.#options.cluster.look();
      this.#options.workers.notified(signal);
      if (signal.kind === "watch") this.#options.feed.watchedElsewhere();
      if (signal.kind === "stored") this.#options.feed.storedElsewhere(signal);
    }
  }

  /** Handles a commit with an unknown outcome: clears the caches and scans for work, as at startup. */
  #lookAgain(): void {
    this.#forgetAll();
    this.#lookForWork();
    this.#cancelUnknownCommit ??= this.#setTimer(UNKNOWN_COMMIT_MS, () => {
      this.#cancelUnknownCommit = null;
      this.#forgetAll();
      // The write may have enabled an endpoint or changed its policy.
      this.#options.dispatcher.wakeAll();
    });
  }

  #lookForWork(): void {
    // The last signal of a thread may arrive while the node closes, when the parts that look for work are disposed.
    if (this.#closed) return;
    const { dispatcher, workers } = this.#options;
    dispatcher.rescan();
    workers.rescan();
  }

  #lookLater(): void {
    this.#cancelLook = this.#setTimer(LOOK_MS, () => {
      this.#lookLater();
      if (!this.#options.cluster.alone) this.#lookForWork();
    });
  }

  #notificationsDown(): void {
    this.#options.log.warn(
      "notifications from other nodes are down; caches are cleared every 500 ms until they are up",
    );
    this.#cancelRescan?.();
    this.#rescanWhileDown();
  }

  #rescanWhileDown(): void {
    this.#forgetAll();
    this.#cancelRescan = this.#setTimer(NOTIFICATIONS_DOWN_MS, () => this.#rescanWhileDown());
  }

  #notificationsUp(): void {
    this.#cancelRescan?.();
    this.#cancelRescan = null;
    this.#forgetAll();
    this.#options.dispatcher.wakeAll();
    this.#lookForWork();
    this.#options.cluster.look();
  }

  #forgetAll(): void {
    const { directory, sources, tokens } = this.#options.services;
    directory.clear();
    sources.clear();
    tokens.forget();
  }
}
