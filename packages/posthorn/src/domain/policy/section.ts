/** What a section of a policy is: one group of settings of deliveries, in a file of its own. */
import type { Capability } from "../access.ts";
import type { SignatureStyle } from "./signature-style.ts";
import type { VerificationMethod } from "./verification-method.ts";

/** What the settings of the server say, in milliseconds. The sections make their platform values of it. */
export interface PlatformDefaults {
  readonly retrySchedule: readonly number[];
  readonly requestTimeoutMs: number;
  readonly maxRequestTimeoutMs: number;
  readonly endpointConcurrency: number;
  /** 0: never. */
  readonly autoDisableAfterMs: number;
  /** What new endpoints must prove. */
  readonly verification: VerificationMethod | "off";
  readonly signatureStyle: SignatureStyle;
  /** Name of the header with the signature; empty: the name that the style has. */
  readonly signatureHeader: string;
}

/** Where a policy is set. */
export type PolicyLevel = "application" | "endpoint";

export interface SectionCheck {
  /** Where the section stands in the request, from the outside in: the beginning of the place of a mistake. */
  readonly path: readonly string[];
  readonly level: PolicyLevel;
  /** Whose token it is. */
  readonly by: "organisation" | "application";
  readonly defaults: PlatformDefaults;
}

/**
 * One section. `Values` is what holds in the end, each field with a value: a field that is left out is inherited, so "none" needs a
 * value of its own (0, an empty list, a word) and never `null`.
 */
export interface PolicySection<Values extends object> {
  /** What holds where neither the endpoint nor its application says otherwise. */
  platform(defaults: PlatformDefaults): Values;
  /** Throws a 422 for what the schema of the API cannot say. The form is that of the schema. */
  check?(given: Partial<Values>, check: SectionCheck): void;
  /** Field by field when absent: what is given stands in place of what is below. */
  merge?(below: Values, given: Partial<Values>, level: PolicyLevel): Values;
  /**
   * Who may set it at an endpoint beside the organisation: tokens of the application with this capability. Absent: nobody. A whole
   * policy that such a token sets leaves the other sections as they are. At an application only the organisation sets anything.
   */
  readonly tenant?: Capability;
}

/** The values that a section has in the end. */
export type ValuesOf<Section> = Section extends PolicySection<infer Values> ? Values : never;

/** Types a section; returns it as it is. */
export function defineSection<Values extends object>(section: PolicySection<Values>): PolicySection<Values> {
  return section;
}
