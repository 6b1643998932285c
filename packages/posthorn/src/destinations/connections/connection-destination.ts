/** Destination of all kinds that send over a connection. Passes each message to the connector thread, and its result to delivery. */
import type { AttemptTimings, SentFacts, StandardFacts } from "../../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { isSecretHeader } from "../../domain/secret-headers.ts";
import type { Destination, OutgoingMessage, SendLimits, SendResult } from "../destination.ts";
import type { HeaderFamily } from "../http/request.ts";
import type { ConnectionKind, Fields, ItemResult, KindMessage } from "../kind.ts";
import { kindNamed } from "../kinds.ts";
import { kindMessage, secretAttributes, signatureOf } from "../shaped/message.ts";
import { configSecrets, type Hider } from "../shaped/secrets.ts";
import type { Connector } from "./connector.ts";
import type { LinkFacts } from "./protocol.ts";

export interface ConnectionDestinationOptions {
  readonly connector: Pick<Connector, "send">;
  readonly now: () => number;
  /** Names under which the signature of a message is sent. */
  readonly families: readonly HeaderFamily[];
}

/** What all messages of a call have in common, once it has ended. */
interface Sending {
  readonly endpoint: DirectoryEndpoint;
  readonly kind: ConnectionKind<Fields>;
  readonly messages: readonly KindMessage[];
  /** The first attributes of each message. */
  readonly signatures: readonly StandardFacts[];
  readonly durationMs: number;
  readonly peer: string | null;
  readonly timings: AttemptTimings;
  /** Replaces secrets of the configuration in a text. */
  readonly hide: Hider;
}

const NO_LINK: LinkFacts = { connectMs: null, peer: null };
/** Failures without a response of the target. */
const UNANSWERED: ReadonlySet<string> = new Set(["connection_failed", "timeout"]);
/** Attributes of a signature under the names of one family. */
const SIGNATURE_ATTRIBUTES = 3;

export class ConnectionDestination implements Destination {
  readonly #options: ConnectionDestinationOptions;

  constructor(options: ConnectionDestinationOptions) {
    this.#options = options;
  }

  async send(outgoing: OutgoingMessage, limits: SendLimits): Promise<SendResult> {
    const [result] = await this.#sendAll([outgoing], limits);
    return result!;
  }

  async sendBatch(messages: readonly OutgoingMessage[], limits: SendLimits): Promise<readonly SendResult[] | "split"> {
    const kind = kindNamed(messages[0]!.endpoint.destinationKind);
    const results = await this.#sendAll(messages, limits);
    const isAtomic = kind?.limits.batch?.isAtomic === true;
    const isWhole = results.every(
      (result) => result.kind === "refused" && (isAtomic || result.extra?.["unsent"] === true),
    );
    return isWhole && results.length > 1 ? "split" : results;
  }

  async #sendAll(
    outgoing: readonly OutgoingMessage[],
    { signal, maySend }: SendLimits,
  ): Promise<readonly SendResult[]> {
    const { connector, now, families } = this.#options;
    const { endpoint } = outgoing[0]!;
    const { config } = endpoint;
    const kind = kindNamed(endpoint.destinationKind);
    const all = (result: SendResult): readonly SendResult[] => outgoing.map(() => result);
    if (kind?.family !== "connection" || config === null)
      return all(ownFault(endpoint, "config_missing", "no valid configuration"));
    const startedAt = now();
    const signatures = outgoing.map((message) => signatureOf(message, families, startedAt));
    const messages = outgoing.map((message, index) => kindMessage(message, signatures[index]!, startedAt));
    const { hide } = configSecrets(kind, config, secretsIn(outgoing));
    const { timeoutMs } = endpoint.policy.values.limits;
    const ended = ({ connectMs, peer }: LinkFacts): Sending => {
      const durationMs = Math.max(0, now() - startedAt);
      return {
        endpoint,
        kind,
        messages,
        signatures,
        durationMs,
        peer,
        timings: timingsOf(durationMs, connectMs),
        hide,
      };
    };
    const allFailed = (failure: Failure, link: LinkFacts | null): readonly SendResult[] => {
      const sending = ended(link ?? NO_LINK);
      return messages.map((_, index) => failed(sending, index, failure, link === null));
    };
    const large = messages.find(({ body }) => body.byteLength > kind.limits.bodyBytes);
    if (large !== undefined) return allFailed(tooLarge(kind, large.body.byteLength), null);
    const result = await connector.send({
      kind: endpoint.destinationKind,
      config,
      tenant: endpoint.policy.lane.tenant,
      allow: endpoint.egressAllow,
      messages,
      timeoutMs,
      signal,
      // Timers stop while a machine is suspended, but its clock does not.
      maySend: () => maySend() && now() - startedAt < timeoutMs,
    });
    switch (result.kind) {
      case "canceled":
        return all({ kind: "own_fault", problem: null });
      case "own_fault":
        return all(ownFault(endpoint, result.code, result.detail));
      case "timeout":
        return allFailed(timedOut(kind, timeoutMs), NO_LINK);
      case "items": {
        const sending = ended(result.facts);
        return result.results.map((item, index) =>
          item.kind === "ok" ? succeeded(sending, index, item) : failed(sending, index, item, false),
        );
      }
    }
  }
}

type Failure = Exclude<ItemResult, { readonly kind: "ok" }>;

function succeeded(
  sending: Sending,
  index: number,
  { reference, isDuplicate = false }: Extract<ItemResult, { kind: "ok" }>,
): SendResult {
  const { endpoint, durationMs, hide } = sending;
  const shown = reference === null ? null : hide(reference);
  return {
    kind: "ok",
    target: endpoint.url,
    durationMs,
    responseCode: 0,
    response: shown ?? "",
    facts: factsOf(sending, index, null),
    extra: isDuplicate ? { reference: shown, duplicate: true } : { reference: shown },
    reply: null,
  };
}

function failed(sending: Sending, index: number, failure: Failure, isUnsent: boolean): SendResult {
  const { endpoint, durationMs, hide } = sending;
  const sent = {
    target: endpoint.url,
    durationMs,
    responseCode: 0,
    response: hide(failure.sentence),
    facts: factsOf(sending, index, failure),
    ...(isUnsent ? { extra: { unsent: true } } : {}),
    reply: null,
    errorCode: failure.code,
    problem: null,
  };
  return failure.kind === "later"
    ? { ...sent, kind: "later", afterMs: failure.afterMs }
    : { ...sent, kind: failure.kind };
}

function factsOf(
  { kind, messages, signatures, peer, timings, hide }: Sending,
  index: number,
  failure: Failure | null,
): SentFacts {
  const message = messages[index]!;
  const standard = signatures[index]!;
  return {
    method: kind.title,
    standard,
    headers: headersOf(message, SIGNATURE_ATTRIBUTES * standard.families.length, hide),
    bodyBytes: message.body.byteLength,
    timings,
    peer,
    tls: null,
    response: null,
    // Without a response from the target, the sentence is recorded as the response instead.
    sentence: failure === null || UNANSWERED.has(failure.code) ? null : hide(failure.sentence),
    retryAfterMs: failure?.kind === "later" ? failure.afterMs : null,
  };
}

function timingsOf(durationMs: number, connectMs: number | null): AttemptTimings {
  return {
    queueMs: 0,
    dnsMs: null,
    connectMs: connectMs === null ? null : Math.min(connectMs, durationMs),
    tlsMs: null,
    waitMs: Math.max(0, durationMs - (connectMs ?? 0)),
    bodyMs: null,
    totalMs: durationMs,
    reused: connectMs === null,
  };
}

const NO_HEADERS: SentFacts["headers"] = [];

/** @param from Place of the first attribute after the signature. */
function headersOf({ attributes }: KindMessage, from: number, hide: Hider): SentFacts["headers"] {
  if (attributes.length === from) return NO_HEADERS;
  return attributes
    .slice(from)
    .flatMap(([name, value]) => [name, isSecretHeader(name, value) || hide(value) !== value ? null : value]);
}

/** Messages of one endpoint have the same headers, unless it changes its requests. */
function secretsIn(messages: readonly OutgoingMessage[]): readonly string[] {
  return messages.some(({ changed }) => changed !== null)
    ? messages.flatMap(secretAttributes)
    : secretAttributes(messages[0]!);
}

function tooLarge({ title, limits }: ConnectionKind<Fields>, bytes: number): Failure {
  const sentence = `The message has ${bytes} bytes, and ${title} accepts up to ${limits.bodyBytes}. Shorten it with a transformation, or publish smaller messages.`;
  return { kind: "refused", code: "message_too_large", sentence };
}

function timedOut({ title }: ConnectionKind<Fields>, timeoutMs: number): Failure {
  const sentence = `${title} did not confirm the message within ${timeoutMs} ms. Check that the server is running and not overloaded.`;
  return { kind: "retry", code: "timeout", sentence };
}

function ownFault({ url }: DirectoryEndpoint, code: string, detail: string): SendResult {
  return { kind: "own_fault", problem: { code, detail, origin: url } };
}
