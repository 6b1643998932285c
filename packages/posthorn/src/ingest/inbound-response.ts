/** Answers to inbound requests. */
import { answerType } from "../domain/source/response-rules.ts";

export interface InboundAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** The same answer as JSON or plain text, for a source that shares an origin with pages its organisation does not own. */
export function plainAnswer(answer: InboundAnswer): InboundAnswer {
  const { "content-type": contentType, ...headers } = answer.headers;
  if (contentType === undefined) return answer;
  return { ...answer, headers: { ...headers, "content-type": answerType(contentType, "plain") } };
}
