/** Rules of the installation that operations apply: limits, defaults, and what its settings allow. */
import type { KindRules } from "../destinations/kind-rules.ts";
import type { SourceKindRules } from "../sources/kind-rules.ts";
import type { EndpointEgress, EndpointProxy } from "./endpoint/egress.ts";
import type { PortalLook } from "./portal/look.ts";
import type { RetentionPeriods } from "./retention/retention.ts";
import type { PlatformDefaults } from "./policy/section.ts";

export interface DomainRules {
  /** Destination kinds that this installation can use. */
  readonly kinds: KindRules;
  /** Source kinds that this installation can use. */
  readonly sourceKinds: SourceKindRules;
  /** Maximum number of sources per organisation that Posthorn reads: those of all kinds except webhooks. */
  readonly sourceQuota: number;
  readonly maxPayloadBytes: number;
  /** Maximum body size of an inbound webhook. */
  readonly maxInboundBytes: number;
  /** Checks the URL of an endpoint and returns it normalised, or throws an error that names the problem. `allow`: see `egress_allow`. */
  readonly normaliseUrl: (url: string, allow: string | null) => string;
  /** Returns an allow list in its canonical spelling, or throws an error that names the problem. */
  readonly normaliseAllow: (words: string) => string;
  /** The words of an allow list that have no effect, because the operator does not allow them. */
  readonly refusedWords: (words: string) => readonly RefusedTarget[];
  /** Why a proxy is refused, based only on its URL; `null` if it is not. */
  readonly refusedProxy: (proxy: EndpointProxy) => RefusedTarget | null;
  /** The first of these endpoint settings that the HTTP client cannot use; `null`: all are valid. */
  readonly egressProblem: (settings: EndpointEgress, allow: string | null) => EgressProblem | null;
  /** Policy values that apply where neither application nor endpoint sets one. */
  readonly policyDefaults: PlatformDefaults;
  /** Why a word is not an address, a network or a known list of allowed senders; `null` if it is one. */
  readonly addressProblem: (word: string) => string | null;
  /** Retention periods. */
  readonly retention: RetentionPeriods;
  /** Maximum number of watches of an organisation, and of keys of all of them together. */
  readonly watches: { readonly max: number; readonly maxKeys: number };
  /** Name of this installation, such as `production`; empty: none. */
  readonly environment: string;
  /** Branding of the customer portal. */
  readonly portalLook: PortalLook;
  /** HTTPS URL of the operator's documentation, which the customer portal links to; `null`: none. */
  readonly portalDocs: string | null;
  /** Clients that people connect to the MCP endpoint with OAuth. */
  readonly connectedClients: ConnectedClientRules;
  /** Public URL of this server, without a trailing slash. */
  readonly publicUrl: () => string;
  /** Base URL for inbound webhooks, without a trailing slash. */
  readonly ingestUrl: () => string;
  /** Domain of the addresses of `email` sources, in lower case; empty: this server receives no emails. */
  readonly mailDomain: string;
  /** Whether inbound webhooks have a separate origin, apart from the dashboard and the portal. */
  readonly separateIngest: boolean;
  /** Template of links to traces; empty: there are none. */
  readonly traceUrl: string;
  /** Whether listeners may connect with a listen token, without another credential. */
  readonly listenTokens: boolean;
}

/** A target that applications may not open on this server. */
export interface RefusedTarget {
  /** A word of an allow list, or a host. */
  readonly text: string;
  /** `deny`: it is on the deny list of the operator. `port`: no target may have the port of this proxy. */
  readonly reason: "rules" | "deny" | "port";
}

export interface EgressProblem {
  /** Path of the setting. */
  readonly path: readonly string[];
  readonly message: string;
}

export interface ConnectedClientRules {
  /** How clients identify themselves: with a metadata document or by registering, with a document only, or not at all. */
  readonly registration: "on" | "documents" | "off";
  /** Whether the MCP endpoint has tools that write. */
  readonly write: boolean;
}
