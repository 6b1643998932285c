/** Certificates that cannot be verified, each reported with its cause. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { ExtendedKeyUsage } from "@peculiar/x509";
import { beforeAll, describe, expect, test } from "vitest";
import { tlsErrorCode } from "../src/connect/tls.ts";
import { Egress, EGRESS_ERRORS, parseAllowList } from "../src/index.ts";
import type { EgressResult } from "../src/index.ts";
import { makeCertificate } from "./certificates.ts";
import type { Made, Wish } from "./certificates.ts";
import { CLIENT, HANG_MS } from "./client.ts";

let root: Made;
let intermediate: Made;

beforeAll(async () => {
  root = await makeCertificate({ name: "Root", authority: true });
  intermediate = await makeCertificate({ name: "Intermediate", authority: true, issuer: root });
});

/** The result of a request to a server that presents this certificate and chain. */
async function shown(leaf: Made, chain: readonly Made[], ca: string | null): Promise<EgressResult> {
  const cert = [leaf, ...chain].map((one) => one.cert).join("\n");
  let requests = 0;
  const server = createServer({ cert, key: leaf.key }, (_request, response) => {
    requests++;
    response.end("ok");
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using egress = new Egress({ client: CLIENT, allow: parseAllowList("loopback") });
  const result = await egress.send({
    method: "POST",
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    headers: ["authorization", "s3cret"],
    body: Buffer.from("{}"),
    timeoutMs: HANG_MS,
    maxResponseBytes: 100,
    ...(ca === null ? {} : { tls: { ca } }),
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  // No part of a request may reach a server whose certificate was not verified.
  expect(requests).toBe(result.kind === "response" ? 1 : 0);
  return result;
}

const leaf = (wish: Partial<Wish>) => makeCertificate({ name: "Leaf", issuer: root, ...wish });
const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);
const AIA = "http://ca.example.com/intermediate.crt";

describe("a certificate", () => {
  test("that is valid is accepted: issued directly, over an intermediate, and with the URL of its issuer", async () => {
    expect(code(await shown(await leaf({}), [], root.cert))).toBe(200);
    expect(code(await shown(await leaf({ issuer: intermediate }), [intermediate], root.cert))).toBe(200);
    expect(code(await shown(await leaf({ issuerUrl: AIA }), [root], root.cert))).toBe(200);
  });

  test("for another name is tls_name, and the operator sees its names", async () => {
    for (const wish of [{ addresses: ["127.0.0.2"] }, { hosts: ["hooks.example.com"] }, { hosts: ["*.0.0.1"] }]) {
      const result = await shown(await leaf(wish), [], root.cert);
      expect(result).toMatchObject({ code: "tls_name", fault: "target" });
      expect(result).toMatchObject({ detail: expect.stringContaining((wish.addresses ?? wish.hosts ?? [""])[0]!) });
    }
  });

  test("that is signed by itself is tls_self_signed, as a leaf and as an authority, for any name", async () => {
    const itself = await makeCertificate({ name: "Itself" });
    const authority = await makeCertificate({ name: "Itself", authority: true });
    const elsewhere = await makeCertificate({ name: "Itself", hosts: ["elsewhere.example.com"] });
    for (const one of [itself, authority, elsewhere]) {
      expect(code(await shown(one, [], null))).toBe("tls_self_signed");
      expect(code(await shown(one, [], root.cert))).toBe("tls_self_signed");
    }
    expect(code(await shown(itself, [], itself.cert))).toBe(200);
  });

  test("from an unknown CA is tls_chain, whether or not the CA certificate is sent along", async () => {
    expect(code(await shown(await leaf({}), [], null))).toBe("tls_chain");
    expect(code(await shown(await leaf({}), [root], null))).toBe("tls_chain");
    expect(code(await shown(await leaf({ issuer: intermediate }), [intermediate], null))).toBe("tls_chain");
    expect(code(await shown(await leaf({ issuer: intermediate }), [intermediate, root], null))).toBe("tls_chain");
    const other = await makeCertificate({ name: "Other", authority: true });
    expect(code(await shown(await leaf({}), [root], other.cert))).toBe("tls_chain");
  });

  test("without its intermediates is tls_incomplete_chain if it names them or an authority is set", async () => {
    const alone = await leaf({ issuer: intermediate });
    expect(code(await shown(alone, [], root.cert))).toBe("tls_incomplete_chain");
    expect(code(await shown(await leaf({ issuer: intermediate, issuerUrl: AIA }), [], null))).toBe(
      "tls_incomplete_chain",
    );
  });

  test("that has expired, or whose intermediate has, is tls_expired", async () => {
    expect(code(await shown(await leaf({ from: -30, to: -1 }), [], root.cert))).toBe("tls_expired");
    const ended = await makeCertificate({ name: "Ended", authority: true, issuer: root, from: -30, to: -1 });
    expect(code(await shown(await leaf({ issuer: ended }), [ended], root.cert))).toBe("tls_expired");
  });

  test("that is not valid yet is tls_not_yet_valid", async () => {
    expect(code(await shown(await leaf({ from: 2, to: 9 }), [], root.cert))).toBe("tls_not_yet_valid");
  });

  test("that is not for servers, or wrongly signed, is tls_invalid", async () => {
    const forClients = await leaf({ usage: ExtendedKeyUsage.clientAuth });
    expect(code(await shown(forClients, [], root.cert))).toBe("tls_invalid");
    const short = await makeCertificate({ name: "Short", authority: true, issuer: root, pathLength: 0 });
    const below = await makeCertificate({ name: "Below", authority: true, issuer: short });
    expect(code(await shown(await leaf({ issuer: below }), [below, short], root.cert))).toBe("tls_invalid");
    const impostor = await makeCertificate({ name: "Root", authority: true });
    expect(code(await shown(await leaf({ issuer: impostor }), [], root.cert))).toBe("tls_invalid");
  });

  test("that was revoked is tls_revoked", () => {
    expect(tlsErrorCode(Object.assign(new Error("certificate revoked"), { code: "CERT_REVOKED" }))).toBe("tls_revoked");
  });
});

test("each cause has its own message with an action", () => {
  const codes = [
    ...(["tls_name", "tls_self_signed", "tls_chain", "tls_incomplete_chain", "tls_expired"] as const),
    ...(["tls_not_yet_valid", "tls_revoked", "tls_invalid"] as const),
  ];
  const sentences = codes.map((one) => EGRESS_ERRORS[one].message);
  expect(new Set(sentences).size).toBe(codes.length);
  for (const sentence of sentences) expect(sentence).toMatch(/\. (?:Issue|Use|Configure|Renew|Check|Replace) .*\.$/);
});
