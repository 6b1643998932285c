import {
  concatBytes,
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  utf8,
} from "../encoding.ts";
import type { StandardSecret } from "../standard/secret.ts";
import type { Attempt, Finding, FindingCode, Remedy } from "./attempt.ts";

const COPY = "Copy only the secret itself.";

type Reading = readonly [code: FindingCode, message: string, secret: StandardSecret | undefined];

/** Secrets that may have been meant. `raw` adds interpretations as bytes, for schemes that accept bytes. */
export function* secretRemedies(
  attempt: Attempt,
  raw: boolean,
  others: Readonly<Record<string, string>>,
): Generator<Remedy> {
  for (const [index, secret] of attempt.secrets.entries()) {
    if (typeof secret !== "string") continue;
    for (const [code, message, reading] of readings(secret, raw)) {
      if (reading === undefined || reading === secret || reading.length === 0) continue;
      yield { code, message, attempt: withSecret(attempt, index, reading) };
    }
  }
  // After the forms of the secret itself, because another environment may have the same secret in the right form.
  for (const [name, secret] of Object.entries(others)) {
    const message = `The secret named "${name}" matches: the request comes from another environment or endpoint.`;
    yield { code: "secret_of_other_environment", message, attempt: { ...attempt, secrets: [secret] } };
  }
}

function withSecret(attempt: Attempt, index: number, secret: StandardSecret): Attempt {
  return { ...attempt, secrets: attempt.secrets.map((given, at) => (at === index ? secret : given)) };
}

function readings(secret: string, raw: boolean): Reading[] {
  const bare = secret.replace(/^wh(sec|sk|pk)_/, "");
  const tidy = secret.trim();
  const encoding = (message: string, reading: StandardSecret | undefined): Reading => [
    "secret_encoding",
    message,
    reading,
  ];
  const asText = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : decodeUtf8(bytes));
  const around: Reading[] = [
    ["secret_whitespace", `The secret has white space around it. ${COPY}`, tidy],
    ["secret_quoted", `The secret is in quotes. ${COPY}`, /^(["'`])(.*)\1$/s.exec(tidy)?.[2]],
    [
      "secret_with_name",
      `The secret starts with the name of its variable. ${COPY}`,
      /^\w+=\s*["']?(.+?)["']?$/s.exec(tidy)?.[1],
    ],
    ["secret_escaped", "The secret is percent-encoded. Decode it.", percentDecoded(tidy)],
    [
      "secret_escaped",
      "The secret contains \\n instead of line breaks. Use real line breaks.",
      tidy.replaceAll("\\n", "\n"),
    ],
  ];
  const meant: Reading[] = [
    ["secret_newline", newlineAtSender("a line feed"), `${tidy}\n`],
    ["secret_newline", newlineAtSender("a carriage return and a line feed"), `${tidy}\r\n`],
    ["secret_quoted", "The secret at the sender is in quotes. Remove them there.", `"${tidy}"`],
    ["secret_quoted", "The secret at the sender is in quotes. Remove them there.", `'${tidy}'`],
    ["secret_prefix", "The key is the secret without its whsec_ prefix. Remove the prefix.", bare],
    ["secret_prefix", "The whsec_ prefix of the secret is missing. Copy the whole secret.", `whsec_${secret}`],
    encoding("The secret is the Base64 form of the key. Decode it once.", asText(decodeBase64(bare))),
    encoding("The secret is the hexadecimal form of the key. Decode it once.", asText(decodeHex(bare))),
    encoding("The secret was decoded from Base64. Pass it as the sender shows it.", encodeBase64(utf8(secret))),
    encoding("The secret was decoded from hexadecimal. Pass it as the sender shows it.", encodeHex(utf8(secret))),
  ];
  return raw ? [...around, ...rawReadings(secret, bare), ...meant] : [...around, ...meant];
}

function newlineAtSender(what: string): string {
  return `The secret at the sender ends with ${what}, which tools such as echo add. Set it again with printf or echo -n.`;
}

function rawReadings(secret: string, bare: string): Reading[] {
  const how = (what: string): string =>
    `The sender's key is ${what}, which is not how Standard Webhooks decodes it. Pass the key as bytes.`;
  return [
    ["secret_encoding", how("the text of the whole secret"), utf8(secret)],
    ["secret_newline", newlineAtSender("a line feed"), utf8(`${secret.trim()}\n`)],
    ["secret_newline", newlineAtSender("a line feed"), concatBytes([decodeBase64(bare) ?? utf8(bare), utf8("\n")])],
    ["secret_encoding", how("the text of the secret without its prefix"), utf8(bare)],
    ["secret_encoding", how("the secret decoded from hexadecimal"), decodeHex(bare)],
    ["secret_encoding", how("the secret decoded from URL-safe Base64"), decodeBase64Url(bare.replace(/=+$/, ""))],
    [
      "secret_encoding",
      how("the secret decoded from Base64, with a length that the specification does not allow"),
      decodeBase64(bare),
    ],
  ];
}

function percentDecoded(text: string): string | undefined {
  try {
    return /%[0-9a-f]{2}/i.test(text) ? decodeURIComponent(text) : undefined;
  } catch {
    return undefined;
  }
}

const KINDS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^(sk|rk|pk)_(live|test)_/, "a Stripe API key; each webhook endpoint has its own secret, whsec_…"],
  [/^(ghp|gho|ghs|github_pat)_/, "a GitHub access token; use the secret from the settings of the webhook"],
  [/^xox[abpr]-|^xapp-/, "a Slack token; requests are signed with the signing secret of the app"],
  [/^shp(at|ca|pa|ss)_/, "a Shopify access token; webhooks are signed with the client secret of the app"],
  [/^whsk1?_/, "the sender's secret key; a receiver verifies with the whpk_ key"],
  [/^-----BEGIN [A-Z ]*PRIVATE KEY/, "a private key; a receiver verifies with the public key"],
  [/^(https?|postgres|mysql|redis):\/\//, "a URL"],
  [/^(your|my|change|replace|todo|xxx|<)[\w -]*/i, "a placeholder"],
];

/** Findings from the form of the secrets when nothing matches. */
export function secretHints(secrets: readonly StandardSecret[]): Finding[] {
  const hints: Finding[] = [];
  for (const [index, secret] of secrets.entries()) {
    const what = typeof secret === "string" ? KINDS.find(([pattern]) => pattern.test(secret.trim()))?.[1] : undefined;
    if (what === undefined) continue;
    const which = secrets.length > 1 ? `Secret ${index + 1}` : "The secret";
    hints.push({ code: "secret_looks_wrong", message: `${which} looks like ${what}.` });
  }
  return hints;
}
