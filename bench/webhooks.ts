/**
 * Compares signing and verifying with @posthorn/webhooks and with popular libraries, in one process and one run. Prints microseconds of
 * CPU time per call (median of the rounds) and the ratio. Exits with 1 when another library is faster.
 *
 *     npm run bench:webhooks            all cases
 *     npm run bench:webhooks -- stripe  cases whose name contains stripe
 */
import { sign as octokitSign, verify as octokitVerify } from "@octokit/webhooks-methods";
import { createSigner, createVerifier } from "@posthorn/webhooks";
import { providerVerifier } from "@posthorn/webhooks/provider";
import { github } from "@posthorn/webhooks/providers/github";
import { stripe as stripeDefinition } from "@posthorn/webhooks/providers/stripe";
import { githubStyle, stripeStyle } from "@posthorn/webhooks/sender-styles";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { requireOracle } from "@posthorn/testkit/oracles";
import { Webhook as SvixWebhook } from "svix";

const ROUNDS = 15;
const CALLS = 4000;

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const text = JSON.stringify({
  type: "invoice.paid",
  timestamp: new Date().toISOString(),
  data: { note: "x".repeat(940) },
});
const body = new TextEncoder().encode(text);
const date = new Date();
const seconds = Math.floor(date.getTime() / 1000);

const signer = createSigner(secret);
const verifier = createVerifier(secret);
const standardwebhooks = new StandardWebhook(secret);
const svix = new SvixWebhook(secret);
const signature = signer.signSync(id, seconds, body);
const standardHeaders = { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": signature };
const svixHeaders = { "svix-id": id, "svix-timestamp": String(seconds), "svix-signature": signature };

const githubSigner = githubStyle(secret);
const githubVerifier = providerVerifier(github, { secrets: secret });
const githubHeaders = {
  "x-hub-signature-256": githubSigner.signSync({ body, timestampSeconds: seconds })["X-Hub-Signature-256"]!,
};
const githubRequest = { method: "POST", url: "https://a.test/", headers: githubHeaders, body };

/** The part of Stripe's library that is measured. */
interface StripeLike {
  readonly webhooks: {
    constructEvent(body: string, header: string, secret: string): unknown;
    generateTestHeaderString(options: {
      readonly payload: string;
      readonly secret: string;
      readonly timestamp: number;
    }): string;
  };
}

const Stripe = requireOracle<new (key: string) => StripeLike>("stripe");
const stripe = new Stripe("sk_test_x");
const stripeSigner = stripeStyle(secret);
const stripeVerifier = providerVerifier(stripeDefinition, { secrets: secret });
const stripeHeader = stripeSigner.signSync({ body, timestampSeconds: seconds })["Stripe-Signature"]!;
const stripeRequest = { method: "POST", url: "https://a.test/", headers: { "stripe-signature": stripeHeader }, body };

type Call = () => unknown;

/** The same work on both sides, including JSON parsing where the other library parses. */
const CASES: readonly (readonly [name: string, ours: Call, theirs: Call])[] = [
  ["sign, standardwebhooks", () => signer.signSync(id, seconds, body), () => standardwebhooks.sign(id, date, text)],
  [
    "verify, standardwebhooks",
    () => {
      verifier.verifySync({ headers: standardHeaders, body });
      return JSON.parse(text) as unknown;
    },
    () => standardwebhooks.verify(text, standardHeaders),
  ],
  ["sign, svix", () => signer.signSync(id, seconds, body), () => svix.sign(id, date, text)],
  [
    "verify, svix",
    () => {
      verifier.verifySync({ headers: svixHeaders, body });
      return JSON.parse(text) as unknown;
    },
    () => svix.verify(text, svixHeaders),
  ],
  [
    "sign, @octokit/webhooks-methods",
    () => githubSigner.signSync({ body, timestampSeconds: seconds }),
    () => octokitSign(secret, text),
  ],
  [
    "verify, @octokit/webhooks-methods",
    () => githubVerifier.verifySync(githubRequest),
    () => octokitVerify(secret, text, githubHeaders["x-hub-signature-256"]),
  ],
  [
    "sign, stripe",
    () => stripeSigner.signSync({ body, timestampSeconds: seconds }),
    () => stripe.webhooks.generateTestHeaderString({ payload: text, secret, timestamp: seconds }),
  ],
  [
    "verify, stripe",
    () => {
      stripeVerifier.verifySync(stripeRequest);
      return JSON.parse(text) as unknown;
    },
    () => stripe.webhooks.constructEvent(text, stripeHeader, secret),
  ],
];

/** Microseconds of CPU time per call in one round. Other load on the machine hardly affects CPU time. */
async function time(call: Call): Promise<number> {
  const start = process.cpuUsage();
  for (let index = 0; index < CALLS; index += 1) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / CALLS;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

let behind = 0;
console.log(`${"1 KiB of JSON".padEnd(48)}     ours   theirs   ratio`);
const wanted = process.argv[2] ?? "";
for (const [name, ours, theirs] of CASES.filter(([line]) => line.includes(wanted))) {
  const mine: number[] = [];
  const other: number[] = [];
  // The rounds alternate, so that other load on the machine affects both sides.
  for (let round = 0; round < ROUNDS; round += 1) {
    mine.push(await time(ours));
    other.push(await time(theirs));
  }
  const [a, b] = [median(mine), median(other)];
  if (a >= b) behind += 1;
  console.log(
    `${name.padEnd(48)}${a.toFixed(2).padStart(9)}${b.toFixed(2).padStart(9)}${(b / a).toFixed(1).padStart(8)}`,
  );
}
process.exitCode = behind === 0 ? 0 : 1;
