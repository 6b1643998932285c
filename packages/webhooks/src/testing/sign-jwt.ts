import { digest } from "../crypto/digest.ts";
import { hmac } from "../crypto/hmac.ts";
import type { HashName } from "../crypto/runtime.ts";
import { encodeBase64Url, encodeBytes, encodeHex, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { JwtScheme } from "../provider/scheme/jwt.ts";
import type { Scheme } from "../provider/types.ts";
import { canonicalRequest } from "../providers/atlassian-connect.ts";
import { signWithKey } from "./sign-asymmetric.ts";
import type { Draft, SignContext } from "./draft.ts";

type Claims = Readonly<Record<string, unknown>>;

/** Adds a token with the claims that bind it to the request. */
export async function signJwt(draft: Draft, scheme: Scheme, context: SignContext): Promise<void> {
  const { options } = scheme as JwtScheme;
  const iat = Math.floor(context.now / 1000);
  const { bodyHash } = options;
  const hash = bodyHash && encodeBytes(await digest("sha256", [draft.body]), bodyHash.encoding);
  const claims = {
    iat,
    exp: iat + 60,
    ...(options.issuer && { iss: options.issuer[0] }),
    ...(bodyHash && { [bodyHash.claim]: hash }),
    ...(await OWN_CLAIMS[context.definition.id]?.(draft, context)),
  };
  const algorithm = options.algorithms[0]!;
  const token = await signToken({ alg: algorithm, typ: "JWT" }, claims, context);
  draft.headers[options.header] = options.scheme === undefined ? token : `${options.scheme} ${token}`;
}

/** Creates a compact token, signed with the secret or the private key that the algorithm requires. */
export async function signToken(
  header: Claims & { readonly alg: string },
  claims: Claims,
  { secret, privateKey }: Pick<SignContext, "secret" | "privateKey">,
): Promise<string> {
  const text = [header, claims].map((part) => encodeBase64Url(utf8(JSON.stringify(part)))).join(".");
  const { alg } = header;
  if (alg.startsWith("HS")) {
    if (secret === "") throw new WebhookError("argument_invalid", "Signing requires a secret. Pass it as secret.");
    const hash = `sha${alg.slice(2)}` as HashName;
    return `${text}.${encodeBase64Url(await hmac(hash, utf8(secret), [text]))}`;
  }
  const algorithm = alg === "ES256" ? "ecdsa-p256-sha256" : "rsa-sha256";
  return `${text}.${encodeBase64Url(await signWithKey(algorithm, privateKey, utf8(text)))}`;
}

const OWN_CLAIMS: Readonly<Record<string, (draft: Draft, context: SignContext) => Claims | Promise<Claims>>> = {
  "atlassian-connect": async ({ method, url }, { config }) => ({
    iss: config["clientKey"] ?? "client-key",
    qsh: encodeHex(await digest("sha256", [canonicalRequest(method, url, config["baseUrl"])])),
  }),
  "google-pubsub": (_, { config }) => ({
    aud: config["audience"],
    email: config["serviceAccount"],
    email_verified: true,
  }),
  livekit: (_, { config }) => ({ iss: config["apiKey"] ?? "api-key" }),
  messagebird: async ({ url }, { config }) => ({
    url_hash: encodeHex(await digest("sha256", [config["url"] ?? url])),
    jti: "test",
  }),
  qstash: ({ url }, { config }) => ({ sub: config["url"] ?? url, jti: "test" }),
};
