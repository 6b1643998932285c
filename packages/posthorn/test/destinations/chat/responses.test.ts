/** Outcomes that each kind derives from the responses of its vendor. */
/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- properties check what an event happens to contain */
import { describe, expect, it } from "vitest";
import type { ItemResult, KindResponse } from "../../../src/destinations/kind.ts";
import { DESTINATION_KINDS } from "../../../src/destinations/kinds.ts";
import { classified, configOf, CONFIGS, kindOf, message, problemsOf, requestOf, response, SECRET } from "./messages.ts";

type Outcome = ItemResult["kind"] | `${Exclude<ItemResult["kind"], "ok">} ${string}`;

function outcome(result: ItemResult): string {
  return result.kind === "ok" ? "ok" : `${result.kind} ${result.code}`;
}

const json = { "content-type": "application/json" };
const discord = (status: number, code: number): KindResponse => response(status, { code, message: "text" }, json);
const telegram = (status: number, description: string, parameters = {}): KindResponse =>
  response(status, { ok: false, error_code: status, description, parameters }, json);
const teams = (status: number, code: string): KindResponse =>
  response(status, { error: { code, message: "text" } }, json);
const google = (status: number, text: string): KindResponse =>
  response(status, { error: { code: status, status: text, message: text } }, json);
const mattermost = (status: number, id: string): KindResponse =>
  response(status, { id, message: "text", status_code: status });

const CASES: readonly (readonly [kind: string, name: string, answer: KindResponse, expected: Outcome])[] = [
  ["slack", "ok", response(200, "ok"), "ok"],
  ["slack", "a page instead of ok", response(200, "<html>"), "retry protocol_error"],
  ["slack", "invalid_payload", response(400, "invalid_payload"), "refused message_invalid"],
  ["slack", "invalid_blocks", response(400, "invalid_blocks"), "refused message_invalid"],
  ["slack", "msg_blocks_too_long", response(400, "msg_blocks_too_long"), "refused message_too_large"],
  ["slack", "user_not_found", response(400, "user_not_found"), "closed target_not_found"],
  ["slack", "channel_not_found", response(404, "channel_not_found"), "closed target_not_found"],
  ["slack", "no_service", response(404, "no_service"), "closed target_not_found"],
  ["slack", "no_team", response(404, "no_team"), "closed target_not_found"],
  ["slack", "channel_is_archived", response(410, "channel_is_archived"), "closed target_not_found"],
  ["slack", "action_prohibited", response(403, "action_prohibited"), "closed credentials_refused"],
  ["slack", "an unknown text with 403", response(403, "new_error"), "closed credentials_refused"],
  ["slack", "429", response(429, "", { "retry-after": "7" }), "later rate_limited"],
  ["slack", "rollup_error", response(500, "rollup_error"), "retry target_unavailable"],
  ["slack", "503", response(503), "retry target_unavailable"],
  ["discord", "a message", response(200, { id: "2", channel_id: "1" }), "ok"],
  ["discord", "no content", response(204), "ok"],
  ["discord", "unknown webhook", discord(404, 10_015), "closed target_not_found"],
  ["discord", "invalid token", discord(401, 50_027), "closed credentials_refused"],
  ["discord", "empty message", discord(400, 50_006), "refused message_invalid"],
  ["discord", "invalid form", discord(400, 50_035), "refused message_invalid"],
  ["discord", "too large", discord(413, 40_005), "refused message_too_large"],
  ["discord", "a forum without a thread", discord(400, 220_001), "closed message_invalid"],
  ["discord", "429", response(429, { retry_after: 0.65, global: false }), "later rate_limited"],
  ["discord", "a page of the proxy", response(502, "<html>"), "retry target_unavailable"],
  ["teams", "202", response(202, "", { "x-ms-workflow-run-id": "08584" }), "ok"],
  ["teams", "a workflow that is off", teams(400, "WorkflowTriggerIsNotEnabled"), "closed target_not_found"],
  ["teams", "a deleted workflow", teams(404, "WorkflowNotFound"), "closed target_not_found"],
  ["teams", "a wrong signature", teams(401, "DirectApiAuthorizationRequired"), "closed credentials_refused"],
  ["teams", "another schema", teams(400, "TriggerInputSchemaMismatch"), "closed message_invalid"],
  ["teams", "413", response(413), "refused message_too_large"],
  ["teams", "429", response(429), "later rate_limited"],
  ["teams", "502", response(502), "retry target_unavailable"],
  ["googleChat", "a message", response(200, { name: "spaces/A/messages/B" }), "ok"],
  ["googleChat", "quota", google(429, "RESOURCE_EXHAUSTED"), "later rate_limited"],
  ["googleChat", "a deleted space", google(404, "NOT_FOUND"), "closed target_not_found"],
  ["googleChat", "no permission", google(403, "PERMISSION_DENIED"), "closed credentials_refused"],
  [
    "googleChat",
    "a wrong key",
    google(400, "API key not valid. Please pass a valid API key."),
    "closed credentials_refused",
  ],
  ["googleChat", "an invalid card", google(400, "INVALID_ARGUMENT"), "refused message_invalid"],
  ["googleChat", "503 with a wait", response(503, "", { "retry-after": "9" }), "later target_unavailable"],
  ["telegram", "a message", response(200, { ok: true, result: { message_id: 7 } }), "ok"],
  ["telegram", "429", telegram(429, "Too Many Requests: retry after 35", { retry_after: 35 }), "later rate_limited"],
  ["telegram", "an unknown chat", telegram(400, "Bad Request: chat not found"), "closed target_not_found"],
  [
    "telegram",
    "a supergroup",
    telegram(400, "Bad Request: group chat was upgraded", { migrate_to_chat_id: -1009 }),
    "closed target_not_found",
  ],
  ["telegram", "a closed topic", telegram(400, "Bad Request: TOPIC_CLOSED"), "closed target_not_found"],
  [
    "telegram",
    "no rights",
    telegram(400, "Bad Request: not enough rights to send text messages to the chat"),
    "closed credentials_refused",
  ],
  ["telegram", "too long", telegram(400, "Bad Request: message is too long"), "refused message_too_large"],
  [
    "telegram",
    "HTML that it cannot parse",
    telegram(400, "Bad Request: can't parse entities"),
    "refused message_invalid",
  ],
  ["telegram", "a blocked bot", telegram(403, "Forbidden: bot was blocked by the user"), "closed target_not_found"],
  ["telegram", "a wrong token", telegram(401, "Unauthorized"), "closed credentials_refused"],
  ["telegram", "a malformed token", telegram(404, "Not Found"), "closed credentials_refused"],
  ["telegram", "502", response(502), "retry target_unavailable"],
  ["mattermost", "ok", response(200, "ok"), "ok"],
  [
    "mattermost",
    "database unavailable",
    mattermost(500, "web.incoming_webhook.channel.app_error"),
    "retry target_unavailable",
  ],
  ["mattermost", "another server", response(200, "<html>"), "retry protocol_error"],
  [
    "mattermost",
    "an unknown webhook",
    mattermost(400, "web.incoming_webhook.invalid.app_error"),
    "closed target_not_found",
  ],
  [
    "mattermost",
    "disabled webhooks",
    mattermost(501, "web.incoming_webhook.disabled.app_error"),
    "closed target_not_found",
  ],
  [
    "mattermost",
    "a locked channel",
    mattermost(403, "web.incoming_webhook.channel_locked.app_error"),
    "closed target_not_found",
  ],
  [
    "mattermost",
    "no permission",
    mattermost(403, "web.incoming_webhook.permissions.app_error"),
    "closed credentials_refused",
  ],
  ["mattermost", "an invalid form", mattermost(400, "web.incoming_webhook.parse.app_error"), "refused message_invalid"],
  ["rocketChat", "success", response(200, { success: true }), "ok"],
  [
    "rocketChat",
    "an unknown channel",
    response(400, { success: false, error: "invalid-channel" }),
    "closed target_not_found",
  ],
  [
    "rocketChat",
    "an unknown integration",
    response(404, { success: false, message: "Invalid integration id or token provided." }),
    "closed target_not_found",
  ],
  [
    "rocketChat",
    "a channel that the integration may not override",
    response(400, { success: false, error: "overriding destination channel is disabled for this integration" }),
    "closed target_not_found",
  ],
  [
    "rocketChat",
    "an integration that is disabled",
    response(503, { success: false, error: "Service Unavailable" }),
    "retry target_unavailable",
  ],
  ["rocketChat", "another server", response(200, "hello"), "retry protocol_error"],
  ["pagerDuty", "202", response(202, { status: "success", dedup_key: "k" }), "ok"],
  [
    "pagerDuty",
    "an invalid event",
    response(400, { status: "invalid event", errors: ["'payload.summary' is missing"] }),
    "refused message_invalid",
  ],
  [
    "pagerDuty",
    "a wrong key",
    response(400, { status: "invalid key", errors: ["Invalid routing key"] }),
    "closed credentials_refused",
  ],
  ["pagerDuty", "429", response(429), "later rate_limited"],
  ["pagerDuty", "500", response(500), "retry target_unavailable"],
  ["zapier", "success", response(200, { status: "success", id: "x" }), "ok"],
  ["zapier", "410", response(410), "closed target_not_found"],
  ["zapier", "429", response(429), "later rate_limited"],
  ["ifttt", "success", response(200, "Congratulations! You've fired the invoice event"), "ok"],
  [
    "ifttt",
    "a wrong key",
    response(401, { errors: [{ message: "You sent an invalid key." }] }),
    "closed credentials_refused",
  ],
  ["ifttt", "500", response(500), "retry target_unavailable"],
  ["cloudEvents", "202", response(202), "ok"],
  ["cloudEvents", "410", response(410), "closed target_not_found"],
  ["cloudEvents", "415", response(415), "closed message_invalid"],
  ["cloudEvents", "401", response(401), "retry credentials_refused"],
  ["cloudEvents", "429", response(429, "", { "retry-after": "5" }), "later rate_limited"],
  ["posthorn", "202", response(202, { id: "msg_1" }), "ok"],
  ["posthorn", "a wrong signature", response(401), "closed credentials_refused"],
  ["posthorn", "an unknown source", response(404), "closed target_not_found"],
  ["posthorn", "503", response(503), "retry target_unavailable"],
];

const pagerDuty = (error: string): KindResponse => response(400, { status: "invalid event", errors: [error] });
const rocketChat = (error: string): KindResponse => response(400, { success: false, error });

/** Further errors that the vendors document, with the outcome that each must have. */
const DOCUMENTED: readonly (readonly [
  kind: string,
  outcome: Outcome,
  answers: Readonly<Record<string, KindResponse>>,
])[] = [
  [
    "slack",
    "refused message_invalid",
    {
      invalid_blocks_format: response(400, "invalid_blocks_format"),
      invalid_attachments: response(400, "invalid_attachments"),
      too_many_attachments: response(400, "too_many_attachments"),
      no_text: response(400, "no_text"),
    },
  ],
  ["slack", "refused message_too_large", { msg_too_long: response(400, "msg_too_long") }],
  [
    "slack",
    "closed target_not_found",
    { no_service_id: response(400, "no_service_id"), team_disabled: response(403, "team_disabled") },
  ],
  [
    "slack",
    "closed credentials_refused",
    {
      posting_to_general_channel_denied: response(403, "posting_to_general_channel_denied"),
      restricted_action: response(403, "restricted_action"),
      account_inactive: response(403, "account_inactive"),
      invalid_token: response(403, "invalid_token"),
      token_revoked: response(403, "token_revoked"),
    },
  ],
  [
    "discord",
    "closed target_not_found",
    { 10003: discord(404, 10_003), 50083: discord(400, 50_083), 160005: discord(403, 160_005) },
  ],
  ["discord", "closed credentials_refused", { 50013: discord(403, 50_013) }],
  ["discord", "closed message_invalid", { 220002: discord(400, 220_002), 220003: discord(400, 220_003) }],
  [
    "teams",
    "closed target_not_found",
    {
      WorkflowTriggerNotFound: teams(404, "WorkflowTriggerNotFound"),
      WorkflowDisabled: teams(400, "WorkflowDisabled"),
    },
  ],
  [
    "teams",
    "closed credentials_refused",
    {
      AuthorizationFailed: teams(403, "AuthorizationFailed"),
      AuthenticationFailed: teams(401, "AuthenticationFailed"),
      DirectApiInvalidAuthorizationScheme: teams(401, "DirectApiInvalidAuthorizationScheme"),
    },
  ],
  [
    "googleChat",
    "closed credentials_refused",
    { UNAUTHENTICATED: google(401, "UNAUTHENTICATED"), API_KEY_INVALID: google(400, "API_KEY_INVALID") },
  ],
  [
    "telegram",
    "closed target_not_found",
    {
      "message thread not found": telegram(400, "Bad Request: message thread not found"),
      TOPIC_DELETED: telegram(400, "Bad Request: TOPIC_DELETED"),
      "bot was kicked from the group chat": telegram(403, "Forbidden: bot was kicked from the group chat"),
      "user is deactivated": telegram(403, "Forbidden: user is deactivated"),
      "bot is not a member of the channel chat": telegram(403, "Forbidden: bot is not a member of the channel chat"),
      "bot can't initiate conversation with a user": telegram(
        403,
        "Forbidden: bot can't initiate conversation with a user",
      ),
    },
  ],
  [
    "telegram",
    "closed credentials_refused",
    {
      "have no rights to send a message": telegram(400, "Bad Request: have no rights to send a message"),
      "need administrator rights": telegram(400, "Bad Request: need administrator rights in the channel chat"),
      CHAT_WRITE_FORBIDDEN: telegram(400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    },
  ],
  [
    "telegram",
    "refused message_invalid",
    { "message text is empty": telegram(400, "Bad Request: message text is empty") },
  ],
  [
    "mattermost",
    "closed target_not_found",
    {
      user: mattermost(400, "web.incoming_webhook.user.app_error"),
      get_incoming: mattermost(404, "store.sql_webhooks.get_incoming.app_error"),
      channel: mattermost(404, "web.incoming_webhook.channel.app_error"),
      team: mattermost(404, "web.incoming_webhook.team.app_error"),
      "channel.get": mattermost(404, "app.channel.get.existing.app_error"),
      "sql_channel.get": mattermost(404, "store.sql_channel.get_by_name.missing.app_error"),
    },
  ],
  [
    "mattermost",
    "closed credentials_refused",
    { town_square_read_only: mattermost(403, "api.post.create_post.town_square_read_only") },
  ],
  [
    "rocketChat",
    "closed target_not_found",
    { "error-invalid-room": rocketChat("error-invalid-room"), not_in_channel: rocketChat("not_in_channel") },
  ],
  [
    "rocketChat",
    "closed credentials_refused",
    {
      "error-not-allowed": rocketChat("error-not-allowed"),
      unauthorized: rocketChat("unauthorized"),
      room_is_read_only: rocketChat("room_is_read_only"),
    },
  ],
  ["pagerDuty", "closed credentials_refused", { "a missing key": pagerDuty("'routing_key' is missing or blank") }],
  [
    "pagerDuty",
    "refused message_invalid",
    {
      "a blank summary": pagerDuty("'payload.summary' is missing or blank"),
      "an invalid severity": pagerDuty("'payload.severity' is invalid"),
    },
  ],
];
const ALL_CASES = [
  ...CASES,
  ...DOCUMENTED.flatMap(([kind, expected, answers]) =>
    Object.entries(answers).map(([name, answer]) => [kind, name, answer, expected] as const),
  ),
];

describe("a response to", () => {
  it.each(ALL_CASES)("%s, %s, has the documented outcome", (kind, _name, answer, expected) => {
    expect(outcome(classified(kind, answer))).toBe(expected);
  });

  it("has a case here for each error that its kind documents", () => {
    const missing = Object.keys(CONFIGS).flatMap((name) =>
      (kindOf(name).errors?.rows ?? []).flatMap(({ said }) =>
        said
          .filter((text) => {
            const inJson = JSON.stringify(text).slice(1, -1);
            return !ALL_CASES.some(
              ([kind, , { body }]) => kind === name && Buffer.from(body).toString("utf8").includes(inJson),
            );
          })
          .map((text) => `${name}: ${text}`),
      ),
    );
    expect(missing).toEqual([]);
  });

  it.each(Object.keys(CONFIGS))("%s that is not documented never throws, and is explained in sentences", (kind) => {
    for (const status of [
      200, 201, 204, 301, 400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 422, 425, 429, 500, 502, 503, 504, 599,
    ]) {
      for (const body of [
        "",
        "null",
        "[]",
        "{}",
        '{"error":null}',
        '{"errors":[null]}',
        "\0\ufffd",
        "<html>",
        '{"ok":true,"success":true}',
      ]) {
        const result = classified(kind, response(status, body));
        if (result.kind === "ok") continue;
        expect(result.sentence).toMatch(/^[A-Z].*[.!?]$/s);
        if (result.kind === "later") expect(result.afterMs).toBeGreaterThan(0);
      }
    }
  });
});

describe("the reference of a message", () => {
  it.each([
    ["discord", response(200, { id: "2", channel_id: "1" }), "1/2"],
    ["teams", response(202, "", { "x-ms-workflow-run-id": "run" }), "run"],
    ["googleChat", response(200, { name: "spaces/A/messages/B" }), "spaces/A/messages/B"],
    ["telegram", response(200, { ok: true, result: { message_id: 7 } }), "7"],
    ["pagerDuty", response(202, { dedup_key: "k" }), "k"],
    ["posthorn", response(200, { id: "msg_1", duplicate: true }), "msg_1"],
  ])("of %s is recorded", (kind, answer, reference) => {
    expect(classified(kind, answer)).toMatchObject({ kind: "ok", reference });
  });
});

describe("a wait", () => {
  it("is the value in Discord's body, and in its headers after a success that uses up the limit", () => {
    expect(classified("discord", response(429, { retry_after: 0.65 }))).toMatchObject({ afterMs: 650 });
    const used = { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.25" };
    expect(classified("discord", response(200, { id: "1" }, used))).toEqual({
      kind: "ok",
      reference: "1",
      afterMs: 1250,
    });
    expect(
      classified("discord", response(200, { id: "1" }, { ...used, "x-ratelimit-remaining": "1" })),
    ).not.toHaveProperty("afterMs");
    expect(
      classified("discord", response(200, { id: "1" }, { ...used, "x-ratelimit-reset-after": "9999" })),
    ).toMatchObject({ afterMs: 60_000 });
  });

  it("is the value of Telegram and Slack, and two minutes for PagerDuty", () => {
    expect(classified("telegram", telegram(429, "", { retry_after: 35 }))).toMatchObject({ afterMs: 35_000 });
    expect(classified("slack", response(429, "", { "retry-after": "7" }))).toMatchObject({ afterMs: 7000 });
    expect(classified("pagerDuty", response(429))).toMatchObject({ afterMs: 120_000 });
  });
});

describe.each(Object.keys(CONFIGS))("the secrets of %s", (name) => {
  it("are in its request, and not in its target", () => {
    const target = kindOf(name).target(configOf(name));
    expect(target).not.toContain(SECRET);
    expect(URL.canParse(target)).toBe(true);
    const { url, headers, body } = requestOf(name, message({}));
    expect(url + headers.join() + Buffer.from(body).toString("utf8")).toContain(SECRET);
  });
});

describe("a configuration", () => {
  it.each([
    [
      "teams",
      { url: "https://contoso.webhook.office.com/webhookb2/a/IncomingWebhook/b/c" },
      "url",
      /retired connectors.*workflow/s,
    ],
    ["teams", { url: "https://outlook.office.com/webhook/a" }, "url", /retired connectors/],
    ["slack", { url: "https://hooks.slack.com/triggers/T1/2/abc" }, "url", /Slack workflow/],
    ["slack", { title: "{{ body.name" }, "title", /Line 1, at "\{\{ body.name": expected "\|" or "\}\}"/],
    ["discord", { url: "https://discord.com/channels/1/2" }, "url", /not the URL of a Discord webhook/],
    ["discord", { username: "Discord bot" }, "username", /does not allow/],
    ["discord", { threadId: "123456789012345678", threadName: "a" }, "threadName", /not both/],
    ["googleChat", { url: "https://chat.google.com/room/AAAA" }, "url", /not the URL of a Google Chat webhook/],
    ["telegram", { botToken: "123" }, "botToken", /expected form/],
    ["telegram", { fields: "Amount {{ body.amount }}" }, "fields", /Line 1: write a name, a colon/],
    ["pagerDuty", { routingKey: "short" }, "routingKey", /expected form/],
    ["pagerDuty", { action: "{{ status }}" }, "action", /"status" is unknown/],
    ["ifttt", { event: "invoice paid" }, "event", /expected form/],
    ["posthorn", { url: "https://example.com/webhook" }, "url", /not the URL of a source/],
    ["cloudEvents", { source: "http://[" }, "source", /must be a URI|Must be a URI/],
  ])("of %s with an error names the field and the solution (%o)", (name, changes, field, problem) => {
    expect(problemsOf(name, changes)).toEqual([{ field, problem: expect.stringMatching(problem) as string }]);
  });

  it("satisfies the requirements for declarations", () => {
    for (const [name, kind] of Object.entries(DESTINATION_KINDS)) {
      if (!Object.hasOwn(CONFIGS, name)) continue;
      expect(kind.summary).toMatch(/^[A-Z].*\.$/);
      for (const step of kind.setup) expect(step).toMatch(/^[A-Z].*[.)]$/);
      for (const field of Object.values(kind.fields)) expect(field.help).toMatch(/[.]$/);
    }
  });
});
