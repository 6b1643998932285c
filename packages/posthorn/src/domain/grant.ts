/** Permissions of callers of an organisation: of keys and roles. */

/**
 * Permissions, which are also the scopes of API keys.
 *
 * - `read`: everything but payloads, secrets, people and the audit log.
 * - `payloads:masked`: payloads with their values masked, so that only their structure can be read.
 * - `payloads:read`: bodies of messages, requests and responses.
 * - `secrets:read`: signing secrets and tokens of endpoints and sources.
 * - `messages:publish`: publish, also as a batch or broadcast.
 * - `messages:replay`: send again: resend, replay, recover, test events.
 * - `messages:delete`: cancel messages, and delete their content.
 * - `applications:write`, `endpoints:write`, `event-types:write`, `sources:write`, `watches:write`: create, change and delete these.
 * - `views:share`: share saved views with everyone in the organisation.
 * - `settings:write`: policies, egress rules and operational webhooks.
 * - `tokens:issue`: create and end tokens for customers and for the portal.
 * - `keys:manage`: create and revoke API keys.
 * - `people:manage`: invite people, and change their roles.
 * - `privacy:manage`: erase the data of a person from all messages.
 * - `audit:read`: read the audit log.
 * - `organisations:manage`: create organisations, and rename this one.
 */
export const PERMISSIONS = [
  "read",
  "payloads:masked",
  "payloads:read",
  "secrets:read",
  "messages:publish",
  "messages:replay",
  "messages:delete",
  "applications:write",
  "endpoints:write",
  "event-types:write",
  "sources:write",
  "watches:write",
  "views:share",
  "settings:write",
  "tokens:issue",
  "keys:manage",
  "people:manage",
  "privacy:manage",
  "audit:read",
  "organisations:manage",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What a caller may do, and with which applications. */
export interface Grant {
  readonly permissions: ReadonlySet<Permission>;
  /** Keys of the applications that it is limited to; `null`: all of the organisation. */
  readonly applications: ReadonlySet<number> | null;
  /** All permissions in single applications, where they differ from `permissions`: of people with a role in one application. */
  readonly inApplication?: ReadonlyMap<number, ReadonlySet<Permission>>;
}

/** Of signed tokens, and of API keys without scopes. */
export const FULL_GRANT: Grant = { permissions: new Set(PERMISSIONS), applications: null };

/** Limits of an API key beyond its permissions. Keys and tokens that it creates have them as well. */
export interface KeyLimits {
  /** Unix milliseconds; `null`: it does not expire. */
  readonly expiresAt: number | null;
  /** Networks from which it may be used; `null`: any. */
  readonly networks: readonly string[] | null;
}

/** A client that a person connected. */
export interface CallingClient {
  /** Of the connection. */
  readonly id: string;
  readonly name: string;
  /** Its client ID, if it registered itself; `null`: it has a metadata document, and may be connected several times. */
  readonly registeredAs: string | null;
}

/** The caller, for the audit log and for limits per person. */
export type Caller =
  | {
      readonly kind: "token";
      /** Hash and expiry (Unix milliseconds) of the signed token; absent for sessions. */
      readonly token?: { readonly hash: Uint8Array; readonly expiresAt: number };
    }
  | { readonly kind: "key"; readonly id: string; readonly limits?: KeyLimits }
  | {
      readonly kind: "user";
      readonly id: string;
      readonly key: number;
      readonly sessionKey: number;
      /** The organisation requires a second factor, and the session began without one: it may only be used to set one up. */
      readonly lacksSecondFactor?: true;
      /** The client that the person connected, which calls for them; absent: they call themselves. */
      readonly client?: CallingClient;
    }
  /** The server itself, such as a task that it started; the program that embeds it; a command with access to the database. */
  | { readonly kind: "system" | "embedded" | "cli" };
