import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectionOf } from "./client.ts";
import { writeProfiles } from "./profile/profiles.ts";

const STAGING = { url: "https://staging.example.com", token: "staging-token" };
const PRODUCTION = { url: "https://hooks.example.com", token: "production-token" };

describe("the server of a command", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "posthorn-"));
    vi.stubEnv("XDG_CONFIG_HOME", folder);
    for (const name of ["POSTHORN_URL", "POSTHORN_TOKEN", "POSTHORN_PROFILE"]) vi.stubEnv(name, undefined);
    writeProfiles({ current: "staging", profiles: { staging: STAGING } });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it("is that of --profile, regardless of the environment, and gets no token of another server", () => {
    vi.stubEnv("POSTHORN_TOKEN", PRODUCTION.token);
    expect(connectionOf({ profile: "staging" })).toEqual(STAGING);
    vi.stubEnv("POSTHORN_URL", PRODUCTION.url);
    expect(connectionOf({ profile: "staging" })).toEqual(STAGING);
    expect(connectionOf({})).toEqual(PRODUCTION);
  });

  it("does not get the token of the profile of another server", () => {
    expect(connectionOf({})).toEqual(STAGING);
    expect(() => connectionOf({ url: PRODUCTION.url })).toThrow("posthorn login");
    expect(() => connectionOf({ url: PRODUCTION.url, profile: "staging" })).toThrow("posthorn login");
  });

  it("needs no profile if its URL and token are given, as at the first sign-in with a profile", () => {
    vi.stubEnv("POSTHORN_PROFILE", "new");
    expect(connectionOf(PRODUCTION)).toEqual(PRODUCTION);
  });
});
