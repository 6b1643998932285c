import type { Awaitable } from "../awaitable.ts";
import type { ClockOptions } from "../clock.ts";
import type { WebhookError } from "../errors.ts";
import type { Inbound, PayloadReader } from "./inbound.ts";
import type { FetchKey, KeyInput } from "./keys.ts";
import type { Finder, Selector, Templates } from "./select.ts";

/**
 * Evidence that an accepted request provides.
 *
 * - `signed`: the sender holds a key, and the parts that the scheme covers are unchanged.
 * - `shared-secret`: the sender knows a fixed credential. The body is not protected.
 * - `none`: nothing. The provider offers no proof, and the caller allowed unsigned requests.
 */
export type Trust = "signed" | "shared-secret" | "none";

/** Part of the request that a scheme protects. With `fields`, the rest of the body can be changed in transit. */
export type Coverage = "body" | "fields" | "nothing";

/** Section of the provider catalogue. */
export type ProviderGroup =
  | "development"
  | "observability"
  | "payments"
  | "messaging"
  | "business"
  | "content"
  | "cloud"
  | "identity"
  | "infrastructure";

/** Settings by the names that a definition lists under `config`. */
export type ProviderConfig = Readonly<Record<string, string | undefined>>;

/**
 * A secret part of a request: a selector, in whose path `*` stands for every item of a list; an XML element; or `url`
 * for a secret in the path or query.
 */
export type SecretPart = Selector | `xml:${string}` | "url";

/** Input of a scheme that verifies a request. */
export interface SchemeContext extends ClockOptions {
  /** The request. */
  readonly inbound: Inbound;
  /** Secrets from the caller. */
  readonly secrets: readonly string[];
  /** Public keys and certificates from the caller. */
  readonly publicKeys: readonly KeyInput[];
  /** Settings from the caller. */
  readonly config: ProviderConfig;
  /** Fetches a certificate, key or key set. The built-in fetcher is used when the caller passed none. */
  readonly fetchKey?: FetchKey;
  /** Prepared keys, kept as long as the verifier. */
  readonly cache: Map<unknown, unknown>;
}

/** Facts that a scheme established about an accepted request. */
export interface Evidence {
  /** Signed timestamp in milliseconds since the Unix epoch. */
  readonly signedAt?: number | undefined;
  /** Claims, for token schemes. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Delivery ID, if the signature covers it. */
  readonly id?: string;
  /** Position of the secret or key that matched, starting at 0. */
  readonly secretIndex: number;
}

/**
 * One way in which a provider authenticates its requests. Each scheme is created by a function of a separate module
 * (`hmac`, `jwt`, …), so that a bundle contains only the schemes that its definitions use. A scheme throws nothing
 * but {@link WebhookError}.
 */
export interface Scheme {
  /** Kind of scheme, such as `hmac`. */
  readonly kind: string;
  /** Distinguishes the schemes of one provider. */
  readonly name: string;
  /** Evidence that an accepted request provides. */
  readonly trust: Exclude<Trust, "none">;
  /** Part of the request that is protected. */
  readonly covers: Coverage;
  /** One-line description of what is checked, for schemes whose kind and options do not show it. */
  readonly summary?: string;
  /** Keys that the caller must supply. Public keys may also be fetched. */
  readonly needs: "secrets" | "publicKeys";
  /** Parts of the request that are credentials. */
  readonly mask?: readonly SecretPart[];
  /**
   * Whether the request appears to use this scheme. The first such scheme decides; there is no fallback to a weaker
   * one.
   */
  claimed(context: SchemeContext): boolean;
  /** Verifies the request, or throws a {@link WebhookError}. */
  verify(context: SchemeContext): Awaitable<Evidence>;
}

/** Action that a handshake requires besides the response. */
export type HandshakeAction =
  /** Send a GET to this URL, which is on the provider's allow list, to confirm the subscription. */
  | { readonly kind: "fetch"; readonly url: string }
  /** Store this secret: the provider signs with it from now on. */
  | { readonly kind: "store-secret"; readonly secret: string };

/** A response, ready to be sent. */
export interface WebhookResponse {
  /** HTTP status code. */
  readonly status: number;
  /** Response headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Response body; empty when there is none. */
  readonly body: string;
}

/** Response to a handshake. A handshake is not an event and must not reach the handler. */
export interface HandshakeResponse extends WebhookResponse {
  /** Action that the handshake requires besides the response. */
  readonly action?: HandshakeAction;
  /** Error of a refused handshake. */
  readonly error?: WebhookError;
}

/** Input of a handshake. */
export interface HandshakeContext extends SchemeContext {
  /** Throws unless the request is signed the way the provider signs events. */
  verify(): Promise<void>;
}

/** A request that expects a specific response, before or besides events. */
export interface Handshake {
  /** One-line description of request and response, for the provider table. */
  readonly summary: string;
  /** The response; `undefined` when the request is not this handshake. Throws a {@link WebhookError} to refuse it. */
  respond(context: HandshakeContext): Promise<HandshakeResponse | undefined> | HandshakeResponse | undefined;
}

/** Response that a provider expects. */
export interface ResponseContract {
  /** Status for an accepted delivery. Defaults to 200. */
  readonly status?: number;
  /** Content type of the response. */
  readonly contentType?: string;
  /** Body of the response. */
  readonly body?: string;
  /** Header of the request that the response must repeat. */
  readonly echo?: string;
  /** Status for a delivery that does not verify. Defaults to 401. */
  readonly reject?: number;
  /** Timeout of the provider in seconds. */
  readonly within?: number;
  /** Statuses with a special meaning, and anything else that the other fields cannot express. */
  readonly note?: string;
}

/** How to treat requests without proof, for providers that offer none. */
export interface UnsignedPolicy {
  /** What to do instead of verifying, for documentation and errors. */
  readonly instead: string;
  /** Throws unless the caller allows unsigned requests and this one is at least well-formed. */
  readonly admit: (inbound: Inbound, name: string, allowed: boolean) => void;
}

/** Several events in one request: path of the list, and templates whose `body:` paths start at one item. */
export interface Batch {
  /** Path of the list in the payload; `""` when the payload is the list. */
  readonly at: string;
  /** Event type of one item. */
  readonly event?: Templates;
  /** ID of one item. */
  readonly id?: Templates;
  /** Time of one item. */
  readonly time?: Templates;
}

/**
 * Everything that is known about a provider, as data. The comment above a definition describes common mistakes with
 * that provider and becomes part of the documentation.
 *
 * See `docs/webhooks/custom-provider.md` for how to write one.
 */
export interface ProviderDefinition {
  /** Stable ID in lower case, such as `github`. */
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  /** Other IDs under which `findProvider` finds it. */
  readonly aliases?: readonly string[];
  /** Section of the catalogue. */
  readonly group: ProviderGroup;
  /** Ways to authenticate requests, strongest first; at least one. */
  readonly schemes: readonly [Scheme, ...Scheme[]];
  /** Set when requests may arrive without any proof. */
  readonly unsigned?: UnsignedPolicy;
  /** Name of the secret or public key at the provider. */
  readonly secret?: string;
  /** Settings that the request does not contain, such as the public URL: name and description. */
  readonly config?: Readonly<Record<string, string>>;
  /** Extracts the payload from the body. Defaults to JSON. */
  readonly payload?: PayloadReader;
  /** Finds the event type. */
  readonly event?: Finder;
  /** Finds the delivery ID that stays the same over the provider's retries. Absent when there is none. */
  readonly delivery?: Templates;
  /** Finds the time of the event: Unix seconds or milliseconds, or ISO 8601. */
  readonly time?: Finder;
  /** Set when one request can contain several events. */
  readonly batch?: Batch;
  /** Handshakes that the provider performs. */
  readonly handshakes?: readonly Handshake[];
  /** Response that the provider expects. */
  readonly respond?: ResponseContract;
  /** Retry schedule of the provider. */
  readonly retry?: string;
  /** Credentials in the request besides those of the schemes. Mask them before storing, showing or forwarding. */
  readonly mask?: readonly SecretPart[];
}
