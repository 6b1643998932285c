/** Worker thread of telemetry: encodes spans, metrics and logs, and sends them to the collector. One request at a time per signal. */
import { parentPort, workerData } from "node:worker_threads";
import { otlpRequest } from "./otlp.ts";
import { OtlpSender } from "./send.ts";
import type { Batch, FromThread, SignalName, ThreadOptions, ToThread } from "./types.ts";

const port = parentPort!;
const options = workerData as ThreadOptions;
const stopped = new AbortController();

/** The queue of one signal. The main thread bounds its size. */
class Lane {
  readonly #signal: SignalName;
  readonly #sender: OtlpSender;
  #items: Batch["items"][number][] = [];
  #sending: Promise<void> | null = null;

  constructor(signal: SignalName, sender: OtlpSender) {
    this.#signal = signal;
    this.#sender = sender;
  }

  add(items: Batch["items"]): void {
    for (const item of items) this.#items.push(item);
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
  }

  /** Resolves when nothing is waiting. */
  async drained(): Promise<void> {
    await this.#sending;
    this.#sender.close();
  }

  async #sendAll(): Promise<void> {
    // A snapshot of metrics has one point per series, and a request must not have two of the same series.
    const size = this.#signal === "metrics" ? 1 : options.batchSize;
    while (this.#items.length > 0) {
      const items = this.#items.splice(0, size);
      const failure = await this.#send(items);
      const [exported, dropped] = failure === null ? [items.length, 0] : [0, items.length];
      tell({ kind: "progress", signal: this.#signal, exported, dropped, error: failure });
    }
  }

  async #send(items: Batch["items"][number][]): Promise<string | null> {
    try {
      return await this.#sender.send(otlpRequest({ signal: this.#signal, items } as Batch, options), stopped.signal);
    } catch (error) {
      return `it could not be encoded (${(error as Error).message})`;
    }
  }
}

const lanes = new Map<string, Lane>();
for (const [signal, target] of Object.entries(options.exports))
  lanes.set(signal, new Lane(signal as SignalName, new OtlpSender(target, options.scope.version)));

port.on("message", (message: ToThread) => {
  if (message.signal === "end") void end(message.withinMs);
  else lanes.get(message.signal)?.add(message.items);
});

async function end(withinMs: number): Promise<void> {
  const timer = setTimeout(() => stopped.abort(), withinMs);
  await Promise.all([...lanes.values()].map((lane) => lane.drained()));
  clearTimeout(timer);
  tell({ kind: "ended" });
  port.close();
}

function tell(message: FromThread): void {
  port.postMessage(message, []);
}
