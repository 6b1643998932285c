/** Registry of source kinds: what is known about a source without reading it. Pure, so that the domain can use it. */
import type { AnySourceKind } from "./kind.ts";
import { SCHEDULE } from "./kinds/schedule.ts";
import { WEBHOOK } from "./kinds/webhook.ts";

/** Kind of sources that were created without one. */
export const WEBHOOK_SOURCE = "webhook";

/** Declarations by the name that the API uses. */
export const SOURCE_KINDS: Readonly<Record<string, AnySourceKind>> = {
  [WEBHOOK_SOURCE]: WEBHOOK,
  schedule: SCHEDULE,
};

/** Declaration of a kind; `null`: this version does not know it. */
export function sourceKindNamed(name: string): AnySourceKind | null {
  return Object.hasOwn(SOURCE_KINDS, name) ? SOURCE_KINDS[name]! : null;
}
