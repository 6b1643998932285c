import { ecdsaSignatureFromDer, publicKey } from "../crypto/public-key.ts";
import { decodeBase64Url, decodeUtf8, equalBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { derBytes, type KeyInput } from "../provider/keys.ts";
import { parseJson } from "../provider/payload.ts";
import { requireField } from "../provider/require.ts";
import { type Claims, parseToken } from "../provider/scheme/jwt.ts";
import { scalar, walk } from "../provider/select.ts";
import type { Evidence, ProviderConfig, ProviderDefinition, Scheme } from "../provider/types.ts";
import { type Certificate, parseCertificate } from "../provider/x509.ts";

// Marker extensions of Apple's App Store certificates, as hexadecimal of their DER object identifiers.
const LEAF_MARKER = "2a864886f76364060b01";
const INTERMEDIATE_MARKER = "2a864886f76364060201";

/** A signed payload whose certificate chain ends at the root certificate that the caller pins. */
const jws: Scheme = {
  kind: "apple-jws",
  name: "jws",
  trust: "signed",
  covers: "body",
  summary: "signedPayload = JWS ES256 with a chain of three certificates to the pinned root",
  needs: "publicKeys",
  claimed: ({ inbound }) => signedPayload(inbound.text()) !== undefined,
  async verify(context): Promise<Evidence> {
    const token = requireField(signedPayload(context.inbound.text()), "signedPayload");
    const { header, claims, signature, parts } = parseToken(token);
    if (header["alg"] !== "ES256" || header["crit"] !== undefined) {
      throw new WebhookError("unsupported_algorithm", "The payload is not signed with ES256.");
    }
    const signedAt = claims["signedDate"];
    const at = typeof signedAt === "number" ? signedAt : (context.now ?? Date.now)();
    const { leaf, rootIndex } = await verifyChain(readChain(header["x5c"]), context.publicKeys, at);
    if (leaf.curve !== "p256" || !(await publicKey("ecdsa-p256-sha256", leaf).verify(signature, parts))) {
      throw new WebhookError("signature_mismatch", "The signature of signedPayload does not match.");
    }
    checkApp(claims, context.config);
    return { secretIndex: rootIndex, signedAt: typeof signedAt === "number" ? signedAt : undefined, claims };
  },
};

async function verifyChain(
  chain: readonly Certificate[],
  pinned: readonly KeyInput[],
  at: number,
): Promise<{ readonly leaf: Certificate; readonly rootIndex: number }> {
  const roots = pinned.map((key) =>
    typeof key === "string" ? parseCertificate(derBytes(key) ?? new Uint8Array()) : undefined,
  );
  if (!roots.some((root) => root !== undefined)) {
    throw new WebhookError("key_unavailable", "Pass Apple Root CA - G3 (PEM or Base64 of DER) as publicKeys.");
  }
  const [leaf, intermediate] = chain;
  if (chain.length !== 3 || leaf === undefined || intermediate === undefined)
    throw untrusted("does not have three certificates");
  if (!leaf.extensions.includes(LEAF_MARKER) || !intermediate.extensions.includes(INTERMEDIATE_MARKER)) {
    throw untrusted("does not belong to the App Store");
  }
  // The root certificate in the request only names a root; the pinned one is used.
  for (const [rootIndex, root] of roots.entries()) {
    if (root === undefined || !(await isIssuedBy(intermediate, root))) continue;
    if (!intermediate.isAuthority || !(await isIssuedBy(leaf, intermediate))) throw untrusted("is inconsistent");
    if ([leaf, intermediate, root].every(({ notBefore, notAfter }) => at >= notBefore && at <= notAfter)) {
      return { leaf, rootIndex };
    }
    throw untrusted("was not valid at the time of signing");
  }
  throw untrusted("does not end at a pinned root certificate");
}

async function isIssuedBy(subject: Certificate, issuer: Certificate): Promise<boolean> {
  const { signatureHash } = subject;
  if (signatureHash === undefined || issuer.curve === undefined) return false;
  if (!equalBytes(subject.issuer, issuer.subject)) return false;
  const signature = ecdsaSignatureFromDer(subject.signature, issuer.curve);
  if (signature === undefined) return false;
  return publicKey(`ecdsa-${issuer.curve}-${signatureHash}`, issuer).verify(signature, [subject.signed]);
}

function readChain(x5c: unknown): Certificate[] {
  if (!Array.isArray(x5c)) return [];
  return x5c.slice(0, 4).flatMap((text: unknown) => {
    const der = typeof text === "string" ? derBytes(text) : undefined;
    return (der && parseCertificate(der)) ?? [];
  });
}

function checkApp(claims: Claims, config: ProviderConfig): void {
  const app = claims["data"] ?? claims["summary"] ?? claims["externalPurchaseToken"];
  for (const name of ["bundleId", "appAppleId", "environment"]) {
    const expected = config[name];
    if (expected === undefined || scalar(walk(app, name)) === expected) continue;
    throw new WebhookError("token_invalid", `The notification is for another ${name}.`, { field: `data.${name}` });
  }
}

function signedPayload(text: string): string | undefined {
  const value = walk(parseJson(text), "signedPayload");
  return typeof value === "string" ? value : undefined;
}

/** The claims without verification, for describing a notification. */
function readPayload(text: string): unknown {
  const bytes = decodeBase64Url(signedPayload(text)?.split(".")[1] ?? "");
  return parseJson((bytes && decodeUtf8(bytes)) ?? "");
}

function untrusted(why: string): WebhookError {
  return new WebhookError("certificate_untrusted", `The certificate chain ${why}.`, { field: "x5c" });
}

/** The nested signedTransactionInfo and signedRenewalInfo are separate tokens. Verify them too. */
export const appleAppstore: ProviderDefinition = {
  id: "apple-appstore",
  name: "Apple App Store Server Notifications V2",
  aliases: ["apple"],
  group: "payments",
  schemes: [jws],
  secret: "Apple Root CA - G3 certificate, pinned",
  config: { bundleId: "bundle ID of the app", appAppleId: "Apple ID of the app", environment: "Production or Sandbox" },
  payload: readPayload,
  event: ["{body:notificationType}.{body:subtype}", "{body:notificationType}"],
  delivery: "{body:notificationUUID}",
  time: "{body:signedDate}",
  respond: { status: 200 },
  retry: "5 times: after 1, 12, 24, 48 and 72 h",
};
