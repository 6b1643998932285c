/** A certificate and its key in PEM. */
export interface LabCertificate {
  /** PEM certificate. */
  readonly cert: string;
  /** PEM private key. */
  readonly key: string;
}

/** Certificates of the lab's TLS ports. Generated at each start, so that no private key is published. */
export interface LabCertificates {
  /** The lab's own CA. Trust it to accept the `good` certificate. */
  readonly ca: LabCertificate;
  /** Valid for `localhost`, `127.0.0.1` and `::1`. */
  readonly good: LabCertificate;
  /** Expired 30 days ago. */
  readonly expired: LabCertificate;
  /** Becomes valid in 10 days. */
  readonly notYetValid: LabCertificate;
  /** Valid for another host name. */
  readonly wrongName: LabCertificate;
  /** Signed by itself. */
  readonly selfSigned: LabCertificate;
  /** Client certificate signed by the CA. */
  readonly client: LabCertificate;
}

const DAY_MS = 86_400_000;

interface CertificateRequest {
  readonly name: string;
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly fromDays?: number;
  readonly toDays?: number;
  readonly authority?: boolean;
  readonly signer?: LabCertificate;
}

/** Generates all certificates of a lab: elliptic-curve keys, a few milliseconds each. */
export async function makeCertificates(now: number): Promise<LabCertificates> {
  // Loaded on demand, so that programs without a lab do not load it.
  const { generate } = await import("selfsigned");
  const make = async (wanted: CertificateRequest): Promise<LabCertificate> => {
    const altNames = [
      ...(wanted.names ?? []).map((value) => ({ type: 2 as const, value })),
      ...(wanted.addresses ?? []).map((ip) => ({ type: 7 as const, ip })),
    ];
    const made = await generate([{ name: "commonName", value: wanted.name }], {
      keyType: "ec",
      algorithm: "sha256",
      notBeforeDate: new Date(now + (wanted.fromDays ?? -1) * DAY_MS),
      notAfterDate: new Date(now + (wanted.toDays ?? 30) * DAY_MS),
      extensions: [
        { name: "basicConstraints", cA: wanted.authority === true, critical: true },
        wanted.authority === true
          ? { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true }
          : { name: "keyUsage", digitalSignature: true, critical: true },
        ...(altNames.length === 0 ? [] : [{ name: "subjectAltName" as const, altNames }]),
      ],
      ...(wanted.signer === undefined ? {} : { ca: { cert: wanted.signer.cert, key: wanted.signer.key } }),
    });
    return { cert: made.cert, key: made.private };
  };
  const ca = await make({ name: "Posthorn lab authority", authority: true });
  const here = { name: "lab", names: ["localhost"], addresses: ["127.0.0.1", "::1"] };
  const [good, expired, notYetValid, wrongName, selfSigned, client] = await Promise.all([
    make({ ...here, signer: ca }),
    make({ ...here, signer: ca, fromDays: -60, toDays: -30 }),
    make({ ...here, signer: ca, fromDays: 10, toDays: 30 }),
    make({ name: "elsewhere", names: ["elsewhere.example"], signer: ca }),
    make(here),
    make({ name: "lab client", names: ["client.lab.example"], signer: ca }),
  ]);
  return { ca, good, expired, notYetValid, wrongName, selfSigned, client };
}
