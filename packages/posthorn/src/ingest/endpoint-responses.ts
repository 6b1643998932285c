/** Lets a sender wait for the answer of an endpoint, where its source says so. */
import type { Directory } from "../domain/directory.ts";
import { answerType } from "../domain/source/response-rules.ts";
import type { InboundAnswer } from "./inbound-response.ts";
import type { LiveSource } from "./live-source.ts";

/** What an endpoint answered to the first attempt of a message. */
export interface TargetAnswer {
  readonly messageId: number;
  readonly endpointId: number;
  /** Whether the attempt counts as a success. */
  readonly succeeded: boolean;
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** More was answered than was read. */
  readonly incomplete: boolean;
}

interface Waiting {
  readonly answers: TargetAnswer[];
  wake: () => void;
}

export class Answers {
  readonly #waiting = new Map<number, Waiting>();
  readonly #directory: Directory;
  readonly #setTimer: (ms: number, callback: () => void) => () => void;

  constructor(directory: Directory, setTimer: (ms: number, callback: () => void) => () => void) {
    this.#directory = directory;
    this.#setTimer = setTimer;
  }

  /** Begins to keep the answers to a message, if its source waits for one. */
  expect({ settings }: LiveSource, messageId: number): void {
    const wait = settings.response?.wait;
    if (wait) this.#waiting.set(messageId, { answers: [], wake: () => undefined });
  }

  /** Whether anybody waits for the answers to this message. */
  isAwaited(messageId: number): boolean {
    return this.#waiting.has(messageId);
  }

  /** Called after an attempt. */
  tell(answer: TargetAnswer): void {
    const waiting = this.#waiting.get(answer.messageId);
    if (waiting === undefined) return;
    waiting.answers.push(answer);
    waiting.wake();
  }

  /** The answer of the endpoint that the source names, or of the first that has one; `null` when none came in time. */
  async of(
    { key, settings }: LiveSource,
    messageId: number,
    endpointIds: readonly number[],
  ): Promise<InboundAnswer | null> {
    const wait = settings.response?.wait;
    if (!wait) return null;
    try {
      const wanted = await this.#wanted(key, wait.endpoint, endpointIds);
      const answer = wanted.size === 0 ? null : await this.#first(messageId, wanted, wait.timeoutMs);
      return answer === null ? null : passedOn(answer);
    } finally {
      this.#waiting.delete(messageId);
    }
  }

  /** For a source that is to be slow. */
  holdBack(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#setTimer(ms, resolve));
  }

  async #wanted(sourceKey: number, ref: string | null, ids: readonly number[]): Promise<ReadonlySet<number>> {
    if (ref === null) return new Set(ids);
    const endpoints = (await this.#directory.application(sourceKey))?.endpoints;
    return new Set(ids.filter((id) => [endpoints?.get(id)?.id, endpoints?.get(id)?.uid].includes(ref)));
  }

  /** The first success; a failure of all of them ends the waiting early. */
  #first(messageId: number, wanted: ReadonlySet<number>, timeoutMs: number): Promise<TargetAnswer | null> {
    const waiting = this.#waiting.get(messageId);
    if (waiting === undefined) return Promise.resolve(null);
    return new Promise((resolve) => {
      const end = (answer: TargetAnswer | null): void => {
        cancel();
        resolve(answer);
      };
      const cancel = this.#setTimer(timeoutMs, () => end(null));
      waiting.wake = () => {
        const own = waiting.answers.filter((answer) => wanted.has(answer.endpointId));
        const success = own.find((answer) => answer.succeeded && !answer.incomplete);
        if (success !== undefined) end(success);
        else if (new Set(own.map((answer) => answer.endpointId)).size === wanted.size) end(null);
      };
      waiting.wake();
    });
  }
}

/** The answer of a receiver, who is a stranger to the owner of the URL: its bytes and its type, and no header of its own. */
function passedOn({ status, contentType, body }: TargetAnswer): InboundAnswer {
  // A status that no final response has cannot be passed on (RFC 9110, section 15).
  const final = status >= 200 && status <= 599 ? status : 200;
  const headers = contentType === null ? {} : { "content-type": answerType(contentType, "receiver") };
  return { status: final, headers, body };
}
