/** The policy of one endpoint in the forms that delivery needs. Each is built on first use. */
import type { BatchRules } from "../../destinations/batch-rules.ts";
import type { LanePolicy } from "../../dispatch/policy.ts";
import type { Flow } from "../endpoint/flow.ts";
import { batchPolicy } from "./batch.ts";
import { breakerPolicy } from "./breaker.ts";
import { orderPolicy } from "./order.ts";
import { type FlowControlRule, flowControlRule } from "./flow-control.ts";
import { retryPolicy } from "./retry.ts";
import { SuccessRule } from "./success-rule.ts";
import type { SuccessValues } from "./success.ts";
import type { PolicyValues } from "./sections.ts";

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

/** Rules by their values: endpoints without their own values share the object, and thereby the rule. */
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
