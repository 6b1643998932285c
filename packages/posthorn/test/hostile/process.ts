/** Starts the servers of this test, each in its own process, so that neither the test nor the other server delays it. */
import { fork } from "node:child_process";
import { once } from "node:events";

export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

export async function startProcess(name: "server" | "control", folder: string): Promise<Running> {
  const child = fork(new URL(`./${name}.ts`, import.meta.url), [folder], {
    execArgv: ["--conditions=@posthorn/source"],
  });
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`The ${name} ended with code ${String(code)} before it was ready.`);
  });
  const [message] = (await Promise.race([once(child, "message"), failed])) as [{ url: string; token: string }];
  failed.catch(() => undefined);
  return {
    ...message,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}
