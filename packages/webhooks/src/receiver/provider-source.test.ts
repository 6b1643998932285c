import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { utf8 } from "../encoding.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { dockerHub } from "../providers/docker-hub.ts";
import { dropboxSign } from "../providers/dropbox-sign.ts";
import { github } from "../providers/github.ts";
import { slack } from "../providers/slack.ts";
import { stripe } from "../providers/stripe.ts";
import { xero } from "../providers/xero.ts";
import { githubStyle } from "../sender-styles/github.ts";
import { slackStyle } from "../sender-styles/slack.ts";
import { stripeStyle } from "../sender-styles/stripe.ts";
import type { ReceivedEvent } from "./event.ts";
import { providerWebhooks } from "./provider-source.ts";
import { createReceiver, type ReceiverFailure } from "./receiver.ts";

const TIME = 1_700_000_000;
const now = () => TIME * 1000;

function receiverFor(definition: ProviderDefinition, secrets: string | string[], allowUnsigned = false) {
  const events: ReceivedEvent[] = [];
  const failures: ReceiverFailure[] = [];
  const receiver = createReceiver({
    source: providerWebhooks(definition, { secrets, now, allowUnsigned }),
    handle: (event) => void events.push(event),
    onError: (failure) => void failures.push(failure),
  });
  const post = (headers: Record<string, string>, body: string) =>
    receiver.receive({ method: "POST", url: "https://a.test/hooks", headers, body: utf8(body) });
  return { events, failures, post };
}

describe("providerWebhooks", () => {
  const push = (id: string, body = '{"ref":"main"}') => ({
    headers: {
      ...githubStyle("s").signSync({ body, timestampSeconds: TIME }),
      "x-github-event": "push",
      "x-github-delivery": id,
    },
    body,
  });

  it("GitHub: type and id from the headers, payload parsed, duplicates dropped", async () => {
    const { events, post } = receiverFor(github, "s");
    const { headers, body } = push("d1");
    expect((await post(headers, body)).status).toBe(200);
    expect((await post(headers, body)).status).toBe(200);
    expect(events).toMatchObject([{ type: "push", id: "d1", payload: { ref: "main" }, verified: { trust: "signed" } }]);
  });

  it("GitHub: a captured body under a new delivery ID is rejected, because the ID is not signed", async () => {
    const { events, failures, post } = receiverFor(github, "s");
    await post(push("d1").headers, push("d1").body);
    expect((await post(push("d2").headers, push("d2").body)).status).toBe(409);
    expect(failures).toMatchObject([{ error: { code: "replayed", details: {} } }]);
    expect((await post(push("d3", '{"ref":"other"}').headers, '{"ref":"other"}')).status).toBe(200);
    expect(events).toHaveLength(2);
  });

  it("Stripe: retries of an event are duplicates, although each has a new signature", async () => {
    const { events, post } = receiverFor(stripe, ["old", "s"]);
    const body = '{"id":"evt_1","type":"invoice.paid","created":1700000000}';
    for (const timestampSeconds of [TIME, TIME + 60]) {
      expect((await post(stripeStyle("s").signSync({ body, timestampSeconds }), body)).status).toBe(200);
    }
    expect(events).toMatchObject([{ id: "evt_1", type: "invoice.paid", occurredAt: new Date(TIME * 1000) }]);
    expect(events[0]?.verified.secretIndex).toBe(1);
  });

  it("Slack: a handshake is answered and is not an event", async () => {
    const { events, post } = receiverFor(slack, "s");
    const body = '{"type":"url_verification","challenge":"abc","token":"t"}';
    const reply = await post(slackStyle("s").signSync({ body, timestampSeconds: TIME }), body);
    expect([reply.status, reply.body, events]).toEqual([200, "abc", []]);
  });

  it("Slack: an unsigned handshake is refused", async () => {
    const { failures, post } = receiverFor(slack, "s");
    const reply = await post({}, '{"type":"url_verification","challenge":"abc","token":"t"}');
    expect([reply.status, failures.length]).toEqual([401, 1]);
  });

  it("responds as the provider expects: Xero's 401 without a body, Dropbox Sign's literal text", async () => {
    const refused = await receiverFor(xero, "s").post({ "x-xero-signature": "AAAA" }, '{"events":[]}');
    expect([refused.status, refused.body]).toEqual([401, ""]);
    const hash = createHmac("sha256", "k").update("1700000000").update("signature_request_sent").digest("hex");
    const event = { event_time: "1700000000", event_type: "signature_request_sent", event_hash: hash };
    const form = new URLSearchParams({ json: JSON.stringify({ event }) }).toString();
    const taken = await receiverFor(dropboxSign, "k").post(
      { "content-type": "application/x-www-form-urlencoded" },
      form,
    );
    expect([taken.status, taken.body]).toEqual([200, "Hello API Event Received"]);
  });

  it("a provider without any signature is rejected unless allowed, and is then not reported as signed", async () => {
    const body = '{"push_data":{"tag":"latest","pushed_at":1700000000},"repository":{"repo_name":"a/b"}}';
    expect((await receiverFor(dockerHub, []).post({}, body)).status).toBe(401);
    const { events, post } = receiverFor(dockerHub, [], true);
    expect((await post({}, body)).status).toBe(200);
    expect(events).toMatchObject([{ verified: { trust: "none" } }]);
  });

  it("a misconfigured receiver responds with an empty 500 and reports the reason only to its owner", async () => {
    const { failures, post } = receiverFor(stripe, "");
    const reply = await post(stripeStyle("s").signSync({ body: "{}", timestampSeconds: TIME }), "{}");
    expect([reply.status, reply.body]).toEqual([500, '{"error":{"code":"internal"}}']);
    expect(failures).toMatchObject([{ error: { code: "secret_invalid", details: { provider: "stripe" } } }]);
  });
});
