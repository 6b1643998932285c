import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Egress, parseAllowList } from "../src/index.ts";
import type { EgressOptions, EgressResult, EgressTls } from "../src/index.ts";
import { startLab } from "../src/lab/index.ts";
import type { Lab } from "../src/lab/index.ts";
import { CLIENT, HANG_MS } from "./client.ts";

let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});

afterAll(() => lab.close());

const allow = parseAllowList("loopback");
const get = (egress: Egress, url: string, tls?: EgressTls): Promise<EgressResult> =>
  egress.send({
    method: "GET",
    url,
    headers: [],
    body: null,
    timeoutMs: HANG_MS,
    maxResponseBytes: 1000,
    ...(tls === undefined ? {} : { tls }),
  });
const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);
const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;

async function once(url: string, tls?: EgressTls, options: EgressOptions = {}): Promise<EgressResult> {
  await using egress = new Egress({ client: CLIENT, allow, ...options });
  return await get(egress, url, tls);
}

describe("the chain", () => {
  test("is always verified: the lab's CA is unknown until it is configured, for the platform or for one endpoint", async () => {
    const ca = lab.certificates.ca.cert;
    const url = `${lab.ports["tls-good"]}/ok`;
    expect(code(await once(url))).toBe("tls_chain");
    expect(code(await once(url, { ca }))).toBe(200);
    expect(code(await once(url, undefined, { tls: { ca } }))).toBe(200);
  });

  test("a self-signed certificate is accepted as its own authority, and only that one", async () => {
    const { selfSigned, ca } = lab.certificates;
    const url = `${lab.ports["tls-self-signed"]}/ok`;
    expect(code(await once(url, { ca: selfSigned.cert }))).toBe(200);
    expect(code(await once(url, { ca: ca.cert }))).toBe("tls_self_signed");
  });

  test("an unusable CA, certificate or key is our fault, reported before any traffic", async () => {
    const { client, good } = lab.certificates;
    const before = lab.requests;
    const unusable: EgressTls[] = [
      { ca: "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----" },
      { ca: "no PEM at all" },
      { cert: client.cert },
      { cert: client.cert, key: good.key },
      { cert: client.cert, key: "no key" },
    ];
    for (const settings of unusable) {
      expect(await once(`${lab.ports["tls-good"]}/ok`, settings)).toMatchObject({
        code: "bad_tls_settings",
        fault: "ours",
        peer: null,
      });
    }
    expect(lab.requests).toBe(before);
  });
});

describe("a pin", () => {
  test("replaces the check of chain and name, and rejects every other certificate", async () => {
    const { selfSigned, wrongName, good, ca } = lab.certificates;
    expect(code(await once(`${lab.ports["tls-self-signed"]}/ok`, { pins: [fingerprint(selfSigned.cert)] }))).toBe(200);
    expect(code(await once(`${lab.ports["tls-wrong-name"]}/ok`, { pins: [fingerprint(wrongName.cert)] }))).toBe(200);
    const lower = fingerprint(good.cert).replaceAll(":", "").toLowerCase();
    expect(code(await once(`${lab.ports["tls-good"]}/ok`, { pins: ["00".repeat(32), lower] }))).toBe(200);
    expect(code(await once(`${lab.ports["tls-good"]}/ok`, { pins: [fingerprint(selfSigned.cert)] }))).toBe("tls_pin");
    expect(code(await once(`${lab.ports["tls-good"]}/ok`, { pins: [fingerprint(selfSigned.cert)], ca: ca.cert }))).toBe(
      "tls_pin",
    );
  });

  test("does not replace the chain when a CA is set too", async () => {
    const { selfSigned, ca } = lab.certificates;
    const both = { pins: [fingerprint(selfSigned.cert)], ca: ca.cert };
    expect(code(await once(`${lab.ports["tls-self-signed"]}/ok`, both))).toBe("tls_self_signed");
  });

  test("does not extend the validity of its certificate", async () => {
    const { expired, notYetValid } = lab.certificates;
    expect(code(await once(`${lab.ports["tls-expired"]}/ok`, { pins: [fingerprint(expired.cert)] }))).toBe(
      "tls_expired",
    );
    expect(code(await once(`${lab.ports["tls-not-yet-valid"]}/ok`, { pins: [fingerprint(notYetValid.cert)] }))).toBe(
      "tls_not_yet_valid",
    );
  });

  test("that is not a SHA-256 is refused before any traffic", async () => {
    expect(code(await once(`${lab.ports["tls-good"]}/ok`, { pins: ["abc"] }))).toBe("bad_tls_settings");
  });
});

describe("a client certificate", () => {
  test("is presented only to its own endpoint, never over another endpoint's socket", async () => {
    const { ca, client } = lab.certificates;
    const url = `${lab.ports["tls-client-certificate"]}/ok`;
    await using egress = new Egress({ client: CLIENT, allow, tls: { ca: ca.cert } });
    expect(code(await get(egress, url, { ca: ca.cert, cert: client.cert, key: client.key }))).toBe(200);
    expect(code(await get(egress, url))).toBe("tls_client_certificate");
    expect(code(await get(egress, url, { ca: ca.cert, cert: client.cert, key: client.key }))).toBe(200);
  });

  test("equal settings share sockets, although each request has a new object", async () => {
    const { ca, client } = lab.certificates;
    await using egress = new Egress({ client: CLIENT, allow });
    const settings = () => ({ ca: ca.cert, cert: client.cert, key: client.key });
    await get(egress, `${lab.ports["tls-client-certificate"]}/ok`, settings());
    const second = await get(egress, `${lab.ports["tls-client-certificate"]}/ok`, settings());
    expect(second.timings.reused).toBe(true);
  });
});

test("the result reports protocol, cipher, issuer and the date the certificate ends", async () => {
  const { ca, good } = lab.certificates;
  const result = await once(`${lab.ports["tls-good"]}/ok`, { ca: ca.cert });
  expect(result).toMatchObject({
    kind: "response",
    tls: {
      protocol: "TLSv1.3",
      issuer: "Posthorn lab authority",
      subject: "lab",
      validTo: new Date(new X509Certificate(good.cert).validTo).toISOString(),
      fingerprint256: fingerprint(good.cert),
    },
  });
  expect(result.timings.tlsMs).toBeGreaterThan(0);
});
