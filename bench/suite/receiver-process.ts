/** The receiver of a scenario: a process that counts events, or one that measures latencies. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { generate } from "selfsigned";
import { nextMessage, startModule, stop } from "../lib/processes.ts";
import type { ReceiverSettings } from "../lib/receiver.ts";
import type { Setup } from "./scenarios.ts";

/** Longest time without an event, while events are missing. */
const SILENCE_MS = 60_000;
const LOOK_MS = 20;

export interface CountingReceiver extends AsyncDisposable {
  readonly url: string;
  /** Path of its certificate; `null`: no TLS. */
  readonly ca: string | null;
  /** Resolves when this many events have arrived since the last call. Rejects when none arrive for a minute. */
  arrived(count: number): Promise<void>;
}

export async function startReceiver({ tls, failsOneIn }: Setup): Promise<CountingReceiver> {
  await using stack = new AsyncDisposableStack();
  const certificate = tls
    ? stack.adopt(await writeCertificate(), ({ folder }) => rmSync(folder, { recursive: true }))
    : null;
  const settings: ReceiverSettings = {
    ...(failsOneIn === null ? {} : { failsOneIn }),
    ...(certificate === null ? {} : { tls: certificate }),
  };
  const child = stack.adopt(startModule("receiver.ts", [JSON.stringify(settings)]), stop);
  const { port } = await nextMessage<{ port: number }>(child);
  const received = async (): Promise<number> => {
    child.send("count");
    return (await nextMessage<{ received: number }>(child)).received;
  };
  let base = 0;
  const owned = stack.move();
  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    ca: certificate?.cert ?? null,
    arrived: async (count) => {
      let [last, since] = [base, performance.now()];
      for (;;) {
        const total = await received();
        if (total - base >= count) {
          base += count;
          return;
        }
        if (total > last) [last, since] = [total, performance.now()];
        else if (performance.now() - since > SILENCE_MS) {
          throw new Error(`${count - (total - base)} of ${count} events did not arrive`);
        }
        await delay(LOOK_MS);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function writeCertificate(): Promise<{ readonly folder: string; readonly cert: string; readonly key: string }> {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const paths = { folder, cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  writeFileSync(paths.cert, cert);
  writeFileSync(paths.key, key);
  return paths;
}
