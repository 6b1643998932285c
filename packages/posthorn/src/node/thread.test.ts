import { describe, expect, it } from "vitest";
import { envToConfig } from "../config/config.ts";
import { readEnv } from "../config/env.ts";
import { shareOf, workerConfigOf } from "./thread.ts";

const POSTGRES = "postgres://posthorn@db.example.com/posthorn";
const configOf = (environment: Record<string, string>) =>
  envToConfig(readEnv({ environment: { POSTHORN_DATABASE_URL: POSTGRES, ...environment } }));

describe("the settings of a thread", () => {
  it("divide the limits of the process, so that several threads together stay within them", () => {
    const config = configOf({
      POSTHORN_THREADS: "4",
      POSTHORN_CONCURRENCY: "512",
      POSTHORN_TRANSFORM_THREADS: "2",
      POSTHORN_DATABASE_CONNECTIONS: "30",
    });
    expect(shareOf(config, 4)).toMatchObject({ concurrency: 128, transformThreads: 1, database: { connections: 8 } });
    expect(shareOf(config, 64).database).toMatchObject({ connections: 2 });
    expect(shareOf(config, 1)).toEqual({ ...config, threads: 1 });
  });

  it("leave the other ports and the export of metrics to the main thread", () => {
    const config = configOf({
      POSTHORN_LISTEN: "[::1]:0",
      POSTHORN_METRICS_LISTEN: "127.0.0.1:9464",
      POSTHORN_SMTP_LISTEN: "127.0.0.1:25",
      POSTHORN_SMTP_DOMAIN: "in.example.com",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
    });
    const worker = workerConfigOf(config, "http://[::1]:40123");
    expect(worker.listen).toEqual({ host: "::1", port: 40_123 });
    expect([worker.metricsListen, worker.smtpListen, worker.telemetry?.metrics]).toEqual([null, null, null]);
    expect(worker.telemetry?.traces).toEqual(config.telemetry?.traces);
    expect(workerConfigOf(config, "http://[::1]").listen.port).toBe(80);
  });

  it("are 1 to 64 threads, or as many as are needed", () => {
    expect(configOf({}).threads).toBe("auto");
    expect(configOf({ POSTHORN_THREADS: "auto" }).threads).toBe("auto");
    expect(configOf({ POSTHORN_THREADS: "64" }).threads).toBe(64);
    for (const threads of ["0", "65", "two"]) {
      expect(() => configOf({ POSTHORN_THREADS: threads })).toThrow("POSTHORN_THREADS is wrong");
    }
  });
});
