/**
 * One sending in the connector thread: opens the link, asks whether the messages may still be sent if they waited, passes them to the
 * driver, and reports their results once.
 */
import type { ItemResult, KindMessage } from "../kind.ts";
import type { BatchReceipt, Driver, Link, Receipt } from "./driver.ts";
import { ConnectorMissing } from "./drivers.ts";
import { causesOf, connectionFailure, unknownFailure } from "./failure.ts";
import { GuardError, type RefusalListener } from "./guard.ts";
import { type LinkPool, NoFreeLink, type PooledLink } from "./link-pool.ts";
import type { Sending } from "./message-cells.ts";
import type { LinkFacts, LinkSpec, ThreadResult } from "./protocol.ts";

/** A message that waited longer since the main thread allowed it is sent only after the main thread has allowed it again. */
const ALLOWED_MS = 100;

export interface SendJobHost {
  readonly pool: LinkPool;
  readonly specOf: (link: number) => LinkSpec;
  /** `null`: it cannot be loaded. */
  readonly driverOf: (link: number) => Promise<Driver | null>;
  /** Asks the main thread whether the messages may still be sent. It responds with `go` or `cancel`. */
  readonly ask: (id: number) => void;
  /** Called once, unless the job is canceled. */
  readonly done: (id: number, result: ThreadResult) => void;
}

export class SendJob implements RefusalListener, BatchReceipt {
  readonly #host: SendJobHost;
  readonly #sending: Sending;
  readonly #allowedAt: number;
  readonly #startedAt = performance.now();
  readonly #results: (ItemResult | undefined)[];
  #left: number;
  #used: PooledLink | null = null;
  #connectMs: number | null = null;
  #isBroken = false;
  #isAsking = false;
  #isEnded = false;

  /** @param allowedAt Unix milliseconds at which the main thread allowed the sending. */
  constructor(host: SendJobHost, sending: Sending, allowedAt: number) {
    this.#host = host;
    this.#sending = sending;
    this.#allowedAt = allowedAt;
    this.#left = sending.messages.length;
    this.#results = Array.from({ length: this.#left });
  }

  /** Whether the main thread still waits for the results. */
  get isWaiting(): boolean {
    return !this.#isEnded;
  }

  begin(): void {
    const { pool, specOf } = this.#host;
    const { link } = this.#sending;
    let used: PooledLink | Promise<PooledLink>;
    try {
      used = pool.use(link, specOf(link));
    } catch (error) {
      return void this.#notOpened(error);
    }
    if (!(used instanceof Promise)) return this.#opened(used);
    used.then(
      (opened) => this.#opened(opened),
      (error: unknown) => void this.#notOpened(error),
    );
  }

  /** The main thread allows the sending again. */
  go(): void {
    if (!this.#isAsking || this.#isEnded) return;
    this.#isAsking = false;
    this.#send();
  }

  /** The main thread has settled the messages. A link whose target did not respond in time is not used for others. */
  cancel(isTimeout: boolean): void {
    if (this.#isEnded) return;
    this.#release();
    if (isTimeout) this.#host.pool.retire(this.#sending.link);
  }

  refused(error: Error): void {
    this.#failAll(error);
  }

  /** Sets the result of a message. The first one counts. */
  settle(index: number, result: ItemResult): void {
    if (this.#isEnded || this.#results[index] !== undefined) return;
    this.#results[index] = result;
    if (--this.#left === 0) this.#endWithItems();
  }

  fail(index: number, error: unknown): void {
    if (this.#isEnded) return;
    // After an error, the state of the connection is unknown.
    this.#isBroken = true;
    if (isOwnFault(error)) this.#end(ownFaultOf(error));
    else this.settle(index, failureOf(error, this.#used?.driver ?? null));
  }

  #opened(used: PooledLink): void {
    this.#used = used;
    if (this.#isEnded) return used.release(false);
    if (!used.isReused) this.#connectMs = performance.now() - this.#startedAt;
    const waitedMs = Date.now() - this.#allowedAt;
    if (waitedMs >= 0 && waitedMs <= ALLOWED_MS) return this.#send();
    this.#isAsking = true;
    this.#host.ask(this.#sending.id);
  }

  #send(): void {
    const { context, link } = this.#used!;
    let bytes = 0;
    for (const { body } of this.#sending.messages) bytes += body.byteLength;
    context.extend(bytes);
    if (context.refusal !== null) return this.#failAll(context.refusal);
    context.listen(this);
    try {
      context.run(() => this.#pass(link));
    } catch (error) {
      this.#failAll(error);
    }
  }

  #pass(link: Link): void {
    const { messages } = this.#sending;
    if (messages.length > 1 && link.sendAll !== undefined) {
      link.sendAll(messages, this)?.then(
        (results) => results.forEach((result, index) => this.settle(index, result)),
        (error: unknown) => this.#failAll(error),
      );
      return;
    }
    for (const [index, message] of messages.entries()) this.#passOne(link, message, index);
  }

  #passOne(link: Link, message: KindMessage, index: number): void {
    link.send(message, new ItemReceipt(this, index))?.then(
      (result) => this.settle(index, result),
      (error: unknown) => this.fail(index, error),
    );
  }

  async #notOpened(error: unknown): Promise<void> {
    if (error instanceof ConnectorMissing || error instanceof NoFreeLink) {
      return this.#end({ kind: "own_fault", code: error.code, detail: error.message });
    }
    if (isOwnFault(error)) return this.#end(ownFaultOf(error));
    this.#connectMs = performance.now() - this.#startedAt;
    const result = failureOf(error, await this.#host.driverOf(this.#sending.link));
    const results = this.#sending.messages.map(() => result);
    this.#end({ kind: "items", results, facts: { connectMs: this.#connectMs, peer: null } });
  }

  /** Ends it with this error for the messages that have no result yet. */
  #failAll(error: unknown): void {
    if (this.#isEnded) return;
    this.#isBroken = true;
    if (isOwnFault(error)) return this.#end(ownFaultOf(error));
    const result = failureOf(error, this.#used?.driver ?? null);
    for (const index of this.#results.keys()) this.#results[index] ??= result;
    this.#endWithItems();
  }

  #endWithItems(): void {
    const facts: LinkFacts = { connectMs: this.#connectMs, peer: this.#used?.context.peer ?? null };
    this.#end({ kind: "items", results: this.#results as ItemResult[], facts });
  }

  #end(result: ThreadResult): void {
    if (this.#isEnded) return;
    this.#release();
    this.#host.done(this.#sending.id, result);
  }

  /** Ends the use of the link even if the driver never settles. */
  #release(): void {
    this.#isEnded = true;
    this.#used?.context.unlisten(this);
    this.#used?.release(this.#isBroken);
  }
}

class ItemReceipt implements Receipt {
  readonly #job: SendJob;
  readonly #index: number;

  constructor(job: SendJob, index: number) {
    this.#job = job;
    this.#index = index;
  }

  get isWaiting(): boolean {
    return this.#job.isWaiting;
  }

  settle(result: ItemResult): void {
    this.#job.settle(this.#index, result);
  }

  fail(error: unknown): void {
    this.#job.fail(this.#index, error);
  }
}

function guardErrorOf(error: unknown): GuardError | undefined {
  return causesOf(error).find((one) => one instanceof GuardError);
}

/** The guard refused a connection because of a fault on Posthorn's side. */
function isOwnFault(error: unknown): boolean {
  return guardErrorOf(error)?.refusal?.isOurs === true;
}

function ownFaultOf(error: unknown): ThreadResult {
  const { code, detail } = guardErrorOf(error)!.refusal!;
  return { kind: "own_fault", code, detail };
}

function failureOf(error: unknown, driver: Driver | null): ItemResult {
  const guarded = guardErrorOf(error);
  return connectionFailure(guarded) ?? driver?.failure(error) ?? connectionFailure(error) ?? unknownFailure(error);
}
