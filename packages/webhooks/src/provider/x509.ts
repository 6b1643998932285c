import { DER_BIT_STRING, DER_OCTET_STRING, DER_SEQUENCE, type DerNode, derChildren, derOid, readDer } from "./der.ts";

/** Fields of an X.509 certificate that are needed to verify a webhook. */
export interface Certificate {
  /** SubjectPublicKeyInfo, ready for `importKey("spki", …)`. */
  readonly spki: Uint8Array;
  /** Named curve of an EC key; `undefined` for RSA. */
  readonly curve: "p256" | "p384" | undefined;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureHash: "sha256" | "sha384" | undefined;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Extension identifiers, as hexadecimal of their DER content. */
  readonly extensions: readonly string[];
  readonly isAuthority: boolean;
}

const CURVES: Readonly<Record<string, "p256" | "p384">> = { "2a8648ce3d030107": "p256", "2b81040022": "p384" };
const HASHES: Readonly<Record<string, "sha256" | "sha384">> = {
  "2a8648ce3d040302": "sha256",
  "2a8648ce3d040303": "sha384",
};
const BASIC_CONSTRAINTS = "551d13";
const TAG_EXTENSIONS = 0xa3;
const TAG_VERSION = 0xa0;
const TAG_BOOLEAN = 0x01;
const TAG_UTC_TIME = 0x17;

/** Reads a DER certificate; `undefined` when it is not one. */
export function parseCertificate(der: Uint8Array): Certificate | undefined {
  const [tbs, algorithm, signature] = derChildren(readDer(der)) ?? [];
  const fields = [...(derChildren(tbs) ?? [])];
  if (fields[0]?.tag === TAG_VERSION) fields.shift();
  const [, , issuer, validity, subject, spki] = fields;
  const [notBefore, notAfter] = derChildren(validity) ?? [];
  if (tbs === undefined || issuer === undefined || subject === undefined || spki?.tag !== DER_SEQUENCE)
    return undefined;
  if (signature?.tag !== DER_BIT_STRING || notBefore === undefined || notAfter === undefined) return undefined;
  const extensions = readExtensions(fields.find((field) => field.tag === TAG_EXTENSIONS));
  const keyAlgorithm = derChildren(derChildren(spki)?.[0]);
  return {
    spki: spki.raw.slice(),
    curve: CURVES[derOid(keyAlgorithm?.[1])],
    signed: tbs.raw.slice(),
    // The first content byte of a BIT STRING is the number of unused bits, always 0 for a signature.
    signature: signature.content.slice(1),
    signatureHash: HASHES[derOid(derChildren(algorithm)?.[0])],
    issuer: issuer.raw,
    subject: subject.raw,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    extensions: [...extensions.keys()],
    isAuthority: isAuthority(extensions.get(BASIC_CONSTRAINTS)),
  };
}

function readExtensions(node: DerNode | undefined): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const extension of derChildren(derChildren(node)?.[0]) ?? []) {
    const parts = derChildren(extension) ?? [];
    const value = parts.at(-1);
    if (value?.tag === DER_OCTET_STRING) found.set(derOid(parts[0]), value.content);
  }
  return found;
}

function isAuthority(constraints: Uint8Array | undefined): boolean {
  const flag = constraints && derChildren(readDer(constraints))?.[0];
  return flag?.tag === TAG_BOOLEAN && flag.content[0] === 0xff;
}

/**
 * Reads UTCTime (`YYMMDDHHMMSSZ`) or GeneralizedTime (`YYYYMMDDHHMMSSZ`) as milliseconds since the Unix epoch; `NaN`
 * for anything else.
 */
function readTime(node: DerNode): number {
  let text = String.fromCharCode(...node.content);
  // RFC 5280 section 4.1.2.5.1: two-digit years from 50 belong to the 20th century.
  if (node.tag === TAG_UTC_TIME) text = (text < "50" ? "20" : "19") + text;
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
