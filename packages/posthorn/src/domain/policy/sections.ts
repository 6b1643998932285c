/** Registry of policy sections. A new section is a file in this folder, a model in `api/models/policy`, and a line in each of the lists. */
import { attention } from "./attention.ts";
import { autoDisable } from "./auto-disable.ts";
import { batch } from "./batch.ts";
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
import { tracing } from "./tracing.ts";
import { verification } from "./verification.ts";

export const SECTIONS = {
  retry,
  limits,
  success,
  breaker,
  order,
  autoDisable,
  attention,
  verification,
  throttle,
  debounce,
  batch,
  format,
  signing,
  tracing,
} as const;

export type SectionName = keyof typeof SECTIONS;

export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** A resolved policy: every field is set. */
export type PolicyValues = { readonly [Name in SectionName]: ValuesOf<(typeof SECTIONS)[Name]> };

/** A policy as it is set and stored. Omitted fields are inherited. */
export type Policy = { readonly [Name in SectionName]?: Partial<PolicyValues[Name]> };

/** A section without the type of its values. */
export function sectionOf(name: SectionName): PolicySection<object> {
  return SECTIONS[name];
}
