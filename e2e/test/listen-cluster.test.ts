/** `posthorn listen` against two nodes with one PostgreSQL, one of which is killed. */
import { randomBytes } from "node:crypto";
import {
  createDatabase,
  DEFAULT_ORGANISATION,
  eventually,
  makeToken,
  sharedPostgres,
  startReceiver,
  startServer,
  startTcpProxy,
  type TestServer,
} from "@posthorn/testkit";
import { expect, it } from "vitest";
import { runCli } from "../lib/cli.ts";
import { temporaryFolder } from "../lib/folder.ts";

it("a listener moves to another node when its own is killed, and gets every event", async () => {
  using folder = temporaryFolder();
  await using database = await createDatabase(await sharedPostgres());
  const secrets = {
    POSTHORN_JWT_SECRET: `secret-of-the-cluster-${randomBytes(16).toString("hex")}`,
    POSTHORN_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
  };
  const start = (): Promise<TestServer> => startServer({ databaseUrl: database.url, env: secrets });
  await using one = await start();
  await using two = await start();
  const seconds = Math.floor(Date.now() / 1000);
  const token = makeToken(
    { sub: DEFAULT_ORGANISATION, iat: seconds, exp: seconds + 3600 },
    secrets.POSTHORN_JWT_SECRET,
  );
  const portOf = ({ url }: TestServer): number => Number(new URL(url).port);
  // A load balancer, which sends the listener to the node that lives.
  await using balancer = await startTcpProxy(portOf(one));
  await using local = await startReceiver({ response: 200 });
  const call = async (path: string, body: object): Promise<void> => {
    const init = { method: "POST", headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body) };
    const response = await fetch(`${two.url}/api/v1${path}`, init);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  };
  await call("/app", { name: "Acme", uid: "acme" });
  const env = {
    POSTHORN_URL: `http://127.0.0.1:${balancer.port}`,
    POSTHORN_TOKEN: token,
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
