/**
 * Runs HTTP kinds: builds the request that a kind declares, authenticates it, sends it through the guarded client, and has the kind
 * classify the response.
 */
import { Buffer } from "node:buffer";
import type { EgressFailure, EgressResponse, EgressResult } from "@posthorn/egress";
import type { SentFacts } from "../../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { HOPS_HEADER } from "../../domain/message/hop-count.ts";
import { hopsOfRequest } from "../../domain/message/request.ts";
import { isSecretHeader } from "../../domain/secret-headers.ts";
import type { SeenCertificate } from "../../workers/certificate-monitor.ts";
import type { AuthorizedRequest, AuthResult, KindAuthorizer } from "../auth/authorizer.ts";
import { batchRules } from "../batch-rules.ts";
import type { Destination, OutgoingMessage, SendLimits, SendResult } from "../destination.ts";
import { type EndpointSender, type HeaderFamily, namingProxy, DELIVERY_USER_AGENT } from "../http/request.ts";
import { failureOf } from "../http/failure.ts";
import { MAX_RESPONSE_BYTES, responseFacts, textOf } from "../http/http-destination.ts";
import type { Fields, HttpKind, ItemResult, KindConfig, KindMessage, KindRequest, KindResponse } from "../kind.ts";
import { kindNamed } from "../kinds.ts";
import { kindMessage, secretAttributes, signatureOf } from "./message.ts";
import { type JoinedSend, type JoinLimits, JoinedSends } from "./joined-sends.ts";
import { configSecrets, type Hider, secretHider } from "./secrets.ts";

export interface ShapedDestinationOptions {
  readonly sender: EndpointSender;
  readonly authorizer: KindAuthorizer;
  readonly now: () => number;
  /** Names under which the signature of a message is sent, where the protocol has headers or attributes. */
  readonly families: readonly HeaderFamily[];
  /** Returns a new ID for messages that share a request without being a batch of the endpoint's policy. */
  readonly batchId: () => string;
  /** See `HttpDestinationOptions`. */
  readonly userAgent?: string;
  /** Finds the position up to which an endpoint has received all events, apart from this message. Absent if no kind needs it. */
  readonly cursorOf?: (endpointKey: number, messageId: string) => Promise<string>;
  /** Called with the certificate that a receiver presented. Must be quick and must not throw. */
  readonly onCertificate?: (seen: SeenCertificate) => void;
}

/** Maximum bytes of a response that a kind reads, and what each message of a batch adds for its ID, or for an error with its text. */
const MAX_READ_BYTES = 65_536;
const READ_BYTES_PER_MESSAGE = 512;
const NO_TIMINGS = { queueMs: 0, dnsMs: null, connectMs: null, tlsMs: null, waitMs: null, bodyMs: null } as const;

/** Problem of a request that a kind could not build. */
const KIND_FAILED = "kind_failed";
/** Characters of a response that are recorded for each message of a batch. */
const BATCH_RESPONSE_LENGTH = 1000;

/** One attempt in progress. */
interface Sending {
  readonly endpoint: DirectoryEndpoint;
  readonly kind: HttpKind<Fields>;
  /** More than one for a batch. */
  readonly messages: readonly KindMessage[];
  readonly request: KindRequest;
  readonly isJoined: boolean;
  /** Header with the number of times that the event was forwarded; empty: it was published. */
  readonly hops: readonly string[];
  readonly limits: SendLimits;
  /** Unix milliseconds. */
  readonly deadline: number;
  /** Forms of the secrets of the configuration, and of the endpoint's headers. */
  readonly forms: readonly string[];
  /** Hides them. */
  readonly hide: Hider;
}

export class ShapedDestination implements Destination {
  readonly #options: ShapedDestinationOptions;
  readonly #joined = new JoinedSends((sends) => this.#sendJoined(sends));

  constructor(options: ShapedDestinationOptions) {
    this.#options = options;
  }

  async send(outgoing: OutgoingMessage, limits: SendLimits): Promise<SendResult> {
    const join = outgoing.isRedacted === true ? null : joinLimits(outgoing.endpoint);
    if (join !== null) return this.#joined.add(outgoing, limits, join);
    const [result] = await this.#sendAll([outgoing], limits);
    return result!;
  }

  async #sendJoined(sends: readonly JoinedSend[]): Promise<readonly SendResult[]> {
    const [{ outgoing, limits }] = sends as readonly [JoinedSend];
    if (sends.length === 1) return this.#sendAll([outgoing], limits);
    const messages = sends.map((one) => one.outgoing);
    const maySend = (): boolean => sends.every((one) => one.limits.maySend());
    const results = await this.#sendAll(messages, { signal: limits.signal, maySend }, true);
    if (!isRefusedAsWhole(results)) return this.#sharing(results);
    // One of the messages may be the reason. None was accepted.
    const alone = await Promise.all(sends.map((one) => this.#sendAll([one.outgoing], one.limits)));
    return alone.flat();
  }

  /** Results of messages that shared a request. */
  #sharing(results: readonly SendResult[]): readonly SendResult[] {
    const id = this.#options.batchId();
    const size = results.length;
    return results.map((result, index) => {
      if (result.kind === "own_fault" || result.extra?.["unsent"] === true) return result;
      return { ...result, extra: { ...result.extra, batch: { id, index, size } } };
    });
  }

  async sendBatch(messages: readonly OutgoingMessage[], limits: SendLimits): Promise<readonly SendResult[] | "split"> {
    const results = await this.#sendAll(messages, limits);
    return results.length > 1 && isRefusedAsWhole(results) ? "split" : results;
  }

  /** @param isJoined Whether the messages only share a request because they were ready at the same time. */
  async #sendAll(
    outgoing: readonly OutgoingMessage[],
    limits: SendLimits,
    isJoined = false,
  ): Promise<readonly SendResult[]> {
    const { now, families } = this.#options;
    const startedAt = now();
    const { endpoint } = outgoing[0]!;
    const kind = kindNamed(endpoint.destinationKind);
    const { config } = endpoint;
    const all = (result: SendResult): readonly SendResult[] => outgoing.map(() => result);
    if (kind?.family !== "http" || config === null) return all(unusable(endpoint));
    const cursors = kind.needsCursor === true ? await this.#cursors(endpoint, outgoing) : null;
    if (cursors === "unknown") return all({ kind: "own_fault", problem: null });
    const messages = outgoing.map((message, at) =>
      kindMessage(message, signatureOf(message, families, startedAt), startedAt, cursors?.[at]),
    );
    const { forms, hide } = configSecrets(kind, config, outgoing.flatMap(secretAttributes));
    const large = messages.find(({ body }) => body.byteLength > kind.limits.bodyBytes);
    if (large !== undefined) return all(unsent(endpoint, tooLarge(kind, large.body.byteLength)));
    const request = built(kind, config, messages, startedAt);
    if ("error" in request) return all(broken(endpoint, hide(request.error)));
    if ("kind" in request) return all(unsent(endpoint, { ...request, sentence: hide(request.sentence) }));
    const deadline = startedAt + endpoint.policy.values.limits.timeoutMs;
    const hops = hopsHeader(outgoing);
    return this.#run({ endpoint, kind, messages, request, isJoined, hops, limits, deadline, forms, hide });
  }

  /** `unknown` if the database is unavailable: the attempt is made later. */
  async #cursors(
    { key }: DirectoryEndpoint,
    outgoing: readonly OutgoingMessage[],
  ): Promise<readonly string[] | "unknown"> {
    const { cursorOf = () => Promise.reject(new Error("This node provides no cursors.")) } = this.#options;
    try {
      return await Promise.all(outgoing.map(({ messageId }) => cursorOf(key, messageId)));
    } catch {
      return "unknown";
    }
  }

  async #run(sending: Sending): Promise<readonly SendResult[]> {
    const { request, endpoint, messages } = sending;
    const all = (result: SendResult): readonly SendResult[] => ofEach(messages, result);
    const ready = this.#authorize(sending);
    let authorized = ready instanceof Promise ? await ready : ready;
    if (authorized.kind !== "authorized") return all(this.#refused(sending, authorized));
    let result = await this.#exchange(sending, authorized);
    if (result.kind === "response" && this.#isOutdated(request, result)) {
      authorized = await this.#authorize(sending);
      if (authorized.kind !== "authorized") return all(this.#refused(sending, authorized));
      result = await this.#exchange(sending, authorized);
    }
    if (result.kind === "response") return this.#responded(sending, authorized, result);
    return all(this.#failed(sending, authorized, namingProxy(result, endpoint.proxyOf)));
  }

  /** Whether the request must be sent once more, with new credentials. */
  #isOutdated(request: KindRequest, response: EgressResponse): boolean {
    const { authorizer, now } = this.#options;
    if (request.auth === null || response.status < 400) return false;
    return authorizer.isOutdated(request, request.auth, responseOf(response), now());
  }

  #authorize({ request, endpoint, limits, deadline }: Sending): Promise<AuthResult> | AuthResult {
    const { url, headers, auth } = request;
    const { authorizer, now } = this.#options;
    if (auth === null) return { kind: "authorized", url, headers, secretHeaders: [] };
    const { tls, proxy } = endpoint.egress;
    return authorizer.authorize(request, auth, {
      now: now(),
      send: (token) => this.#send(endpoint, { ...token, messageCount: 0, limits, deadline }),
      network: tls === undefined && proxy === undefined ? (endpoint.egressAllow ?? "") : `endpoint ${endpoint.id}`,
      timeoutMs: deadline - now(),
      signal: limits.signal,
    });
  }

  #exchange(sending: Sending, authorized: AuthorizedRequest): Promise<EgressResult> {
    const { request, endpoint, messages, limits, deadline } = sending;
    const { url } = authorized;
    const { method, body } = request;
    return this.#send(endpoint, {
      method,
      url,
      headers: sentHeaders(sending, authorized, this.#options.userAgent),
      body,
      messageCount: messages.length,
      limits,
      deadline,
    });
  }

  #send(
    endpoint: DirectoryEndpoint,
    { method, url, headers, body, messageCount, limits, deadline }: Exchange,
  ): Promise<EgressResult> {
    const { sender, now } = this.#options;
    return sender.send(endpoint, {
      method,
      url,
      headers,
      body,
      timeoutMs: Math.max(1, deadline - now()),
      maxResponseBytes: MAX_READ_BYTES + READ_BYTES_PER_MESSAGE * messageCount,
      signal: limits.signal,
      // Timers stop while a machine is suspended, but its clock does not.
      maySend: () => limits.maySend() && now() < deadline,
    });
  }

  /** The request was not sent, because it could not be authenticated. */
  #refused(sending: Sending, result: Exclude<AuthResult, AuthorizedRequest>): SendResult {
    const { endpoint, request, hide } = sending;
    if (result.kind === "unreachable") {
      const { url, headers } = request;
      const failure = namingProxy(result.failure, endpoint.proxyOf);
      return this.#failed(sending, { kind: "authorized", url, headers, secretHeaders: [] }, failure);
    }
    return unsent(endpoint, { ...result, sentence: hide(result.sentence) });
  }

  #failed(sending: Sending, authorized: AuthorizedRequest, failure: EgressFailure): SendResult {
    const { endpoint } = sending;
    const { url } = authorized;
    return failureOf(failure, { endpoint, url, shownUrl: endpoint.url, facts: factsOf(sending, authorized) });
  }

  #responded(sending: Sending, authorized: AuthorizedRequest, response: EgressResponse): readonly SendResult[] {
    const { endpoint, messages, request, isJoined } = sending;
    const hide = secretHider(credentialsIn(authorized, hiddenHeaders(request, authorized)), sending.forms);
    const { status: responseCode, timings, peer, tls, body } = response;
    const { onCertificate, now } = this.#options;
    const { url } = authorized;
    if (tls !== undefined) onCertificate?.({ endpointKey: endpoint.key, url, validTo: tls.validTo });
    const isBatch = messages.length > 1;
    const text = hide(textOf(body.subarray(0, isBatch ? BATCH_RESPONSE_LENGTH : MAX_RESPONSE_BYTES)));
    const received = responseFacts(response);
    const facts = {
      ...factsOf(sending, authorized),
      timings,
      peer,
      tls: tls === undefined ? null : { protocol: tls.protocol, certificateValidTo: Date.parse(tls.validTo) },
      response: { ...received, headers: received.headers.map((header) => (header === null ? null : hide(header))) },
    };
    const reply = replyOf(response);
    const withoutHeaders = { ...facts, response: { ...facts.response, headers: [] } };
    return classifyAll(sending, response, now()).map((item, index) => {
      const message = messages[index]!;
      const sent = {
        target: endpoint.url,
        durationMs: Math.round(timings.totalMs),
        responseCode,
        // The response to an accepted batch is about all of its messages.
        response: !isBatch || responseCode >= 400 ? text : responseTo(item, hide),
        facts: {
          // Headers are recorded once, with the first message of a batch.
          ...(index === 0 || isJoined ? facts : withoutHeaders),
          ...(isBatch ? { bodyBytes: message.body.byteLength } : {}),
          sentence: item.kind === "ok" ? null : hide(item.sentence),
          retryAfterMs: item.afterMs ?? null,
        },
        reply,
        ...(isBatch ? {} : sentBodyOf(request, message, sending.hide)),
      };
      if (item.kind === "ok") {
        const { reference, isDuplicate = false, afterMs } = item;
        const extra = {
          reference: reference === null ? null : hide(reference),
          ...(isDuplicate ? { duplicate: true } : {}),
        };
        return { kind: "ok", ...sent, extra, ...(afterMs === undefined ? {} : { afterMs }) };
      }
      const failure = { errorCode: item.code, problem: null };
      if (item.kind === "later") return { kind: "later", afterMs: item.afterMs, ...sent, ...failure };
      return { kind: item.kind, ...sent, ...failure };
    });
  }
}

/** Larger messages gain nothing from sharing a request. */
const MAX_JOINED_BYTES = 128 * 1024;

/** How many messages may share a request without a batch; `null`: none, because they would not have results of their own. */
function joinLimits({ destinationKind, config }: DirectoryEndpoint): JoinLimits | null {
  const kind = kindNamed(destinationKind);
  const rules = kind === null || config === null ? null : batchRules(kind, config);
  if (rules === null || rules.isKept || kind!.limits.batch!.isAtomic) return null;
  const { items, bytes, sharesKeys } = rules;
  return { items, bytes: Math.min(bytes, MAX_JOINED_BYTES), sharesKeys };
}

/** Whether no message was accepted because of the request as a whole, and not because of each message. */
function isRefusedAsWhole(results: readonly SendResult[]): boolean {
  return results.every((result) => {
    if (result.kind === "retry") return result.problem?.code === KIND_FAILED;
    return result.kind === "refused" && (result.extra?.["unsent"] === true || result.responseCode >= 400);
  });
}

/** The same result for each message of a request, with its own size. */
function ofEach(messages: readonly KindMessage[], result: SendResult): readonly SendResult[] {
  if (messages.length === 1 || result.kind === "own_fault" || result.extra?.["unsent"] === true) {
    return messages.map(() => result);
  }
  return messages.map(({ body }) => ({ ...result, facts: { ...result.facts, bodyBytes: body.byteLength } }));
}

function responseTo(item: ClassifiedItem, hide: (text: string) => string): string {
  return item.kind === "ok" ? "" : hide(item.sentence);
}

type Exchange = Pick<KindRequest, "url" | "headers"> &
  Pick<Sending, "limits" | "deadline"> & {
    readonly method: string;
    readonly body: Uint8Array | null;
    /** 0 for a token request. */
    readonly messageCount: number;
  };

/** The result of the kind for a message. */
type ClassifiedItem = ItemResult & { readonly afterMs?: number };

/** An error while a kind classifies a response must not stop the lane. */
function classifyAll({ kind, messages }: Sending, response: EgressResponse, now: number): readonly ClassifiedItem[] {
  const { title } = kind;
  let items: readonly ItemResult[] = [];
  try {
    items = kind.classify(responseOf(response), messages, now);
  } catch {
    // Handled below.
  }
  const { status, body, truncated } = response;
  const check = `Check that the configuration names a ${title} server.`;
  const advice = messages.length > 1 ? `Use smaller batches. ${check}` : check;
  const sentence = truncated
    ? `${title} responded with status ${status} and more than ${body.byteLength} bytes, the most that we read, so it may have accepted the message. ${advice}`
    : `${title} responded with status ${status} in a format that we do not understand. ${check}`;
  return messages.map((_, index) => {
    const item = items[index];
    const isUnknown = item === undefined || (truncated && item.kind === "retry" && item.code === "protocol_error");
    return isUnknown ? { kind: "retry", code: "protocol_error", sentence } : item;
  });
}

function responseOf({ status, headers, body }: EgressResponse): KindResponse {
  let named: Record<string, string> | null = null;
  return {
    status,
    body,
    /** Computed on demand, because most kinds need them only after a failure. */
    get headers() {
      named ??= headersByName(headers);
      return named;
    },
  };
}

function headersByName(headers: readonly string[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2)
    named[headers[index]!.toLowerCase()] ??= headers[index + 1]!;
  return named;
}

function replyOf({ headers, body, truncated, bodyError }: EgressResponse) {
  const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === "content-type");
  return {
    contentType: index === -1 ? null : headers[index + 1]!,
    body: body.subarray(0, MAX_RESPONSE_BYTES),
    incomplete: truncated || bodyError !== undefined || body.byteLength > MAX_RESPONSE_BYTES,
  };
}

function built(
  kind: HttpKind<Fields>,
  config: KindConfig,
  messages: readonly KindMessage[],
  now: number,
): ReturnType<HttpKind<Fields>["request"]> | { readonly error: string } {
  try {
    return kind.request(config, messages, now);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** A request to a source becomes an event there, so a loop of sources and endpoints is only detected if each request carries the count. */
function hopsHeader(outgoing: readonly OutgoingMessage[]): readonly string[] {
  const hops = outgoing.flatMap(({ requestJson }) => (requestJson === null ? [] : [hopsOfRequest(requestJson) + 1]));
  return hops.length === 0 ? [] : [HOPS_HEADER, String(Math.max(...hops))];
}

/** The count comes first, because the first of several values is read. */
function sentHeaders(
  { hops }: Pick<Sending, "hops">,
  { headers }: AuthorizedRequest,
  userAgent = DELIVERY_USER_AGENT,
): readonly string[] {
  const isNamed = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "user-agent");
  return [...hops, ...headers, ...(isNamed ? [] : ["user-agent", userAgent])];
}

const NO_STANDARD = { contentType: "", userAgent: "", families: [], timestamp: 0, signature: "" } as const;

/** Lower-case names of headers whose values are hidden. */
function hiddenHeaders(request: KindRequest, { secretHeaders }: AuthorizedRequest): ReadonlySet<string> {
  return new Set([...request.secretHeaders, ...secretHeaders]);
}

/** Values of hidden headers, with and without their scheme, since a response may repeat either. */
function credentialsIn({ headers }: AuthorizedRequest, hidden: ReadonlySet<string>): readonly string[] {
  const credentials: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const value = headers[index + 1]!;
    if (hidden.has(headers[index]!.toLowerCase())) credentials.push(value, value.replace(/^\S+ /, ""));
  }
  return credentials;
}

function factsOf(
  { request, hops, hide }: Sending,
  authorized: AuthorizedRequest,
): Pick<SentFacts, "method" | "standard" | "headers" | "bodyBytes"> {
  const hidden = hiddenHeaders(request, authorized);
  const sent = sentHeaders({ hops }, authorized);
  const shown = sent.map((text, index) => {
    if (index % 2 === 0) return text;
    const name = sent[index - 1]!;
    return hidden.has(name.toLowerCase()) || isSecretHeader(name, text) || hide(text) !== text ? null : text;
  });
  return { method: request.method, standard: NO_STANDARD, headers: shown, bodyBytes: request.body.byteLength };
}

/**
 * The body as the kind built it, with the secrets of the configuration hidden, unless it is that of the message. The credentials of the request are
 * not in it: they are issued by a server, or sign the body.
 */
function sentBodyOf(
  request: KindRequest,
  { body }: KindMessage,
  hide: (text: string) => string,
): Pick<Extract<SendResult, { readonly kind: "ok" }>, "sentBody" | "written"> {
  const isSame =
    request.body === body || (request.body.byteLength === body.byteLength && Buffer.compare(request.body, body) === 0);
  if (isSame) return {};
  const { written } = request;
  const text = written?.text ?? textOf(request.body);
  const shown = hide(text);
  if (shown !== text) return { sentBody: Buffer.from(shown, "utf8") };
  return written === undefined ? { sentBody: request.body } : { sentBody: request.body, written };
}

function tooLarge({ title, limits }: HttpKind<Fields>, bytes: number): Refusal {
  const sentence = `The message has ${bytes} bytes, and ${title} accepts up to ${limits.bodyBytes}. Shorten it with a transformation, or publish smaller messages.`;
  return { kind: "refused", code: "message_too_large", sentence };
}

interface Refusal {
  readonly kind: "retry" | "closed" | "refused";
  readonly code: string;
  readonly sentence: string;
}

/** An attempt that failed before the message was sent. */
function unsent({ url }: DirectoryEndpoint, { kind, code, sentence }: Refusal): SendResult {
  const facts = {
    method: "POST",
    standard: NO_STANDARD,
    headers: [],
    bodyBytes: 0,
    peer: null,
    tls: null,
    response: null,
  };
  return {
    kind,
    errorCode: code,
    target: url,
    durationMs: 0,
    responseCode: 0,
    response: sentence,
    facts: { ...facts, timings: { ...NO_TIMINGS, totalMs: 0, reused: false }, sentence: null, retryAfterMs: null },
    extra: { unsent: true },
    reply: null,
    problem: null,
  };
}

function unusable({ url, destinationKind }: DirectoryEndpoint): SendResult {
  const detail = `The endpoint has no valid configuration for the destination kind "${destinationKind}".`;
  return { kind: "own_fault", problem: { code: "config_missing", detail, origin: url } };
}

/** A bug in the code of the kind. It would stop the lane if it did not count as an attempt. */
function broken(endpoint: DirectoryEndpoint, detail: string): SendResult {
  const sentence = "We could not build the request for this message. Report this to the operator.";
  const result = unsent(endpoint, { kind: "retry", code: "message_invalid", sentence });
  return { ...result, problem: { code: KIND_FAILED, detail, origin: endpoint.url } } as SendResult;
}
