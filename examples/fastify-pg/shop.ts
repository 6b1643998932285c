/**
 * A shop that shares its PostgreSQL with a separate Posthorn server. An order and its webhook are stored in one transaction.
 *
 *     DATABASE_URL=postgres://localhost/shop node shop.ts
 */
import Fastify from "fastify";
import pg from "pg";
import { PosthornPublisher } from "posthorn";

const { DATABASE_URL: connectionString = "", PORT: port = "3000" } = process.env;

const pool = new pg.Pool({ connectionString });
await pool.query(
  "CREATE TABLE IF NOT EXISTS orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer text NOT NULL, total bigint NOT NULL)",
);

// Publishes in the transactions of the shop, so it needs no separate connection.
const posthorn = new PosthornPublisher();

/** Stands in for the bank. */
function charge(card: string): void {
  if (card === "empty") throw new Error("The card was declined.");
}

interface Order {
  readonly customer: string;
  readonly total: number;
  readonly card: string;
}

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

const app = Fastify();

app.post<{ Body: Order }>("/orders", async (request, reply) => {
  const { customer, total, card } = request.body;
  const response = await inTransaction(async (client) => {
    const insert = "INSERT INTO orders (customer, total) VALUES ($1, $2) RETURNING id::int, customer, total::int";
    const { rows } = await client.query<{ id: number }>(insert, [customer, total]);
    const order = rows[0]!;
    const message = { eventType: "order.paid", payload: order, orderingKey: customer };
    const { id } = await posthorn.message.create(customer, message, { tx: client });
    // If this fails, the transaction rolls back: there is no order and no event.
    charge(card);
    return { order: order.id, message: id };
  });
  return reply.code(201).send(response);
});

app.get("/orders", async () => (await pool.query("SELECT id::int, customer, total::int FROM orders ORDER BY id")).rows);

app.setErrorHandler<Error>((error, _request, reply) => reply.code(402).send({ error: error.message }));

await app.listen({ port: Number(port), host: "127.0.0.1" });
console.log(`The shop is open: ${app.listeningOrigin}`);

process.once("SIGTERM", () => {
  void app.close().then(() => pool.end());
});
