/** Removes redacted values from what is recorded of an attempt. What is sent stays exact. */
import type { OutgoingMessage, SendResult } from "../destinations/destination.ts";
import type { SentFacts } from "../domain/attempt/detail.ts";
import { keptBody, type StoredBody, withoutPayload } from "../domain/attempt/sent-body.ts";
import { buildRequest, type RequestResult } from "../domain/delivery/outgoing-request.ts";
import { MASK } from "../redaction/redactor.ts";
import { Scrubber } from "../redaction/scrub.ts";
import type { Job } from "../store/delivery.ts";

/** Maximum number of distinct texts that are searched in the response to a batch: its body, headers, and sentences about it. */
const MAX_SHARED_TEXTS = 100;
const HIDDEN_ERROR =
  "The request could not be built. The error is not shown, because its message may contain redacted values.";

/**
 * Builds the request again from the redacted body, and returns that result, to be recorded instead of the exact one. Searching the exact
 * request for redacted values is not enough, because a transformation can write a value in a form that the search does not find.
 *
 * @param redacted The input of the exact request, but with the redacted payload.
 */
export async function recordedRequest(
  redacted: Parameters<typeof buildRequest>[0],
  exact: RequestResult,
): Promise<RequestResult> {
  if (exact.kind === "busy" || exact.kind === "canceled") return exact;
  const built = await buildRequest(redacted);
  if (exact.kind === "request") {
    if (built.kind === "request") return built;
    return { ...exact, request: { ...exact.request, body: Buffer.from(MASK) }, differs: true, run: null };
  }
  const isSame = built.kind === "failed" && built.code === exact.code;
  return { ...exact, message: isSame ? built.message : HIDDEN_ERROR, run: isSame ? built.run : null };
}

/** The result of an attempt without redacted values. The reply is unchanged, because it is passed on and not stored. */
export function redactedResult(sent: SendResult, { endpoint }: OutgoingMessage, job: Job): SendResult {
  const { redactor } = endpoint;
  const scrubber = scrubberOf(job);
  const scrub = (text: string): string => scrubber?.scrub(text) ?? text;
  if (sent.kind === "own_fault") {
    const { problem } = sent;
    return problem === null ? sent : { ...sent, problem: { ...problem, detail: scrub(problem.detail) } };
  }
  const response =
    redactor === null ? sent.response : redactor.redactText(sent.response, job.labels?.eventType ?? null);
  const redacted = { ...sent, response: scrub(response) };
  if (scrubber === null) return redacted;
  const { target, facts, extra } = sent;
  return {
    ...redacted,
    target: scrub(target),
    facts: redactedFacts(facts, scrub),
    ...(extra === undefined ? {} : { extra: scrubber.scrubJson(extra) as NonNullable<typeof extra> | null }),
  };
}

/**
 * Results of a request with several messages. If the response repeats redacted values, those of every message are removed. A response with a
 * status below 400 is not searched here, because it has a separate result for each message.
 */
export function redactedBatch(results: readonly SendResult[], jobs: readonly Job[]): readonly SendResult[] {
  const bodies = jobs.flatMap(({ payload, spans }) =>
    spans === undefined || payload === null ? [] : [{ body: payload, spans }],
  );
  if (bodies.length === 0) return results;
  const scrub = rememberingScrub(new Scrubber(...bodies));
  return results.map((sent) => {
    const { kind } = sent;
    if (kind === "own_fault" || kind === "ok" || (sent.responseCode > 0 && sent.responseCode < 400)) return sent;
    return { ...sent, response: scrub(sent.response), facts: redactedFacts(sent.facts, scrub) };
  });
}

/**
 * Scrubs each text once, because the messages of a batch share them. Searching many different texts for the values of all messages would take
 * seconds, so texts beyond the maximum are hidden.
 */
function rememberingScrub(scrubber: Scrubber): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let scrubbed = known.get(text);
    if (scrubbed === undefined) {
      scrubbed = known.size < MAX_SHARED_TEXTS ? scrubber.scrub(text) : MASK;
      known.set(text, scrubbed);
    }
    return scrubbed;
  };
}

/** The body that was sent, in the form in which it is stored: with the payload as a reference, or hidden. */
export function recordedBody(sentBody: Uint8Array, job: Job): StoredBody {
  const kept = withoutPayload(sentBody, job.payload!);
  const isClean = kept.payload !== undefined && scrubberOf(job)!.scrub(kept.text) === kept.text;
  return isClean ? kept : keptBody(Buffer.from(MASK));
}

/** `null`: the message is not redacted. */
function scrubberOf({ payload, spans }: Job): Scrubber | null {
  return spans === undefined || payload === null ? null : new Scrubber({ body: payload, spans });
}

function redactedFacts(facts: SentFacts, scrub: (text: string) => string): SentFacts {
  const { headers, response, sentence } = facts;
  return {
    ...facts,
    headers: scrubbedHeaders(headers, scrub),
    response: response === null ? null : { ...response, headers: scrubbedHeaders(response.headers, scrub) },
    sentence: sentence === null ? null : scrub(sentence),
  };
}

/** @param headers Names and values, alternating. */
function scrubbedHeaders(
  headers: readonly (string | null)[],
  scrub: (text: string) => string,
): readonly (string | null)[] {
  return headers.map((text, index) => (index % 2 === 0 || text === null ? text : scrub(text)));
}
