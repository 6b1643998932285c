/**
 * One PostgreSQL for a whole run of tests, started when the first of them asks. As Vitest's `globalSetup`: its processes end before the
 * server does.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { startPostgres, type TestPostgres } from "./postgres.ts";

/** Tests end processes and not machines: what PostgreSQL has handed to the system is safe, and a commit need not wait for the disk. */
const SETTINGS = { fsync: "off" };

/** Where the processes of the run ask for it. */
const VARIABLE = "POSTHORN_TEST_POSTGRES_PORT";

export async function setup(): Promise<() => Promise<void>> {
  let starting: Promise<TestPostgres> | null = null;
  const starter = createServer((socket) => {
    socket.on("error", () => undefined);
    starting ??= startPostgres({ settings: SETTINGS });
    starting.then(
      ({ url }) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    );
  });
  starter.listen(0, "127.0.0.1");
  await once(starter, "listening");
  process.env[VARIABLE] = String((starter.address() as AddressInfo).port);
  return async () => {
    starter.close();
    await (await starting?.catch(() => null))?.[Symbol.asyncDispose]();
  };
}

/** URL of the server of this run, to make databases on. */
export async function sharedPostgres(): Promise<string> {
  const port = Number(process.env[VARIABLE]);
  const answer = await text(connect(port, "127.0.0.1"));
  if (!answer.startsWith("postgres://")) throw new Error(`PostgreSQL did not start: ${answer}`);
  return answer;
}
