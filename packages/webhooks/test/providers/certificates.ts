import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** Generates certificates with a minimal DER encoder for the parts that `x509.ts` reads. */

export interface TestCertificate {
  readonly der: Buffer;
  readonly base64: string;
  readonly privateKey: KeyObject;
  readonly subject: string;
}

export interface CertificateOptions {
  readonly subject: string;
  /** Defaults to a self-signed certificate. */
  readonly issuer?: TestCertificate;
  readonly curve?: "P-256" | "P-384";
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly isAuthority?: boolean;
  /** Dotted identifier of a marker extension. */
  readonly marker?: string;
}

export const LEAF_MARKER = "1.2.840.113635.100.6.11.1";
export const INTERMEDIATE_MARKER = "1.2.840.113635.100.6.2.1";

export function makeCertificate(options: CertificateOptions): TestCertificate {
  const { subject, issuer, curve = "P-256", notBefore = "250101000000Z", notAfter = "351231235959Z" } = options;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const signer = issuer?.privateKey ?? privateKey;
  const hash = signer.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "sha384" : "sha256";
  const algorithm = sequence(oid(hash === "sha384" ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.2"));
  const extensions = [
    ...(options.isAuthority === true ? [extension("2.5.29.19", sequence(node(0x01, Buffer.from([0xff]))))] : []),
    ...(options.marker === undefined ? [] : [extension(options.marker, node(0x05, Buffer.alloc(0)))]),
  ];
  const tbs = sequence(
    node(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 1e6) + 1),
    algorithm,
    name(issuer?.subject ?? subject),
    sequence(node(0x17, Buffer.from(notBefore)), node(0x17, Buffer.from(notAfter))),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length > 0 ? [node(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign(hash, tbs, signer);
  const der = sequence(tbs, algorithm, node(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { der, base64: der.toString("base64"), privateKey, subject };
}

/** Root, intermediate and leaf like those of Apple. Tests pass the parts to corrupt. */
export function makeChain(
  spoil: { readonly intermediate?: Partial<CertificateOptions>; readonly leaf?: Partial<CertificateOptions> } = {},
): { readonly root: TestCertificate; readonly leaf: TestCertificate; readonly x5c: string[] } {
  const root = makeCertificate({ subject: "Root", curve: "P-384", isAuthority: true });
  const intermediate = makeCertificate({
    subject: "Intermediate",
    issuer: root,
    isAuthority: true,
    marker: INTERMEDIATE_MARKER,
    ...spoil.intermediate,
  });
  const leaf = makeCertificate({ subject: "Leaf", issuer: intermediate, marker: LEAF_MARKER, ...spoil.leaf });
  return { root, leaf, x5c: [leaf.base64, intermediate.base64, root.base64] };
}

export function pem(key: KeyObject): string {
  return key.type === "private"
    ? key.export({ type: "pkcs8", format: "pem" }).toString()
    : key.export({ type: "spki", format: "pem" }).toString();
}

function node(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...children: Uint8Array[]): Buffer {
  return node(0x30, Buffer.concat(children));
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  return node(0x02, Buffer.from(`00${hex.length % 2 === 0 ? "" : "0"}${hex}`, "hex"));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return node(0x06, Buffer.from(bytes));
}

function name(text: string): Buffer {
  return sequence(node(0x31, sequence(oid("2.5.4.3"), node(0x0c, Buffer.from(text)))));
}

function extension(id: string, value: Uint8Array): Buffer {
  return sequence(oid(id), node(0x04, value));
}
