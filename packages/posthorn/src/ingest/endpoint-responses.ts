/** Lets a sender wait for the response of an endpoint, if its source is configured that way. */
import type { Directory } from "../domain/directory.ts";
import { responseType } from "../domain/source/response-rules.ts";
import { boundedCache } from "../lib/bounded-cache.ts";
import type { Broadcast } from "../lib/broadcast.ts";
import type { DeliveryKey } from "../store/signal.ts";
import type { InboundResponse } from "./inbound-response.ts";
import type { LiveSource } from "./live-source.ts";

/** Result of an attempt. */
export interface AttemptedDelivery {
  /** Whether the attempt counts as a success. */
  readonly succeeded: boolean;
  /** Status code of the response; 0: there was none. */
  readonly status: number;
  /** `null`: there was no response. `incomplete`: the body was cut off. */
  readonly reply: {
    readonly contentType: string | null;
    readonly body: Uint8Array;
    readonly incomplete: boolean;
  } | null;
}

/** Response of an endpoint to the first attempt of a message. */
interface EndpointResponse {
  readonly endpointId: number;
  readonly succeeded: boolean;
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly incomplete: boolean;
}

/** An endpoint response for another thread, which waits for it. */
interface PublishedResponse extends EndpointResponse {
  readonly messageId: number;
}

const WAITING_TOPIC = "waiting for response";
const ENDED_TOPIC = "no longer waiting for response";
const RESPONSE_TOPIC = "response";
/** Messages of other threads whose responses are published. The least recent are removed. */
const MAX_WAITING_ELSEWHERE = 10_000;

interface Waiting {
  readonly received: EndpointResponse[];
  wake: () => void;
}

export class EndpointResponses {
  readonly #waiting = new Map<number, Waiting>();
  readonly #directory: Directory;
  readonly #setTimer: (ms: number, callback: () => void) => () => void;
  readonly #broadcast: Broadcast | null;
  readonly #waitingElsewhere = boundedCache<number, true>(MAX_WAITING_ELSEWHERE);

  /** @param broadcast Reaches the other threads of the process, one of which may have the lane of the endpoint. */
  constructor(
    directory: Directory,
    setTimer: (ms: number, callback: () => void) => () => void,
    broadcast: Broadcast | null = null,
  ) {
    this.#directory = directory;
    this.#setTimer = setTimer;
    this.#broadcast = broadcast;
    broadcast?.subscribe(WAITING_TOPIC, (data) => void this.#waitingElsewhere.set(data as number, true));
    broadcast?.subscribe(ENDED_TOPIC, (data) => void this.#waitingElsewhere.delete(data as number));
    broadcast?.subscribe(RESPONSE_TOPIC, (data) => this.#take(data as PublishedResponse));
  }

  /** Starts collecting the responses to a message, if its source waits for one. */
  expect({ settings }: LiveSource, messageId: number): void {
    const wait = settings.response?.wait;
    if (!wait) return;
    this.#waiting.set(messageId, { received: [], wake: () => undefined });
    // Announced before the message is stored, so that the thread that sends it is aware of it.
    this.#broadcast?.publish(WAITING_TOPIC, messageId);
  }

  /** Called after each attempt of a delivery. */
  attempted({ messageId, endpointId }: DeliveryKey, { succeeded, status, reply }: AttemptedDelivery): void {
    const isElsewhere = this.#waitingElsewhere.has(messageId);
    if (!isElsewhere && !this.#waiting.has(messageId)) return;
    const { contentType, body, incomplete } = reply ?? { contentType: null, body: new Uint8Array(), incomplete: true };
    const response = { messageId, endpointId, succeeded, status, contentType, body, incomplete };
    if (isElsewhere) this.#broadcast?.publish(RESPONSE_TOPIC, response satisfies PublishedResponse);
    else this.#take(response);
  }

  #take({ messageId, ...response }: PublishedResponse): void {
    const waiting = this.#waiting.get(messageId);
    if (waiting === undefined) return;
    waiting.received.push(response);
    waiting.wake();
  }

  /** Response of the endpoint named by the source, or of the first one that succeeds. `null` if none arrives in time. */
  async of(
    { key, settings }: LiveSource,
    messageId: number,
    endpointIds: readonly number[],
  ): Promise<InboundResponse | null> {
    const wait = settings.response?.wait;
    if (!wait) return null;
    try {
      const wanted = await this.#wanted(key, wait.endpoint, endpointIds);
      const response = wanted.size === 0 ? null : await this.#first(messageId, wanted, wait.timeoutMs);
      return response === null ? null : passedOn(response);
    } finally {
      this.#waiting.delete(messageId);
      // Responses to its retries need not be published.
      this.#broadcast?.publish(ENDED_TOPIC, messageId);
    }
  }

  /** Waits before a response, for sources with a configured delay. */
  delay(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#setTimer(ms, resolve));
  }

  async #wanted(sourceKey: number, ref: string | null, ids: readonly number[]): Promise<ReadonlySet<number>> {
    if (ref === null) return new Set(ids);
    const endpoints = (await this.#directory.application(sourceKey))?.endpoints;
    return new Set(ids.filter((id) => [endpoints?.get(id)?.id, endpoints?.get(id)?.uid].includes(ref)));
  }

  /** The first success. Ends early if all endpoints have failed. */
  #first(messageId: number, wanted: ReadonlySet<number>, timeoutMs: number): Promise<EndpointResponse | null> {
    const waiting = this.#waiting.get(messageId);
    if (waiting === undefined) return Promise.resolve(null);
    return new Promise((resolve) => {
      const end = (response: EndpointResponse | null): void => {
        cancel();
        resolve(response);
      };
      const cancel = this.#setTimer(timeoutMs, () => end(null));
      waiting.wake = () => {
        const own = waiting.received.filter((response) => wanted.has(response.endpointId));
        const success = own.find((response) => response.succeeded && !response.incomplete);
        if (success !== undefined) end(success);
        else if (new Set(own.map((response) => response.endpointId)).size === wanted.size) end(null);
      };
      waiting.wake();
    });
  }
}

/** Passes on status, body and a safe content type, but no other header: the endpoint may have another owner than the URL. */
function passedOn({ status, contentType, body }: EndpointResponse): InboundResponse {
  // 1xx and invalid codes cannot be a final response (RFC 9110, section 15).
  const final = status >= 200 && status <= 599 ? status : 200;
  const headers = contentType === null ? {} : { "content-type": responseType(contentType, "receiver") };
  return { status: final, headers, body };
}
