/**
 * Hands deliveries that this thread has stored, with their payloads, to the thread that has their lane. Otherwise that thread would be notified
 * and would read each of them from the store, which costs half as much CPU time as the event itself.
 *
 * A delivery is on disk before it is handed over, so nothing is lost with a thread. If the other thread no longer owns the shard, it notifies
 * the new owner. If it does not confirm in time, because it hangs or has ended, this thread notifies the owner. The dispatcher drops jobs that
 * a page already contained (`HandOffDedupe`), and this class drops jobs whose delivery was canceled in the meantime.
 */
import type { JobExchange, JobReceiver } from "../cluster/job-exchange.ts";
import { deleteOldest } from "../dispatch/delete-oldest.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import { type PassingTime, systemTime } from "../lib/clock.ts";
import type { Job } from "../store/delivery.ts";
import { shardOf } from "../store/shards.ts";
import type { DeliveryKey } from "../store/signal.ts";

const JOBS = "jobs";
const TAKEN = "jobs taken";
const OWNED = "shards";
const WHO = "shards?";

/** Maximum bytes of payloads in transit to one thread. Beyond that, the thread is notified and reads them from the store. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Time within which a thread must confirm the jobs that it was handed. */
const CONFIRM_MS = 2000;
/** Canceled deliveries that are remembered. */
const MAX_REVOKED = 10_000;

/** Jobs without their payloads, which are in one buffer that is transferred: cloning a part of a buffer would copy all of it. */
interface Packet {
  readonly from: number;
  readonly id: number;
  readonly jobs: readonly Omit<Job, "payload">[];
  /** Bytes of each payload; `null`: the job has none. */
  readonly lengths: readonly (number | null)[];
  readonly payloads: Uint8Array<ArrayBuffer>;
}

/** Jobs handed to a thread that has not confirmed them. */
interface Open {
  readonly thread: number;
  readonly jobs: readonly Pick<Job, "endpointId" | "due">[];
  readonly bytes: number;
  readonly at: number;
}

export class ThreadJobExchange implements JobExchange, Disposable {
  readonly #thread: number;
  readonly #broadcast: Broadcast;
  readonly #time: PassingTime;
  #receiver: JobReceiver | null = null;
  /** Threads by the shards that they own. */
  readonly #owners = new Map<number, number>();
  /** Jobs to hand over at the end of this turn, by thread. */
  readonly #gathered = new Map<number, Job[]>();
  readonly #open = new Map<number, Open>();
  /** Bytes on their way to each thread. */
  readonly #bytes = new Map<number, number>();
  readonly #revoked = new Set<string>();
  #lastId = 0;
  #cancelTimer: (() => void) | null = null;

  /** @param thread Number of this thread. */
  constructor(thread: number, broadcast: Broadcast, time: PassingTime = systemTime) {
    this.#thread = thread;
    this.#broadcast = broadcast;
    this.#time = time;
    broadcast.subscribe(OWNED, (data) => this.#owns(data as { readonly thread: number; readonly shards: number[] }));
    broadcast.subscribe(WHO, () => this.announce());
    broadcast.subscribe(JOBS, (data) => this.#take(data as Packet));
    broadcast.subscribe(TAKEN, (data) => this.#confirmed(data as number));
  }

  connect(receiver: JobReceiver): void {
    this.#receiver = receiver;
    this.#broadcast.publish(WHO, null);
  }

  announce(): void {
    if (this.#receiver === null) return;
    this.#broadcast.publish(OWNED, { thread: this.#thread, shards: this.#receiver.shards() });
  }

  give(jobs: readonly Job[]): readonly Job[] {
    return jobs.filter((job) => {
      const thread = this.#owners.get(shardOf(job.endpointId));
      const bytes = job.payload?.byteLength ?? 0;
      if (thread === undefined || (this.#bytes.get(thread) ?? 0) + bytes > MAX_BYTES) return true;
      this.#bytes.set(thread, (this.#bytes.get(thread) ?? 0) + bytes);
      this.#gather(thread, job);
      return false;
    });
  }

  revoked(deliveries: readonly DeliveryKey[]): void {
    for (const delivery of deliveries) this.#revoked.add(keyOf(delivery));
    if (this.#revoked.size > MAX_REVOKED) deleteOldest(this.#revoked, MAX_REVOKED);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#receiver = null;
  }

  #owns({ thread, shards }: { readonly thread: number; readonly shards: readonly number[] }): void {
    for (const [shard, owner] of this.#owners) if (owner === thread) this.#owners.delete(shard);
    for (const shard of shards) this.#owners.set(shard, thread);
  }

  #gather(thread: number, job: Job): void {
    const gathered = this.#gathered.get(thread);
    if (gathered !== undefined) return void gathered.push(job);
    this.#gathered.set(thread, [job]);
    // The entries of one commit are settled in the same turn, and their responses are written after it.
    queueMicrotask(() => this.#send(thread));
  }

  #send(thread: number): void {
    const jobs = this.#gathered.get(thread) ?? [];
    this.#gathered.delete(thread);
    const id = ++this.#lastId;
    const packet = pack(this.#thread, id, jobs);
    const bytes = packet.payloads.byteLength;
    this.#open.set(id, {
      thread,
      bytes,
      at: this.#time.monotonic(),
      jobs: jobs.map(({ endpointId, due }) => ({ endpointId, due })),
    });
    if (this.#broadcast.sendTo(thread, JOBS, packet, [packet.payloads.buffer])) this.#watch();
    else this.#close(id, true);
  }

  #take({ from, id, jobs, lengths, payloads }: Packet): void {
    this.#broadcast.sendTo(from, TAKEN, id);
    if (this.#receiver === null) return;
    const known: Job[] = [];
    let offset = 0;
    for (const [at, job] of jobs.entries()) {
      const length = lengths[at]!;
      const payload = length === null ? null : payloads.slice(offset, offset + length);
      offset += length ?? 0;
      if (!this.#revoked.has(keyOf(job))) known.push({ ...job, payload });
    }
    this.#receiver.receive(known);
  }

  #confirmed(id: number): void {
    this.#close(id, false);
  }

  #close(id: number, isLost: boolean): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    this.#bytes.set(open.thread, (this.#bytes.get(open.thread) ?? 0) - open.bytes);
    if (isLost) this.#receiver?.notify(open.jobs);
  }

  /** Checks for unconfirmed jobs. */
  #watch(): void {
    if (this.#cancelTimer !== null || this.#receiver === null) return;
    this.#cancelTimer = this.#time.setTimer(CONFIRM_MS, () => {
      this.#cancelTimer = null;
      const since = this.#time.monotonic() - CONFIRM_MS;
      for (const [id, { at }] of this.#open) if (at <= since) this.#close(id, true);
      if (this.#open.size > 0) this.#watch();
    });
  }
}

function pack(from: number, id: number, jobs: readonly Job[]): Packet {
  const payloads = new Uint8Array(jobs.reduce((bytes, { payload }) => bytes + (payload?.byteLength ?? 0), 0));
  const lengths: (number | null)[] = [];
  let offset = 0;
  const rest = jobs.map(({ payload, ...job }) => {
    lengths.push(payload?.byteLength ?? null);
    if (payload !== null) payloads.set(payload, offset);
    offset += payload?.byteLength ?? 0;
    return job;
  });
  return { from, id, jobs: rest, lengths, payloads };
}

function keyOf({ messageId, endpointId }: DeliveryKey): string {
  return `${messageId}/${endpointId}`;
}
