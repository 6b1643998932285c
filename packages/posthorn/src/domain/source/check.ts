/** Checks of source input beyond the API schema. */
import { invalid } from "../../lib/errors.ts";
import { parseMediaType } from "../../format/media-type.ts";
import { WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import type { Context } from "../context.ts";
import { HEADER_RULE, isResponseHeader, isResponseType, TYPE_RULE } from "./response-rules.ts";
import { GENERIC_TYPE, requireDefinition } from "./kind.ts";
import type { SourceInput, SourceResponse } from "./source.ts";
import { checkPublicKeys, checkSecretEncoding, checkVerification } from "./verification.ts";

/** Settings allowed for every provider. */
const COMMON_CONFIG = new Set(["url", "header"]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function checkSource(
  { services }: Pick<Context, "services">,
  input: SourceInput & { readonly secrets: readonly string[] },
): void {
  if (input.kind !== WEBHOOK_SOURCE) {
    checkRead(services, input);
    return;
  }
  const { type, verification, config, secrets, allowedAddresses, response, publicKeys } = input;
  if (verification !== null && type !== GENERIC_TYPE) {
    throw invalid(
      "verification",
      `\`verification\` is only allowed for ${GENERIC_TYPE}: Posthorn knows how ${type} signs.`,
    );
  }
  if (verification !== null) checkVerification(verification);
  const definition = requireDefinition(type, verification);
  const names = new Set([...COMMON_CONFIG, ...Object.keys(definition.config ?? {})]);
  for (const name of Object.keys(config)) {
    if (names.has(name)) continue;
    throw invalid(["body", "config", name], `${definition.name} has no such setting. It has ${[...names].join(", ")}.`);
  }
  for (const secret of secrets) checkSecretEncoding(verification, secret);
  if (secrets.includes("")) throw invalid("secrets", "A secret is empty: anyone could sign with it.");
  if (publicKeys.includes("")) throw invalid("publicKeys", "A public key is empty.");
  checkPublicKeys(definition, publicKeys);
  for (const word of allowedAddresses) {
    const problem = services.rules.addressProblem(word);
    if (problem !== null) throw invalid("allowedAddresses", problem);
  }
  if (response !== null) checkResponse(response);
  checkExpiry(services, input);
}

/** A source that Posthorn reads has no requests that could be verified. */
function checkRead(
  services: Pick<Context["services"], "now">,
  input: SourceInput & { readonly secrets: readonly string[] },
): void {
  const { kind, verification, secrets, publicKeys } = input;
  const set = [
    ["verification", verification !== null],
    ["secrets", secrets.length > 0],
    ["publicKeys", publicKeys.length > 0],
  ] as const;
  for (const [field, isSet] of set) {
    if (isSet)
      throw invalid(field, `Sources of the kind "${kind}" have no such setting. Their settings are in \`config\`.`);
  }
  checkExpiry(services, input);
}

function checkExpiry({ now }: Pick<Context["services"], "now">, { expiresAt }: SourceInput): void {
  if (expiresAt !== null && expiresAt <= now()) throw invalid("expiresAt", "`expiresAt` must be in the future.");
}

function checkResponse({ headers }: SourceResponse): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const path = ["body", "response", "headers", name];
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) throw invalid(path, "This is not a valid header name (RFC 9110, section 5.1).");
    if (!isResponseHeader(name)) throw invalid(path, `A source cannot set this header. ${HEADER_RULE}`);
    if (seen.has(lower)) throw invalid(path, "This header is set twice. Header names are case-insensitive.");
    if (!VALUE.test(value)) throw invalid(path, "A header value cannot hold line breaks or other control characters.");
    if (lower === "content-type") checkType(path, value);
    seen.add(lower);
  }
}

function checkType(path: readonly string[], value: string): void {
  const type = parseMediaType(value);
  if (type === null) throw invalid(path, `This is not a media type such as application/json. ${TYPE_RULE}`);
  if (!isResponseType(type, "source"))
    throw invalid(path, `A source cannot respond with ${type.essence}. ${TYPE_RULE}`);
}
