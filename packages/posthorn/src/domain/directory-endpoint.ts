/** Endpoints in the form that delivery uses, with the settings of their application. Encrypted values are decrypted on first use. */
import type { StandardSigner } from "@posthorn/webhooks";
import type { Selectable } from "kysely";
import { type BatchRules, batchRules } from "../destinations/batch-rules.ts";
import type { KindConfig } from "../destinations/kind.ts";
import type { KindProblem, KindRules } from "../destinations/kind-rules.ts";
import { hostOf, isVerifiable, kindNamed, WEBHOOK_KIND } from "../destinations/kinds.ts";
import { type CompiledFilter, compileFilter } from "../filter/compile.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { ApplicationTable, EndpointTable } from "../store/schema.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import { type RequestSigner, requestSigner } from "./delivery/request-signer.ts";
import { masked } from "./secret-headers.ts";
import { authHeaderNames, type EndpointEgress, type EndpointProxy } from "./endpoint/egress.ts";
import { toFlow } from "./endpoint/flow.ts";
import { type Forwarding, toForwarding } from "./endpoint/forwarding.ts";
import { keyOf } from "./endpoint/secret-form.ts";
import { standardSigner } from "./endpoint/standard-signer.ts";
import { openConfig } from "./endpoint/sealed-config.ts";
import { type Grant, grantOf, toVerification } from "./endpoint/verification.ts";
import { EndpointPolicy } from "./policy/endpoint-policy.ts";
import { layerOf, over } from "./policy/resolve.ts";
import type { PolicyValues } from "./policy/sections.ts";
import type { FormatValues } from "./policy/format.ts";
import type { Transformation } from "../transform/types.ts";
import { sealedIn } from "../store/sealed-columns.ts";

/** Names of the header in which a delivery names its sender. Version 1.0.1 of CloudEvents web hooks and earlier ones call it `Origin`. */
const ORIGIN_HEADERS: readonly string[] = ["webhook-request-origin", "origin"];

/** An endpoint in the form that delivery uses. Encrypted values are decrypted on first use. */
export class DirectoryEndpoint {
  readonly key: number;
  readonly id: string;
  readonly uid: string | null;
  /** Name of its destination kind, which this version may not support. */
  readonly destinationKind: string;
  /** URL of a webhook; for other kinds, where messages go, without secrets. */
  readonly url: string;
  /** Settings for forwarding inbound requests. */
  readonly forward: Forwarding;
  readonly disabled: boolean;
  /** Which deliveries it may receive, according to its endpoint verification. */
  readonly grant: Grant;
  /** Egress allow setting of the application; `null`: the platform's applies. */
  readonly egressAllow: string | null;
  /** `null`: all. */
  readonly eventTypes: ReadonlySet<string> | null;
  /** `null`: messages with and without channels. */
  readonly channels: ReadonlySet<string> | null;
  /** Whether it exists only as the target of a replay to a URL: no message matches it, and it is not listed. */
  readonly oneOff: boolean;
  /** When the next rotated secret expires and the entry must be reloaded. */
  readonly signerExpiresAt: number;
  readonly #below: ApplicationSettings;
  readonly #kinds: KindRules;
  /** Whether this node cannot send to its kind. */
  readonly #isLeftToOthers: boolean;
  /** Whether it has a filter. */
  readonly filtered: boolean;
  readonly #discardUpTo: number | null;
  readonly #secretBox: SecretBox;
  readonly #filterJson: string | null;
  readonly #sealedTransformation: Uint8Array | null;
  readonly #sealedHeaders: Uint8Array | null;
  readonly #sealedEgress: Uint8Array | null;
  readonly #sealedConfig: Uint8Array | null;
  readonly #sealedSecrets: readonly SealedSecret[];
  #config: KindConfig | null = null;
  #filter: CompiledFilter | null = null;
  #transformation: Transformation | null = null;
  #headers: readonly string[] | null = null;
  #headerNames: ReadonlySet<string> | null = null;
  #maskedHeaders: readonly (string | null)[] | null = null;
  #ownEgress: EndpointEgress | null = null;
  #egress: EndpointEgress | null = null;
  #signer: StandardSigner | null = null;
  #requestSigner: RequestSigner | null | undefined = undefined;

  /** Redacts what is recorded of its responses; `null`: no rule applies. */
  readonly redactor: Redactor | null;
  /** Effective policy of its deliveries. */
  readonly policy: EndpointPolicy;

  /**
   * @param secrets Secrets that currently sign, newest first.
   */
  constructor(
    row: EndpointRow,
    secrets: readonly SealedSecret[],
    { secretBox, kinds, below, redactor }: EndpointSurroundings,
  ) {
    this.redactor = redactor;
    this.key = row.id;
    this.id = row.public_id;
    this.uid = row.uid;
    this.forward = toForwarding(row.forward_json);
    this.destinationKind = row.kind;
    this.#kinds = kinds;
    this.#isLeftToOthers = row.kind !== WEBHOOK_KIND && kinds.problemHere(row.kind) !== null;
    this.url = row.url;
    this.disabled = row.disabled === 1;
    this.egressAllow = below.egressAllow;
    this.eventTypes = setOf(row.event_types_json);
    this.channels = setOf(row.channels_json);
    this.oneOff = row.replay_task_id !== null;
    this.signerExpiresAt = Math.min(...secrets.map((secret) => secret.expires_at ?? Number.POSITIVE_INFINITY));
    const values = over(below.policy, layerOf(row), "endpoint");
    const flow = toFlow(row.flow_json);
    this.#discardUpTo = flow.discardUpTo;
    this.grant = isVerifiable(row.kind)
      ? grantOf(toVerification(row.verification_json), values.verification, row.url)
      : WITHOUT_VERIFICATION;
    this.policy = new EndpointPolicy(values, {
      tenant: row.app_id,
      host: () => hostOf(row.url),
      perMinute: this.grant.perMinute,
      flow,
      batches: () => this.#batchRules(),
    });
    this.#below = below;
    this.filtered = row.filter_json !== null;
    this.#secretBox = secretBox;
    this.#filterJson = row.filter_json;
    this.#sealedTransformation = row.transformation_enabled === 1 ? row.transformation_sealed : null;
    this.#sealedHeaders = row.headers_sealed;
    this.#sealedEgress = row.egress_sealed;
    this.#sealedConfig = row.config_sealed;
    this.#sealedSecrets = secrets;
  }

  /** Configuration of its kind, with secrets. Returns the same object each time. `null`: the kind has none. */
  get config(): KindConfig | null {
    if (this.#sealedConfig === null) return null;
    return (this.#config ??= openConfig(this.#secretBox, {
      id: this.key,
      kind: this.destinationKind,
      config_sealed: this.#sealedConfig,
    }));
  }

  #batchRules(): BatchRules | null {
    const kind = kindNamed(this.destinationKind);
    const { config } = this;
    return kind === null || config === null ? null : batchRules(kind, config);
  }

  /** Content filter; `null`: none. Compiled on first use. */
  get filter(): CompiledFilter | null {
    if (this.#filterJson === null) return null;
    return (this.#filter ??= compileFilter(this.#filterJson));
  }

  /** Transformation of its messages; `null`: none. Returns the same object each time. */
  get transformation(): Transformation | null {
    if (this.#sealedTransformation === null) return null;
    return (this.#transformation ??= JSON.parse(
      this.#open("endpoint.transformation_sealed", this.#sealedTransformation),
    ) as Transformation);
  }

  /** Whether the body it receives can differ from the published one. */
  get changesRequest(): boolean {
    return this.#sealedTransformation !== null || this.policy.values.format.body !== "as-published";
  }

  /** Whether its kind sends more of a message than its body. */
  get needsFacts(): boolean {
    return this.destinationKind !== WEBHOOK_KIND;
  }

  /** Settings for building a request to it from a message. */
  get requestSettings(): RequestSettings {
    return {
      tenant: this.policy.lane.tenant,
      key: this.key,
      url: this.url,
      headers: this.headers,
      fixedHeaders: [...authHeaderNames(this.egress.auth), ...this.#originNames],
      transformation: this.transformation,
      format: this.policy.values.format,
    };
  }

  /** As `maskedHeaders`, for headers other than its own. */
  masked(headers: readonly string[]): readonly (string | null)[] {
    return [...masked(headers), ...authHeaderNames(this.egress.auth).flatMap((name) => [name, null])];
  }

  /** Flat list of names and values in their original case, without the headers that the credentials set. */
  get headers(): readonly string[] {
    this.#headers ??= [
      ...(this.#sealedHeaders === null
        ? []
        : flatten(this.#open("endpoint.headers_sealed", this.#sealedHeaders), [
            ...authHeaderNames(this.egress.auth),
            ...this.#originNames,
          ])),
      // An endpoint that consented to an origin receives it with each delivery (CloudEvents web hooks 1.0.2, sections 2.1 and 4.1.2).
      ...(this.requestOrigin === null
        ? []
        : ["WebHook-Request-Origin", this.requestOrigin, "Origin", this.requestOrigin]),
    ];
    return this.#headers;
  }

  get #originNames(): readonly string[] {
    return this.requestOrigin === null ? [] : ORIGIN_HEADERS;
  }

  /** Lower-case names of its own headers and those of its credentials, which replace the headers of a forwarded request. */
  get headerNames(): ReadonlySet<string> {
    this.#headerNames ??= new Set([
      ...authHeaderNames(this.egress.auth),
      ...this.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
    ]);
    return this.#headerNames;
  }

  /** Whether its deliveries are on hold because the endpoint is disabled, not verified, or of a kind that this node cannot use. */
  get isHeld(): boolean {
    return this.disabled || this.grant.held || this.#isLeftToOthers;
  }

  /** Why no node sends to it; `null` if one does. Changes as nodes join and leave. */
  get kindProblem(): KindProblem | null {
    return this.#kinds.problem(this.destinationKind, this.key);
  }

  /** Whether its delivery of this message, unless requested manually, was discarded when the endpoint was enabled again. */
  discards(messageKey: number): boolean {
    return this.#discardUpTo !== null && messageKey <= this.#discardUpTo;
  }

  /** The origin from which it consented to receive deliveries; `null`: none. */
  get requestOrigin(): string | null {
    return this.grant.proof?.requestOrigin ?? null;
  }

  /** Whether its deliveries use the endpoint's or the application's proxy; `null`: the platform's, if any. */
  get proxyOf(): "endpoint" | "application" | null {
    if (this.#own.proxy !== undefined) return "endpoint";
    return this.#below.proxy === null ? null : "application";
  }

  /** `headers` and those of the credentials, with `null` in place of values that must not be stored in plain text. */
  get maskedHeaders(): readonly (string | null)[] {
    this.#maskedHeaders ??= this.masked(this.headers);
    return this.#maskedHeaders;
  }

  /** Credentials, TLS settings and proxy. Returns the same object each time, because the HTTP client caches by it. */
  get egress(): EndpointEgress {
    if (this.#egress === null) {
      const { proxy } = this.#below;
      this.#egress = proxy === null || this.#own.proxy !== undefined ? this.#own : { ...this.#own, proxy };
    }
    return this.#egress;
  }

  /** Its own egress settings, without the application's proxy. */
  get #own(): EndpointEgress {
    this.#ownEgress ??=
      this.#sealedEgress === null
        ? NO_EGRESS
        : (JSON.parse(this.#open("endpoint.egress_sealed", this.#sealedEgress)) as EndpointEgress);
    return this.#ownEgress;
  }

  /** Signer for Standard Webhooks. */
  get signer(): StandardSigner {
    this.#signer ??= standardSigner(this.#secrets().map(keyOf));
    return this.#signer;
  }

  /** Signer for the format that the policy sets in addition to, or instead of, Standard Webhooks; `null`: none. */
  get requestSigner(): RequestSigner | null {
    if (this.#requestSigner === undefined) {
      const { signing } = this.policy.values;
      this.#requestSigner = signing.style === "standard" ? null : requestSigner(signing, this.#secrets(), this.id);
    }
    return this.#requestSigner;
  }

  #open(
    column: "endpoint.headers_sealed" | "endpoint.egress_sealed" | "endpoint.transformation_sealed",
    sealed: Uint8Array,
  ): string {
    return this.#secretBox.open(sealed, sealedIn(column, this.key));
  }

  /** Secrets that currently sign, newest first. */
  #secrets(): string[] {
    return this.#sealedSecrets.map(({ id, secret_sealed: sealed }) =>
      this.#secretBox.open(sealed, sealedIn("endpoint_secret.secret_sealed", this.key, id)),
    );
  }
}

type EndpointRow = Selectable<EndpointTable>;

/** Settings that the endpoints of an application share. */
export interface EndpointSurroundings {
  readonly secretBox: SecretBox;
  readonly kinds: KindRules;
  /** Settings of the application. */
  readonly below: ApplicationSettings;
  /** See `DirectoryApplication`. */
  readonly redactor: Redactor | null;
}

/** Settings of an application for all its endpoints. Its proxy is decrypted on first use, and all endpoints share the same object. */
export class ApplicationSettings {
  readonly egressAllow: string | null;
  readonly policy: PolicyValues;
  readonly #secretBox: SecretBox;
  readonly #key: number;
  readonly #sealed: Uint8Array | null;
  #proxy: EndpointProxy | null = null;

  constructor(
    row: Pick<Selectable<ApplicationTable>, "id" | "egress_allow" | "egress_sealed">,
    policy: PolicyValues,
    secretBox: SecretBox,
  ) {
    this.egressAllow = row.egress_allow;
    this.policy = policy;
    this.#secretBox = secretBox;
    this.#key = row.id;
    this.#sealed = row.egress_sealed;
  }

  get proxy(): EndpointProxy | null {
    if (this.#sealed === null) return null;
    if (this.#proxy !== null) return this.#proxy;
    const opened = this.#secretBox.open(this.#sealed, sealedIn("application.egress_sealed", this.#key));
    this.#proxy = (JSON.parse(opened) as { proxy: EndpointProxy }).proxy;
    return this.#proxy;
  }
}

const NO_EGRESS: EndpointEgress = {};
const WITHOUT_VERIFICATION: Grant = { required: null, proof: null, held: false, perMinute: null };

export interface SealedSecret {
  readonly id: number;
  readonly secret_sealed: Uint8Array;
  readonly expires_at: number | null;
}

function setOf(json: string | null): ReadonlySet<string> | null {
  return json === null ? null : new Set(JSON.parse(json) as string[]);
}

function flatten(json: string, without: readonly string[]): readonly string[] {
  const entries = Object.entries(JSON.parse(json) as Record<string, string>);
  return entries.filter(([name]) => !without.includes(name.toLowerCase())).flat();
}

/** Settings of an endpoint that determine its requests. */
export interface RequestSettings {
  /** Key of the application; with `key`, used for fair scheduling. */
  readonly tenant: number;
  readonly key: number;
  readonly url: string;
  /** Flat list of names and values of the endpoint's headers. */
  readonly headers: readonly string[];
  /** Lower-case names of headers that a transformation cannot set: those of the credentials, and the consented origin. */
  readonly fixedHeaders: readonly string[];
  readonly transformation: Transformation | null;
  readonly format: FormatValues;
}
