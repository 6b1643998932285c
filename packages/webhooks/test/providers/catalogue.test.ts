import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe as suite, expect, test } from "vitest";
import { deduplicationKey, describe } from "../../src/provider/describe.ts";
import { maskHeaders, secretParts } from "../../src/provider/mask.ts";
import { providerTrust, schemeSummary } from "../../src/provider/summary.ts";
import { findProvider, providers } from "../../src/providers/index.ts";
import { requestOf, type RequestVector, vectors } from "./vectors.ts";

const all = Object.values(providers);
const folder = new URL("../../src/providers/", import.meta.url);

/** Gaps in the vectors of a provider. */
function gapsOf(id: string): readonly string[] {
  const own = vectors.filter(({ provider }) => findProvider(provider)?.id === id);
  const [accepted, rejected] = [
    own.some(({ expectValid }) => expectValid),
    own.some(({ expectValid }) => !expectValid),
  ];
  return [...(accepted ? [] : ["accepted"]), ...(rejected ? [] : ["rejected"])];
}

suite("the catalogue", () => {
  test("contains every definition file under its own ID", () => {
    const files = readdirSync(folder).filter((name) => name !== "index.ts" && !name.endsWith(".test.ts"));
    expect(Object.keys(providers).sort()).toEqual(files.map((name) => name.replace(/\.ts$/, "")).sort());
    for (const [id, definition] of Object.entries(providers)) expect(definition.id).toBe(id);
  });

  test("has a definition for every provider of the vectors", () => {
    expect(vectors.filter(({ provider }) => findProvider(provider) === undefined)).toEqual([]);
  });

  test("has an accepted and a rejected vector for every provider", () => {
    const missing = all.flatMap(({ id }) =>
      gapsOf(id).map(
        (kind) =>
          `${id} has no ${kind} request. Add one to vectors/providers.json, made with the provider's library or documentation: ` +
          'see "Add a provider" in CONTRIBUTING.md.',
      ),
    );
    expect(missing).toEqual([]);
  });

  test("is counted correctly in the documents", () => {
    // Adyen has two definitions.
    const count = all.length - 1;
    const documents = [
      "README.md",
      "packages/webhooks/README.md",
      "docs/receiving/README.md",
      "docs/webhooks/providers.md",
    ];
    const stated = documents.flatMap((path) => {
      const text = readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");
      return [...text.matchAll(/\b(\d{3}) providers\b/g)].map(([, number]) => `${path}: ${number}`);
    });
    expect(stated.filter((one) => !one.endsWith(`: ${count}`))).toEqual([]);
    expect(stated.length).toBeGreaterThan(3);
  });

  test("uses each ID and alias only once", () => {
    const names = all.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(findProvider("GHCR")?.id).toBe("github");
    expect(findProvider("unknown")).toBeUndefined();
    expect(findProvider("constructor")).toBeUndefined();
  });

  test("has header names only in lower case, as required for look-ups", () => {
    const wrong = all.flatMap(({ id }) => {
      const source = readFileSync(new URL(`${id}.ts`, folder), "utf8");
      const names = [...source.matchAll(/header(?::|\("|: ")([^"}`\s)]+)/g)].map(([, name = ""]) => name);
      return names.filter((name) => name !== name.toLowerCase() && !name.startsWith("$"));
    });
    expect(wrong).toEqual([]);
  });

  test("describes each scheme, each handshake, and the secret of each definition", () => {
    const undescribed = all.filter(
      ({ schemes, secret, unsigned, handshakes = [] }) =>
        schemes.some((scheme) => schemeSummary(scheme).length < 10) ||
        (secret === undefined && unsigned === undefined) ||
        handshakes.some(({ summary }) => !summary.includes("→")),
    );
    expect(undescribed.map(({ id }) => id)).toEqual([]);
  });

  test("reports no trust for providers without authentication", () => {
    const none = all.filter((definition) => providerTrust(definition) === "none").map(({ id }) => id);
    expect(none).toEqual(
      expect.arrayContaining(["docker-hub", "mailchimp", "quay", "rollbar", "salesforce", "wordpress"]),
    );
    expect(none).not.toContain("github");
  });
});

function valid(id: string): RequestVector {
  return vectors.find(({ provider, expectValid }) => provider === id && expectValid)!;
}

suite("reading a delivery", () => {
  test.each([
    ["slack", "message", "Ev08MFMKH6", "2009-02-13T23:31:30.000Z"],
    ["shopify", "orders/create", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "2026-01-15T12:00:00.123Z"],
    ["linear", "Issue.create", "234d1a4e-b617-4388-90fe-adc3633d6b72", "2026-01-15T12:00:00.000Z"],
    ["mux", "video.asset.ready", "3a56ac3d-33da-4366-855b-f592d898409d", undefined],
    ["twitch", "channel.follow", "e76c6bd4-55c9-4987-8304-da1588d8988b", "2026-01-15T12:00:00.123Z"],
    ["telegram", "message", "10000", "2015-09-07T17:05:32.000Z"],
    ["google-calendar", "exists", "4ba78bf0-6a47-11e2-bcfd-0800200c9a66.10", undefined],
    ["apple-appstore", "SUBSCRIBED.INITIAL_BUY", "002e14d5-51f5-4503-b5a8-c3a1af68eb20", "2027-01-15T12:00:00.000Z"],
    ["mailgun", "opened", "Ase7i2zsRYeDXztHGENqRA", "2018-03-16T23:35:39.873Z"],
    ["aws-sns", "Notification", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "2026-01-15T12:00:00.000Z"],
    ["braintree", "subscription_went_past_due", undefined, "2026-01-15T12:00:00.000Z"],
    ["paypal", "PAYMENT.CAPTURE.COMPLETED", "WH-9Y180613C5171350R-26B49153FC334563U", undefined],
    [
      "dropbox-sign",
      "signature_request_all_signed",
      "769389728813d8b9dc10bfe48dad45101ac317ab08e9727636e216b0cf8bfc29",
      "2012-09-20T21:49:12.000Z",
    ],
    ["line", "message", "01FZ74A0TDDPYRVKNK77XKC3ZR", undefined],
    ["x-twitter", "tweet_create_events", undefined, undefined],
  ])("%s: type, id and time", (id, type, delivery, time) => {
    const vector = vectors.find(
      (candidate) => candidate.provider === id && candidate.expectValid && !candidate.variant.startsWith("published"),
    )!;
    const described = describe(findProvider(id)!, requestOf(vector));
    expect({ type: described.type, id: described.id, time: described.occurredAt?.toISOString() }).toEqual({
      type,
      id: delivery,
      time,
    });
  });

  test("returns each event of a batch", () => {
    const { events } = describe(
      findProvider("adyen")!,
      requestOf(vectors.find(({ id }) => id === "adyen/batch/valid")!),
    );
    expect(events).toHaveLength(2);
    expect(events.every(({ id, type }) => id !== undefined && type === "AUTHORISATION")).toBe(true);
    const sendgrid = describe(findProvider("sendgrid")!, requestOf(valid("sendgrid")));
    expect(sendgrid.events[0]).toMatchObject({ type: "dropped", occurredAt: new Date(1600112492000) });
  });

  test("does not use GitLab's webhook UUID as a delivery ID", () => {
    const request = { method: "POST", url: "", headers: { "x-gitlab-webhook-uuid": "u" }, body: new Uint8Array(0) };
    expect(describe(findProvider("gitlab")!, request).id).toBeUndefined();
  });
});

suite("the deduplication key", () => {
  test("is the delivery ID if the provider has one, otherwise a hash of type and body", async () => {
    const github = requestOf(vectors.find(({ id }) => id.startsWith("github/json"))!);
    expect(await deduplicationKey(findProvider("github")!, github)).toMatch(/^github:[\w-]+$/);
    const paystack = requestOf(valid("paystack"));
    const key = await deduplicationKey(findProvider("paystack")!, paystack);
    expect(key).toMatch(/^paystack:sha256:[0-9a-f]{64}$/);
    expect(await deduplicationKey(findProvider("paystack")!, { ...paystack, headers: {} })).toBe(key);
    const changed = { ...paystack, body: paystack.body.slice(1) };
    expect(await deduplicationKey(findProvider("paystack")!, changed)).not.toBe(key);
  });
});

suite("secrets in a request", () => {
  test.each([
    ["gitlab", "header:x-gitlab-token"],
    ["figma", "body:passcode"],
    ["salesforce", "xml:SessionId"],
    ["flutterwave", "header:verif-hash"],
    ["chargebee", "header:authorization"],
    ["microsoft-graph", "body:value.*.clientState"],
    ["google-pubsub", "header:authorization"],
    ["asana", "header:x-hook-secret"],
    ["docker-hub", "url"],
  ])("of %s include %s", (id, part) => {
    expect(secretParts(findProvider(id)!)).toContain(part);
  });

  test("are masked in headers, including a header chosen by the user", () => {
    const headers = { "X-Own": "secret", "X-Other": "seen" };
    expect(maskHeaders(findProvider("datadog")!, headers, { header: "X-Own" })).toEqual({
      "X-Own": "***",
      "X-Other": "seen",
    });
  });
});

test("the file of vectors exists and is complete", () => {
  expect(existsSync(new URL("../../../../vectors/providers.json", import.meta.url))).toBe(true);
  expect(vectors.length).toBeGreaterThanOrEqual(665);
});
