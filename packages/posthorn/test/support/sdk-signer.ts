/**
 * Signs requests with the signer of AWS's SDK. A separate process, because the tests resolve packages with the conditions of bundlers, and
 * the SDK's files for those do not load in Node. Reads a list of requests in JSON from its input, and writes their signatures.
 */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { text } from "node:stream/consumers";
import { requireOracle } from "@posthorn/testkit/oracles";

export interface SdkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly bodyBase64: string;
  readonly service: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly now: number;
}

interface Signer {
  sign(request: object, options: { readonly signingDate: Date }): Promise<{ readonly headers: Record<string, string> }>;
}

const { SignatureV4 } = requireOracle<{ readonly SignatureV4: new (options: object) => Signer }>(
  "@smithy/signature-v4",
);

class Sha256 {
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash("sha256")
        : createHmac("sha256", typeof secret === "string" ? secret : new Uint8Array(secret as Uint8Array));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = createHash("sha256");
  }
}

async function authorizationOf(request: SdkRequest): Promise<string> {
  const { service, region, accessKeyId, secretAccessKey, sessionToken, query } = request;
  const { pathname, host } = new URL(request.url);
  const isS3 = service === "s3";
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
    sha256: Sha256,
    uriEscapePath: !isS3,
    applyChecksum: isS3,
  });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "https:",
      hostname: host,
      // The client of S3 encodes reserved characters in keys itself.
      path: isS3
        ? pathname.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
        : pathname,
      query: Object.fromEntries(query),
      headers: { host, ...request.headers },
      body: Buffer.from(request.bodyBase64, "base64"),
    },
    { signingDate: new Date(request.now) },
  );
  return signed.headers["authorization"]!;
}

const requests = JSON.parse(await text(process.stdin)) as readonly SdkRequest[];
process.stdout.write(JSON.stringify(await Promise.all(requests.map(authorizationOf))));
