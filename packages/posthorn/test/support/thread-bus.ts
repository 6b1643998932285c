/** Messages between parts of several threads, without threads. */
import type { Broadcast } from "../../src/lib/broadcast.ts";

/** One end for each thread. Messages arrive at once. */
export function threadBus(threads: number): readonly Broadcast[] {
  const subscribers = Array.from({ length: threads }, () => new Map<string, (data: unknown) => void>());
  return subscribers.map((own) => ({
    publish: (topic, data) => {
      for (const other of subscribers) if (other !== own) other.get(topic)?.(structuredClone(data));
    },
    sendTo: (thread, topic, data) => {
      subscribers[thread - 1]?.get(topic)?.(structuredClone(data));
      return thread <= subscribers.length;
    },
    subscribe: (topic, listener) => void own.set(topic, listener),
  }));
}

/** Resolves once the usage of this turn of the event loop has been sent. */
export function toldUsage(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
