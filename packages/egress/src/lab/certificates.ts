/** A certificate and its key, as PEM. */
export interface LabCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What the lab's TLS ports use. Made afresh at each start, so that no key is ever shipped. */
export interface LabCertificates {
  /** The lab's own authority. Trust it to make the good ones good. */
  readonly ca: LabCertificate;
  readonly good: LabCertificate;
  readonly expired: LabCertificate;
  readonly notYetValid: LabCertificate;
  readonly wrongName: LabCertificate;
  /** Signed by nobody but itself. */
  readonly selfSigned: LabCertificate;
  /** For clients, signed by the authority. */
  readonly client: LabCertificate;
}

const DAY_MS = 86_400_000;

interface Wish {
  readonly name: string;
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly fromDays?: number;
  readonly toDays?: number;
  readonly authority?: boolean;
  readonly signer?: LabCertificate;
}

/** Makes all certificates of a lab: elliptic-curve keys, a few milliseconds each. */
export async function makeCertificates(now: number): Promise<LabCertificates> {
  // Loaded only here: a sender that never starts a lab does not pay for it.
  const { generate } = await import("selfsigned");
  const make = async (wish: Wish): Promise<LabCertificate> => {
    const altNames = [
      ...(wish.names ?? []).map((value) => ({ type: 2 as const, value })),
      ...(wish.addresses ?? []).map((ip) => ({ type: 7 as const, ip })),
    ];
    const made = await generate([{ name: "commonName", value: wish.name }], {
      keyType: "ec",
      algorithm: "sha256",
      notBeforeDate: new Date(now + (wish.fromDays ?? -1) * DAY_MS),
      notAfterDate: new Date(now + (wish.toDays ?? 30) * DAY_MS),
      extensions: [
        { name: "basicConstraints", cA: wish.authority === true, critical: true },
        wish.authority === true
          ? { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true }
          : { name: "keyUsage", digitalSignature: true, critical: true },
        ...(altNames.length === 0 ? [] : [{ name: "subjectAltName" as const, altNames }]),
      ],
      ...(wish.signer === undefined ? {} : { ca: { cert: wish.signer.cert, key: wish.signer.key } }),
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
