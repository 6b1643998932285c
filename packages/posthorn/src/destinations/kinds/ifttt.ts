import {
  classifyByStatus,
  documentedResult,
  failed,
  JSON_HEADERS,
  jsonBody,
  jsonBytes,
  oneByOne,
  quoted,
  stringIn,
} from "../chat/responses.ts";
import { readBody } from "../chat/event.ts";
import { type Excerpt, shortened } from "../chat/excerpt.ts";
import { summaryOf } from "../chat/flat-card.ts";
import { excerpt, NO_TEMPLATES, renderCard } from "../chat/render.ts";
import { templateProblem } from "../chat/template.ts";
import {
  type ConfigOf,
  type DocumentedErrors,
  httpKind,
  type ItemResult,
  type KindMessage,
  type KindResponse,
} from "../kind.ts";

const FIX = "Open the documentation of Webhooks in IFTTT and copy the key again.";
const NAMES = { product: "IFTTT", fix: FIX } as const;
/** Longest value. IFTTT documents no limit; notifications show less. */
export const IFTTT_LIMITS = { value: 2000 } as const;

const template = { type: "text", maxLength: 1000, multiline: true, required: false, secret: false } as const;

const FIELDS = {
  key: {
    type: "text",
    maxLength: 100,
    pattern: "[\\w-]{10,100}",
    label: "Key",
    help: "The key of your Webhooks service in IFTTT.",
    required: true,
    secret: true,
    example: "dXXXXXXXXXXXXXXXXXXXXX",
  },
  event: {
    type: "text",
    maxLength: 100,
    pattern: "[A-Za-z0-9_]+",
    label: "Event name",
    help: "The event name of the applet's trigger: letters, digits and underscores.",
    required: true,
    secret: false,
    isTarget: true,
    example: "invoice_paid",
  },
  content: {
    type: "choice",
    choices: ["values", "json"],
    default: "values",
    label: "Content",
    help: "values is for the trigger Receive a web request. json sends the event as it is, for the trigger Receive a web request with a JSON payload.",
    required: false,
    secret: false,
  },
  value1: {
    ...template,
    label: "Value 1",
    help: "Template of value1. Without one, the title of the event.",
    example: "{{ eventType | humanise }}",
  },
  value2: {
    ...template,
    label: "Value 2",
    help: "Template of value2. Without one, the text and the fields of the event.",
    example: "{{ body.message }}",
  },
  value3: {
    ...template,
    label: "Value 3",
    help: "Template of value3. Without one, the link of the event.",
    example: "{{ body.url }}",
  },
} as const;

const ERRORS: DocumentedErrors = {
  source: "third-party clients, because IFTTT does not document its errors; read on 27 November 2026",
  rows: [
    {
      said: ["You sent an invalid key."],
      pattern: /invalid key/i,
      kind: "closed",
      code: "credentials_refused",
      fix: FIX,
    },
  ],
};

export const IFTTT = httpKind({
  family: "http",
  title: "IFTTT",
  summary: "Runs an IFTTT applet with each event.",
  group: "automation",
  fields: FIELDS,
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "Open https://ifttt.com/maker_webhooks, connect the service Webhooks, and select Documentation. Enter the key that is shown here.",
    "In IFTTT, select Create, then If This, and search for Webhooks.",
    "Select the trigger Receive a web request, or Receive a web request with a JSON payload, and enter an event name. Enter the same name here.",
    "Select Then That, add the action, and use the values in it.",
  ],
  check: (config) => {
    for (const field of ["value1", "value2", "value3"] as const) {
      const text = config[field];
      const problem = text === null ? null : templateProblem(text);
      if (problem !== null) return { field, problem };
    }
    return null;
  },
  target: (config) => urlOf(config, "****"),
  request: (config, [message]) => {
    const url = urlOf(config, config.key);
    const parts = { method: "POST", url, headers: JSON_HEADERS, secretHeaders: [], auth: null } as const;
    if (config.content === "values") return { ...parts, body: jsonBytes(valuesOf(config, message!)) };
    if (isJson(message!)) return { ...parts, body: message!.body };
    const sentence =
      'IFTTT accepts only JSON with the content "json", and the message is not JSON. Select "values", or convert it with a transformation.';
    return { kind: "refused", code: "message_invalid", sentence };
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});

type Config = ConfigOf<typeof FIELDS>;

function urlOf({ event, content }: Config, key: string): string {
  return `https://maker.ifttt.com/trigger/${event}${content === "json" ? "/json" : ""}/with/key/${key}`;
}

function valuesOf(config: Config, message: KindMessage): Readonly<Record<"value1" | "value2" | "value3", string>> {
  const { card, scope } = renderCard(message, NO_TEMPLATES);
  const valueOf = (text: string | null, otherwise: Excerpt): string =>
    shortened(text === null ? otherwise : excerpt(text, scope), { limit: IFTTT_LIMITS.value });
  return {
    value1: valueOf(config.value1, card.title),
    value2: valueOf(config.value2, summaryOf(card)),
    value3: valueOf(config.value3, { text: card.link ?? "", more: 0 }),
  };
}

function isJson(message: KindMessage): boolean {
  const body = readBody(message);
  return body.kind === "data"
    ? !/xml|form/i.test(message.contentType)
    : body.kind === "too_large" && /json/i.test(message.contentType);
}
function classify(response: KindResponse, now: number): ItemResult {
  if (response.status === 200) {
    // IFTTT also says this if no applet has such a trigger.
    if (/^congratulations/i.test(quoted(response))) return { kind: "ok", reference: null };
    return failed("retry", "protocol_error", `IFTTT did not respond as expected. ${FIX}`);
  }
  const [error] = Array.isArray(jsonBody(response)?.["errors"]) ? (jsonBody(response)!["errors"] as unknown[]) : [];
  const said = { product: NAMES.product, text: stringIn(error, "message") };
  return documentedResult(ERRORS, said) ?? classifyByStatus(response, now, NAMES);
}
