/** Messages and configurations for tests of kinds. */
import fc from "fast-check";
import type {
  AnyKind,
  HttpKind,
  Fields,
  KindMessage,
  KindRequest,
  KindResponse,
} from "../../../src/destinations/kind.ts";
import { checkConfig } from "../../../src/fields/config.ts";
import { DESTINATION_KINDS } from "../../../src/destinations/kinds.ts";

export const CREATED_AT = Date.UTC(2026, 10, 27, 12, 0, 0);

export function message(body: unknown, changes: Partial<KindMessage> = {}): KindMessage {
  const isBytes = body instanceof Uint8Array;
  return {
    id: "msg_2x8Yq0",
    eventType: "invoice.payment_failed",
    eventId: null,
    orderingKey: null,
    channels: [],
    createdAt: CREATED_AT,
    contentType: "application/json",
    body: isBytes ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    attributes: [["webhook-id", "msg_2x8Yq0"]],
    isTest: false,
    ...changes,
  };
}

export const SECRET = "s3cretTokenThatMustStayHidden123";

/** A valid configuration of each kind of this folder. */
export const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  slack: { url: `https://hooks.slack.com/services/T0123/B0123/${SECRET}` },
  discord: { url: `https://discord.com/api/webhooks/123456789/${SECRET}` },
  teams: { url: `https://prod-1.westeurope.logic.azure.com/workflows/abc/triggers/manual/paths/invoke?sig=${SECRET}` },
  googleChat: { url: `https://chat.googleapis.com/v1/spaces/AAAA/messages?key=${SECRET}&token=${SECRET}` },
  telegram: { botToken: `123456789:${SECRET}`, chatId: "-100123" },
  mattermost: { url: `https://chat.example.com/hooks/${SECRET}` },
  rocketChat: { url: `https://chat.example.com/hooks/abc/${SECRET}` },
  pagerDuty: { routingKey: SECRET },
  zapier: { url: `https://hooks.zapier.com/hooks/catch/123/${SECRET}` },
  ifttt: { key: SECRET, event: "invoice" },
  cloudEvents: { url: "https://example.com/events", authorization: SECRET },
  posthorn: { url: `https://example.com/in/${SECRET}` },
};

export const CARD_KINDS = [
  "slack",
  "discord",
  "teams",
  "googleChat",
  "telegram",
  "mattermost",
  "rocketChat",
  "pagerDuty",
] as const;

export function kindOf(name: string): HttpKind<Fields> {
  const kind: AnyKind = DESTINATION_KINDS[name]!;
  if (kind.family !== "http") throw new Error(`${name} is not an HTTP kind`);
  return kind;
}

export function configOf(name: string, changes: Readonly<Record<string, unknown>> = {}) {
  const checked = checkConfig(kindOf(name), { ...CONFIGS[name], ...changes }, null);
  if (checked.kind === "invalid") throw new Error(JSON.stringify(checked.problems));
  return checked.config;
}

export function problemsOf(name: string, changes: Readonly<Record<string, unknown>>) {
  const checked = checkConfig(kindOf(name), { ...CONFIGS[name], ...changes }, null);
  return checked.kind === "invalid" ? checked.problems : [];
}

export function requestOf(
  name: string,
  sent: KindMessage,
  changes: Readonly<Record<string, unknown>> = {},
): KindRequest {
  const request = kindOf(name).request(configOf(name, changes), [sent], CREATED_AT);
  if ("kind" in request) throw new Error(request.sentence);
  return request;
}

export function jsonOf(request: KindRequest): unknown {
  return JSON.parse(Buffer.from(request.body).toString("utf8"));
}

export function response(
  status: number,
  body: unknown = "",
  headers: Readonly<Record<string, string>> = {},
): KindResponse {
  return { status, headers, body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) };
}

export function classified(name: string, answer: KindResponse) {
  const results = kindOf(name).classify(answer, [message({})], CREATED_AT);
  if (results.length !== 1) throw new Error("one result per message");
  return results[0]!;
}

const HOSTILE = [
  "<!channel>",
  "<!everyone>",
  "<@U0123>",
  "@everyone",
  "@here",
  "@channel",
  "<@!123>",
  "<@&456>",
  "<https://evil.example|bank>",
  "[bank](https://evil.example)",
  "![x](https://evil.example/x.png)",
  "https://evil.example",
  '<a href="https://evil.example">bank</a>',
  "</b><script>",
  "*bold* _italic_ ~no~ `code`",
  "```\ncode",
  "# heading",
  "> quote",
  "- item",
  "{{DATE(2017-02-14T06:00:00Z)}}",
  "<users/all>",
  "/start",
  "&lt;!channel&gt;",
  "\\@everyone",
  "\\",
  "\u202Eevil",
  "\0\u0007",
  "\ud800",
  "👩‍👩‍👧‍👦",
  "🇩🇪🇫🇷",
  `e${"\u0301".repeat(500)}`,
];

export const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...HOSTILE, "a", "ß", "漢", "😀", "&", "<", '"', "\n", "*"),
        fc.integer({ min: 1, max: 9000 }),
      )
      .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length))),
  },
);

const name = fc.oneof(
  fc.constantFrom("message", "status", "url", "html_url", "data", "name", "title", "__proto__"),
  text,
);
const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.webUrl());

/** Events of any shape, often with hostile and very long texts. */
export const event = fc.oneof(
  fc.dictionary(
    name,
    fc.oneof(scalar, fc.dictionary(name, scalar, { maxKeys: 5 }), fc.array(scalar, { maxLength: 4 })),
    { maxKeys: 40 },
  ),
  fc.record({
    title: text,
    text,
    link: fc.oneof(fc.webUrl(), text),
    fields: fc.dictionary(text, scalar, { maxKeys: 30 }),
    severity: text,
  }),
  fc.jsonValue(),
  text,
);
