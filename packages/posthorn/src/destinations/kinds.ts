/** Registry of destination kinds: what is known about a destination without connecting to it. Pure, so that the domain can use it. */
import { httpKind } from "./http/http-kind.ts";

export interface DestinationKind {
  /** Host behind a target. Endpoints on one host share a concurrency limit, over all applications. */
  hostOf(target: string): string;
}

export const DESTINATION_KINDS = { http: httpKind } as const satisfies Readonly<Record<string, DestinationKind>>;

export type DestinationKindName = keyof typeof DESTINATION_KINDS;
