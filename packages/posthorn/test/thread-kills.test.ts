/** A process with several threads that is killed while all of them accept and deliver. */
import { eventually, startReceiver, startServer } from "@posthorn/testkit";
import { expect, it } from "vitest";

const THREADS = 3;
const ENDPOINTS = 6;
const PUBLISHERS = 9;
/** Accepted messages before the kill. */
const MESSAGES = 150;

it("delivers everything that any of its threads had accepted or handed over, without using up an attempt", async () => {
  await using receiver = await startReceiver();
  // A delivery that used up an attempt is only repeated after an hour.
  const env = { POSTHORN_THREADS: String(THREADS), POSTHORN_RETRY_SCHEDULE: "3600" };
  await using server = await startServer({ env });
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${server.url}/api/v1/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  await eventually(() => expect(server.log).toContain(`thread ${THREADS} of ${THREADS} runs`));
  await post("app", { name: "Test", uid: "app" });
  for (let number = 0; number < ENDPOINTS; number++)
    expect((await post("app/app/endpoint", { url: `${receiver.url}/${number}` })).status).toBe(201);
  const accepted: string[] = [];
  const publish = async (): Promise<void> => {
    for (;;) {
      const response = await post("app/app/msg", { eventType: "a", payload: {} });
      if (response.status !== 202) return;
      accepted.push(((await response.json()) as { id: string }).id);
    }
  };
  const publishing = Promise.allSettled(Array.from({ length: PUBLISHERS }, publish));
  await eventually(() => expect(accepted.length).toBeGreaterThanOrEqual(MESSAGES));
  await server.kill();
  await publishing;
  await server.restart();
  await eventually(() => {
    const received = new Set(receiver.requests.map(({ path, headers }) => `${path} ${headers["webhook-id"]}`));
    const missing = accepted.flatMap((id) =>
      Array.from({ length: ENDPOINTS }, (_, number) => `/${number} ${id}`).filter(
        (delivery) => !received.has(delivery),
      ),
    );
    expect(missing).toEqual([]);
  });
});
