/** The policy of one endpoint in the forms that delivery needs, each made when it is first asked for. */
import type { LanePolicy } from "../../dispatch/policy.ts";
import { breakerPolicy } from "./breaker.ts";
import { orderPolicy } from "./order.ts";
import { type PacingRule, pacingRule } from "./pacing.ts";
import { retryPolicy } from "./retry.ts";
import type { PolicyValues } from "./sections.ts";

/** Where the endpoint stands, for the lane. */
export interface PolicyPlace {
  /** Key of the application. */
  readonly tenant: number;
  readonly url: string;
}

export class EndpointPolicy {
  /** What holds, every field with its value. */
  readonly values: PolicyValues;
  readonly #place: PolicyPlace;
  #lane: LanePolicy | null = null;
  #pacing: PacingRule | null | undefined = undefined;

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
}

function laneOf({ retry, limits, breaker, order }: PolicyValues, { tenant, url }: PolicyPlace): LanePolicy {
  return {
    tenant,
    host: new URL(url).host,
    concurrency: limits.concurrency,
    rate: limits.ratePerSecond === 0 ? null : limits.ratePerSecond,
    retry: retryPolicy(retry),
    breaker: breakerPolicy(breaker),
    order: orderPolicy(order),
  };
}
