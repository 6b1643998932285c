/**
 * A shop with embedded Posthorn: one process, one PostgreSQL. An order and its webhook are stored in one transaction.
 *
 *     DATABASE_URL=postgres://localhost/shop node shop.ts
 */
import { drizzle } from "drizzle-orm/node-postgres";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import express from "express";
import pg from "pg";
import { Posthorn } from "posthorn";

const { DATABASE_URL: databaseUrl = "", DATA_DIR: dataDir = "./data", PORT: port = "3000" } = process.env;

const orders = pgTable("orders", {
  id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  customer: text().notNull(),
  total: bigint({ mode: "number" }).notNull(),
});

const pool = new pg.Pool({ connectionString: databaseUrl });
const db = drizzle(pool);
await db.execute(
  "CREATE TABLE IF NOT EXISTS orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer text NOT NULL, total bigint NOT NULL)",
);

const posthorn = await Posthorn.start({
  settings: { databaseUrl, dataDir, publicUrl: `http://127.0.0.1:${port}/hooks`, egressAllow: "external,loopback" },
});

/** Stands in for the bank. */
function charge(card: string): void {
  if (card === "empty") throw new Error("The card was declined.");
}

interface Customer {
  readonly name: string;
  readonly webhookUrl: string;
}

interface Order {
  readonly customer: string;
  readonly total: number;
  readonly card: string;
}

const app = express();
// Before the body parser: signatures are over bytes.
app.use("/hooks", posthorn.handler);
app.use(express.json());

app.post("/customers", async (request, response) => {
  const { name, webhookUrl } = request.body as Customer;
  await posthorn.application.getOrCreate({ name, uid: name });
  await posthorn.endpoint.create(name, { url: webhookUrl, eventTypes: null });
  response.status(201).json({ name });
});

app.post("/orders", async (request, response) => {
  const { customer, total, card } = request.body as Order;
  const result = await db.transaction(async (tx) => {
    const [order] = await tx.insert(orders).values({ customer, total }).returning();
    const message = await posthorn.message.create(customer, { eventType: "order.paid", payload: order! }, { tx });
    // If this fails, the transaction rolls back: there is no order and no event.
    charge(card);
    return { order: order!.id, message: message.id };
  });
  response.status(201).json(result);
});

app.get("/orders", async (_request, response) => {
  response.json(await db.select().from(orders));
});

app.use(((error: Error, _request, response, _next) => {
  response.status(402).json({ error: error.message });
}) satisfies express.ErrorRequestHandler);

const server = app.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`The shop is open: http://127.0.0.1:${typeof address === "object" ? address?.port : port}`);
});

process.once("SIGTERM", () => {
  server.close(() => {
    void posthorn.close().then(() => pool.end());
  });
  server.closeIdleConnections();
});
