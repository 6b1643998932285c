/**
 * Test suite for every runtime, written for `node:test`. Node, Deno and Bun run this file unchanged. For workerd and the browser, which have
 * no `node:test`, a bundler replaces it by the two small modules in `shims/`.
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import {
  createSigner,
  createVerifier,
  generateKeyPair,
  generateSecret,
  sign,
  tryVerify,
  verify,
  WebhookError,
} from "@posthorn/webhooks";
import { diagnoseStandard } from "@posthorn/webhooks/doctor";
import { fetchHandler } from "@posthorn/webhooks/fetch";
import { signRequest, verifyRequest } from "@posthorn/webhooks/http-signatures";
import { tryVerifyProvider } from "@posthorn/webhooks/provider";
import { findProvider } from "@posthorn/webhooks/providers";
import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
import { githubStyle } from "@posthorn/webhooks/sender-styles";
import { vectors } from "./vectors.ts";

/** Registers a test. The runner waits for the promise that `test` returns. */
function check(name: string, body: () => void | Promise<void>): void {
  void test(name, body);
}

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECRET_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME = 1614265330;
const BODY = '{"test": 2432232314}';
const V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
const now = () => TIME * 1000;

function signed(signature: string) {
  return {
    headers: { "webhook-id": ID, "webhook-timestamp": String(TIME), "webhook-signature": signature },
    body: new TextEncoder().encode(BODY),
  };
}

check("Standard Webhooks: signs to the published values", async () => {
  equal(await createSigner([SECRET, SECRET_KEY]).sign(ID, TIME, BODY), `${V1} ${V1A}`);
});

check("Standard Webhooks: accepts v1 and v1a, refuses a changed body, another key and an old request", async () => {
  equal((await verify(signed(V1), SECRET, { now })).version, "v1");
  equal((await verify(signed(V1A), [SECRET, PUBLIC_KEY], { now })).secretIndex, 1);
  const code = async (...parameters: Parameters<typeof tryVerify>) => {
    const result = await tryVerify(...parameters);
    return result.ok ? "ok" : result.error.code;
  };
  equal(await code({ ...signed(V1), body: `${BODY} ` }, SECRET, { now }), "signature_mismatch");
  equal(await code({ ...signed(V1A), body: `${BODY} ` }, PUBLIC_KEY, { now }), "signature_mismatch");
  equal(await code(signed(V1), generateSecret(), { now }), "signature_mismatch");
  equal(await code(signed(V1), SECRET, { now: () => now() + 301_000 }), "timestamp_too_old");
  equal(await code(signed(V1), "whsec_%", { now }), "secret_invalid");
});

check("Standard Webhooks: new keys work", async () => {
  const pair = await generateKeyPair();
  const headers = await sign({ id: "m", body: BODY, headerFamily: "svix" }, pair.secretKey);
  equal((await verify({ headers: new Headers(headers), body: BODY }, pair.publicKey)).id, "m");
});

check("synchronous crypto is used where it is, and its absence is said where it is not", () => {
  const hasNodeCrypto = (
    globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  ).process?.getBuiltinModule?.("node:crypto");
  let outcome = "";
  try {
    outcome = createSigner(SECRET).signSync(ID, TIME, BODY);
    equal(createVerifier(SECRET, { now }).verifySync(signed(V1)).id, ID);
  } catch (error) {
    outcome = error instanceof WebhookError ? error.code : String(error);
  }
  equal(outcome, hasNodeCrypto === undefined ? "runtime_unsupported" : V1);
});

check("HTTP Message Signatures: RFC 9421 B.2.6, and a request of one's own", async () => {
  const key = Uint8Array.from(atob("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU="), (char) => char.charCodeAt(0));
  const request = {
    method: "POST",
    url: "https://example.com/foo?param=Value&Pet=dog",
    headers: { date: "Tue, 20 Apr 2021 02:07:55 GMT", "content-type": "application/json", "content-length": "18" },
    body: new TextEncoder().encode('{"hello": "world"}'),
  };
  const headers = await signRequest(
    request,
    { keyId: "test-key-ed25519", algorithm: "ed25519", key },
    {
      components: ["date", "@method", "@path", "@authority", "content-type", "content-length"],
      created: new Date(1618884473_000),
    },
  );
  equal(
    headers.signature,
    "sig=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
  );
  const added = await signRequest(request, { key: SECRET });
  const accepted = await verifyRequest({ ...request, headers: { ...request.headers, ...added } }, { key: SECRET });
  ok(accepted.components.includes("content-digest"));
  const changed = { ...request, headers: { ...request.headers, ...added }, body: new Uint8Array(1) };
  await rejects(verifyRequest(changed, { key: SECRET }), { code: "digest_mismatch" });
});

check("sender styles: GitHub's documented value", async () => {
  deepEqual(await githubStyle("It's a Secret to Everybody").sign({ body: "Hello, World!", timestampSeconds: 0 }), {
    "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  });
});

check("providers: every vector of the catalogue is decided as expected", async () => {
  const wrong: string[] = [];
  for (const vector of vectors) {
    const definition = findProvider(vector.provider);
    if (definition === undefined) throw new Error(vector.provider);
    const { method, url, headers, secrets, expectValid, timeMs } = vector;
    const body = Uint8Array.from(atob(vector.body), (char) => char.charCodeAt(0));
    const certificate = async (request: { url?: string }) => {
      // The vectors expect another certificate under this name.
      const key = vectors.find(({ provider, publicKeys }) => provider === vector.provider && publicKeys !== undefined);
      if (request.url?.endsWith("-bad.pem") || key?.publicKeys?.[0] === undefined) throw new Error("not there");
      return key.publicKeys[0];
    };
    const byAddress = vector.provider === "aws-sns" || vector.provider === "paypal";
    const result = await tryVerifyProvider(
      definition,
      { method, url, headers, body },
      {
        secrets,
        publicKeys: byAddress ? [] : (vector.publicKeys ?? []),
        config: vector.config ?? {},
        fetchKey: certificate,
        now: () => timeMs,
        allowUnsigned: true,
      },
    );
    if (result.ok !== expectValid) wrong.push(`${vector.id}: ${result.ok ? "ok" : result.error.code}`);
  }
  deepEqual(wrong, []);
  ok(vectors.length >= 665);
});

check("the doctor finds re-serialised JSON", async () => {
  const request = { method: "POST", url: "https://a.test/", ...signed(V1) };
  const compact = new TextEncoder().encode(JSON.stringify(JSON.parse(BODY)));
  const diagnosis = await diagnoseStandard({ ...request, body: compact }, SECRET, { now });
  deepEqual(
    diagnosis.findings.map(({ code }) => code),
    ["body_reserialised"],
  );
});

check("the receiver handles a Request once and answers with a Response", async () => {
  const types: string[] = [];
  const receiver = createReceiver({
    source: standardWebhooks(SECRET),
    handle: (event) => void types.push(event.type),
  });
  const handler = fetchHandler(receiver);
  const body = '{"type":"invoice.paid"}';
  const init = { method: "POST", body, headers: await sign({ id: "m", body }, SECRET) };
  const statuses: number[] = [];
  for (const changed of [init, init, { ...init, body: "{}" }]) {
    statuses.push((await handler(new Request("https://a.test/hooks", changed))).status);
  }
  deepEqual([statuses, types], [[200, 200, 401], ["invoice.paid"]]);
});
