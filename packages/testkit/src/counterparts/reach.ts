import { once } from "node:events";
import { connect } from "node:net";

const RESPONSE_MS = 2000;

/** Connects to a port of this machine. @param request Sent after that; resolves when there is a response. */
export async function reachPort(port: number, request: Buffer | null = null): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    if (request === null) return;
    socket.write(request);
    await once(socket, "data", { signal: AbortSignal.timeout(RESPONSE_MS) });
  } finally {
    socket.destroy();
  }
}
