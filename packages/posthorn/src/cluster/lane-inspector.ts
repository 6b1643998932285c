/** Reports the delivery state of endpoints by asking the nodes that own their lanes, through database notifications. */
import type { PassingTime } from "../lib/clock.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { HealthSource, LaneReport, LaneSource, UnhealthyLane } from "../domain/ports.ts";
import type { Signal } from "../store/signal.ts";
import type { Store } from "../store/store.ts";
import type { Cluster } from "./cluster.ts";

export interface LaneInspectorOptions {
  readonly cluster: Pick<Cluster, "owns" | "id">;
  readonly dispatcher: Pick<Dispatcher, "inspect">;
  readonly health: Pick<HealthSource, "streak">;
  readonly store: Pick<Store, "signal">;
  readonly time: PassingTime;
}

/** The longest wait for responses of other nodes. */
const WAIT_MS = 500;
/** Maximum characters of a response, so that it fits in one notification after encoding adds about a third. */
const PART_LENGTH = 5000;
const UNKNOWN: LaneReport = { lane: null, failing: null };

type Entry = readonly [endpointKey: number, lane: UnhealthyLane];

/** One part of a node's response. */
interface UnhealthyPart {
  readonly entries: readonly Entry[];
  /** Number of requested endpoints that this part covers, including the healthy ones. */
  readonly among: number;
}

export class LaneInspector implements LaneSource {
  readonly #options: LaneInspectorOptions;
  /** Pending requests to other nodes, by ID. */
  readonly #pending = new Map<string, (text: string) => void>();
  #requests = 0;

  constructor(options: LaneInspectorOptions) {
    this.#options = options;
  }

  of(endpointKey: number): LaneReport | Promise<LaneReport> {
    if (this.#options.cluster.owns(endpointKey)) return this.#own(endpointKey);
    return this.#ofOther(endpointKey);
  }

  async unhealthy(endpointKeys: readonly number[]): Promise<ReadonlyMap<number, UnhealthyLane>> {
    const { cluster } = this.#options;
    const found = new Map(this.#unhealthyHere(endpointKeys.filter((key) => cluster.owns(key))));
    const endpointIds = endpointKeys.filter((key) => !cluster.owns(key));
    let missing = endpointIds.length;
    if (missing === 0) return found;
    await this.#request(
      (request) => ({ kind: "unhealthy", request, endpointIds }),
      (text) => {
        const { entries, among } = JSON.parse(text) as UnhealthyPart;
        for (const [key, lane] of entries) found.set(key, lane);
        missing -= among;
        return missing <= 0;
      },
    );
    return found;
  }

  /** Handles a request or response of another node. */
  handle(signal: Signal): void {
    const { cluster } = this.#options;
    if (signal.kind === "lane_response") this.#pending.get(signal.request)?.(signal.text);
    if (signal.kind === "lane" && cluster.owns(signal.endpointId)) {
      this.#respond(signal.request, JSON.stringify(this.#own(signal.endpointId)));
    }
    if (signal.kind === "unhealthy") {
      const own = signal.endpointIds.filter((key) => cluster.owns(key));
      if (own.length === 0) return;
      for (const part of partsOf(this.#unhealthyHere(own), own.length)) {
        this.#respond(signal.request, JSON.stringify(part));
      }
    }
  }

  #own(endpointKey: number): LaneReport {
    const { dispatcher, health } = this.#options;
    return { lane: dispatcher.inspect(endpointKey), failing: health.streak(endpointKey) };
  }

  #unhealthyHere(endpointKeys: readonly number[]): readonly Entry[] {
    return endpointKeys.flatMap((key): readonly Entry[] => {
      const { lane, failing } = this.#own(key);
      const breaker = lane === null || lane.breaker.state === "closed" ? null : lane.breaker;
      return breaker === null && failing === null ? [] : [[key, { breaker, failing }]];
    });
  }

  async #ofOther(endpointId: number): Promise<LaneReport> {
    let report = UNKNOWN;
    await this.#request(
      (request) => ({ kind: "lane", request, endpointId }),
      (text) => {
        report = JSON.parse(text) as LaneReport;
        return true;
      },
    );
    return report;
  }

  #respond(request: string, text: string): void {
    this.#options.store.signal({ kind: "lane_response", request, text });
  }

  /** @param onResponse Handles a response and returns whether it was the last one. */
  #request(toSignal: (request: string) => Signal, onResponse: (text: string) => boolean): Promise<void> {
    const { cluster, store, time } = this.#options;
    const request = `${cluster.id}.${++this.#requests}`;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#pending.delete(request);
        resolve();
      };
      const cancel = time.setTimer(WAIT_MS, end);
      this.#pending.set(request, (text) => void (onResponse(text) && end()));
      store.signal(toSignal(request));
    });
  }
}

function partsOf(entries: readonly Entry[], among: number): readonly UnhealthyPart[] {
  const parts: Entry[][] = [[]];
  let length = 0;
  for (const entry of entries) {
    const more = JSON.stringify(entry).length;
    if (length + more > PART_LENGTH) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)!.push(entry);
    length += more;
  }
  const last = parts.at(-1)!;
  return parts.map((part) => ({
    entries: part,
    among: part === last ? among - entries.length + last.length : part.length,
  }));
}
