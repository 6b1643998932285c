/** The policy of one endpoint in the forms that delivery needs. Each is built on first use. */
import type { BatchRules } from "../../destinations/batch-rules.ts";
import type { LanePolicy } from "../../dispatch/policy.ts";
import type { Flow } from "../endpoint/flow.ts";
import { batchPolicy } from "./batch.ts";
import { breakerPolicy } from "./breaker.ts";
import { orderPolicy } from "./order.ts";
import { type FlowControlRule, flowControlRule } from "./flow-control.ts";
import { rangesOf, retryPolicy } from "./retry.ts";
import type { SuccessValues } from "./success.ts";
import type { PolicyValues } from "./sections.ts";
import { SafeRegexError } from "../../lib/safe-regex.ts";
import { compilePath, JsonPathError } from "../../lib/json-path.ts";
import { compileText, SUCCESS_PRESETS, type SuccessClause } from "./success-clauses.ts";

/** Data that the lane of an endpoint needs besides its policy. */
export interface PolicyPlace {
  /** Key of the application. */
  readonly tenant: number;
  /** Host that its deliveries go to: endpoints on one host share a concurrency limit. */
  readonly host: () => string;
  /** Deliveries per minute that the endpoint granted, or gets before it is verified; `null`: unlimited. */
  readonly perMinute: number | null;
  /** Settings made by a person, such as a pause. */
  readonly flow: Flow;
  /** How its target accepts several messages; `null`: it takes one at a time. */
  readonly batches: () => BatchRules | null;
}

export class EndpointPolicy {
  /** The values in force, every field set. */
  readonly values: PolicyValues;
  readonly #place: PolicyPlace;
  #lane: LanePolicy | null = null;
  #flowControl: FlowControlRule | null | undefined = undefined;
  #success: SuccessRule | null = null;

  constructor(values: PolicyValues, place: PolicyPlace) {
    this.values = values;
    this.#place = place;
  }

  /** How deliveries are debounced and throttled; `null`: not at all. */
  get flowControl(): FlowControlRule | null {
    if (this.#flowControl === undefined)
      this.#flowControl = flowControlRule(this.values.debounce, this.values.throttle);
    return this.#flowControl;
  }

  /** For the dispatcher. The same object each time. */
  get lane(): LanePolicy {
    this.#lane ??= laneOf(this.values, this.#place);
    return this.#lane;
  }

  /** Decides which responses are a success. */
  get success(): SuccessRule {
    this.#success ??= successRule(this.values.success);
    return this.#success;
  }
}

function laneOf(
  { retry, limits, breaker, order, batch }: PolicyValues,
  { tenant, host, perMinute, flow, batches }: PolicyPlace,
): LanePolicy {
  return {
    tenant,
    host: host(),
    concurrency: limits.concurrency,
    pausedUntil: flow.pausedUntil,
    newestFirst: flow.newestFirst || limits.backlog === "newest",
    rate: lower(limits.ratePerSecond === 0 ? null : limits.ratePerSecond, perMinute === null ? null : perMinute / 60),
    retry: retryPolicy(retry),
    breaker: breakerPolicy(breaker),
    order: orderPolicy(order),
    batch: batchPolicy(batch, batches),
  };
}

/** Rules by their values: endpoints without their own values share the object, and therefore the rule. */
const rules = new WeakMap<SuccessValues, SuccessRule>();

function successRule(values: SuccessValues): SuccessRule {
  let rule = rules.get(values);
  if (rule === undefined) {
    rule = new SuccessRule(values);
    rules.set(values, rule);
  }
  return rule;
}

function lower(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** The part of a response that was read. */
export interface CheckedResponse {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** The body is longer than the part that was read, or its transfer was cut off. */
  readonly incomplete: boolean;
}

/** Why a response is not a success. */
export interface Refusal {
  /** The status alone decided. */
  readonly byStatus: boolean;
  /** For the person who reads the attempt. */
  readonly sentence: string;
}

/** Characters of a response that a regular expression is matched against. */
const MAX_TEXT = 20_000;

/** Decides whether a response is a success. The cost is bounded by the length of the response. */
export class SuccessRule {
  /** The status alone decides. */
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

  /** Why this response is not a success; `null` if it is. */
  refusal(response: CheckedResponse): Refusal | null {
    if (!this.accepts(response.status)) {
      return { byStatus: true, sentence: `The status ${response.status} does not count as success for this endpoint.` };
    }
    if (this.statusOnly) return null;
    const content = new Content(response);
    for (const clause of this.#clauses) {
      if (clause.needsBody && response.incomplete) {
        if (this.#undecided === "success") continue;
        return refused(clause, "the response was too long or broke off, so it could not be read completely");
      }
      const reason = reasonOf(clause, content);
      if (reason !== null) return refused(clause, reason);
    }
    return null;
  }
}

/** Content of a response in the forms that clauses need, each created on first use. */
class Content {
  readonly contentType: string;
  readonly #body: Uint8Array;
  #text: string | null = null;
  #json: { readonly value: unknown } | null | undefined;

  constructor({ contentType, body }: CheckedResponse) {
    this.contentType = (contentType ?? "").split(";")[0]!.trim().toLowerCase();
    this.#body = body;
  }

  get text(): string {
    this.#text ??= new TextDecoder().decode(this.#body).slice(0, MAX_TEXT);
    return this.#text;
  }

  /** `null`: the body is not JSON. */
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
  /** The rule as text. */
  readonly rule: string;
  /** Why the rule is not met; `null` if it is. */
  readonly check: (content: Content) => string | null;
}

function refused(clause: Clause, reason: string): Refusal {
  return {
    byStatus: false,
    sentence: `The response does not meet the success rule "${clause.rule}": ${reason}. Check the policy of this endpoint.`,
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
    // It was valid in the version that saved it. A rule that cannot be checked must not count as met.
    const { message } = error;
    return { needsBody: false, rule: rule.type, check: () => `the rule is no longer supported (${message})` };
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
    rule: found ? `text matches ${pattern}` : `text does not match ${pattern}`,
    check: ({ text }) => (regex.test(text) === found ? null : found ? "it was not found" : "it was found"),
  };
}

function jsonClause(rule: SuccessClause): Clause {
  const path = compilePath(rule.path ?? "");
  return {
    needsBody: true,
    rule: ruleText(rule),
    check: ({ json }) => (json === null ? "the response is not JSON" : jsonReason(rule, path.values(json.value))),
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
    return exists ? "the value does not exist" : `it is ${shown(some)}`;
  }
  if (equals === undefined) return values.includes(notEquals) ? `it is ${shown(notEquals)}` : null;
  if (values.length === 0) return "the value does not exist";
  const other = values.findIndex((value) => value !== equals);
  return other === -1 ? null : `it is ${shown(values[other])}`;
}

/** A value, shortened. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
