/** The success section in the form that judges an answer. Its cost is bounded by the length of the answer. */
import { SafeRegexError } from "../../lib/safe-regex.ts";
import { compilePath, JsonPathError } from "./json-path.ts";
import { rangesOf } from "./retry.ts";
import { compileText, SUCCESS_PRESETS, type SuccessClause } from "./success-clauses.ts";
import type { SuccessValues } from "./success.ts";

/** An answer, as much of it as was read. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** The body is longer than what was read, or broke off. */
  readonly incomplete: boolean;
}

/** Why an answer is no success. */
export interface Refusal {
  /** Whether the status alone said so. */
  readonly byStatus: boolean;
  /** For the person who reads the attempt. */
  readonly sentence: string;
}

/** Characters of an answer that a regular expression looks at. */
const MAX_TEXT = 20_000;

export class SuccessRule {
  /** Whether the status decides alone. */
  readonly statusOnly: boolean;
  readonly #ranges: readonly (readonly [number, number])[];
  readonly #undecided: SuccessValues["undecided"];
  readonly #clauses: readonly Clause[];

  constructor(values: SuccessValues) {
    const preset: readonly SuccessClause[] = values.preset === "none" ? [] : SUCCESS_PRESETS[values.preset];
    this.#clauses = [...preset, ...values.rules].map(clauseOf);
    this.#ranges = rangesOf(values.statusCodes);
    this.#undecided = values.undecided;
    this.statusOnly = this.#clauses.length === 0;
  }

  /** Whether a status can be a success. */
  accepts(status: number): boolean {
    for (const [from, to] of this.#ranges) if (status >= from && status <= to) return true;
    return false;
  }

  /** Why this answer is no success; `null`: it is one. */
  refusal(answer: Answer): Refusal | null {
    if (!this.accepts(answer.status)) {
      return { byStatus: true, sentence: `The status ${answer.status} is not one that counts as success here.` };
    }
    if (this.statusOnly) return null;
    const content = new Content(answer);
    for (const clause of this.#clauses) {
      if (clause.needsBody && answer.incomplete) {
        if (this.#undecided === "success") continue;
        return refused(clause, "the answer is too long, or broke off, so that it could not be read to its end");
      }
      const reason = reasonOf(clause, content);
      if (reason !== null) return refused(clause, reason);
    }
    return null;
  }
}

/** What clauses look at, each made once when it is first asked for. */
class Content {
  readonly contentType: string;
  readonly #body: Uint8Array;
  #text: string | null = null;
  #json: { readonly value: unknown } | null | undefined;

  constructor({ contentType, body }: Answer) {
    this.contentType = (contentType ?? "").split(";")[0]!.trim().toLowerCase();
    this.#body = body;
  }

  get text(): string {
    this.#text ??= new TextDecoder().decode(this.#body).slice(0, MAX_TEXT);
    return this.#text;
  }

  /** `null`: the body is no JSON. */
  get json(): { readonly value: unknown } | null {
    if (this.#json === undefined) this.#json = parsed(this.text);
    return this.#json;
  }
}

function parsed(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

interface Clause {
  readonly needsBody: boolean;
  /** As a person would say it. */
  readonly rule: string;
  /** Why it does not hold; `null`: it does. */
  readonly check: (content: Content) => string | null;
}

function refused(clause: Clause, reason: string): Refusal {
  return {
    byStatus: false,
    sentence: `The answer breaks the success rule "${clause.rule}": ${reason}. See the policy of this endpoint.`,
  };
}

function reasonOf(clause: Clause, content: Content): string | null {
  try {
    return clause.check(content);
  } catch (error) {
    if (error instanceof JsonPathError) return error.message.replace(/\.$/, "");
    throw error;
  }
}

function clauseOf(rule: SuccessClause): Clause {
  try {
    if (rule.type === "contentType") return typeClause(rule);
    return rule.type === "text" ? textClause(rule) : jsonClause(rule);
  } catch (error) {
    if (!(error instanceof JsonPathError || error instanceof SafeRegexError)) throw error;
    // It was fine when it was saved, under another version. A rule nobody can check must not pass as kept.
    const { message } = error;
    return { needsBody: false, rule: rule.type, check: () => `the rule itself cannot be used any more (${message})` };
  }
}

function typeClause({ is, isNot }: SuccessClause): Clause {
  const wanted = (is ?? isNot ?? "").toLowerCase();
  const matches = (type: string): boolean =>
    wanted.endsWith("/*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
  return {
    needsBody: false,
    rule: is === undefined ? `content type is not ${wanted}` : `content type is ${wanted}`,
    check: ({ contentType }) =>
      matches(contentType) === (is !== undefined) ? null : `it is ${shown(contentType === "" ? null : contentType)}`,
  };
}

function textClause({ pattern = "", found = true }: SuccessClause): Clause {
  const regex = compileText(pattern);
  return {
    needsBody: true,
    rule: found ? `text has ${pattern}` : `text has not ${pattern}`,
    check: ({ text }) => (regex.test(text) === found ? null : found ? "it was not found" : "it was found"),
  };
}

function jsonClause(rule: SuccessClause): Clause {
  const path = compilePath(rule.path ?? "");
  return {
    needsBody: true,
    rule: ruleText(rule),
    check: ({ json }) => (json === null ? "the answer is no JSON" : jsonReason(rule, path.values(json.value))),
  };
}

function ruleText({ path, exists, equals, notEquals }: SuccessClause): string {
  if (exists !== undefined) return `${path} ${exists ? "exists" : "does not exist"}`;
  return equals === undefined ? `${path} is not ${shown(notEquals)}` : `${path} is ${shown(equals)}`;
}

function jsonReason({ exists, equals, notEquals }: SuccessClause, values: readonly unknown[]): string | null {
  if (exists !== undefined) {
    const some = values.find((value) => value !== null && value !== undefined);
    if ((some !== undefined) === exists) return null;
    return exists ? "there is no such value" : `it is ${shown(some)}`;
  }
  if (equals === undefined) return values.includes(notEquals) ? `it is ${shown(notEquals)}` : null;
  if (values.length === 0) return "there is no such value";
  const other = values.findIndex((value) => value !== equals);
  return other === -1 ? null : `it is ${shown(values[other])}`;
}

/** A value in few characters. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
