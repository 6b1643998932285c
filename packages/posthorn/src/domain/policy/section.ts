/** Section of a policy: one group of delivery settings. Each has its own file. */
import type { Capability } from "../access.ts";
import type { SignatureStyle } from "./signature-style.ts";
import type { VerificationMethod } from "./verification-method.ts";

/** Defaults from the settings of the server, in milliseconds. The sections derive their platform values from them. */
export interface PlatformDefaults {
  readonly retrySchedule: readonly number[];
  readonly requestTimeoutMs: number;
  readonly maxRequestTimeoutMs: number;
  readonly endpointConcurrency: number;
  /** 0: never. */
  readonly autoDisableAfterMs: number;
  /** Verification that new endpoints must pass. */
  readonly verification: VerificationMethod | "off";
  readonly signatureStyle: SignatureStyle;
  /** Name of the signature header; empty: the name of the style. */
  readonly signatureHeader: string;
  /** Whether customers may set up alerts about their endpoints. */
  readonly customerAlerts: boolean;
}

/** Where a policy is set. */
export type PolicyLevel = "application" | "endpoint";

export interface SectionCheck {
  /** Path of the section in the request: the start of the location of an error. */
  readonly path: readonly string[];
  readonly level: PolicyLevel;
  /** Who makes the request. */
  readonly by: "organisation" | "application";
  readonly defaults: PlatformDefaults;
}

/**
 * One section. `Values` are the values in force, every field set. An omitted field is inherited, so "none" needs its own value
 * (0, an empty list, a word) and is never `null`.
 */
export interface PolicySection<Values extends object> {
  /** The values where neither the endpoint nor its application sets them. */
  platform(defaults: PlatformDefaults): Values;
  /** Checks rules that the API schema cannot express, and throws a 422. The values already match the schema. */
  check?(given: Partial<Values>, check: SectionCheck): void;
  /** Combines two levels. Absent: given fields replace those of the level below. */
  merge?(below: Values, given: Partial<Values>, level: PolicyLevel): Values;
  /**
   * Application tokens with this capability may set the section of an endpoint. Absent: only the organisation may. A whole policy that such
   * a token sets leaves other sections unchanged. Only the organisation sets the policy of an application.
   */
  readonly tenant?: Capability;
}

/** The values in force of a section. */
export type ValuesOf<Section> = Section extends PolicySection<infer Values> ? Values : never;

/** Gives a section its type. */
export function defineSection<Values extends object>(section: PolicySection<Values>): PolicySection<Values> {
  return section;
}
