import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { flatCard } from "../chat/flat-card.ts";
import { classifyByStatus, jsonBody, jsonPost, maskedUrl, oneByOne } from "../chat/responses.ts";
import { renderCard } from "../chat/render.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Copy the URL again from the trigger of the Zap, and check that the Zap is turned on.";
const NAMES = { product: "Zapier", fix: FIX } as const;

export const ZAPIER = httpKind({
  family: "http",
  title: "Zapier",
  summary: "Starts a Zap for each event, through a Catch Hook.",
  group: "automation",
  fields: {
    url: {
      type: "url",
      schemes: ["https:"],
      label: "Webhook URL",
      help: "The URL of the trigger Catch Hook of the Zap.",
      required: true,
      secret: true,
      isTarget: true,
      example: "https://hooks.zapier.com/hooks/catch/1234567/abcdef/",
    },
    content: {
      type: "choice",
      choices: ["event", "card"],
      default: "event",
      label: "Content",
      help: "event sends the event as it is. card sends title, text, fields, link and severity, which need no mapping of nested values in the Zap.",
      required: false,
      secret: false,
    },
    ...CARD_FIELDS,
  },
  limits: { bodyBytes: 10_000_000, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In Zapier, select Create, then Zaps, and select Trigger.",
    "Search for Webhooks by Zapier, select the event Catch Hook, and select Continue.",
    "Copy the webhook URL from the step Test and enter it here.",
    "Send a test event, then select Test trigger in Zapier, so that it learns the fields.",
    "Add the actions of the Zap and select Publish.",
  ],
  check: cardProblem,
  target: ({ url }) => maskedUrl(url, 3),
  request: (config, [message]) => {
    const { url, content } = config;
    if (content === "event") {
      const headers = ["content-type", message!.contentType, ...message!.attributes.flat()];
      return { method: "POST", url, headers, secretHeaders: [], body: message!.body, auth: null };
    }
    return jsonPost(url, flatCard(renderCard(message!, config).card, message!));
  },
  classify: oneByOne(classify),
});

function classify(response: KindResponse, now: number): ItemResult {
  if (response.status >= 200 && response.status < 300) {
    const id = jsonBody(response)?.["id"];
    return { kind: "ok", reference: typeof id === "string" ? id : null };
  }
  return classifyByStatus(response, now, NAMES);
}
