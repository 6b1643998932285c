import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import {
  classifyByStatus,
  documentedResult,
  jsonBody,
  jsonPost,
  maskedUrl,
  oneByOne,
  rateLimited,
  stringIn,
} from "../chat/responses.ts";
import { renderCard } from "../chat/render.ts";
import { teamsMessage } from "../chat/teams-card.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Copy the URL again from the workflow in Teams, and check that the workflow is turned on.";
const NAMES = { product: "The workflow", fix: FIX } as const;

const OFF =
  "The workflow is turned off or was deleted. Turn it on in Teams under Workflows, or create a new one and enter its URL.";

/** Workflows are run by Azure Logic Apps. A workflow that is off or deleted is a 400. */
const ERRORS: DocumentedErrors = {
  source: "the error codes of Azure Logic Apps, recorded on 27 November 2026",
  rows: [
    {
      said: ["WorkflowNotFound", "WorkflowTriggerNotFound", "WorkflowTriggerIsNotEnabled", "WorkflowDisabled"],
      kind: "closed",
      code: "target_not_found",
      fix: OFF,
    },
    {
      said: [
        "AuthorizationFailed",
        "AuthenticationFailed",
        "DirectApiAuthorizationRequired",
        "DirectApiInvalidAuthorizationScheme",
      ],
      kind: "closed",
      code: "credentials_refused",
      fix: `The workflow must accept requests from anyone with its URL. ${FIX}`,
    },
    {
      said: ["TriggerInputSchemaMismatch"],
      kind: "closed",
      code: "message_invalid",
      fix: 'The workflow expects other content. Create it from the template "Send webhook alerts to a channel".',
    },
  ],
};

export const TEAMS = httpKind({
  family: "http",
  title: "Microsoft Teams",
  summary: "Posts each event as a card to a Teams channel or chat, through a workflow.",
  group: "chat",
  fields: {
    url: {
      type: "url",
      schemes: ["https:"],
      label: "Workflow URL",
      help: "The URL that Teams shows after you have created the workflow.",
      required: true,
      secret: true,
      isTarget: true,
      example:
        "https://prod-00.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?api-version=2016-06-01&sig=…",
    },
    ...CARD_FIELDS,
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In Teams, select More options (…) next to the channel or chat, and select Workflows.",
    'Search for "webhook" and select the template "Send webhook alerts to a channel" (or "to a chat").',
    "Sign in if Teams asks for it, select Next, select the team and the channel, and select Add workflow.",
    "Copy the URL that is shown and enter it here.",
    "A workflow belongs to the person who created it. Add a second owner, so that it continues to run when that person leaves.",
  ],
  check: (config) => {
    const { hostname } = new URL(config.url);
    if (hostname === "outlook.office.com" || /(?:^|\.)webhook\.office(?:365)?\.com$/.test(hostname)) {
      const problem =
        'This is the URL of an Office 365 connector. Microsoft has retired connectors. In Teams, create a workflow from the template "Send webhook alerts to a channel" and enter its URL.';
      return { field: "url", problem };
    }
    return cardProblem(config);
  },
  target: ({ url }) => maskedUrl(url, 1),
  request: (config, [message]) => {
    const { card } = renderCard(message!, config);
    return jsonPost(config.url, teamsMessage(card));
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});

function classify(response: KindResponse, now: number): ItemResult {
  const { status, headers } = response;
  // 202: the workflow has started. Teams does not say whether it posts the card.
  if (status >= 200 && status < 300) return { kind: "ok", reference: headers["x-ms-workflow-run-id"] ?? null };
  const code = stringIn(jsonBody(response)?.["error"], "code");
  if (code === "TooManyRequests" || code === "RequestThrottled") {
    return rateLimited(response, now, "Microsoft limits how often the workflow can run. We wait.");
  }
  return documentedResult(ERRORS, { product: "Microsoft", text: code }) ?? classifyByStatus(response, now, NAMES);
}
