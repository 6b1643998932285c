/**
 * Joins messages of one endpoint that are ready in the same turn of the event loop into one request. Each keeps its own attempt and its own
 * result, and none waits for others: a single message is sent as soon as the running code has ended.
 */
import type { OutgoingMessage, SendLimits, SendResult } from "../destination.ts";

export interface JoinedSend {
  readonly outgoing: OutgoingMessage;
  readonly limits: SendLimits;
}

export interface JoinLimits {
  readonly items: number;
  /** Bytes of the bodies. */
  readonly bytes: number;
  /** Whether a request may have several messages with one ordering key. */
  readonly sharesKeys: boolean;
}

interface Waiting extends JoinedSend {
  readonly join: JoinLimits;
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: unknown) => void;
}

export class JoinedSends {
  readonly #send: (sends: readonly JoinedSend[]) => Promise<readonly SendResult[]>;
  #waiting: Waiting[] = [];

  /** @param send Sends messages of one endpoint, with the same signal, together. Returns a result per message. */
  constructor(send: (sends: readonly JoinedSend[]) => Promise<readonly SendResult[]>) {
    this.#send = send;
  }

  add(outgoing: OutgoingMessage, limits: SendLimits, join: JoinLimits): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      // Results of one request end several attempts, which start the next ones before this callback runs.
      if (this.#waiting.length === 0) process.nextTick(() => this.#flush());
      this.#waiting.push({ outgoing, limits, join, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const ofEndpoint of Map.groupBy(waiting, ({ outgoing }) => outgoing.endpoint).values()) {
      for (const part of partsOf(ofEndpoint)) void this.#sendPart(part);
    }
  }

  async #sendPart(part: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#send(part);
      for (const [index, { resolve }] of part.entries()) resolve(results[index]!);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}

function partsOf(waiting: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const parts: Waiting[][] = [];
  let size = 0;
  for (const one of waiting) {
    const { byteLength } = one.outgoing.body;
    const last = parts.at(-1);
    if (last !== undefined && size + byteLength <= one.join.bytes && mayFollow(last, one)) {
      last.push(one);
      size += byteLength;
    } else {
      parts.push([one]);
      size = byteLength;
    }
  }
  return parts;
}

function mayFollow(part: readonly Waiting[], { outgoing, limits, join }: Waiting): boolean {
  if (part.length >= join.items || part[0]!.limits.signal !== limits.signal) return false;
  const key = outgoing.facts?.orderingKey ?? null;
  return join.sharesKeys || key === null || part.every((one) => one.outgoing.facts?.orderingKey !== key);
}
