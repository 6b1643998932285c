/**
 * Batches of one endpoint that are always resent as a whole, because their target recognises them by their members.
 * They are on disk before they are sent, and outlive the lane.
 */
import type { BatchStore, KeptBatch, Lease } from "../store/delivery.ts";

/** Once this many batches have ended, they are deleted together with the next write of a batch. */
const ENDED_BATCHES = 16;

export class KeptBatches {
  readonly #store: BatchStore;
  readonly #endpointId: number;
  readonly #open = new Map<number, KeptBatch>();
  /** The batch of each message that belongs to one. */
  readonly #batchOf = new Map<number, number>();
  #ended: number[] = [];
  #isLoaded = false;
  #isLoading = false;

  constructor(store: BatchStore, endpointId: number) {
    this.#store = store;
    this.#endpointId = endpointId;
  }

  /**
   * Whether the batches of an earlier run, or of the previous owner of the lane, are loaded. Nothing may start before
   * that.
   */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Rejects when the store does not respond. */
  async load(): Promise<void> {
    this.#isLoading = true;
    try {
      await this.#load();
    } finally {
      this.#isLoading = false;
    }
  }

  /** The batch that a message belongs to; `null`: none. */
  batchOf(messageId: number): KeptBatch | null {
    const id = this.#batchOf.get(messageId);
    return id === undefined ? null : this.#open.get(id)!;
  }

  /** Stores a batch. Resolves once it is on disk. Rejects with `shard_lost` when the lease is lost. */
  async keep(id: number, messageIds: readonly number[], lease: Lease | undefined): Promise<KeptBatch> {
    const ended = this.#ended.length >= ENDED_BATCHES ? this.#ended : [];
    const batch = { id, endpointId: this.#endpointId, messageIds };
    await this.#store.keep(batch, lease, ended);
    if (ended.length > 0) this.#ended = this.#ended.filter((one) => !ended.includes(one));
    this.#add(batch);
    return batch;
  }

  /** Ends a batch that will not be resent: it succeeded, was refused, or has lost a member. */
  end({ id, messageIds }: Pick<KeptBatch, "id" | "messageIds">): void {
    if (!this.#open.delete(id)) return;
    for (const messageId of messageIds) if (this.#batchOf.get(messageId) === id) this.#batchOf.delete(messageId);
    this.#ended.push(id);
  }

  async #load(): Promise<void> {
    for (const batch of await this.#store.list(this.#endpointId)) {
      const pending = await this.#store.members(this.#endpointId, batch.messageIds);
      if (pending.length === 0) this.#ended.push(batch.id);
      else this.#add(batch);
    }
    this.#isLoaded = true;
  }

  /** If the outcome of an earlier commit was unknown, a message can be in two batches; the later one applies. */
  #add(batch: KeptBatch): void {
    this.#open.set(batch.id, batch);
    for (const messageId of batch.messageIds) this.#batchOf.set(messageId, batch.id);
  }
}
