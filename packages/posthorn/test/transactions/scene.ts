/** A node on PostgreSQL with an application, and a connection of the product. */
import { randomBytes } from "node:crypto";
import { type Receiver, startReceiver } from "@posthorn/testkit";
import pg from "pg";
import { borrowDatabase } from "../support/postgres.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

export interface Scene extends AsyncDisposable {
  /** URL of the database, as the owner of the schema. */
  readonly url: string;
  readonly receiver: Receiver;
  readonly tenant: Tenant;
  readonly node: TestNode;
  /** Another connection, whose session has no settings of Posthorn. */
  connect(url?: string): Promise<pg.Client>;
  /** Starts another node on the same database, or the first one again. */
  start(): Promise<TestNode>;
}

export async function openScene(env: Record<string, string> = {}): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  let stack = opening;
  const database = stack.use(await borrowDatabase());
  const folder = stack.use(temporaryFolder());
  const receiver = stack.use(await startReceiver());
  const start = async (): Promise<TestNode> =>
    stack.use(
      await startNode(folder.path, {
        env: { POSTHORN_DATABASE_URL: database.url, POSTHORN_EGRESS_ALLOW: "external,loopback", ...env },
      }),
    );
  const node = await start();
  const tenant = new Tenant(node);
  await tenant.setUp(`${receiver.url}/hook`);
  const connect = async (url = database.url): Promise<pg.Client> => {
    const client = new pg.Client(url);
    client.on("error", () => undefined);
    await client.connect();
    stack.defer(() => client.end());
    return client;
  };
  stack = opening.move();
  return {
    url: database.url,
    receiver,
    tenant,
    node,
    connect,
    start,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** URL of the same database for a new role with these rights and no others. */
export async function restrictedUrl(client: pg.Client, url: string, grants: readonly string[]): Promise<string> {
  const role = `shop_${randomBytes(6).toString("hex")}`;
  await client.query(`CREATE ROLE ${role} LOGIN`);
  for (const grant of grants) await client.query(`GRANT ${grant} TO ${role}`);
  const restricted = new URL(url);
  restricted.username = role;
  return restricted.href;
}
