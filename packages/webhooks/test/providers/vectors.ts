import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FetchKey } from "../../src/provider/keys.ts";
import type { ProviderOptions } from "../../src/provider/verify.ts";
import type { WebhookRequest } from "../../src/request.ts";

/** One entry of `vectors/providers.json`, format `provider-vectors/1`. */
export interface Vector {
  readonly id: string;
  readonly provider: string;
  readonly variant: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly secrets: readonly string[];
  readonly publicKeys?: readonly string[];
  readonly config?: Readonly<Record<string, string>> | null;
}

export interface RequestVector extends Vector {
  readonly case: string;
  readonly timeMs: number;
  readonly expectValid: boolean;
}

export interface HandshakeVector extends Vector {
  readonly expectAction?: string;
  readonly expectResponse: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly bodyText?: string;
    readonly bodyJson?: unknown;
  };
}

interface VectorFile {
  readonly vectors: readonly RequestVector[];
  readonly handshakes: readonly HandshakeVector[];
}

const file = new URL("../../../../vectors/providers.json", import.meta.url);
export const { vectors, handshakes } = JSON.parse(readFileSync(file, "utf8")) as VectorFile;

/** Handshake vectors have no time: all were created for this one. */
export const HANDSHAKE_TIME: number = Date.parse("2026-01-15T12:00:00Z");

export function requestOf({ method, url, headers, body }: Vector): WebhookRequest {
  return { method, url, headers, body: new Uint8Array(Buffer.from(body, "base64")) };
}

/** Providers whose requests name the URL of a certificate, which is fetched from there instead of being configured. */
const CERTIFICATE_BY_ADDRESS = new Set(["aws-sns", "paypal"]);

/** Options that a caller would pass for this vector. */
export function optionsOf(vector: Vector, timeMs: number): ProviderOptions {
  const { provider, secrets, config } = vector;
  const byAddress = CERTIFICATE_BY_ADDRESS.has(provider);
  const publicKeys = byAddress ? [] : (vector.publicKeys ?? []);
  return {
    secrets,
    publicKeys,
    config: config ?? {},
    fetchKey: serveKey(provider),
    now: () => timeMs,
    allowUnsigned: true,
  };
}

/**
 * Serves a provider's certificate at every URL except `…-bad.pem`, where the vectors `cert-other-key` expect another one. See
 * docs/webhooks/vectors.md.
 */
function serveKey(provider: string): FetchKey {
  return ({ url = "" }) => {
    if (url.endsWith("-bad.pem")) return Promise.resolve(otherKey);
    const known = vectors.find((vector) => vector.provider === provider && vector.publicKeys !== undefined);
    return known === undefined
      ? Promise.reject(new Error("no key is served"))
      : Promise.resolve(known.publicKeys![0] ?? "");
  };
}

const otherKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();
