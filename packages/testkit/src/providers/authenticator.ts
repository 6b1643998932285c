/** A device with passkeys in software: creates keys and signs challenges as a browser would (WebAuthn Level 3, ES256, no attestation). */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id?: string };
  readonly user: { readonly id: string };
}

export interface RequestOptions {
  readonly challenge: string;
  readonly rpId?: string;
}

/** Deviations from the response of an honest browser. */
export interface Deviation {
  readonly origin?: string;
  readonly challenge?: string;
  /** Host for which the passkey claims to be. */
  readonly host?: string;
  /** Whether the device has verified its user; true by default. */
  readonly verifiesUser?: boolean;
  /** Signature counter. Synced passkeys do not count, and send 0. */
  readonly counter?: number;
}

interface Credential {
  readonly id: Buffer;
  readonly key: KeyObject;
  readonly userHandle: string;
  counter: number;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

export class SoftwareAuthenticator {
  readonly #origin: string;
  readonly #credentials: Credential[] = [];

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The result of `navigator.credentials.create`, as JSON. */
  create(options: CreationOptions, deviation: Deviation = {}): Record<string, unknown> {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const credential = { id: randomBytes(32), key: privateKey, userHandle: options.user.id, counter: 0 };
    this.#credentials.push(credential);
    const { x, y } = publicKey.export({ format: "jwk" });
    // A COSE key: kty EC2, alg ES256, crv P-256, x and y (RFC 9053, section 7.1.1).
    const cose = Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"),
      Buffer.from(x!, "base64url"),
      Buffer.from("225820", "hex"),
      Buffer.from(y!, "base64url"),
    ]);
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, credential.id.length]), credential.id, cose]);
    const data = authenticatorData(deviation.host ?? options.rp.id!, HAS_CREDENTIAL, credential.counter, deviation);
    const authData = Buffer.concat([data, attested]);
    // CBOR: { fmt: "none", attStmt: {}, authData }.
    const attestation = Buffer.concat([
      Buffer.from("a363666d74646e6f6e656761747453746d74a068617574684461746158", "hex"),
      Buffer.from([authData.length]),
      authData,
    ]);
    return {
      ...this.#envelope(credential),
      response: {
        clientDataJSON: this.#clientData("webauthn.create", options.challenge, deviation),
        attestationObject: attestation.toString("base64url"),
        transports: ["internal"],
      },
    };
  }

  /** The result of `navigator.credentials.get` with the newest passkey, as JSON. */
  get(options: RequestOptions, deviation: Deviation = {}): Record<string, unknown> {
    const credential = this.#credentials.at(-1)!;
    credential.counter++;
    const clientData = this.#clientData("webauthn.get", options.challenge, deviation);
    const authData = authenticatorData(
      deviation.host ?? options.rpId!,
      0,
      deviation.counter ?? credential.counter,
      deviation,
    );
    const hash = createHash("sha256").update(Buffer.from(clientData, "base64url")).digest();
    return {
      ...this.#envelope(credential),
      response: {
        clientDataJSON: clientData,
        authenticatorData: authData.toString("base64url"),
        signature: sign("sha256", Buffer.concat([authData, hash]), credential.key).toString("base64url"),
        userHandle: credential.userHandle,
      },
    };
  }

  #envelope({ id }: Credential): Record<string, unknown> {
    const text = id.toString("base64url");
    return {
      id: text,
      rawId: text,
      type: "public-key",
      clientExtensionResults: {},
      authenticatorAttachment: "platform",
    };
  }

  #clientData(type: string, challenge: string, deviation: Deviation): string {
    const { origin = this.#origin } = deviation;
    const client = { type, challenge: deviation.challenge ?? challenge, origin, crossOrigin: false };
    return Buffer.from(JSON.stringify(client)).toString("base64url");
  }
}

function authenticatorData(host: string, flags: number, counter: number, { verifiesUser = true }: Deviation): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  return Buffer.concat([
    createHash("sha256").update(host).digest(),
    Buffer.from([USER_PRESENT | (verifiesUser ? USER_VERIFIED : 0) | flags]),
    count,
  ]);
}
