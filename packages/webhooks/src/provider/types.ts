import type { Awaitable } from "../awaitable.ts";
import type { ClockOptions } from "../clock.ts";
import type { WebhookError } from "../errors.ts";
import type { Inbound, PayloadReader } from "./inbound.ts";
import type { FetchKey, KeyInput } from "./keys.ts";
import type { Finder, Selector, Templates } from "./select.ts";

/**
 * What an accepted request proves.
 * - `signed`: whoever sent it holds a key, and what the scheme covers has not changed on the way.
 * - `shared-secret`: whoever sent it knows a fixed credential; the body could be anybody's.
 * - `none`: nothing. The provider has no means of its own, and the caller asked to let it pass.
 */
export type Trust = "signed" | "shared-secret" | "none";

/** How much of the request a scheme protects. With `fields` the rest of the body can be changed on the way. */
export type Coverage = "body" | "fields" | "nothing";

/** Chapters of the catalogue. */
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

/** Values by the names that a definition lists under `config`. */
export type ProviderConfig = Readonly<Record<string, string | undefined>>;

/**
 * A part of the request: a selector, in whose path `*` stands for every item of a list; an XML element; or `url`, whose
 * path or query holds the secret.
 */
export type SecretPart = Selector | `xml:${string}` | "url";

/** What a scheme sees while it verifies. */
export interface SchemeContext extends ClockOptions {
  readonly inbound: Inbound;
  readonly secrets: readonly string[];
  readonly publicKeys: readonly KeyInput[];
  readonly config: ProviderConfig;
  /** Looks up a certificate, key set or key; the built-in one is used when the caller gave none. */
  readonly fetchKey?: FetchKey;
  /** Prepared keys, kept as long as the verifier. */
  readonly cache: Map<unknown, unknown>;
}

/** What a scheme found out beyond "it matches". */
export interface Evidence {
  /** Signed time of the attempt in Unix milliseconds. */
  readonly signedAt?: number | undefined;
  /** Claims, where the scheme is a token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Delivery id, where the signature covers it. */
  readonly id?: string;
  /** Which of the given secrets or keys matched. */
  readonly secretIndex: number;
}

/**
 * One way in which a provider proves itself. A scheme is made by a function of its own module (`hmac`, `jwt`, …), so
 * that a bundle holds the schemes its definitions name and no others. It throws `WebhookError` and nothing else.
 */
export interface Scheme {
  readonly kind: string;
  /** Tells the schemes of one provider apart. */
  readonly name: string;
  readonly trust: Exclude<Trust, "none">;
  readonly covers: Coverage;
  /** What is checked, in one line, where kind and options do not say it. */
  readonly summary?: string;
  /** What the caller brings. Public keys may also be fetched. */
  readonly needs: "secrets" | "publicKeys";
  /** Parts of the request that are credentials. */
  readonly mask?: readonly SecretPart[];
  /** Whether the request claims to be signed this way. The first scheme that is claimed decides: no falling back. */
  claimed(context: SchemeContext): boolean;
  verify(context: SchemeContext): Awaitable<Evidence>;
}

/** Something the receiver still has to do for a handshake to succeed. */
export type HandshakeAction =
  /** GET this address, which is on the provider's allow-list: it confirms the subscription. */
  | { readonly kind: "fetch"; readonly url: string }
  /** Keep this secret: the provider signs with it from now on. */
  | { readonly kind: "store-secret"; readonly secret: string };

/** A response, ready to be sent. */
export interface WebhookAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a handshake. Such a request is not an event: it goes no further. */
export interface HandshakeAnswer extends WebhookAnswer {
  readonly action?: HandshakeAction;
  /** Why the handshake was refused, when it was. */
  readonly error?: WebhookError;
}

/** What a handshake sees. */
export interface HandshakeContext extends SchemeContext {
  /** Throws unless the request is signed as the provider signs events. */
  verify(): Promise<void>;
}

/** A request that asks for an answer of its own, before or beside the events. */
export interface Handshake {
  /** What is asked and answered, in one line for the table of providers. */
  readonly summary: string;
  /** The answer, or `undefined` when the request is not this handshake. Throws `WebhookError` to refuse it. */
  answer(context: HandshakeContext): Promise<HandshakeAnswer | undefined> | HandshakeAnswer | undefined;
}

/** How a provider wants to be answered. */
export interface ResponseContract {
  /** Status for a delivery that was taken in; 200 unless given. */
  readonly status?: number;
  readonly contentType?: string;
  readonly body?: string;
  /** Header of the request that must come back in the answer. */
  readonly echo?: string;
  /** Status for a delivery that does not verify; 401 unless given. */
  readonly reject?: number;
  /** Seconds after which the provider gives up. */
  readonly within?: number;
  /** Statuses that mean something of their own, and whatever else the fields cannot say. */
  readonly note?: string;
}

/** What to do with requests that prove nothing, where the provider has no means of proof. */
export interface UnsignedPolicy {
  /** What to do instead of verifying. */
  readonly instead: string;
  /** Throws unless the caller lets such requests pass, and unless this one is at least well-formed. */
  readonly admit: (inbound: Inbound, name: string, allowed: boolean) => void;
}

/** Several events in one request: where the list is, and templates whose `body:` paths start at one item. */
export interface Batch {
  readonly at: string;
  readonly event?: Templates;
  readonly id?: Templates;
  readonly time?: Templates;
}

/** Everything that is known about a provider. What people get wrong with it stands in the comment above its definition. */
export interface ProviderDefinition {
  readonly id: string;
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: ProviderGroup;
  /** Strongest first; at least one. */
  readonly schemes: readonly [Scheme, ...Scheme[]];
  /** Set when requests may come without any proof. */
  readonly unsigned?: UnsignedPolicy;
  /** What the secret or public key is called at the provider. */
  readonly secret?: string;
  /** Settings that the request does not carry, such as the public URL: name and what it is. */
  readonly config?: Readonly<Record<string, string>>;
  /** How the payload is found in the body. JSON unless given. */
  readonly payload?: PayloadReader;
  /** Event type. */
  readonly event?: Finder;
  /** The delivery id that stays the same over the provider's own retries. Absent when there is none. */
  readonly delivery?: Templates;
  /** When the event happened: Unix seconds or milliseconds, or ISO 8601. */
  readonly time?: Finder;
  readonly batch?: Batch;
  readonly handshakes?: readonly Handshake[];
  readonly respond?: ResponseContract;
  /** When and how often the provider tries again. */
  readonly retry?: string;
  /** Credentials in the request beyond those of the schemes: mask them before storing, showing or forwarding. */
  readonly mask?: readonly SecretPart[];
}
