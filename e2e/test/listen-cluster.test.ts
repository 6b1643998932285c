/** `posthorn listen` against two nodes with one PostgreSQL, one of which is killed. */
import { eventually, startReceiver, startTcpProxy, type TestServer } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";
import { startTwoNodes } from "../lib/two-nodes.ts";

it("a listener moves to another node when its own is killed, and gets every event", async () => {
  using folder = temporaryFolder();
  await using cluster = await startTwoNodes();
  const { one, two } = cluster;
  const portOf = ({ url }: TestServer): number => Number(new URL(url).port);
  // A load balancer, which directs the listener to the node that is still running.
  await using balancer = await startTcpProxy(portOf(one));
  await using local = await startReceiver({ response: 200 });
  const call = async (path: string, body: object): Promise<void> => {
    const init = { method: "POST", headers: { authorization: `Bearer ${one.token}` }, body: JSON.stringify(body) };
    const response = await fetch(`${two.url}/api/v1${path}`, init);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  };
  await call("/app", { name: "Acme", uid: "acme" });
  const env = {
    POSTHORN_URL: `http://127.0.0.1:${balancer.port}`,
    POSTHORN_TOKEN: one.token,
    XDG_CONFIG_HOME: folder.path,
  };
  await using cli = runCli(["listen", local.url, "--app", "acme", "--output", "json"], env);
  let output = "";
  cli.child.stdout!.on("data", (chunk: string) => (output += chunk));
  await eventually(() => expect(output).toContain('"connection":"connected"'));
  const publish = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) await call("/app/acme/msg", { eventType: "invoice.paid", payload: { n } });
  };
  const received = (): ReadonlySet<number> =>
    new Set(local.requests.map(({ body }) => (JSON.parse(body.toString()) as { n: number }).n));
  await publish(0, 5);
  await eventually(() => expect(received().size).toBe(5));
  const killed = one.kill();
  await publish(5, 15);
  await killed;
  balancer.forwardTo(portOf(two));
  balancer.reset();
  await publish(15, 20);
  await eventually(() => expect(received()).toEqual(new Set(Array.from({ length: 20 }, (_, n) => n))), {
    timeoutMs: 120_000,
  });
});
