/** Resolves a policy: the endpoint's values over the application's over the platform's, field by field. */
import type { PlatformDefaults, PolicyLevel } from "./section.ts";
import { type Policy, type PolicyValues, SECTION_NAMES, type SectionName, sectionOf } from "./sections.ts";
import { tightestRate } from "./limits.ts";

/** Where the value of a field comes from. */
export type PolicySource = "platform" | PolicyLevel;
export type PolicySources = Readonly<Record<string, Readonly<Record<string, PolicySource>>>>;

/** Policy of one level. */
export interface PolicyLayer {
  readonly policy: Policy;
  /** `throttleRate` of the endpoint or application: a second way to set `limits.ratePerSecond`; the lower one applies. */
  readonly throttleRate: number | null;
}

/** The policy in a row of an application or endpoint. */
export function layerOf(row: {
  readonly policy_json: string | null;
  readonly throttle_rate: number | null;
}): PolicyLayer {
  return {
    policy: row.policy_json === null ? NO_POLICY : (JSON.parse(row.policy_json) as Policy),
    throttleRate: row.throttle_rate,
  };
}

const NO_POLICY: Policy = {};

export function platformPolicy(defaults: PlatformDefaults): PolicyValues {
  return Object.fromEntries(
    SECTION_NAMES.map((name) => [name, sectionOf(name).platform(defaults)]),
  ) as unknown as PolicyValues;
}

/** Applies one more level. Returns the same object if the level sets nothing. */
export function over(below: PolicyValues, layer: PolicyLayer, level: PolicyLevel): PolicyValues {
  const given = withRate(layer);
  const names = SECTION_NAMES.filter((name) => given[name] !== undefined);
  if (names.length === 0) return below;
  return { ...below, ...Object.fromEntries(names.map((name) => [name, merged(name, below, given, level)])) };
}

function merged(name: SectionName, below: PolicyValues, given: Policy, level: PolicyLevel): object {
  const section = sectionOf(name);
  const values = given[name]!;
  return section.merge?.(below[name], values, level) ?? { ...below[name], ...values };
}

function withRate({ policy, throttleRate }: PolicyLayer): Policy {
  if (throttleRate === null) return policy;
  const ratePerSecond = tightestRate(policy.limits?.ratePerSecond, throttleRate);
  return { ...policy, limits: { ...policy.limits, ratePerSecond } };
}

/** The level that each value in force comes from. A limit that is looser than that of the level below is set but not in force. */
export function sourcesOf(
  platform: PolicyValues,
  application: PolicyLayer,
  endpoint: PolicyLayer | null,
): PolicySources {
  const first = over(platform, application, "application");
  const last = endpoint === null ? first : over(first, endpoint, "endpoint");
  return Object.fromEntries(
    SECTION_NAMES.map((name) => {
      const sourceOf = (field: string): PolicySource => {
        const value = textOf(last, name, field);
        if (endpoint !== null && textOf(withRate(endpoint), name, field) === value) return "endpoint";
        return textOf(withRate(application), name, field) === value ? "application" : "platform";
      };
      return [name, Object.fromEntries(Object.keys(last[name]).map((field) => [field, sourceOf(field)]))];
    }),
  );
}

/** A value as text, for comparison. */
function textOf(policy: Policy, name: SectionName, field: string): string | undefined {
  return JSON.stringify((policy[name] as Readonly<Record<string, unknown>> | undefined)?.[field]);
}
