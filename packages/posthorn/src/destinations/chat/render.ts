/** Creates the card of a message: from the templates of the endpoint, from a card that a transformation returned, or from the event itself. */
import type { KindMessage } from "../kind.ts";
import { type Card, type CardField, MAX_FIELDS, type Severity } from "./card.ts";
import { type CardParts, defaultParts, fieldOf, safeLink, severityOfWord } from "./default-card.ts";
import { type EventBody, isObject, isScalar, type PlainObject, readBody, textOf } from "./event.ts";
import { type Excerpt, excerptOf, lineOf } from "./excerpt.ts";
import { humanise } from "./humanise.ts";
import { parseTemplate, renderTemplate, scopeOf, type TemplateScope } from "./template.ts";

/** Templates of an endpoint; `null`: the default. */
export interface CardTemplates {
  readonly title: string | null;
  readonly text: string | null;
  /** One field per line: `Name: {{ path }}`. Lines without a value are left out. */
  readonly fields: string | null;
  readonly link: string | null;
  readonly severity: string | null;
}

export const NO_TEMPLATES: CardTemplates = { title: null, text: null, fields: null, link: null, severity: null };

/** A card, and what else is rendered from the same message. */
export interface Rendered {
  readonly card: Card;
  readonly body: EventBody;
  readonly scope: TemplateScope;
}

export function renderCard(message: KindMessage, templates: CardTemplates): Rendered {
  const body = readBody(message);
  const scope = scopeOf(message, body);
  const returned = body.kind === "data" ? returnedCard(body.value) : null;
  const parts =
    returned === null ? defaultParts(body, message.eventType, message.body.byteLength) : returnedParts(returned);
  const title = titleOf(templates.title, scope) ?? titleIn(returned) ?? lineOf(humanise(message.eventType));
  const text = templates.text === null ? parts.text : excerpt(templates.text, scope);
  const fields = templates.fields === null ? parts : fieldsBy(templates.fields, scope);
  const card: Card = {
    title: markTest(title, message.isTest),
    text,
    fields: fields.fields,
    fieldsLeftOut: fields.fieldsLeftOut,
    link: templates.link === null ? parts.link : safeLink(excerpt(templates.link, scope).text),
    severity: severityBy(templates.severity, scope) ?? parts.severity,
    footer: footerIn(returned) ?? lineOf(`${message.eventType} · ${message.id}`),
    timestamp: timestampIn(returned) ?? message.createdAt,
  };
  return { card, body, scope };
}

/** Text of a template, trimmed and cleaned. The template was checked when it was saved. */
export function excerpt(template: string, scope: TemplateScope): Excerpt {
  const { text, more } = renderTemplate(parseTemplate(template), scope);
  return excerptOf(text, more);
}

function titleOf(template: string | null, scope: TemplateScope): Excerpt | null {
  if (template === null) return null;
  const { text, more } = renderTemplate(parseTemplate(template), scope);
  const line = lineOf(text, more);
  return line.text === "" ? null : line;
}

function markTest(title: Excerpt, isTest: boolean): Excerpt {
  const { text, more } = title.text === "" ? { text: "Event", more: 0 } : title;
  return { text: isTest ? `Test: ${text}` : text, more };
}

function fieldsBy(template: string, scope: TemplateScope): Pick<CardParts, "fields" | "fieldsLeftOut"> {
  const fields: CardField[] = [];
  for (const line of template.split("\n")) {
    const colon = line.indexOf(":");
    if (line.trim() === "" || colon === -1) continue;
    const { text, more } = excerpt(line.slice(colon + 1), scope);
    if (text !== "") fields.push(fieldOf(line.slice(0, colon).trim(), text, more));
  }
  return { fields: fields.slice(0, MAX_FIELDS), fieldsLeftOut: Math.max(0, fields.length - MAX_FIELDS) };
}

/** What is wrong with the template of fields; `null`: nothing. */
export function fieldsTemplateProblem(template: string, problemOf: (template: string) => string | null): string | null {
  for (const [index, line] of template.split("\n").entries()) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const open = line.indexOf("{{");
    if (colon <= 0 || (open !== -1 && open < colon)) {
      return `Line ${index + 1}: write a name, a colon and a value, such as "Amount: {{ body.amount }}".`;
    }
    const problem = problemOf(line.slice(colon + 1));
    if (problem !== null) return problem.replace(/^Line \d+/, `Line ${index + 1}`);
  }
  return null;
}

function severityBy(template: string | null, scope: TemplateScope): Severity | null {
  return template === null ? null : severityOfWord(excerpt(template, scope).text);
}

const CARD_MEMBERS = new Set(["title", "text", "fields", "link", "severity", "footer", "timestamp"]);

/** A body that is a card: an object that has only members of a card, and a title or a text. Transformations return such objects. */
function returnedCard(value: unknown): PlainObject | null {
  if (!isObject(value) || !Object.keys(value).every((name) => CARD_MEMBERS.has(name))) return null;
  return typeof value["title"] === "string" || typeof value["text"] === "string" ? value : null;
}

function titleIn(card: PlainObject | null): Excerpt | null {
  const title = card?.["title"];
  return typeof title === "string" && title.trim() !== "" ? lineOf(title) : null;
}

function footerIn(card: PlainObject | null): Excerpt | null {
  const footer = card?.["footer"];
  return typeof footer === "string" ? lineOf(footer) : null;
}

/** Latest time that all targets can show: the end of the year 9999. */
const LAST_TIME = 253_402_300_799_000;

function timestampIn(card: PlainObject | null): number | null {
  const value = card?.["timestamp"];
  const time = typeof value === "string" ? Date.parse(value) : typeof value === "number" ? value : Number.NaN;
  return time >= 0 && time <= LAST_TIME ? Math.floor(time) : null;
}

function returnedParts(card: PlainObject): CardParts {
  const { text, fields, link, severity } = card;
  const found = returnedFields(fields);
  return {
    text: excerptOf(typeof text === "string" ? text : ""),
    fields: found.slice(0, MAX_FIELDS),
    fieldsLeftOut: Math.max(0, found.length - MAX_FIELDS),
    link: safeLink(link),
    severity: (typeof severity === "string" ? severityOfWord(severity) : null) ?? "info",
  };
}

/** `{"Amount": 12}` or `[{"name": "Amount", "value": 12}]`; also the names that Slack and Adaptive Cards use. */
function returnedFields(fields: unknown): CardField[] {
  const pairs: [unknown, unknown][] = Array.isArray(fields)
    ? fields.filter(isObject).map((field) => [field["name"] ?? field["title"], field["value"]])
    : isObject(fields)
      ? Object.entries(fields)
      : [];
  return pairs.flatMap(([name, value]) => {
    const { text, more } = textOf(value);
    return isScalar(name) && text !== "" ? [fieldOf(String(name), text, more)] : [];
  });
}
