/** Source of events: a URL that receives webhooks, or something that Posthorn reads, with its settings. */
import type { Selectable } from "kysely";
import type { SourceTable } from "../../store/source-schema.ts";
import type { KindConfig } from "../../fields/field.ts";
import { completeConfig, type ConfigInput } from "../../fields/config.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { sourceKindNamed, WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import type { Verification } from "./verification.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** How duplicates are detected. */
export const DEDUPLICATIONS = ["auto", "id", "content", "off"] as const;
export type Deduplication = (typeof DEDUPLICATIONS)[number];

/** Response to senders that replaces the one their provider expects. */
export interface SourceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** May contain the placeholders `{header:…}`, `{query:…}`, `{body:…}`, `{id}` and `{type}`. */
  readonly body: string;
  /** Delay before the response. */
  readonly delayMs?: number;
  /** Passes on the response of an endpoint, if it succeeds in time. */
  readonly wait: {
    /** ID or uid; `null`: the first endpoint that succeeds. */
    readonly endpoint: string | null;
    readonly timeoutMs: number;
  } | null;
}

/** Settings of a source that are not secret. `null` means the default of the platform or provider. */
export interface SourceSettings {
  /** For generic sources only. */
  readonly verification: Verification | null;
  /** Public keys that replace the ones the provider publishes. */
  readonly publicKeys: readonly string[];
  /** Accepts unsigned requests. */
  readonly allowUnsigned: boolean;
  /** Allowed difference between a signed timestamp and the current time. */
  readonly toleranceSeconds: number | null;
  /** HTTP methods accepted for events, in upper case. */
  readonly methods: readonly string[];
  readonly maxBodyBytes: number | null;
  /** Requests per second. */
  readonly rateLimit: number | null;
  /** Events per UTC day. */
  readonly dailyQuota: number | null;
  /** Addresses, networks and names of published lists. Empty: any address. */
  readonly allowedAddresses: readonly string[];
  readonly deduplication: Deduplication;
  readonly response: SourceResponse | null;
}

/** Times are Unix milliseconds. */
export interface Source extends SourceSettings {
  /** Key of the source and of its application. */
  readonly key: number;
  readonly id: string;
  readonly uid: string | null;
  readonly name: string;
  readonly type: string;
  /** How its events arrive. */
  readonly kind: string;
  /** Settings of the provider, such as a verify token. Some are secrets. Empty for other kinds than webhooks. */
  readonly config: Readonly<Record<string, string>>;
  /** Configuration of its kind, some of it secret; `null`: webhooks have none, or this version does not know the kind. */
  readonly kindConfig: KindConfig | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** When its URL stops working and it is deleted; `null`: never. */
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

/** Input for creating or replacing a source. */
export interface SourceInput extends SourceSettings {
  readonly name: string;
  readonly uid: string | null;
  readonly type: string;
  readonly kind: string;
  readonly config: Readonly<Record<string, string>>;
  /** Configuration of the kind as entered; `null`: not given. */
  readonly kindConfig: ConfigInput | null;
  readonly metadata: Record<string, string>;
  readonly expiresAt: number | null;
}

export function toSource(row: Selectable<SourceTable>, secretBox: SecretBox): Source {
  const { kind } = row;
  const { config_sealed: sealed } = row;
  const place = sealedIn("source.config_sealed", row.id);
  const config = sealed === null ? {} : (JSON.parse(secretBox.open(sealed, place)) as object);
  const declaration = kind === WEBHOOK_SOURCE ? null : sourceKindNamed(kind);
  return {
    ...DEFAULT_SETTINGS,
    ...(JSON.parse(row.settings_json) as Partial<SourceSettings>),
    key: row.id,
    id: row.public_id,
    uid: row.uid,
    name: row.name,
    type: row.type,
    kind,
    config: kind === WEBHOOK_SOURCE ? (config as Record<string, string>) : {},
    kindConfig: declaration === null ? null : completeConfig(declaration, config as KindConfig),
    metadata: JSON.parse(row.metadata_json) as Record<string, string>,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Settings as stored. */
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

/** ID of the application that holds the messages and endpoints of a source. */
export function applicationIdOf(sourceId: string): string {
  return sourceId.replace(/^src_/, "app_");
}

/** ID of the source of such an application. */
export function sourceIdOf(applicationId: string): string {
  return applicationId.replace(/^app_/, "src_");
}
