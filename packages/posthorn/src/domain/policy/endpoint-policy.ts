/** The policy of one endpoint in the forms that delivery needs, each made when it is first asked for. */
import type { LanePolicy } from "../../dispatch/policy.ts";
import type { Flow } from "../endpoint/flow.ts";
import { breakerPolicy } from "./breaker.ts";
import { orderPolicy } from "./order.ts";
import { type PacingRule, pacingRule } from "./pacing.ts";
import { retryPolicy } from "./retry.ts";
import { SuccessRule } from "./success-rule.ts";
import type { SuccessValues } from "./success.ts";
import type { PolicyValues } from "./sections.ts";

/** Where the endpoint stands, for the lane. */
export interface PolicyPlace {
  /** Key of the application. */
  readonly tenant: number;
  readonly url: string;
  /** Deliveries a minute that the endpoint granted, or gets before it proved that it wants any; `null`: no bound. */
  readonly perMinute: number | null;
  /** What was decided by hand. */
  readonly flow: Flow;
}

export class EndpointPolicy {
  /** What holds, every field with its value. */
  readonly values: PolicyValues;
  readonly #place: PolicyPlace;
  #lane: LanePolicy | null = null;
  #pacing: PacingRule | null | undefined = undefined;
  #success: SuccessRule | null = null;

  constructor(values: PolicyValues, place: PolicyPlace) {
    this.values = values;
    this.#place = place;
  }

  /** How it debounces and throttles; `null`: not at all. */
  get pacing(): PacingRule | null {
    if (this.#pacing === undefined) this.#pacing = pacingRule(this.values.debounce, this.values.throttle);
    return this.#pacing;
  }

  /** For the dispatcher. The same object each time. */
  get lane(): LanePolicy {
    this.#lane ??= laneOf(this.values, this.#place);
    return this.#lane;
  }

  /** What judges answers. */
  get success(): SuccessRule {
    this.#success ??= successRule(this.values.success);
    return this.#success;
  }
}

function laneOf(
  { retry, limits, breaker, order }: PolicyValues,
  { tenant, url, perMinute, flow }: PolicyPlace,
): LanePolicy {
  return {
    tenant,
    host: hostOf(url),
    concurrency: limits.concurrency,
    pausedUntil: flow.pausedUntil,
    newestFirst: flow.newestFirst || limits.backlog === "newest",
    rate: lower(limits.ratePerSecond === 0 ? null : limits.ratePerSecond, perMinute === null ? null : perMinute / 60),
    retry: retryPolicy(retry),
    breaker: breakerPolicy(breaker),
    order: orderPolicy(order),
  };
}

/** Whoever it is that answers there, on whichever port. A dot at the end names the same host. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, "");
}

/** Rules by their values: endpoints that say nothing of their own share the object, and then the rule. */
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
