/** An inbound URL: what it expects, and what it does with what comes. */
import type { Selectable } from "kysely";
import type { SourceTable } from "../../store/source-schema.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { Verification } from "./verification.ts";

/** How requests are told apart that a provider sends again. */
export const DEDUPLICATIONS = ["auto", "id", "content", "off"] as const;
export type Deduplication = (typeof DEDUPLICATIONS)[number];

/** What a sender is answered in place of what its provider expects. */
export interface SourceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** With `{header:…}`, `{query:…}`, `{body:…}`, `{id}` and `{type}` filled in. */
  readonly body: string;
  /** How long it is held back. */
  readonly delayMs?: number;
  /** Answers as an endpoint does, when it does within the time. */
  readonly wait: {
    /** Id or uid; `null`: the first that answers. */
    readonly endpoint: string | null;
    readonly timeoutMs: number;
  } | null;
}

/** What of a source is no secret. `null` leaves a choice to the platform or to the provider. */
export interface SourceSettings {
  /** For a source without a provider of the catalogue. */
  readonly verification: Verification | null;
  /** Keys of the provider that verify in place of those it publishes. */
  readonly publicKeys: readonly string[];
  /** Takes requests that prove nothing, where the provider has no way to prove anything. */
  readonly allowUnsigned: boolean;
  /** Seconds that a signed time may be off. */
  readonly toleranceSeconds: number | null;
  /** Methods of events, in upper case. */
  readonly methods: readonly string[];
  readonly maxBodyBytes: number | null;
  /** Requests a second. */
  readonly rateLimit: number | null;
  /** Events a day (UTC). */
  readonly dailyQuota: number | null;
  /** Addresses, networks and names of published lists; empty: from anywhere. */
  readonly allowedAddresses: readonly string[];
  readonly deduplication: Deduplication;
  readonly response: SourceResponse | null;
}

/** Times are Unix milliseconds. */
export interface Source extends SourceSettings {
  /** The key of the source and of its application. */
  readonly key: number;
  readonly id: string;
  readonly uid: string | null;
  readonly name: string;
  readonly type: string;
  /** Settings of the provider, such as a verify token: some are secrets. */
  readonly config: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** When its URL stops to answer and it is deleted; `null`: never. */
  readonly expiresAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const DEFAULT_SETTINGS: SourceSettings = {
  verification: null,
  publicKeys: [],
  allowUnsigned: false,
  toleranceSeconds: null,
  methods: ["POST"],
  maxBodyBytes: null,
  rateLimit: null,
  dailyQuota: null,
  allowedAddresses: [],
  deduplication: "auto",
  response: null,
};

/** What a source is made from. */
export interface SourceInput extends SourceSettings {
  readonly name: string;
  readonly uid: string | null;
  readonly type: string;
  readonly config: Readonly<Record<string, string>>;
  readonly metadata: Record<string, string>;
  readonly expiresAt: number | null;
}

export function toSource(row: Selectable<SourceTable>, secretBox: SecretBox): Source {
  const { config_sealed: sealed } = row;
  return {
    ...DEFAULT_SETTINGS,
    ...(JSON.parse(row.settings_json) as Partial<SourceSettings>),
    key: row.id,
    id: row.public_id,
    uid: row.uid,
    name: row.name,
    type: row.type,
    config: sealed === null ? {} : (JSON.parse(secretBox.open(sealed)) as Record<string, string>),
    metadata: JSON.parse(row.metadata_json) as Record<string, string>,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The settings alone, as they are stored. */
export function settingsJson(input: SourceSettings): string {
  const settings: SourceSettings = {
    verification: input.verification,
    publicKeys: input.publicKeys,
    allowUnsigned: input.allowUnsigned,
    toleranceSeconds: input.toleranceSeconds,
    methods: input.methods,
    maxBodyBytes: input.maxBodyBytes,
    rateLimit: input.rateLimit,
    dailyQuota: input.dailyQuota,
    allowedAddresses: input.allowedAddresses,
    deduplication: input.deduplication,
    response: input.response,
  };
  return JSON.stringify(settings);
}

/** The id of the application that has the messages and endpoints of a source. */
export function applicationIdOf(sourceId: string): string {
  return sourceId.replace(/^src_/, "app_");
}

/** The id of the source that an application of that kind is. */
export function sourceIdOf(applicationId: string): string {
  return applicationId.replace(/^app_/, "src_");
}
