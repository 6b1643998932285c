/** Ports for servers that a test starts, stops and starts again on the same port. */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";

/** Ports of a process: the first one is its reservation, and it uses the others in turn. */
const BLOCK_PORTS = 64;
/** Lower ports are often used by services of a developer's machine. */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 65_535;
/** The range of Linux, for systems that do not report theirs. Those of macOS and Windows are higher. */
const DEFAULT_EPHEMERAL = { from: 32_768, to: 60_999 };

let block: Promise<{ readonly first: number; used: number }> | null = null;

/**
 * A port of the loopback interface without a listener. It stays free until the caller uses it: the system assigns it to no other socket,
 * because it is outside the range for outgoing connections and for servers on port 0, and each process uses different ports.
 */
export async function freePort(): Promise<number> {
  const own = await (block ??= reserveBlock());
  for (let tried = 1; tried < BLOCK_PORTS; tried++) {
    const port = own.first + 1 + (own.used++ % (BLOCK_PORTS - 1));
    const server = await listen(port);
    if (server === null) continue;
    await new Promise((resolve) => void server.close(resolve));
    return port;
  }
  throw new Error(`Every port from ${own.first} to ${own.first + BLOCK_PORTS - 1} is in use.`);
}

/** Reserves a block for the rest of this process by listening on its first port. */
async function reserveBlock(): Promise<{ first: number; used: number }> {
  const { from, count } = unassignedPorts();
  const blocks = Math.floor(count / BLOCK_PORTS);
  const start = randomInt(blocks);
  for (let tried = 0; tried < blocks; tried++) {
    const first = from + ((start + tried) % blocks) * BLOCK_PORTS;
    const server = await listen(first);
    if (server === null) continue;
    server.unref();
    return { first, used: 0 };
  }
  throw new Error(`Every block of ports from ${from} to ${from + count - 1} is reserved.`);
}

/** The ports that the system does not assign automatically: those below its range, or those above it if these are more. */
function unassignedPorts(): { from: number; count: number } {
  const ephemeral = ephemeralPorts();
  const below = ephemeral.from - LOWEST_PORT;
  const above = HIGHEST_PORT - ephemeral.to;
  const [from, count] = below >= above ? [LOWEST_PORT, below] : [ephemeral.to + 1, above];
  // A system can be configured to assign every port.
  return count >= BLOCK_PORTS ? { from, count } : { from: LOWEST_PORT, count: DEFAULT_EPHEMERAL.from - LOWEST_PORT };
}

function ephemeralPorts(): { from: number; to: number } {
  try {
    const [from, to] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
    return { from: from!, to: to! };
  } catch {
    return DEFAULT_EPHEMERAL;
  }
}

/** Listens on the port; `null`: it is in use. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
