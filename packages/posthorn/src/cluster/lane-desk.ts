/** Says how an endpoint is delivered to, whichever node has its lane: that one is asked, by way of the database. */
import type { PassingTime } from "../clock.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { HealthSource, LaneReport, LaneSource } from "../domain/context.ts";
import type { Signal } from "../store/signal.ts";
import type { Store } from "../store/store.ts";
import type { Cluster } from "./cluster.ts";

export interface LaneDeskOptions {
  readonly cluster: Pick<Cluster, "owns" | "id">;
  readonly dispatcher: Pick<Dispatcher, "inspect">;
  readonly health: Pick<HealthSource, "streak">;
  readonly store: Pick<Store, "signal">;
  readonly time: PassingTime;
}

/** Nobody waits for an answer for longer than this. */
const WAIT_MS = 500;
/** And after one that did not come nobody is asked for so long: a list of many endpoints would wait for each. */
const REST_MS = 2000;
const UNKNOWN: LaneReport = { lane: null, failing: null };

export class LaneDesk implements LaneSource {
  readonly #options: LaneDeskOptions;
  /** What was asked of other nodes. */
  readonly #asked = new Map<string, (report: LaneReport) => void>();
  #questions = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LaneDeskOptions) {
    this.#options = options;
  }

  of(endpointKey: number): LaneReport | Promise<LaneReport> {
    const { cluster, time } = this.#options;
    if (cluster.owns(endpointKey)) return this.#own(endpointKey);
    return time.monotonic() < this.#restsUntil ? UNKNOWN : this.#ask(endpointKey);
  }

  /** Another node asks, or answers. */
  hear(signal: Signal): void {
    const { cluster, store } = this.#options;
    if (signal.kind === "answer") this.#asked.get(signal.question)?.(JSON.parse(signal.text) as LaneReport);
    if (signal.kind !== "ask" || !cluster.owns(signal.endpointId)) return;
    const text = JSON.stringify(this.#own(signal.endpointId));
    store.signal({ kind: "answer", question: signal.question, text });
  }

  #own(endpointKey: number): LaneReport {
    const { dispatcher, health } = this.#options;
    return { lane: dispatcher.inspect(endpointKey), failing: health.streak(endpointKey) };
  }

  #ask(endpointId: number): Promise<LaneReport> {
    const { cluster, store, time } = this.#options;
    const question = `${cluster.id}.${++this.#questions}`;
    return new Promise((resolve) => {
      const end = (report: LaneReport): void => {
        cancel();
        this.#asked.delete(question);
        resolve(report);
      };
      const cancel = time.setTimer(WAIT_MS, () => {
        this.#restsUntil = time.monotonic() + REST_MS;
        end(UNKNOWN);
      });
      this.#asked.set(question, end);
      store.signal({ kind: "ask", question, endpointId });
    });
  }
}
