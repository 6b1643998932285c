/** Fields that all kinds with cards declare: the templates. */
import { SEVERITIES } from "./card.ts";
import { fieldsTemplateProblem } from "./render.ts";
import { MAX_TEMPLATE, templateProblem } from "./template.ts";

const template = { type: "text", required: false, secret: false, maxLength: MAX_TEMPLATE } as const;

export const CARD_FIELDS = {
  title: {
    ...template,
    label: "Title",
    help: "Template of the title. Without one, the event type in words.",
    example: "Invoice {{ body.number }} paid",
  },
  text: {
    ...template,
    multiline: true,
    label: "Text",
    help: "Template of the text. Without one, the message or description in the event.",
    example: "{{ body.customer.name }} paid {{ body.amount | divide: 100 | round: 2 }} {{ body.currency | upper }}.",
  },
  fields: {
    ...template,
    multiline: true,
    label: "Fields",
    help: "One field per line: a name, a colon and a template. Lines without a value are left out. Without a template, the values at the top level of the event.",
    example: 'Customer: {{ body.customer.name }}\nDue: {{ body.due | date: "YYYY-MM-DD" }}',
  },
  link: {
    ...template,
    label: "Link",
    help: "Template of the URL that the card links to. Without one, the URL in the event.",
    example: "https://example.com/invoices/{{ body.id }}",
  },
  severity: {
    ...template,
    label: "Severity",
    help: `Template that returns ${SEVERITIES.slice(0, -1).join(", ")} or ${SEVERITIES.at(-1)}, which sets the colour. Without one, it is derived from the event and its type.`,
    example: '{{ body.status | map: "firing", "error", "resolved", "success" }}',
  },
} as const;

type CardField = keyof typeof CARD_FIELDS;

/** What is wrong with the templates; `null`: nothing. */
export function cardProblem(
  config: Readonly<Record<CardField, string | null>>,
): { readonly field: CardField; readonly problem: string } | null {
  for (const field of Object.keys(CARD_FIELDS) as CardField[]) {
    const text = config[field];
    if (text === null) continue;
    const problem = field === "fields" ? fieldsTemplateProblem(text, templateProblem) : templateProblem(text);
    if (problem !== null) return { field, problem };
  }
  return null;
}
