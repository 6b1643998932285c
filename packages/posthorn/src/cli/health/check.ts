import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { readEnv } from "../../config/env.ts";
import { settings } from "../../config/settings.ts";
import type { ThreadProblem } from "../../domain/ports.ts";
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
  ).option("--live", "only check that the process responds, even while its database is down");
  withExitCodes(command, { 0: "the server accepts publishes", 1: "it does not, or does not respond" });
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { host, port } = settings.listen.parse(readEnv(sourcesOf(options)).listen.text);
    const path = options["live"] === true ? "/health/live" : "/health/ready";
    // A server that listens on all addresses is reached at the loopback address.
    const { status, body } = await check(host === "0.0.0.0" || host === "::" ? "localhost" : host, port, path);
    if (status >= 300) {
      throw new PosthornError(
        "bad_request",
        `The server responds with HTTP ${status}: it does not accept publishes now. Its log says why.`,
      );
    }
    const { deliveries, threads = [] } = (body === "" ? {} : JSON.parse(body)) as Readiness;
    const paused = deliveries === "paused";
    const remarks = [
      ...(paused ? ["deliveries are paused since a restore (`posthorn resume` starts them)"] : []),
      ...threads.map(({ thread, state }) => `thread ${thread} ${STATES[state]}`),
    ];
    report(options, { healthy: true, paused, threads }, ["healthy", ...remarks].join("; "));
  });
}

/** What `GET /health/ready` says besides that the server is ready. */
interface Readiness {
  readonly deliveries?: "paused";
  readonly threads?: readonly ThreadProblem[];
}

const STATES: Readonly<Record<ThreadProblem["state"], string>> = {
  hung: "does not respond",
  ended: "has ended and is being restarted",
};

interface HealthResponse {
  readonly status: number;
  readonly body: string;
}

function check(host: string, port: number, path: string): Promise<HealthResponse> {
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
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no response in ${TIMEOUT_MS / 1000} s`)));
    sent.on("error", ({ message, ...error }: Error & { readonly code?: string }) => fail(error.code ?? message));
    sent.end();
  });
}
