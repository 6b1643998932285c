/** Registry of destination kinds: what is known about a destination without connecting to it. Pure, so that the domain can use it. */
import type { AnyKind } from "./kind.ts";
import { HTTP } from "./kinds/http.ts";

/** Kind of endpoints that were created without one. */
export const WEBHOOK_KIND = "http";

/** Declarations by the name that the API uses. */
export const DESTINATION_KINDS: Readonly<Record<string, AnyKind>> = {
  http: HTTP,
};

/** Declaration of a kind; `null`: this version does not know it. */
export function kindNamed(name: string): AnyKind | null {
  return Object.hasOwn(DESTINATION_KINDS, name) ? DESTINATION_KINDS[name]! : null;
}

/**
 * Host behind a target. Endpoints at one host share a concurrency limit, over all applications. It is the same on every port, and a trailing
 * dot does not change it.
 */
export function hostOf(target: string): string {
  return URL.parse(target)?.hostname.replace(/\.$/, "") || target;
}
