import type { AsymmetricScheme } from "./scheme/asymmetric.ts";
import type { CredentialScheme } from "./scheme/credential.ts";
import type { HmacScheme } from "./scheme/hmac.ts";
import type { JwtScheme } from "./scheme/jwt.ts";
import { plainHash } from "./scheme/plain-hash.ts";
import type { SignedOptions } from "./scheme/signed.ts";
import type { StandardScheme } from "./scheme/standard.ts";
import type { ProviderDefinition, Scheme, Trust } from "./types.ts";

/**
 * The strongest proof that a provider offers itself, not counting a secret that the receiver puts into the URL.
 *
 * @param definition Definition of the provider.
 * @returns `signed`, `shared-secret` or `none`.
 *
 * @example
 *
 * ```ts
 * import { providerTrust } from "@posthorn/webhooks/provider";
 * import { dockerHub } from "@posthorn/webhooks/providers/docker-hub";
 * import { stripe } from "@posthorn/webhooks/providers/stripe";
 *
 * console.log(providerTrust(stripe), providerTrust(dockerHub)); // signed none
 * ```
 */
export function providerTrust(definition: ProviderDefinition): Trust {
  const { schemes, unsigned } = definition;
  const best = schemes.find(({ kind }) => kind !== "url-secret");
  if (best === undefined || (unsigned !== undefined && best.trust === "shared-secret")) return "none";
  return best.trust;
}

/**
 * Describes in one line where the proof of a scheme is in the request and how it is computed.
 *
 * @param scheme A scheme of a definition.
 * @returns Text such as `x-hub-signature-256: sha256=hex(HMAC-SHA256 of {body})`.
 *
 * @example
 *
 * ```ts
 * import { schemeSummary } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 *
 * console.log(schemeSummary(github.schemes[0])); // x-hub-signature-256: sha256=hex(HMAC-SHA256 of {body})
 * ```
 */
export function schemeSummary(scheme: Scheme): string {
  if (scheme.summary !== undefined) return scheme.summary;
  switch (scheme.kind) {
    case "hmac":
      return hmacSummary(scheme as HmacScheme);
    case "asymmetric": {
      const { options } = scheme as AsymmetricScheme;
      return place(options, `${options.encoding ?? "base64"}(${options.algorithm.name} of ${signedText(options)})`);
    }
    case "standard-webhooks": {
      const { options } = scheme as StandardScheme;
      const also = options.asymmetric === true ? " or v1a,base64(Ed25519)" : "";
      return `${options.prefixes[0]}-signature: v1,base64(HMAC-SHA256 of {id}.{ts}.{body})${also}`;
    }
    case "jwt": {
      const { options } = scheme as JwtScheme;
      const hash = options.bodyHash && `, ${options.bodyHash.claim} = ${options.bodyHash.encoding}(SHA-256 of {body})`;
      const before = options.scheme === undefined ? "" : `${options.scheme} `;
      return `${options.header}: ${before}JWT ${options.algorithms.join("/")}${hash ?? ""}`;
    }
    case "credential": {
      const { options } = scheme as CredentialScheme;
      if (options.body !== undefined) return `body.${options.body} equals the secret`;
      const names = [options.header ?? []].flat().join(" or ");
      return `${names}${options.configurable === true ? " or a header of your choice" : ""} equals the secret`;
    }
    case "basic":
      return "authorization: Basic user:password";
    case "url-secret":
      return "a segment of the URL's path or a value of its query equals the secret";
    default:
      return scheme.name;
  }
}

function hmacSummary({ options }: HmacScheme): string {
  const { hash = "sha256", encoding = "hex" } = options;
  const name = options.mac === plainHash ? hash.toUpperCase() : `HMAC-${hash.toUpperCase()}`;
  return place(options, `${encoding}(${name} of ${signedText(options)})`);
}

function place({ header, fields, prefix = "" }: SignedOptions, value: string): string {
  const name = fields === undefined ? prefix : `${fields.signature}=`;
  return `${[header ?? []].flat().join(" or ")}: ${name}${value}`;
}

function signedText({ signed = "{body}", signedText: words = "" }: SignedOptions): string {
  return typeof signed === "string" ? signed : words;
}
