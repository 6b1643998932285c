/** Runs the conformance suite for each chat, paging and automation kind, with a stand-in that responds as its vendor documents. */
import type { Received } from "@posthorn/testkit";
import type { ReceivedMessage } from "../destination.suite.ts";
import { destinationSuite } from "../destination.suite.ts";
import { echoes, httpKindBench, type Responses } from "../http-kind-bench.ts";
import { CONFIGS as CARDS, SECRET } from "./messages.ts";

const MCP_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const later = { status: 429, headers: { "retry-after": "30" } } as const;
const RESPONSES: Readonly<Record<string, Responses>> = {
  slack: {
    accepts: { status: 200, body: "ok" },
    refuses: { status: 400, body: "invalid_payload" },
    is_closed: { status: 404, body: "no_service" },
    rejects_credentials: { status: 403, body: "invalid_token" },
  },
  discord: {
    accepts: { status: 200, body: '{"id":"2","channel_id":"1"}' },
    refuses: { status: 400, body: '{"code":50035}' },
    is_closed: { status: 404, body: '{"code":10015}' },
    rejects_credentials: { status: 401, body: '{"code":50027}' },
  },
  teams: {
    accepts: { status: 202 },
    refuses: { status: 413 },
    is_closed: { status: 404, body: '{"error":{"code":"WorkflowNotFound"}}' },
    rejects_credentials: { status: 401, body: '{"error":{"code":"AuthorizationFailed"}}' },
  },
  googleChat: {
    accepts: { status: 200, body: '{"name":"spaces/A/messages/B"}' },
    refuses: { status: 400, body: '{"error":{"status":"INVALID_ARGUMENT"}}' },
    is_closed: { status: 404 },
    rejects_credentials: { status: 403 },
  },
  telegram: {
    accepts: { status: 200, body: '{"ok":true,"result":{"message_id":7}}' },
    refuses: { status: 400, body: '{"ok":false,"description":"Bad Request: can\'t parse entities"}' },
    is_closed: { status: 400, body: '{"ok":false,"description":"Bad Request: chat not found"}' },
    rejects_credentials: { status: 401, body: '{"ok":false,"description":"Unauthorized"}' },
  },
  mattermost: {
    accepts: { status: 200, body: "ok" },
    refuses: { status: 400, body: '{"id":"web.incoming_webhook.parse.app_error"}' },
    is_closed: { status: 400, body: '{"id":"web.incoming_webhook.invalid.app_error"}' },
    rejects_credentials: { status: 403, body: '{"id":"web.incoming_webhook.permissions.app_error"}' },
  },
  rocketChat: {
    accepts: { status: 200, body: '{"success":true}' },
    refuses: { status: 400, body: '{"success":false}' },
    is_closed: { status: 400, body: '{"success":false,"error":"invalid-channel"}' },
    rejects_credentials: { status: 403, body: '{"success":false}' },
  },
  pagerDuty: {
    accepts: { status: 202, body: '{"status":"success","dedup_key":"k"}' },
    refuses: { status: 400, body: '{"errors":["summary is missing"]}' },
    is_closed: { status: 404 },
    rejects_credentials: { status: 400, body: '{"errors":["Invalid routing key"]}' },
  },
  zapier: {
    accepts: { status: 200, body: '{"status":"success","id":"1"}' },
    refuses: { status: 400 },
    is_closed: { status: 410 },
  },
  ifttt: {
    accepts: { status: 200, body: "Congratulations! You've fired the invoice event" },
    refuses: { status: 400 },
    is_closed: { status: 404 },
    rejects_credentials: { status: 401, body: '{"errors":[{"message":"You sent an invalid key."}]}' },
  },
  cloudEvents: { accepts: { status: 202 }, is_closed: { status: 410 } },
  posthorn: {
    accepts: { status: 202, body: '{"id":"msg_1"}' },
    is_closed: { status: 404 },
    rejects_credentials: { status: 401 },
  },
  webSub: { accepts: { status: 202 }, is_closed: { status: 410 } },
  mcpEvents: { accepts: { status: 202 }, refuses: { status: 413 }, is_closed: { status: 410 } },
};

/** Kinds that send the body of the message itself. */
const UNCHANGED: Readonly<Record<string, string>> = {
  zapier: "webhook-id",
  cloudEvents: "ce-id",
  posthorn: "webhook-id",
};

const CONFIGS: typeof CARDS = {
  ...CARDS,
  webSub: {
    callback: "https://example.com/callback?id=42",
    topic: "https://posthorn.example.com/websub/topic/1",
    hub: "https://posthorn.example.com/websub",
    secret: SECRET,
  },
  mcpEvents: {
    callback: "https://example.com/events?subscription=42",
    subscription: "sub_42",
    event: "invoice.paid",
    secret: MCP_SECRET,
  },
};

function readBy(header: string) {
  return ({ headers, body }: Received): ReceivedMessage => ({ messageId: headers[header] ?? null, body });
}

for (const [name, responses] of Object.entries(RESPONSES)) {
  const header = UNCHANGED[name];
  const options = {
    ...(header === undefined ? {} : { read: readBy(header) }),
    ...(name === "cloudEvents" ? { forBatches: { mode: "batch" } } : {}),
  };
  destinationSuite(httpKindBench(name, CONFIGS[name]!, { asks_to_wait: later, echoes, ...responses }, options));
}
