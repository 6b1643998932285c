/** Current state of a source, prepared for requests: verifier, secrets, allow list. */
import { type FetchKey, type ProviderDefinition, secretParts } from "@posthorn/webhooks/provider";
import type { ProviderOptions } from "@posthorn/webhooks/provider";
import type { Credentials } from "../domain/message/request.ts";
import type { Source } from "../domain/source/source.ts";
import { MAIL_SOURCE, sourceKindNamed } from "../sources/kinds.ts";
import { addressRules } from "./addresses.ts";
import { withBoundedPayload } from "./bounded-payload.ts";
import { InboundVerifier } from "./verifier.ts";

export interface LiveSourceOptions {
  readonly source: Source;
  readonly orgId: number;
  /** Whether responses are limited to JSON and plain text. */
  readonly plainResponsesOnly: boolean;
  readonly definition: ProviderDefinition;
  /** Newest first. */
  readonly secrets: readonly string[];
  /** When a secret or the source itself expires, in Unix milliseconds. The source must be reloaded then. */
  readonly freshUntil: number;
  /** Whether it accepts no emails until it is resumed. */
  readonly isPaused: boolean;
  readonly fetchKey: FetchKey;
  readonly now: () => number;
}

export class LiveSource {
  readonly settings: Source;
  readonly orgId: number;
  readonly plainResponsesOnly: boolean;
  readonly definition: ProviderDefinition;
  readonly freshUntil: number;
  readonly isPaused: boolean;
  readonly verifier: InboundVerifier;
  /** Parts of a request that are stored encrypted. */
  readonly credentials: Credentials;
  /** Verification options for `@posthorn/webhooks`. */
  readonly options: ProviderOptions;
  readonly #methods: ReadonlySet<string>;
  readonly #admits: ((address: string) => boolean) | null;

  constructor(options: LiveSourceOptions) {
    const { source, orgId, plainResponsesOnly, secrets, freshUntil, fetchKey, now } = options;
    const definition = withBoundedPayload(options.definition);
    this.settings = source;
    this.orgId = orgId;
    this.plainResponsesOnly = plainResponsesOnly;
    this.definition = definition;
    this.freshUntil = freshUntil;
    this.isPaused = options.isPaused;
    const { toleranceSeconds, publicKeys, config } = source;
    this.options = {
      secrets,
      publicKeys,
      config,
      fetchKey,
      now,
      allowUnsigned: source.allowUnsigned,
      ...(toleranceSeconds === null ? {} : { toleranceSeconds }),
    };
    this.verifier = new InboundVerifier(definition, this.options);
    const credentials = credentialsOf(definition, config, secrets.length > 0);
    // A capture is meant to be inspected and expires, so it shows the query. For permanent sources the query may contain a secret.
    this.credentials = source.expiresAt === null ? credentials : { ...credentials, query: false };
    this.#methods = new Set(source.methods);
    this.#admits = addressRules(source.allowedAddresses);
  }

  /** Whether it accepts requests at its URL. */
  get receives(): boolean {
    const { kind } = this.settings;
    return kind !== MAIL_SOURCE && sourceKindNamed(kind)?.receives === true;
  }

  get key(): number {
    return this.settings.key;
  }

  /** Whether requests with this method can be events. */
  takes(method: string): boolean {
    return this.#methods.has(method);
  }

  /** Whether requests from this address are allowed. */
  admits(address: string): boolean {
    return this.#admits === null || this.#admits(address);
  }
}

function credentialsOf(
  definition: ProviderDefinition,
  config: Readonly<Record<string, string>>,
  hasSecrets: boolean,
): Credentials {
  const parts = secretParts(definition, config);
  const headers = parts.filter((part) => part.startsWith("header:")).map((part) => part.slice("header:".length));
  // A secret in the URL can be in any part of it.
  const inUrl = parts.includes("url");
  return {
    headers: new Set(headers),
    query: inUrl || parts.some((part) => part.startsWith("query:")),
    path: inUrl && hasSecrets,
  };
}
