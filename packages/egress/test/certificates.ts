import {
  AuthorityInfoAccessExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  type ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

cryptoProvider.set(globalThis.crypto);

/** A certificate and its key, for a server or an issuer. */
export interface Made {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
  readonly keys: CryptoKeyPair;
}

export interface Wish {
  readonly name: string;
  /** Defaults to a self-signed certificate. */
  readonly issuer?: Made;
  readonly authority?: true;
  /** Names in the certificate. Defaults to `127.0.0.1`. */
  readonly addresses?: readonly string[];
  readonly hosts?: readonly string[];
  /** Start of validity, in days from now. Defaults to -1; the end defaults to 30. */
  readonly from?: number;
  readonly to?: number;
  /** URL of the issuer's certificate, as written into this one. */
  readonly issuerUrl?: string;
  readonly usage?: ExtendedKeyUsage;
  /** Maximum number of authorities below it. */
  readonly pathLength?: number;
}

const DAY_MS = 86_400_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
let serial = 1000;

export async function makeCertificate(wish: Wish): Promise<Made> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { name, issuer } = wish;
  const made = await X509CertificateGenerator.create({
    serialNumber: String(++serial),
    subject: `CN=${name}`,
    issuer: `CN=${issuer?.name ?? name}`,
    notBefore: new Date(Date.now() + (wish.from ?? -1) * DAY_MS),
    notAfter: new Date(Date.now() + (wish.to ?? 30) * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: extensionsOf(wish),
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { name, cert: made.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY"), keys };
}

function extensionsOf({ authority, addresses, hosts = [], issuerUrl, usage, pathLength }: Wish): Extension[] {
  const names = [
    ...(addresses ?? (hosts.length === 0 ? ["127.0.0.1"] : [])).map((value) => ({ type: "ip" as const, value })),
    ...hosts.map((value) => ({ type: "dns" as const, value })),
  ];
  return [
    new BasicConstraintsExtension(authority === true, pathLength, true),
    new KeyUsagesExtension(authority === true ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
    ...(authority === true ? [] : [new SubjectAlternativeNameExtension(names)]),
    ...(usage === undefined ? [] : [new ExtendedKeyUsageExtension([usage])]),
    ...(issuerUrl === undefined ? [] : [new AuthorityInfoAccessExtension({ caIssuers: issuerUrl })]),
  ];
}
