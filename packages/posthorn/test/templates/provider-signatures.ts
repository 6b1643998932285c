/** Signs requests like providers, according to their documentation and without the code that verifies them. */
import { createHmac } from "node:crypto";

export interface Unsigned {
  readonly body: string;
  readonly secret: string;
  /** Unix milliseconds. */
  readonly now: number;
  /** Unique for each request. */
  readonly id: string;
}

type Headers = Readonly<Record<string, string>>;

function hmac(hash: string, encoding: "hex" | "base64", key: string | Buffer, text: string): string {
  return createHmac(hash, key).update(text).digest(encoding);
}

const seconds = (now: number): string => String(Math.floor(now / 1000));

function svix({ body, secret, now, id }: Unsigned): Headers {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = hmac("sha256", "base64", key, `${id}.${seconds(now)}.${body}`);
  return { "svix-id": id, "svix-timestamp": seconds(now), "svix-signature": `v1,${signature}` };
}

function timed(header: string) {
  return ({ body, secret, now }: Unsigned): Headers => ({
    [header]: `t=${seconds(now)},v1=${hmac("sha256", "hex", secret, `${seconds(now)}.${body}`)}`,
  });
}

const SIGNERS: Readonly<Record<string, (request: Unsigned) => Headers>> = {
  stripe: timed("stripe-signature"),
  mux: timed("mux-signature"),
  resend: svix,
  clerk: svix,
  github: ({ body, secret }) => ({ "x-hub-signature-256": `sha256=${hmac("sha256", "hex", secret, body)}` }),
  easypost: ({ body, secret }) => ({
    "x-hmac-signature": `hmac-sha256-hex=${hmac("sha256", "hex", secret.normalize("NFKD"), body)}`,
  }),
  typeform: ({ body, secret }) => ({ "typeform-signature": `sha256=${hmac("sha256", "base64", secret, body)}` }),
  segment: ({ body, secret }) => ({ "x-signature": hmac("sha1", "hex", secret, body) }),
  zendesk: ({ body, secret, now }) => {
    const at = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
    return {
      "x-zendesk-webhook-signature": hmac("sha256", "base64", secret, `${at}${body}`),
      "x-zendesk-webhook-signature-timestamp": at,
    };
  },
  "customer.io": ({ body, secret, now }) => ({
    "x-cio-timestamp": seconds(now),
    "x-cio-signature": hmac("sha256", "hex", secret, `v0:${seconds(now)}:${body}`),
  }),
  pipedrive: ({ secret }) => ({ authorization: `Basic ${Buffer.from(secret).toString("base64")}` }),
  "generic-webhook": ({ secret }) => ({ authorization: `Bearer ${secret}` }),
  "docker-hub": () => ({}),
};

/** Headers with the signature of a provider. */
export function signatureOf(type: string, request: Unsigned): Headers {
  const sign = SIGNERS[type];
  if (sign === undefined) throw new Error(`The test cannot sign as ${type}.`);
  return sign(request);
}
