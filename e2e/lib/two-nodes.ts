/** Two nodes with one PostgreSQL database. */
import { randomBytes } from "node:crypto";
import { createDatabase, sharedPostgres, startServer, type TestServer } from "@posthorn/testkit";

export interface TwoNodes extends AsyncDisposable {
  /** Its token is valid at both nodes. */
  readonly one: TestServer;
  readonly two: TestServer;
}

/** Starts one node after the other. */
export async function startTwoNodes(): Promise<TwoNodes> {
  await using stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await createDatabase(await sharedPostgres()));
  const key = { POSTHORN_ENCRYPTION_KEY: randomBytes(32).toString("base64") };
  const one = stack.use(await startServer({ databaseUrl, env: key }));
  const env = { ...key, POSTHORN_JWT_SECRET: one.jwtSecret };
  const two = stack.use(await startServer({ databaseUrl, env }));
  const started = stack.move();
  return { one, two, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
