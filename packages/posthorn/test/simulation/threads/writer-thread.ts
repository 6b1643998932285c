/**
 * The thread of a process that writes for all others: the product's `WriterPorts`, `Members` and statements on a real connection, in
 * virtual time. While it performs earlier requests, further ones wait, so that batches of several threads share a commit.
 */
import type { DatabaseSync } from "node:sqlite";
import type { LoopTime } from "../../../src/lib/clock.ts";
import type { Membership } from "../../../src/store/cluster.ts";
import type { Lease } from "../../../src/store/delivery.ts";
import { writerOn } from "../../../src/store/sqlite/connection.ts";
import type { ThreadFacts, ThreadMessage, ThreadRequest } from "../../../src/store/sqlite/protocol.ts";
import type { Handler } from "../../../src/store/sqlite/reader.ts";
import { type EarlierRun, Members } from "../../../src/store/sqlite/threads/members.ts";
import { earlierRun, sharedHandler } from "../../../src/store/sqlite/threads/open-shared-writer.ts";
import { SharedWords } from "../../../src/store/sqlite/threads/shared-words.ts";
import { type Port, type PortMessage, WriterPorts } from "../../../src/store/sqlite/threads/writer-ports.ts";
import type { Commit, CommitWatcher } from "../commits.ts";
import type { SimulatedDatabase } from "../database.ts";
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";
import type { SimulatedPort } from "./channel.ts";

/** Duration of a turn without statements, in milliseconds. */
const TURN_MS = 0.02;
/** Run of a commit with batches of several threads. */
export const SEVERAL = 0;

export interface MemberWatcher {
  joined(host: string): void;
  took(host: string, lease: Lease): void;
  /** The membership ends, and with it all leases. */
  leaves(host: string): void;
  released(host: string, shard: number): void;
}

export interface WriterThreadWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly database: SimulatedDatabase;
  readonly life: Life;
  /** Number of the process, which owns the connection. */
  readonly process: number;
  readonly watcher: MemberWatcher;
}

export class SimulatedWriterThread {
  readonly words = new SharedWords();
  readonly #world: WriterThreadWorld;
  readonly #connection: DatabaseSync;
  readonly #onCommit: CommitWatcher;
  readonly #inner: Handler;
  readonly #ports: WriterPorts;
  /** Commits of transactions whose signals the other threads may not have applied, by the run that made them. */
  readonly #untold = new Map<number, Commit[]>();
  #arrived: { readonly run: number; readonly isBatch: boolean; readonly perform: () => void }[] = [];
  #afterTurn: (() => void)[] = [];
  #replies: (() => void)[] = [];
  #isBusy = false;
  /** Duration of the work of this turn. */
  #costMs = 0;
  /** The run whose request is being performed, and those with batches that are gathered. */
  #run = SEVERAL;
  readonly #gathering = new Set<number>();
  /** The commit that the next replies report. */
  #made: Commit | null = null;

  constructor(world: WriterThreadWorld) {
    this.#world = world;
    const { connection, onCommit } = world.database.connectWriter(world.process);
    this.#connection = connection;
    this.#onCommit = onCommit;
    const members = new WatchedMembers(world.watcher, world.random);
    this.#inner = sharedHandler(connection, writerOn(connection), { words: this.words, members });
    this.#ports = new WriterPorts({
      handle: (request) => this.#handle(request),
      members,
      earlier: () => earlierRun(this.#inner),
      time: this.#loopTime(),
    });
  }

  /** Serves a thread. @param run Its run, as soon as it has one. */
  add(port: SimulatedPort, run: () => number): void {
    port.life = this.#world.life;
    this.#ports.add(new WriterEnd(port, run, this));
  }

  enqueue(run: number, isBatch: boolean, perform: () => void): void {
    this.#arrived.push({ run, isBatch, perform });
    if (!this.#isBusy) this.#turn();
  }

  /** Sends a reply at the end of this turn. */
  reply(port: SimulatedPort, message: ThreadMessage, transfer: readonly ArrayBuffer[]): void {
    const commit = this.#made;
    this.#replies.push(() =>
      port.postMessage(message, transfer, () => {
        if (commit === null || !("id" in message)) return;
        commit.answeredAt = this.#world.time.elapsed;
        commit.confirmed = message.failure === undefined;
      }),
    );
  }

  afterReplies(act: () => void): void {
    this.#replies.push(act);
  }

  /** Takes the commits of a run whose signals are about to be sent. */
  takeUntold(run: number): readonly Commit[] {
    const commits = this.#untold.get(run) ?? [];
    this.#untold.delete(run);
    return commits;
  }

  #turn(): void {
    this.#isBusy = true;
    for (const { run, isBatch, perform } of this.#arrived.splice(0)) {
      this.#run = run;
      this.#made = null;
      if (isBatch) this.#gathering.add(run);
      perform();
    }
    for (const act of this.#afterTurn.splice(0)) act();
    const replies = this.#replies.splice(0);
    const costMs = Math.max(TURN_MS, this.#costMs);
    this.#costMs = 0;
    this.#world.time.after(this.#world.life, costMs, () => {
      for (const reply of replies) reply();
      this.#isBusy = false;
      if (this.#arrived.length > 0) this.#turn();
    });
  }

  #handle(request: ThreadRequest): unknown {
    this.#made = null;
    const { random, database } = this.#world;
    const { latency, refuses, loses } = database.conditions;
    this.#costMs += random.span(10 * latency[0], 10 * latency[1]) / 10;
    if (!isSure(request) && random.chance(refuses)) throw diskFailed();
    const isLost = isCommit(request) && random.chance(loses);
    if (isLost && random.chance(0.5)) throw diskFailed();
    const result = this.#inner(request);
    if (isCommit(request) && !this.#connection.isTransaction) this.#committed(request);
    if (isLost) throw diskFailed();
    return result;
  }

  #committed({ op }: ThreadRequest): void {
    const isBatch = op === "batch";
    const run = isBatch ? this.#takeGathered() : this.#run;
    const commit: Commit = { run, at: this.#world.time.elapsed, answeredAt: null, confirmed: false };
    this.#made = commit;
    if (!isBatch) {
      commit.toldAt = null;
      this.#untold.set(run, [...(this.#untold.get(run) ?? []), commit]);
    }
    this.#onCommit(commit);
  }

  #takeGathered(): number {
    const [first = this.#run, ...others] = this.#gathering;
    this.#gathering.clear();
    return others.length === 0 ? first : SEVERAL;
  }

  #loopTime(): LoopTime {
    const { time, life } = this.#world;
    return {
      monotonic: () => time.elapsed,
      setTimer: (ms, callback) => time.after(life, ms, () => this.enqueue(SEVERAL, false, callback)),
      afterTurn: (callback) => {
        this.#afterTurn.push(callback);
        return () => {
          this.#afterTurn = this.#afterTurn.filter((other) => other !== callback);
        };
      },
    };
  }
}

/** The end of a channel in the writer thread. */
class WriterEnd implements Port {
  readonly #port: SimulatedPort;
  readonly #run: () => number;
  readonly #thread: SimulatedWriterThread;

  constructor(port: SimulatedPort, run: () => number, thread: SimulatedWriterThread) {
    this.#port = port;
    this.#run = run;
    this.#thread = thread;
  }

  postMessage(message: ThreadMessage, transfer: ArrayBuffer[]): void {
    this.#thread.reply(this.#port, message, transfer);
  }

  on(event: "message", listener: (message: PortMessage) => void): void;
  on(event: "close", listener: () => void): void;
  on(event: "message" | "close", listener: (message: PortMessage) => void): void {
    this.#port.on(event, (message: PortMessage) => {
      const isBatch = event === "message" && "request" in message && message.request.op === "batch";
      this.#thread.enqueue(this.#run(), isBatch, () => listener(message));
    });
  }

  close(): void {
    this.#thread.afterReplies(() => this.#port.close());
  }
}

/** Reports which members take and release shards. */
class WatchedMembers extends Members {
  readonly #watcher: MemberWatcher;
  readonly #random: Random;
  readonly #hosts = new Map<number, string>();

  constructor(watcher: MemberWatcher, random: Random) {
    super();
    this.#watcher = watcher;
    this.#random = random;
  }

  override join(facts: ThreadFacts, earlier: EarlierRun): Membership {
    const membership = super.join(facts, earlier, this.#random.next());
    this.#hosts.set(membership.id, facts.host);
    this.#watcher.joined(facts.host);
    return membership;
  }

  override take(nodeId: number, shards: readonly number[]): readonly Lease[] {
    const leases = super.take(nodeId, shards);
    for (const lease of leases) this.#watcher.took(this.#hosts.get(nodeId)!, lease);
    return leases;
  }

  override release(nodeId: number, shards: readonly number[]): void {
    const owned = this.shards().filter(({ shard, nodeId: owner }) => owner === nodeId && shards.includes(shard));
    super.release(nodeId, shards);
    for (const { shard } of owned) this.#watcher.released(this.#hosts.get(nodeId)!, shard);
  }

  override leave(nodeId: number): void {
    const host = this.#hosts.get(nodeId);
    if (host !== undefined) this.#watcher.leaves(host);
    super.leave(nodeId);
  }
}

/** A rollback always works: losing the connection rolls back too. */
function isSure(request: ThreadRequest): boolean {
  return request.op === "close" || (request.op === "query" && request.sql === "ROLLBACK");
}

function isCommit(request: ThreadRequest): boolean {
  return request.op === "batch" || (request.op === "query" && request.sql === "COMMIT");
}

/** Error of SQLite on a failing disk. */
function diskFailed(): Error {
  return Object.assign(new Error("disk I/O error (simulated)"), { errcode: 10 });
}
