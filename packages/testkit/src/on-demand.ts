/** Services that all processes of a test run share. Each starts on the first request. The response to every request is its address. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";

const OK = "ok ";

/**
 * Starts the service on the first connection, and sends what `start` returns on every connection. For Vitest's `globalSetup`: test processes
 * inherit the variable.
 */
export async function offer(variable: string, start: () => Promise<string>): Promise<Disposable> {
  let starting: Promise<string> | null = null;
  const starter = createServer((socket) => {
    socket.on("error", () => undefined);
    starting ??= start();
    starting.then(
      (address) => socket.end(OK + address),
      (error: unknown) => socket.end(String(error)),
    );
  });
  starter.listen(0, "127.0.0.1");
  await once(starter, "listening");
  process.env[variable] = String((starter.address() as AddressInfo).port);
  return { [Symbol.dispose]: () => void starter.close() };
}

/** Returns the address of the service that `offer` made available under this variable. */
export async function ask(variable: string): Promise<string> {
  const response = await text(connect(Number(process.env[variable]), "127.0.0.1"));
  if (!response.startsWith(OK)) throw new Error(`The service did not start: ${response}`);
  return response.slice(OK.length);
}
