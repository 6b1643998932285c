import { concatBytes, encodeBytes, toBytes } from "../encoding.ts";
import { subtle, webBytes } from "../crypto/runtime.ts";
import { WebhookError } from "../errors.ts";
import { derBytes } from "../provider/keys.ts";
import type { AsymmetricScheme, KeyAlgorithm } from "../provider/scheme/asymmetric.ts";
import type { Scheme } from "../provider/types.ts";
import { formObject } from "../provider/payload.ts";
import { ecdsaToDer } from "./ecdsa.ts";
import { placeSignature } from "./sign-hmac.ts";
import type { Draft, SignContext } from "./draft.ts";

/** Algorithm names as used by the schemes. */
export type SigningAlgorithm = KeyAlgorithm["name"];

/** Adds a signature made with a private key. */
export async function signAsymmetric(draft: Draft, scheme: Scheme, context: SignContext): Promise<void> {
  const { options } = scheme as AsymmetricScheme;
  const sign = async (message: readonly (Uint8Array | string)[]): Promise<string> => {
    const bytes = await signWithKey(options.algorithm.name, context.privateKey, concatBytes(message.map(toBytes)));
    const der = options.algorithm.name === "ecdsa-p256-sha256" ? ecdsaToDer(bytes) : bytes;
    return encodeBytes(der, options.encoding ?? "base64");
  };
  await placeSignature(draft, options, context, sign);
  if (options.find === undefined) return;
  // A scheme that finds its signature in a form field gets it in the form.
  const [name] = [options.header ?? []].flat();
  const form = new URLSearchParams(formObject(new TextDecoder().decode(draft.body)));
  form.set(name!, draft.headers[name!]!);
  delete draft.headers[name!];
  draft.body = toBytes(form.toString());
}

/** Creates a raw signature (ECDSA: r and s concatenated) with a PKCS #8 key in PEM. */
export async function signWithKey(
  algorithm: SigningAlgorithm,
  privateKey: string,
  message: Uint8Array,
): Promise<Uint8Array> {
  const parameters = PARAMETERS[algorithm];
  const der = derBytes(privateKey);
  if (der === undefined) throw new WebhookError("argument_invalid", "privateKey must be a PKCS #8 key in PEM.");
  try {
    const key = await subtle().importKey("pkcs8", webBytes(der), parameters, false, ["sign"]);
    return new Uint8Array(await subtle().sign(parameters, key, webBytes(message)));
  } catch (cause) {
    throw new WebhookError("argument_invalid", `privateKey is not a key for ${algorithm}.`, {}, { cause });
  }
}

const PARAMETERS: Readonly<Record<SigningAlgorithm, { name: string; hash?: string; namedCurve?: string }>> = {
  ed25519: { name: "Ed25519" },
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "rsa-sha1": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  "rsa-sha256": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};
