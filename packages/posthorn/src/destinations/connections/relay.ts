/**
 * Passes a connection that the main thread has opened through a proxy to the connector thread, which cannot receive sockets. The thread
 * connects to a port of the loopback interface that accepts one connection.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** The thread connects at once, or has given up. */
const WAIT_MS = 10_000;

/** @returns The port. Takes over the socket: it ends with the connection of the thread, or after ten seconds without one. */
export async function openRelay(tunnel: Socket): Promise<number> {
  const server = createServer({ pauseOnConnect: true });
  const abandon = (): void => {
    tunnel.destroy();
    server.close();
  };
  const timer = setTimeout(abandon, WAIT_MS);
  // It fails before the thread has connected.
  tunnel.once("close", () => {
    clearTimeout(timer);
    server.close();
  });
  tunnel.on("error", () => tunnel.destroy());
  server.on("connection", (socket) => {
    // Any program on this machine can connect, but only the first one.
    server.close();
    clearTimeout(timer);
    join(tunnel, socket);
    socket.resume();
  });
  server.maxConnections = 1;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return (server.address() as AddressInfo).port;
}

function join(tunnel: Socket, socket: Socket): void {
  socket.setNoDelay(true);
  socket.on("error", () => tunnel.destroy());
  socket.once("close", () => tunnel.destroy());
  tunnel.once("close", () => socket.destroy());
  tunnel.pipe(socket);
  socket.pipe(tunnel);
}
