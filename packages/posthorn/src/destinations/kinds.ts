/** Registry of destination kinds: what is known about a destination without connecting to it. Pure, so that the domain can use it. */

export interface DestinationKind {
  /** Host behind a target. Endpoints on one host share a concurrency limit, over all applications. */
  hostOf(target: string): string;
}

export const DESTINATION_KINDS = {
  /** Receives HTTP requests at a URL. */
  http: {
    /** The same on every port. A trailing dot does not change the host. */
    hostOf: (url: string): string => new URL(url).hostname.replace(/\.$/, ""),
  },
} as const satisfies Readonly<Record<string, DestinationKind>>;

export type DestinationKindName = keyof typeof DESTINATION_KINDS;
