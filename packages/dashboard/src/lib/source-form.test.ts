import { describe, expect, it } from "vitest";
import { type Source, sourceFromForm, splitAddresses, toKiB, sourceInput } from "./source-form.ts";

const SOURCE: Source = {
  id: "src_1",
  uid: "shop",
  name: "Shop",
  type: "github",
  config: {},
  configured: ["verifyToken"],
  kind: "webhook",
  ingestUrl: "https://hooks.example/in/1",
  metadata: { team: "a" },
  verification: null,
  publicKeys: ["key"],
  allowUnsigned: false,
  toleranceSeconds: 60,
  methods: ["POST", "PUT"],
  maxBodyBytes: 2048,
  rateLimit: 10,
  dailyQuota: 1000,
  allowedAddresses: ["github", "192.0.2.0/24"],
  deduplication: "content",
  response: { status: 202, headers: { "x-a": "b" }, body: "ok", delaySeconds: 1, wait: null },
  expiresAt: null,
  createdAt: "2026-01-01T00:00:00Z",
  updatedAt: "2026-01-01T00:00:00Z",
};

const VALUES = {
  name: "Shop",
  uid: "shop",
  methods: "POST,PUT",
  maxKiB: toKiB(SOURCE.maxBodyBytes),
  rateLimit: "10",
  dailyQuota: "1000",
  tolerance: "60",
  presets: "github",
  addresses: "192.0.2.0/24",
  deduplication: "content",
  status: "202",
  headers: "x-a: b",
  body: "ok",
  delay: "1",
  wait: "none",
  timeout: "5",
};

describe("the form of a source", () => {
  it("sends a provider setting as entered, and leaves out blank ones and the warnings of an earlier response", () => {
    const warned = { ...SOURCE, warnings: [{ code: "secret_quoted", field: "secrets[0]", message: "" }] } as const;
    const values = { ...VALUES, config_verifyToken: ' "token" ', config_appId: "  " };
    const saved = sourceFromForm({ ...warned, warnings: [...warned.warnings] }, values, "own");
    expect(saved.config).toEqual({ verifyToken: ' "token" ' });
    expect(saved).not.toHaveProperty("warnings");
  });

  it("changes nothing when it is saved without an edit, and contains no secret", () => {
    const saved = sourceFromForm(SOURCE, VALUES, "own");
    expect(saved).toEqual(sourceInput(SOURCE));
    expect(saved).not.toHaveProperty("config");
    expect(saved).not.toHaveProperty("secrets");
  });

  it("resets fields that were cleared", () => {
    const emptied = { ...VALUES, uid: " ", maxKiB: "", rateLimit: "", presets: "", addresses: "" };
    expect(sourceFromForm(SOURCE, emptied, "provider")).toMatchObject({
      uid: null,
      maxBodyBytes: null,
      rateLimit: null,
      allowedAddresses: [],
      response: null,
    });
  });

  it("waits for an endpoint, or for any", () => {
    expect(sourceFromForm(SOURCE, { ...VALUES, wait: "ep_1", timeout: "3" }, "own").response?.wait).toEqual({
      endpoint: "ep_1",
      timeoutSeconds: 3,
    });
    expect(sourceFromForm(SOURCE, { ...VALUES, wait: "any", timeout: "" }, "own").response?.wait).toEqual({
      endpoint: null,
      timeoutSeconds: 5,
    });
  });

  it("separates names of providers from addresses", () => {
    expect(splitAddresses(SOURCE.allowedAddresses, ["github", "stripe"])).toEqual({
      presets: ["github"],
      others: "192.0.2.0/24",
    });
  });
});
