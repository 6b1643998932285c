/**
 * Serves the threads of a process on one connection, in the order in which their requests arrive. While one of them has a transaction open, the
 * requests of the others wait.
 *
 * Everything that a thread has sent is done even if it ends: the channel delivers it before it closes. Then its transaction is rolled back, and
 * its membership ends.
 */
import { type LoopTime, systemLoop } from "../../../lib/clock.ts";
import { StoreError } from "../../errors.ts";
import {
  type Batch,
  type BatchResult,
  type MemberRequest,
  type MemberResults,
  PING,
  type ThreadMessage,
  type ThreadReply,
  type ThreadRequest,
} from "../protocol.ts";
import { failureOf, type Handler, memoryOf } from "../reader.ts";
import type { EarlierRun, Members } from "./members.ts";
import { commitMerged, type SharedBatch } from "./merge-batches.ts";

/** How long a thread may leave its transaction idle while others wait. */
const IDLE_MS = 15_000;

/** The part of a `MessagePort` that is used here. */
export interface Port {
  postMessage(message: ThreadMessage, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (message: PortMessage) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  close(): void;
}

export interface PortRequest {
  readonly id: number;
  readonly request: ThreadRequest | MemberRequest;
}

/** A request, or the port of another thread. */
export type PortMessage = PortRequest | { readonly seat: Port };

export interface WriterPortsOptions {
  readonly handle: Handler;
  readonly members: Members;
  /** Reads what earlier runs have left in the database. */
  readonly earlier: () => EarlierRun;
  readonly time?: LoopTime;
}

/** A thread. */
interface Seat {
  readonly port: Port;
  /** IDs of its memberships. */
  readonly nodeIds: Set<number>;
  /** Its transaction was ended for it: statements fail until it rolls it back too. */
  isAborted: boolean;
  /** It has closed its store. */
  isClosed: boolean;
}

/** `null`: the port is closed. */
interface Waiting {
  readonly seat: Seat;
  readonly message: PortRequest | null;
}

interface Gathered {
  readonly seat: Seat;
  readonly id: number;
  readonly batch: SharedBatch;
}

export class WriterPorts {
  readonly #options: WriterPortsOptions;
  readonly #time: LoopTime;
  readonly #seats = new Set<Seat>();
  /** The thread with the open transaction. */
  #holder: Seat | null = null;
  /** When the holder began its transaction, and when it sent its last statement. */
  #begunAt = 0;
  #heldAt = 0;
  /** The thread with the lock of `Store.alone`. */
  #lockedBy: Seat | null = null;
  #waiting: Waiting[] = [];
  /** Batches that are committed together at the end of this turn. */
  #gathered: Gathered[] = [];
  /** Cancels their commit; `null`: there are none. */
  #cancelCommit: (() => void) | null = null;
  #cancelIdle: (() => void) | null = null;

  constructor(options: WriterPortsOptions) {
    this.#options = options;
    this.#time = options.time ?? systemLoop;
  }

  /** Serves another thread. */
  add(port: Port): void {
    const seat: Seat = { port, nodeIds: new Set(), isAborted: false, isClosed: false };
    this.#seats.add(seat);
    port.on("message", (message) => {
      if ("seat" in message) this.add(message.seat);
      else this.#receive({ seat, message });
    });
    port.on("close", () => this.#receive({ seat, message: null }));
  }

  #receive(next: Waiting): void {
    if (this.#gather(next)) return;
    if (next.message === null || !PASSES_BATCHES.has(next.message.request.op)) this.#commitGathered();
    if (this.#waiting.length === 0 && this.#isFree(next)) return this.#perform(next);
    this.#waiting.push(next);
    this.#performWaiting();
  }

  /**
   * Keeps a batch until the end of this turn, if there are other threads. While one commit waits for the disk, batches of all of them arrive.
   * A thread sends nothing that depends on its batch before it has the result.
   */
  #gather({ seat, message }: Waiting): boolean {
    if (this.#seats.size === 1 || this.#holder !== null || this.#waiting.length > 0 || message === null) return false;
    const { id, request } = message;
    if (request.op !== "batch" || request.batch.counts === undefined) return false;
    this.#gathered.push({ seat, id, batch: { ...request.batch, counts: request.batch.counts } });
    this.#cancelCommit ??= this.#time.afterTurn(() => this.#commitGathered());
    return true;
  }

  #commitGathered(): void {
    if (this.#cancelCommit === null) return;
    this.#cancelCommit();
    this.#cancelCommit = null;
    const gathered = this.#gathered;
    this.#gathered = [];
    const commit = (batch: Batch): BatchResult => this.#options.handle({ op: "batch", batch }) as BatchResult;
    try {
      const results = commitMerged(
        gathered.map(({ batch }) => batch),
        commit,
      );
      for (const [at, { seat, id }] of gathered.entries()) seat.port.postMessage({ id, value: results[at] }, []);
    } catch (error) {
      const failure = failureOf(error);
      for (const { seat, id } of gathered) seat.port.postMessage({ id, failure }, []);
    }
  }

  /** Performs what need not wait. Requests of one thread stay in order. */
  #performWaiting(): void {
    let at = 0;
    while (at < this.#waiting.length) {
      const next = this.#waiting[at]!;
      if (!this.#isFree(next)) {
        at++;
        continue;
      }
      this.#waiting.splice(at, 1);
      const holder = this.#holder;
      this.#perform(next);
      // Requests that were passed over may be next.
      if (this.#holder !== holder) at = 0;
    }
    if (this.#waiting.length > 0 && this.#holder !== null) this.#watchHolder();
  }

  #isFree({ seat, message }: Waiting): boolean {
    if (this.#holder === null || this.#holder === seat) return true;
    return message !== null && FREE.has(message.request.op);
  }

  #perform({ seat, message }: Waiting): void {
    if (message === null) return this.#end(seat);
    const { id, request } = message;
    const reply = this.#reply(id, seat, request);
    seat.port.postMessage(reply, memoryOf(request as ThreadRequest, reply));
    if (request.op === "close") seat.port.close();
  }

  #reply(id: number, seat: Seat, request: ThreadRequest | MemberRequest): ThreadReply {
    try {
      return { id, value: isMemberRequest(request) ? this.#performOf(seat, request) : this.#do(seat, request) };
    } catch (error) {
      return { id, failure: failureOf(error) };
    }
  }

  #do(seat: Seat, request: ThreadRequest): unknown {
    // An open batch is committed before a transaction begins.
    if (request.op === "settle" && this.#holder !== null) return null;
    if (request.op === "close") return this.#close(seat);
    if (request.op !== "query") return this.#options.handle(request);
    return this.#query(seat, request);
  }

  #query(seat: Seat, request: Extract<ThreadRequest, { op: "query" }>): unknown {
    const { sql } = request;
    // Health checks continue while the transaction is idle.
    if (sql !== PING) this.#heldAt = this.#time.monotonic();
    if (sql === "ROLLBACK") {
      seat.isAborted = false;
      // Another thread may have a transaction now.
      if (this.#holder !== seat) return { columns: [], cells: [], changes: null };
      this.#holder = null;
      return this.#options.handle(request);
    }
    if (sql.startsWith("BEGIN")) seat.isAborted = false;
    else if (seat.isAborted) throw transactionAborted();
    const result = this.#options.handle(request);
    if (sql.startsWith("BEGIN")) {
      this.#holder = seat;
      this.#begunAt = this.#heldAt;
    } else if (sql === "COMMIT") this.#holder = null;
    return result;
  }

  #performOf(seat: Seat, request: MemberRequest): MemberResults[MemberRequest["op"]] {
    const { members, earlier } = this.#options;
    switch (request.op) {
      case "join": {
        const membership = members.join(request.facts, earlier());
        seat.nodeIds.add(membership.id);
        return membership;
      }
      case "renew":
        return members.renew(request.nodeId, request.report);
      case "view":
        return { nodes: members.nodes(), shards: members.shards() };
      case "take":
        return members.take(request.nodeId, request.shards);
      case "release":
        members.release(request.nodeId, request.shards);
        return null;
      case "leave":
        // The membership of a thread that has crashed ends once everything that it had sent is done.
        if (seat.nodeIds.delete(request.nodeId)) members.leave(request.nodeId);
        return null;
      case "lock":
        return this.#lock(seat, request.isTaken);
    }
  }

  /** A caller that already has the lock does not get it again: another part of its work holds it. */
  #lock(seat: Seat, isTaken: boolean): boolean {
    if (!isTaken) {
      if (this.#lockedBy === seat) this.#lockedBy = null;
      return false;
    }
    if (this.#lockedBy !== null) return false;
    this.#lockedBy = seat;
    return true;
  }

  /** The thread that started this one is the last to close. */
  #close(seat: Seat): null {
    seat.isClosed = true;
    const [first] = this.#seats;
    if (seat !== first) return null;
    this.#options.handle({ op: "close" });
    for (const other of this.#seats) if (other !== seat) other.port.close();
    this.#cancelIdle?.();
    return null;
  }

  #end(seat: Seat): void {
    this.#seats.delete(seat);
    if (this.#lockedBy === seat) this.#lockedBy = null;
    if (this.#holder === seat) this.#rollBack();
    for (const nodeId of seat.nodeIds) this.#options.members.leave(nodeId);
    if (seat.isClosed) return;
    for (const { port } of this.#seats) port.postMessage({ lost: true }, []);
  }

  /** Ends the transaction of a thread that leaves it idle while others wait. */
  #watchHolder(ms = IDLE_MS): void {
    this.#cancelIdle ??= this.#time.setTimer(ms, () => {
      this.#cancelIdle = null;
      const holder = this.#holder;
      if (holder === null || this.#waiting.length === 0) return;
      const left = this.#heldAt + IDLE_MS - this.#time.monotonic();
      if (left > 0) return this.#watchHolder(left);
      holder.isAborted = true;
      // Reported to a thread that waits, because the holder itself may hang.
      const openMs = this.#time.monotonic() - this.#begunAt;
      this.#waiting[0]!.seat.port.postMessage({ rolledBackAfterMs: openMs }, []);
      this.#rollBack();
      this.#performWaiting();
    });
  }

  #rollBack(): void {
    this.#holder = null;
    try {
      this.#options.handle({ op: "query", sql: "ROLLBACK", parameters: [] });
    } catch {
      // It is tried again before the next transaction begins.
    }
  }
}

/**
 * Requests that need not wait for the transaction of another thread. `release` and `leave` do, because the outcomes that their thread has sent
 * before must be recorded under its leases.
 */
const FREE_OPS = ["settle", "renew", "view", "take", "lock"] as const satisfies readonly (
  | ThreadRequest
  | MemberRequest
)["op"][];
const FREE: ReadonlySet<string> = new Set(FREE_OPS);

/** Requests that neither need the batches that are gathered nor begin something that these must precede. */
const PASSES_BATCHES: ReadonlySet<string> = new Set<(ThreadRequest | MemberRequest)["op"]>([
  ...FREE_OPS,
  "due",
  "backlog",
]);

const OF_MEMBERS: ReadonlySet<string> = new Set<MemberRequest["op"]>([
  "join",
  "renew",
  "view",
  "take",
  "release",
  "leave",
  "lock",
]);

function isMemberRequest(request: ThreadRequest | MemberRequest): request is MemberRequest {
  return OF_MEMBERS.has(request.op);
}

function transactionAborted(): StoreError {
  return new StoreError(
    "storage_failed",
    `The write transaction was ended, because it waited ${IDLE_MS / 1000} s for its next statement while others waited for it. Nothing was written. Try again.`,
  );
}
