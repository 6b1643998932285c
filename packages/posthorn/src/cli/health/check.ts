import { request } from "node:http";
import type { Command } from "commander";
import { readEnv } from "../../config/env.ts";
import { settings } from "../../config/settings.ts";
import { PosthornError } from "../../lib/errors.ts";

import { addSettingFlags, sourcesOf } from "../settings.ts";
import { report, withExitCodes, withJson } from "../help.ts";
import { HEALTH } from "../json.ts";

const TIMEOUT_MS = 5000;

/** `posthorn health`: exit code 0 if the server on this machine accepts requests, for HEALTHCHECK of containers. */
export function addHealthCommand(program: Command): void {
  const command = withJson(
    program
      .command("health")
      .description("check the server on this machine: exit code 0 if it accepts publishes, else 1"),
    { kind: "own", schema: HEALTH },
  ).option("--live", "only check that the process responds, also while its database is down");
  withExitCodes(command, { 0: "the server accepts publishes", 1: "it does not, or does not respond" });
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { host, port } = settings.listen.parse(readEnv(sourcesOf(options)).listen.text);
    const path = options["live"] === true ? "/health/live" : "/health/ready";
    // A server that listens on all addresses is reached at the loopback address.
    const status = await statusOf(host === "0.0.0.0" || host === "::" ? "localhost" : host, port, path);
    if (status >= 300) {
      throw new PosthornError(
        "bad_request",
        `The server responds with HTTP ${status}: it does not accept publishes now. Its log says why.`,
      );
    }
    // 204: see `GET /health/ready`.
    report(
      options,
      { healthy: true, paused: status === 200 },
      status === 200 ? "healthy; deliveries are paused since a restore (`posthorn resume` starts them)" : "healthy",
    );
  });
}

function statusOf(host: string, port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      reject(
        new PosthornError(
          "bad_request",
          `No server responds at ${where} (${reason}). Start it, or set POSTHORN_LISTEN.`,
        ),
      );
    };
    const sent = request({ host, port, path, agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no response in ${TIMEOUT_MS / 1000} s`)));
    sent.on("error", ({ message, ...error }: Error & { readonly code?: string }) => fail(error.code ?? message));
    sent.end();
  });
}
