/** The network between one process and the receivers, in place of `Egress`. */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  EGRESS_ERRORS,
  type EgressErrorCode,
  type EgressRequest,
  type EgressResult,
  headerValue,
} from "@posthorn/egress";
import { keyOfId } from "../../src/lib/id.ts";
import type { Random } from "./random.ts";
import type { Mood, Receiver } from "./receivers.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

export interface NetworkWatcher {
  /** A request was sent. Returns a function to call when it has ended. */
  requested(host: string, messageId: number, request: EgressRequest): () => void;
}

export interface NetworkOptions {
  readonly time: VirtualTime;
  readonly life: Life;
  readonly random: Random;
  /** Stream for the time that connections take to open, so that the other streams stay the same. */
  readonly connectRandom: Random;
  readonly maxConnectMs: number;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly watcher: NetworkWatcher;
  /** Maximum `Retry-After` of receivers, in seconds. */
  readonly longestWait: number;
}

interface SimulatedResponse {
  readonly afterMs: number;
  readonly result: (totalMs: number) => EgressResult;
}

const OWN_FAULTS: readonly EgressErrorCode[] = ["no_sockets", "dns_failed"];
const TARGET_FAULTS: readonly EgressErrorCode[] = ["connect_refused", "dns_not_found", "connect_unreachable"];
const EMPTY = new Uint8Array();

export class SimulatedNetwork {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Like `Egress.send`, never rejects. */
  send(request: EgressRequest): Promise<EgressResult> {
    const { time, life, random, receivers, watcher } = this.#options;
    const { host } = new URL(request.url);
    const own = random.chance(0.003) ? failure(random.pick(OWN_FAULTS)) : null;
    const simulated = own ?? this.#responseFor(receivers.get(host)!.moodAt(time.elapsed), request.timeoutMs);
    const messageId = keyOfId("msg_", headerValue(request.headers, "webhook-id") ?? "");
    const began = time.elapsed;
    return new Promise((resolve) => {
      let ended: () => void = () => undefined;
      let cancel: () => void = () => undefined;
      const end = (result: EgressResult): void => {
        cancel();
        request.signal?.removeEventListener("abort", abort);
        ended();
        resolve(result);
      };
      const failed = (code: EgressErrorCode): void => end(failure(code).result(time.elapsed - began));
      const abort = (): void => failed("canceled");
      const write = (): void => {
        const leftMs = request.timeoutMs - (time.elapsed - began);
        if (leftMs <= 0) return failed("stalled");
        if (request.maySend?.() === false) return failed("canceled");
        if (own === null) ended = watcher.requested(host, messageId!, request);
        cancel =
          simulated.afterMs > leftMs
            ? time.after(life, leftMs, () => failed("timeout"))
            : time.after(life, simulated.afterMs, () => end(simulated.result(time.elapsed - began)));
      };
      request.signal?.addEventListener("abort", abort, { once: true });
      const connectMs = this.#connectMs();
      if (connectMs === 0) write();
      // The context tells the watcher which attempt the request belongs to.
      else cancel = time.after(life, connectMs, AsyncLocalStorage.bind(write));
    });
  }

  /** Time before the request is written: none on an open connection, else the time to open one. */
  #connectMs(): number {
    const { connectRandom, maxConnectMs } = this.#options;
    return maxConnectMs === 0 || connectRandom.chance(0.5) ? 0 : connectRandom.span(1, maxConnectMs);
  }

  #responseFor(mood: Mood, timeoutMs: number): SimulatedResponse {
    const { random } = this.#options;
    switch (mood) {
      case "healthy":
        return response(200, random.span(5, 400));
      case "slow":
        return withinTimeout(timeoutMs, response(200, random.span(1000, 25_000)));
      case "down":
        return { ...failure(random.pick(TARGET_FAULTS)), afterMs: random.span(1, 50) };
      case "hanging":
        return { ...failure("timeout"), afterMs: timeoutMs };
      case "resetting":
        return withinTimeout(timeoutMs, { ...failure("reset"), afterMs: random.span(1, 10_000) });
      case "failing":
        return response(random.pick([500, 502, 504, 404, 301]), random.span(5, 2000));
      case "flapping":
        return random.chance(0.5) ? response(200, random.span(5, 400)) : response(500, random.span(5, 400));
      case "limiting":
        return random.chance(0.2) ? response(200, 20) : this.#limited();
      case "gone":
        return response(410, 20);
    }
  }

  #limited(): SimulatedResponse {
    const { random, time, longestWait } = this.#options;
    const seconds = random.span(1, longestWait);
    const until = new Date(time.utc + seconds * 1000).toUTCString();
    const text = random.chance(0.5) ? String(seconds) : until;
    const date = new Date(time.utc).toUTCString();
    return response(random.pick([429, 503]), random.span(5, 200), ["Retry-After", text, "Date", date]);
  }
}

function withinTimeout(timeoutMs: number, result: SimulatedResponse): SimulatedResponse {
  return result.afterMs <= timeoutMs ? result : { ...failure("timeout"), afterMs: timeoutMs };
}

function timings(totalMs: number) {
  return { queueMs: 0, dnsMs: 0, connectMs: 0, tlsMs: 0, waitMs: totalMs, bodyMs: 0, totalMs, reused: true };
}

function response(status: number, afterMs: number, headers: readonly string[] = []): SimulatedResponse {
  return {
    afterMs,
    result: (totalMs) => ({
      kind: "response",
      status,
      headers,
      body: EMPTY,
      truncated: false,
      timings: timings(totalMs),
      peer: null,
    }),
  };
}

function failure(code: EgressErrorCode): SimulatedResponse {
  const { fault, message } = EGRESS_ERRORS[code];
  return {
    afterMs: 1,
    result: (totalMs) => ({ kind: "error", code, fault, message, detail: "", timings: timings(totalMs), peer: null }),
  };
}
