/**
 * Sends nothing: a delivery to a polling endpoint succeeds when it is stored. Only deliveries that become due later, for example through a
 * replay, get here; their messages are already in the feed.
 */
import type { SentFacts } from "../domain/attempt/detail.ts";
import type { Destination, OutgoingMessage, SendResult } from "./destination.ts";

const NOTHING_SENT: SentFacts = {
  method: "",
  standard: { timestamp: 0, signature: "", families: [], contentType: "", userAgent: "" },
  headers: [],
  bodyBytes: 0,
  timings: {
    totalMs: 0,
    reused: false,
    queueMs: 0,
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    waitMs: null,
    bodyMs: null,
  },
  peer: null,
  tls: null,
  response: null,
  sentence: null,
  retryAfterMs: null,
};

export class PulledDestination implements Destination {
  send({ endpoint }: OutgoingMessage): Promise<SendResult> {
    return Promise.resolve({
      kind: "ok",
      target: endpoint.url,
      durationMs: 0,
      responseCode: 0,
      response: "The message is in the feed of the endpoint. Nothing was sent.",
      facts: NOTHING_SENT,
      reply: null,
    });
  }
}
