/** Posthorn as a separate process, with its data in a folder, and calls of its API. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { startProgram } from "./process.mjs";

const MAIN = fileURLToPath(import.meta.resolve("../../packages/posthorn/src/main.ts"));
const ARGUMENTS = ["--conditions=@posthorn/source", MAIN];

/** @param certificate Self-signed certificate of the stand-in for Slack. */
export async function startPosthorn(folder, certificate) {
  const env = {
    POSTHORN_DATA_DIR: folder,
    POSTHORN_LISTEN: "127.0.0.1:0",
    POSTHORN_LOG_FORMAT: "json",
    // Otherwise, targets on this machine are blocked.
    POSTHORN_EGRESS_ALLOW: "external,loopback",
    NODE_EXTRA_CA_CERTS: certificate,
  };
  const program = startProgram(process.execPath, [...ARGUMENTS, "start", "--dev"], env);
  const url = await urlOf(program);
  const token = execFileSync(process.execPath, [...ARGUMENTS, "token"], { env: { ...process.env, ...env } });
  const authorization = `Bearer ${String(token).trim()}`;

  async function call(method, path, body) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  return {
    url,
    call,
    /** Polls a path until its response fulfils a condition. */
    async until(path, isFulfilled) {
      for (let tries = 0; tries < 300; tries++) {
        const found = await call("GET", path);
        if (isFulfilled(found)) return found;
        await delay(100);
      }
      throw new Error(`${path} is still ${JSON.stringify(await call("GET", path))}`);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

async function urlOf(program) {
  for (let tries = 0; tries < 600; tries++) {
    const url = /"url":"(http:[^"]+)"/.exec(program.output())?.[1];
    if (url !== undefined) return url;
    if (program.hasEnded()) break;
    await delay(100);
  }
  throw new Error(`Posthorn did not start:\n${program.output()}`);
}
