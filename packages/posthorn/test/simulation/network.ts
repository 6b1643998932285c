/** The network between one process and the receivers, in place of `Egress`. */
import {
  EGRESS_ERRORS,
  type EgressErrorCode,
  type EgressRequest,
  type EgressResult,
  headerValue,
} from "@posthorn/egress";
import { keyOfId } from "../../src/id.ts";
import type { Random } from "./random.ts";
import type { Mood, Receiver } from "./receivers.ts";
import type { Life, VirtualTime } from "./virtual-time.ts";

export interface NetworkWatcher {
  /** A request has left the process. Returns what to do when it has ended. */
  requested(host: string, messageId: number): () => void;
}

export interface NetworkOptions {
  readonly time: VirtualTime;
  readonly life: Life;
  readonly random: Random;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly watcher: NetworkWatcher;
  /** Seconds for which receivers ask to be left alone at most. */
  readonly longestWait: number;
}

interface Answer {
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

  /** As `Egress.send`: never rejects. */
  send(request: EgressRequest): Promise<EgressResult> {
    const { time, life, random, receivers, watcher } = this.#options;
    const { host } = new URL(request.url);
    if (request.maySend?.() === false) return Promise.resolve(failure("canceled").result(0));
    const own = random.chance(0.003) ? failure(random.pick(OWN_FAULTS)) : null;
    const answer = own ?? this.#answer(receivers.get(host)!.moodAt(time.elapsed), request.timeoutMs);
    const messageId = keyOfId("msg_", headerValue(request.headers, "webhook-id") ?? "");
    const ended = own === null ? watcher.requested(host, messageId!) : () => undefined;
    const began = time.elapsed;
    return new Promise((resolve) => {
      const end = (result: EgressResult): void => {
        cancel();
        request.signal?.removeEventListener("abort", abort);
        ended();
        resolve(result);
      };
      const abort = (): void => end(failure("canceled").result(time.elapsed - began));
      const cancel = time.after(life, answer.afterMs, () => end(answer.result(time.elapsed - began)));
      request.signal?.addEventListener("abort", abort, { once: true });
    });
  }

  #answer(mood: Mood, timeoutMs: number): Answer {
    const { random } = this.#options;
    switch (mood) {
      case "healthy":
        return response(200, random.span(5, 400));
      case "slow":
        return answerWithin(timeoutMs, response(200, random.span(1000, 25_000)));
      case "down":
        return { ...failure(random.pick(TARGET_FAULTS)), afterMs: random.span(1, 50) };
      case "hanging":
        return { ...failure("timeout"), afterMs: timeoutMs };
      case "resetting":
        return answerWithin(timeoutMs, { ...failure("reset"), afterMs: random.span(1, 10_000) });
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

  #limited(): Answer {
    const { random, time, longestWait } = this.#options;
    const seconds = random.span(1, longestWait);
    const until = new Date(time.utc + seconds * 1000).toUTCString();
    const text = random.chance(0.5) ? String(seconds) : until;
    const date = new Date(time.utc).toUTCString();
    return response(random.pick([429, 503]), random.span(5, 200), ["Retry-After", text, "Date", date]);
  }
}

function answerWithin(timeoutMs: number, answer: Answer): Answer {
  return answer.afterMs <= timeoutMs ? answer : { ...failure("timeout"), afterMs: timeoutMs };
}

function timings(totalMs: number) {
  return { queueMs: 0, dnsMs: 0, connectMs: 0, tlsMs: 0, waitMs: totalMs, bodyMs: 0, totalMs, reused: true };
}

function response(status: number, afterMs: number, headers: readonly string[] = []): Answer {
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

function failure(code: EgressErrorCode): Answer {
  const { fault, message } = EGRESS_ERRORS[code];
  return {
    afterMs: 1,
    result: (totalMs) => ({ kind: "error", code, fault, message, detail: "", timings: timings(totalMs), peer: null }),
  };
}
