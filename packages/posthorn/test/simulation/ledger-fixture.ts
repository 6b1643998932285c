/** Ledger of one process that owns every lane, filled in by tests of the checks. */
import { type DispatchLimits, limitsOf } from "../../src/dispatch/types.ts";
import type { Job } from "../../src/store/delivery.ts";
import type { CheckedWorld } from "./checks/index.ts";
import type { Check } from "./check.ts";
import { Ledger } from "./ledger.ts";
import { MachineClock } from "./machine-clock.ts";
import type { Run } from "./run.ts";
import type { Ownership } from "./ownership.ts";
import type { OpenAttempt } from "./tracked.ts";
import { Verdict } from "./verdict.ts";
import { Life, VirtualTime } from "./virtual-time.ts";

const NOTHING = {
  state: 0,
  attempts: 0,
  generation: 0,
  manual: 0,
  resumeDue: null,
  orderKey: null,
  passAt: null,
} as const;

export function jobOf(messageId: number, endpointId: number): Job {
  const job = { messageId, endpointId, due: 0, publicId: "", attempts: 0, generation: 0, trigger: 0 } as const;
  return { ...job, contentType: "", orderingKey: null, requestJson: null, payload: null };
}

export class LedgerFixture {
  readonly time = new VirtualTime();
  readonly verdict = new Verdict(() => this.time.elapsed);
  readonly ledger = new Ledger(this.time, this.verdict);
  readonly run: Run;
  #ownership: Ownership;

  constructor(
    limits: Partial<DispatchLimits>,
    check: ((world: Pick<CheckedWorld, "ledger" | "time" | "verdict">) => Check) | null,
  ) {
    const settings = {
      limits: limitsOf(limits),
      endpointConcurrency: 10,
      retrySchedule: [1000],
      requestTimeoutMs: 1000,
      shutdownTimeoutMs: 0,
      staleMs: 60_000,
    };
    const clock = new MachineClock(this.time, { skewMs: 0, drift: 0 });
    this.run = { number: 1, settings, machine: 1, clock, startedAt: 0 };
    this.#ownership = { run: this.run, fence: 0, since: 0 };
    this.ledger.watchOver({ of: () => this.#ownership, began: () => undefined });
    this.ledger.started(this.run);
    this.ledger.use(check === null ? [] : [check(this)]);
  }

  /** Advances the time. */
  async at(ms: number): Promise<void> {
    this.time.after(new Life(), ms - this.time.elapsed, () => undefined);
    await this.time.run(ms, () => true);
  }

  endpoint(
    endpointId: number,
    host: string,
    settings: { readonly rate?: number; readonly deleted?: boolean; readonly pausedUntil?: number } = {},
  ): void {
    const { rate, deleted = false, pausedUntil = 0 } = settings;
    const policyJson = rate === undefined ? null : JSON.stringify({ limits: { ratePerSecond: rate } });
    const url = `https://${host}/hook`;
    const endpoint = {
      endpointId,
      tenant: 1,
      url,
      disabled: false,
      deleted,
      pausedUntil,
      discardUpTo: 0,
      policyJson,
    };
    this.ledger.committed([{ kind: "endpoint", ...endpoint }], this.#commit());
  }

  delivery(messageId: number, endpointId: number): void {
    const row = { ...NOTHING, due: this.run.clock.wall };
    this.ledger.committed([{ kind: "delivery", messageId, endpointId, isDelayed: false, row }], this.#commit());
  }

  begin(messageId: number, endpointId: number): OpenAttempt {
    return this.ledger.begun(this.run, jobOf(messageId, endpointId))!;
  }

  /** @returns Function to call when the request has ended. */
  request(attempt: OpenAttempt): () => void {
    const { endpointId, messageId } = attempt.job;
    return this.ledger.requested(this.ledger.endpoints.get(endpointId)!.host, messageId, attempt, {
      headers: [],
      body: null,
    });
  }

  /** The process loses every lane and gets them back. */
  loseLanes(): void {
    const lost = this.#ownership;
    this.#ownership = { run: this.run, fence: lost.fence + 1, since: this.time.elapsed };
    this.ledger.ownershipEnded(lost, "taken");
  }

  #commit() {
    const { elapsed: at } = this.time;
    return { run: this.run.number, at, answeredAt: at, confirmed: true };
  }
}
