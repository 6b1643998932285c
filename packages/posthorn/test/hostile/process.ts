/** Starts the attacked server in a separate process, so that the test does not share its event loop. */
import { fork } from "node:child_process";
import { once } from "node:events";

/**
 * Longest turn of the event loop, in CPU time that the same thread takes to parse a MiB of JSON. The largest bodies have 16 and 25 MiB, so
 * reading one without yielding exceeds it on any machine, however busy.
 */
export const MAX_TURN = 10;
/** Requests that exceed the limit are sent this many times in total, because a long turn may be caused by another request. */
export const MAX_ROUNDS = 4;

export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** Sends a health check and the message of another customer. Returns the statuses of unsuccessful responses. */
  serveOthers(): Promise<readonly number[]>;
  /** Longest turn of the event loop since the last call: see `TurnMeter`. Rejects if the server has ended. */
  longestTurn(): Promise<number>;
}

export async function startServer(folder: string): Promise<Running> {
  const child = fork(new URL("./server.ts", import.meta.url), [folder], {
    execArgv: ["--conditions=@posthorn/source"],
  });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`The server ended with code ${String(code)}.`);
  });
  failed.catch(() => undefined);
  const reply = async (): Promise<unknown> => {
    const [message] = (await Promise.race([once(child, "message"), failed])) as [unknown];
    return message;
  };
  const address = (await reply()) as { url: string; token: string };
  return {
    ...address,
    serveOthers: () => refusalsOf(address),
    longestTurn: async () => {
      const answer = reply();
      child.send("longest turn");
      return (await answer) as number;
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

async function refusalsOf({ url, token }: Pick<Running, "url" | "token">): Promise<readonly number[]> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = '{"eventType":"order.paid","payload":{}}';
  const responses = await Promise.all([
    fetch(`${url}/health/live`),
    fetch(`${url}/api/v1/app/other/msg`, { method: "POST", headers, body }),
  ]);
  await Promise.all(responses.map((response) => response.bytes()));
  return responses.filter(({ ok }) => !ok).map(({ status }) => status);
}
