/** Every section of a policy. A new one is its file in this folder, its model in `api/models/policy`, and a line in each list. */
import { autoDisable } from "./auto-disable.ts";
import { breaker } from "./breaker.ts";
import { debounce } from "./debounce.ts";
import { format } from "./format.ts";
import { limits } from "./limits.ts";
import { order } from "./order.ts";
import { retry } from "./retry.ts";
import type { PolicySection, ValuesOf } from "./section.ts";
import { signing } from "./signing.ts";
import { success } from "./success.ts";
import { throttle } from "./throttle.ts";
import { verification } from "./verification.ts";

export const SECTIONS = {
  retry,
  limits,
  success,
  breaker,
  order,
  autoDisable,
  verification,
  throttle,
  debounce,
  format,
  signing,
} as const;

export type SectionName = keyof typeof SECTIONS;

export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** A policy of which every field has its value. */
export type PolicyValues = { readonly [Name in SectionName]: ValuesOf<(typeof SECTIONS)[Name]> };

/** A policy as it is given and stored: what is left out is inherited. */
export type Policy = { readonly [Name in SectionName]?: Partial<PolicyValues[Name]> };

/** A section whose values nobody looks at. */
export function sectionOf(name: SectionName): PolicySection<object> {
  return SECTIONS[name];
}
