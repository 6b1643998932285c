/** Child processes of the example. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** Starts a program that is stopped together with the example. `output` returns its output so far. */
export function startProgram(command, args, env = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const exit = once(child, "exit").catch((error) => {
    output += error.message;
  });
  return {
    output: () => output,
    hasEnded: () => child.exitCode !== null || child.pid === undefined,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.pid === undefined) return;
      child.kill("SIGTERM");
      await exit;
    },
  };
}

/** A port of this machine that is currently free. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
