import { createHash } from "node:crypto";
import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { shortened, lineOf } from "../chat/excerpt.ts";
import {
  classifyByStatus,
  documentedResult,
  failed,
  jsonBody,
  jsonPost,
  oneByOne,
  rateLimited,
} from "../chat/responses.ts";
import {
  PAGER_DUTY_ACTIONS,
  PAGER_DUTY_LIMITS,
  type PagerDutyAction,
  pagerDutyEvent,
} from "../chat/pager-duty-event.ts";
import { excerpt, renderCard } from "../chat/render.ts";
import { templateProblem } from "../chat/template.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Copy the integration key again from the service in PagerDuty. It must be of the type Events API V2.";
const NAMES = { product: "PagerDuty", fix: FIX } as const;
/** PagerDuty advises a few minutes. */
const WAIT_MS = 120_000;

const HOSTS = { us: "events.pagerduty.com", eu: "events.eu.pagerduty.com" } as const;

const template = { type: "text", maxLength: 1000, required: false, secret: false } as const;

const ERRORS: DocumentedErrors = {
  source: "the documentation of the Events API v2, read on 27 November 2026",
  rows: [
    {
      said: ["Invalid routing key", "'routing_key' is missing or blank"],
      pattern: /routing_key|routing key|integration key/i,
      kind: "closed",
      code: "credentials_refused",
      fix: FIX,
    },
    {
      said: ["'payload.summary' is missing or blank", "'payload.severity' is invalid"],
      pattern: /'payload\./,
      kind: "refused",
      code: "message_invalid",
      fix: "Check the templates of the endpoint.",
    },
  ],
};

export const PAGER_DUTY = httpKind({
  family: "http",
  title: "PagerDuty",
  summary: "Triggers, acknowledges and resolves PagerDuty alerts.",
  group: "paging",
  fields: {
    routingKey: {
      type: "text",
      maxLength: 32,
      pattern: "[A-Za-z0-9]{32}",
      label: "Integration key",
      help: "The integration key of the service, of the type Events API V2.",
      required: true,
      secret: true,
      example: "R0123456789ABCDEF0123456789ABCDE",
    },
    region: {
      type: "choice",
      choices: ["us", "eu"],
      default: "us",
      label: "Region",
      help: "Service region of your PagerDuty account: eu if its address contains .eu.pagerduty.com.",
      required: false,
      secret: false,
      isTarget: true,
    },
    action: {
      ...template,
      label: "Action",
      help: "Template that returns trigger, acknowledge or resolve. Any other result triggers an alert, so that none is missed.",
      example: '{{ body.status | map: "firing", "trigger", "resolved", "resolve" }}',
      default: "trigger",
    },
    dedupKey: {
      ...template,
      label: "Deduplication key",
      help: "Template of the key of the alert. Events with the same key change the same alert, so use an ID that the resolving event also contains. Without one, each event creates a new alert.",
      example: "{{ body.incident.id }}",
    },
    source: {
      ...template,
      label: "Source",
      help: "Template of the system that has the problem.",
      example: "{{ body.host }}",
      default: "Webhooks",
    },
    ...CARD_FIELDS,
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "key",
  ordering: "none",
  setup: [
    "In PagerDuty, open Services, then Service Directory, and select the service.",
    "Select the tab Integrations, then Add an integration.",
    "Select Events API V2 and select Add.",
    "Copy the integration key and enter it here. Select the region eu if the address of your account contains .eu.pagerduty.com.",
  ],
  check: (config) => {
    for (const field of ["action", "dedupKey", "source"] as const) {
      const text = config[field];
      const problem = text === null ? null : templateProblem(text);
      if (problem !== null) return { field, problem };
    }
    return cardProblem(config);
  },
  target: ({ region }) => urlOf(region),
  request: (config, [message]) => {
    const { card, body, scope } = renderCard(message!, config);
    const { id, eventType } = message!;
    const resultOf = (text: string): string => lineOf(excerpt(text, scope).text).text;
    const event = pagerDutyEvent(card, body, {
      routingKey: config.routingKey,
      action: actionOf(resultOf(config.action)),
      dedupKey: keyOf((config.dedupKey === null ? "" : resultOf(config.dedupKey)) || id),
      source: shortened(lineOf(resultOf(config.source) || "Webhooks"), { limit: PAGER_DUTY_LIMITS.source }),
      eventType,
    });
    const url = urlOf(config.region);
    return jsonPost(url, event);
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});

function urlOf(region: string): string {
  return `https://${region === "eu" ? HOSTS.eu : HOSTS.us}/v2/enqueue`;
}

function actionOf(text: string): PagerDutyAction {
  return PAGER_DUTY_ACTIONS.find((action) => action === text.toLowerCase()) ?? "trigger";
}

/** A key that is too long is replaced by its hash, so that events with the same key still belong together. */
function keyOf(key: string): string {
  return key.length <= PAGER_DUTY_LIMITS.dedupKey ? key : createHash("sha256").update(key).digest("hex");
}
function classify(response: KindResponse, now: number): ItemResult {
  const { status } = response;
  const body = jsonBody(response);
  if (status === 202 || status === 200) {
    const key = body?.["dedup_key"];
    return { kind: "ok", reference: typeof key === "string" ? key : null };
  }
  if (status === 429) {
    return rateLimited(
      response,
      now,
      "PagerDuty limits how many events it accepts for a service (HTTP 429). We wait.",
      WAIT_MS,
    );
  }
  if (status === 400) {
    const errors = Array.isArray(body?.["errors"]) ? body["errors"].map(String).join("; ").slice(0, 200) : "";
    const documented = documentedResult(ERRORS, { product: NAMES.product, text: errors });
    const refusal = `PagerDuty refused the event${errors === "" ? "" : `: ${errors}`}. Check the templates of the endpoint.`;
    return documented ?? failed("refused", "message_invalid", refusal);
  }
  return classifyByStatus(response, now, NAMES);
}
