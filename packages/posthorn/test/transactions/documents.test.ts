/** The SQL in documents: executed as written, in a transaction that is rolled back. Only PostgreSQL has its functions. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allBlocks, placeOf } from "../../../../scripts/snippets/blocks.ts";
import { onPostgres } from "../support/store.ts";
import { openScene, type Scene } from "./scene.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const blocks = allBlocks(ROOT)
  .filter(({ language }) => language === "sql")
  .map((block) => [placeOf(block), block.code] as const);

/** Roles and a table of the reader. */
const BEFORE = "CREATE ROLE shop; CREATE ROLE posthorn; CREATE TABLE orders (id bigint, total bigint)";

describe.skipIf(!onPostgres)("the SQL of documents", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
    await scene.tenant.call("POST", "app", { name: "Acme", uid: "acme" });
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function execute(code: string): Promise<void> {
    const client = await scene.connect();
    const { rows } = await client.query<{ name: string }>("SELECT current_database() AS name");
    // The transaction of the block is this one, and the reader's database the one of the test.
    const statements = code
      .replaceAll(/^(?:BEGIN|COMMIT);$/gm, "")
      .replaceAll("DATABASE shop", `DATABASE "${rows[0]!.name}"`);
    await client.query(`BEGIN; ${BEFORE}`);
    try {
      await client.query(statements);
    } finally {
      await client.query("ROLLBACK");
    }
  }

  it.each(blocks)("works as written: %s", async (_, code) => {
    await expect(execute(code)).resolves.toBeUndefined();
  });

  it("does not work with an argument that does not exist", async () => {
    const wrong = "SELECT posthorn.publish('acme', 'order.paid', '{}', order_key => 'x');";
    await expect(execute(wrong)).rejects.toThrow("does not exist");
  });
});
