import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/support/store.ts";
import { describeSettings, envToConfig } from "./config.ts";
import { readEnv, type SettingSources } from "./env.ts";
import { loadSecrets } from "./secrets.ts";
import { flagOf, settings } from "./settings.ts";

function configOf(environment: Record<string, string>, more: SettingSources = {}) {
  return envToConfig(readEnv({ environment, ...more }));
}

describe("readEnv", () => {
  it("reads a setting from the flag, then the environment, then the file, then the default", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "posthorn.env");
    writeFileSync(file, "# comment\nPOSTHORN_CONCURRENCY=1\nPOSTHORN_LOG_LEVEL='warn'\nPOSTHORN_REQUEST_TIMEOUT=3\n");
    const environment = { POSTHORN_CONCURRENCY: "2", POSTHORN_LOG_LEVEL: "error" };
    const raw = readEnv({ environment, file, flags: { concurrency: "3" } });
    expect(raw.concurrency).toEqual({ text: "3", origin: "flag" });
    expect(raw.logLevel).toEqual({ text: "error", origin: "environment" });
    expect(raw.requestTimeout).toEqual({ text: "3", origin: "file" });
    expect(raw.endpointConcurrency).toEqual({ text: settings.endpointConcurrency.default, origin: "default" });
  });

  it("reads the file in POSTHORN_CONFIG unless a flag names another one", () => {
    using folder = temporaryFolder();
    const [one, two] = [join(folder.path, "one"), join(folder.path, "two")];
    writeFileSync(one, "POSTHORN_CONCURRENCY=1");
    writeFileSync(two, "POSTHORN_CONCURRENCY=2");
    const environment = { POSTHORN_CONFIG: one };
    expect(readEnv({ environment }).concurrency.text).toBe("1");
    expect(readEnv({ environment, file: two }).concurrency.text).toBe("2");
  });

  it("allows loopback targets in development mode only, and never overrides an explicit value", () => {
    expect(configOf({}).egressAllow).toBe("external");
    expect(configOf({}, { dev: true }).egressAllow).toBe("external,loopback");
    expect(configOf({ POSTHORN_EGRESS_ALLOW: "external" }, { dev: true }).egressAllow).toBe("external");
  });

  it("rejects an unknown setting and suggests a similar one", () => {
    expect(() => readEnv({ environment: { POSTHORN_DATADIR: "x" } })).toThrow(
      "did you mean POSTHORN_DATA_DIR (--data-dir)",
    );
    expect(() => readEnv({ environment: { POSTHORN_NONSENSE: "x" } })).toThrow("POSTHORN_NONSENSE in the environment");
    expect(() => readEnv({ environment: { OTHER: "x", POSTHORN_TOKEN: "t", POSTHORN_URL: "u" } })).not.toThrow();
  });

  it("rejects a missing file, and one with an unknown setting", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "posthorn.env");
    expect(() => readEnv({ environment: {}, file })).toThrow("cannot be read");
    writeFileSync(file, "POSTHORN_NONSENSE=1");
    expect(() => readEnv({ environment: {}, file })).toThrow(`POSTHORN_NONSENSE in the file ${file}`);
  });
});

describe("envToConfig", () => {
  it("accepts every default", () => {
    expect(configOf({})).toMatchObject({
      listen: { host: "127.0.0.1", port: 8071 },
      retrySchedule: [5000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000],
      requestTimeoutMs: 15_000,
      database: { kind: "sqlite", path: resolve("data/posthorn.db") },
    });
    expect(() => configOf({}, { dev: true })).not.toThrow();
  });

  it.each([
    ["POSTHORN_LISTEN", ":80", { listen: { host: "::", port: 80 } }],
    ["POSTHORN_LISTEN", "[::1]:0", { listen: { host: "::1", port: 0 } }],
    ["POSTHORN_LISTEN", "example.com:8080", { listen: { host: "example.com", port: 8080 } }],
    ["POSTHORN_RETRY_SCHEDULE", "", { retrySchedule: [] }],
    ["POSTHORN_RETRY_SCHEDULE", " 0.5, 2 ,30", { retrySchedule: [500, 2000, 30_000] }],
    ["POSTHORN_REQUEST_TIMEOUT", "0.25", { requestTimeoutMs: 250 }],
    ["POSTHORN_PUBLIC_URL", "https://hooks.example.com/", { publicUrl: "https://hooks.example.com" }],
    ["POSTHORN_INGEST_URL", "https://hooks.example.com/", { ingestUrl: "https://hooks.example.com" }],
    ["POSTHORN_INGEST_URL", "HTTPS://Hooks.Example.com:443", { ingestUrl: "https://hooks.example.com" }],
    ["POSTHORN_INGEST_URL", "http://localhost:8071", { ingestUrl: "http://localhost:8071" }],
    ["POSTHORN_INGEST_URL", "http://127.0.0.1:8072", { ingestUrl: "http://127.0.0.1:8072" }],
    ["POSTHORN_INGEST_URL", "http://[0:0::1]:8072", { ingestUrl: "http://[::1]:8072" }],
    [
      "POSTHORN_DATABASE_URL",
      "sqlite:/var/lib/posthorn/db",
      { database: { kind: "sqlite", path: "/var/lib/posthorn/db" } },
    ],
    [
      "POSTHORN_CORS_ORIGINS",
      "https://a.example, https://b.example",
      { corsOrigins: ["https://a.example", "https://b.example"] },
    ],
    ["POSTHORN_SECOND_HEADER_FAMILY", "false", { secondHeaderFamily: false }],
    ["POSTHORN_EGRESS_DENY", "8.8.8.0/24, *.evil.example", { egressDeny: "*.evil.example,8.8.8.0/24" }],
    ["POSTHORN_EGRESS_PROXY", "http://me:a%25b@proxy:4750", { egressProxy: "http://me:a%25b@proxy:4750" }],
    ["POSTHORN_EGRESS_CLIENT", "undici", { egressClient: "undici" }],
    ["POSTHORN_HTTPS_ONLY", "true", { httpsOnly: true }],
    ["POSTHORN_SOURCE_ADDRESSES", "192.0.2.1, 2001:db8::/64", { sourceAddresses: ["192.0.2.1", "2001:db8::/64"] }],
  ])("reads %s=%j", (name, text, expected) => {
    expect(configOf({ [name]: text })).toMatchObject(expected);
  });

  it.each([
    ["POSTHORN_LISTEN", "nowhere"],
    ["POSTHORN_LISTEN", "127.0.0.1:99999"],
    ["POSTHORN_LISTEN", "::1:80"],
    ["POSTHORN_LISTEN", ""],
    ["POSTHORN_PUBLIC_URL", "ftp://example.com"],
    ["POSTHORN_INGEST_URL", "ftp://example.com"],
    ["POSTHORN_INGEST_URL", "hooks.example.com"],
    ["POSTHORN_INGEST_URL", "https:hooks.example.com"],
    ["POSTHORN_INGEST_URL", "https://"],
    ["POSTHORN_INGEST_URL", "https://hooks.example.com/in"],
    ["POSTHORN_INGEST_URL", "https://hooks.example.com/?"],
    ["POSTHORN_INGEST_URL", "https://hooks.example.com/?a=b"],
    ["POSTHORN_INGEST_URL", "https://hooks.example.com/#a"],
    ["POSTHORN_INGEST_URL", "https://me@hooks.example.com"],
    ["POSTHORN_INGEST_URL", "https://me:pw@hooks.example.com"],
    ["POSTHORN_INGEST_URL", "https://*.example.com"],
    ["POSTHORN_INGEST_URL", "https://hooks.example.com, https://b.example.com"],
    // The same as the address of the dashboard when there is no public URL.
    ["POSTHORN_INGEST_URL", "http://127.0.0.1:8071"],
    ["POSTHORN_PUBLIC_URL", "hooks.example.com"],
    ["POSTHORN_DATABASE_URL", "mysql://example.com/db"],
    ["POSTHORN_JWT_SECRET", "short"],
    ["POSTHORN_ENCRYPTION_KEY", "AAAA"],
    ["POSTHORN_RETRY_SCHEDULE", "5,soon"],
    ["POSTHORN_RETRY_SCHEDULE", "-5"],
    ["POSTHORN_RETRY_SCHEDULE", "9999999"],
    ["POSTHORN_RETRY_SCHEDULE", Array.from({ length: 51 }, () => "1").join(",")],
    ["POSTHORN_REQUEST_TIMEOUT", "0"],
    ["POSTHORN_REQUEST_TIMEOUT", "1e3"],
    ["POSTHORN_REQUEST_TIMEOUT", ""],
    ["POSTHORN_EGRESS_ALLOW", "10.0.0.0/99"],
    ["POSTHORN_EGRESS_CLIENT", "fetch"],
    ["POSTHORN_EGRESS_ALLOW", "http://example.com"],
    ["POSTHORN_EGRESS_DENY", "private"],
    ["POSTHORN_EGRESS_DENY", "10.0.0.0/99"],
    ["POSTHORN_EGRESS_PROXY", "ftp://proxy"],
    ["POSTHORN_EGRESS_PROXY", "http://me:a%b@proxy"],
    ["POSTHORN_HTTPS_ONLY", "1"],
    ["POSTHORN_SOURCE_ADDRESSES", "example.com"],
    ["POSTHORN_MAX_PAYLOAD_BYTES", "1.5"],
    ["POSTHORN_MAX_PAYLOAD_BYTES", "100000000000"],
    ["POSTHORN_ATTEMPT_RETENTION_DAYS", "0"],
    ["POSTHORN_FAILURE_RETENTION_DAYS", "89"],
    ["POSTHORN_CONCURRENCY", "0"],
    ["POSTHORN_SECOND_HEADER_FAMILY", "yes"],
    ["POSTHORN_LOG_LEVEL", "loud"],
    ["POSTHORN_LOG_FORMAT", "xml"],
  ])("rejects %s=%j with one sentence that names the setting", (name, text) => {
    const sentence = new RegExp(`^${name} is wrong: [^\\n]+\\.$`);
    expect(() => configOf({ [name]: text })).toThrow(expect.objectContaining({ code: "config_invalid" }));
    expect(() => configOf({ [name]: text })).toThrow(sentence);
  });

  it("never repeats a secret in an error message", () => {
    for (const name of ["POSTHORN_JWT_SECRET", "POSTHORN_ENCRYPTION_KEY"]) {
      expect(() => configOf({ [name]: "leaked-secret" })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("leaked") as string }),
      );
    }
  });
});

describe("the password of a proxy", () => {
  const URLS = [
    "http://me:s3cret@127.0.0.1:3128",
    "socks5://me:s3cret@proxy",
    "me:s3cret@proxy:3128",
    "ftp://me:s3cret@proxy",
    "http://me:s3cret%@proxy",
    "http://me:s3cret@",
    "http://me:s3cret@proxy:99999",
    "http://me:s3cret@[::1",
  ];

  it.each(["EGRESS_PROXY", "EGRESS_NO_PROXY", "EGRESS_ALLOW", "EGRESS_TENANT_ALLOW", "EGRESS_DENY"])(
    "never appears in an error when it is given as POSTHORN_%s",
    (name) => {
      for (const url of URLS) {
        let text = "";
        try {
          configOf({ [`POSTHORN_${name}`]: url });
        } catch (error) {
          text = `${String(error)} ${JSON.stringify(error)}`;
        }
        expect(text).not.toContain("s3cret");
      }
    },
  );

  it("is masked where settings are printed, even in an invalid URL", () => {
    for (const url of URLS) {
      const described = describeSettings(readEnv({ environment: { POSTHORN_EGRESS_PROXY: url } }));
      expect(JSON.stringify(described)).not.toContain("s3cret");
    }
  });
});

describe("describeSettings", () => {
  it("lists every setting with value, origin and meaning, and masks secrets that are set", () => {
    const environment = { POSTHORN_JWT_SECRET: "a-secret-that-nobody-may-read-0123456789" };
    const described = describeSettings(readEnv({ environment }));
    expect(described.map(({ name }) => name)).toEqual(Object.values(settings).map(({ name }) => name));
    expect(JSON.stringify(described)).not.toContain("nobody-may-read");
    const of = (name: string) => described.find((setting) => setting.name === name)!;
    expect(of("POSTHORN_JWT_SECRET")).toMatchObject({ value: "********", origin: "environment" });
    expect(of("POSTHORN_ENCRYPTION_KEY")).toMatchObject({ value: "********", origin: "data folder" });
    expect(of("POSTHORN_EGRESS_PROXY")).toMatchObject({ value: "", origin: "default" });
    const proxied = describeSettings(readEnv({ environment: { POSTHORN_EGRESS_PROXY: "http://me:hidden@proxy" } }));
    expect(JSON.stringify(proxied)).not.toContain("hidden");
    expect(of("POSTHORN_CONCURRENCY")).toMatchObject({ value: "512", origin: "default" });
  });

  it("gives every setting a unique name, a flag and a help sentence", () => {
    const all = Object.values(settings);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, help } of all) {
      expect(name).toMatch(/^(POSTHORN|OTEL)_[A-Z_]+$/);
      expect(flagOf(name)).toMatch(/^--[a-z-]+$/);
      expect(help).toMatch(/\.$/);
    }
  });
});

describe("loadSecrets", () => {
  const none = { jwtSecret: "", encryptionKey: "" };

  it("generates secrets once, keeps them, and makes them readable only to their owner", () => {
    using folder = temporaryFolder();
    const dataDir = join(folder.path, "data");
    const made = loadSecrets({ dataDir, ...none });
    expect(made.encryptionKey).toMatchObject({ kind: "value", key: expect.objectContaining({ length: 32 }) });
    expect(made.jwtSecret.length).toBeGreaterThanOrEqual(32);
    expect(loadSecrets({ dataDir, ...none })).toEqual(made);
    for (const name of ["jwt.secret", "encryption.key"]) expect(statSync(join(dataDir, name)).mode & 0o077).toBe(0);
    using other = temporaryFolder();
    expect(loadSecrets({ dataDir: other.path, ...none }).jwtSecret).not.toBe(made.jwtSecret);
  });

  it("uses configured secrets without creating files for them", () => {
    using folder = temporaryFolder();
    const dataDir = join(folder.path, "data");
    const key = Buffer.alloc(32, 1);
    const secrets = loadSecrets({ dataDir, jwtSecret: "s".repeat(32), encryptionKey: key.toString("base64") });
    expect(secrets).toEqual({ jwtSecret: "s".repeat(32), encryptionKey: { kind: "value", key }, previousKeys: [] });
    expect(() => statSync(dataDir)).toThrow("ENOENT");
  });

  it("rejects a damaged key instead of generating a new one, which would make all encrypted secrets unreadable", () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "encryption.key"), "damaged");
    expect(() => loadSecrets({ dataDir: folder.path, ...none })).toThrow("restore it from a backup");
    expect(readFileSync(join(folder.path, "encryption.key"), "utf8")).toBe("damaged");
  });

  it("fails with one sentence when a secret cannot be read", () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "jwt.secret"));
    expect(() => loadSecrets({ dataDir: folder.path, ...none })).toThrow(/^The secret [^\n]+\.$/);
  });

  it.each([
    ["https://example.com", "https://example.com"],
    ["https://Example.com/posthorn", "https://example.com:443/"],
    ["https://example.com", "http://example.com"],
    ["https://example.com", "https://example.com."],
    ["http://[::1]:8071", "http://[0:0:0::1]:8071"],
    ["http://localhost:80", "http://localhost"],
  ])("rejects an ingest URL that shares a Host header with the public URL: %s and %s", (publicUrl, ingestUrl) => {
    const env = { POSTHORN_PUBLIC_URL: publicUrl, POSTHORN_INGEST_URL: ingestUrl };
    expect(() => configOf(env)).toThrow(/^POSTHORN_INGEST_URL is wrong: .*must be another origin/);
  });

  it.each([
    ["https://example.com", "https://hooks.example.com"],
    ["https://example.com", "https://example.com:8443"],
    ["http://localhost:8071", "http://127.0.0.1:8071"],
    ["http://localhost:8071", "http://localhost:8072"],
  ])("accepts an ingest URL on another host or port: %s and %s", (publicUrl, ingestUrl) => {
    expect(() => configOf({ POSTHORN_PUBLIC_URL: publicUrl, POSTHORN_INGEST_URL: ingestUrl })).not.toThrow();
  });
});
