/** Tasks in the form of the store. */
import type { Store } from "../../src/store/store.ts";

export interface TaskOptions {
  readonly id: number;
  readonly kind?: string;
  readonly params: object;
  /** Keys of its endpoints. */
  readonly endpoints: readonly number[];
}

/** A task of application 1 that was just requested. */
export async function insertTask(store: Store, { id, kind, params, endpoints }: TaskOptions): Promise<void> {
  const { from = 0, to = 0, newestFirst = false } = params as { from?: number; to?: number; newestFirst?: boolean };
  const cursor = newestFirst ? to + 1 : from - 1;
  await store.transaction(async ({ db }) => {
    await db
      .insertInto("task")
      .values({
        id,
        public_id: `qtask_${id}`,
        org_id: 1,
        app_id: 1,
        kind: kind ?? "endpoint.recover",
        status: "running",
        params_json: JSON.stringify(params),
        data_json: JSON.stringify({ messagesSent: 0 }),
        requested_by: "a test",
        updated_at: 0,
        ended_at: null,
      })
      .execute();
    for (const endpoint_id of endpoints) {
      await db.insertInto("task_part").values({ task_id: id, endpoint_id, cursor }).execute();
    }
  });
}

/** The stored row of a task. */
export async function taskOf(store: Store, id: number) {
  const row = await store.db.selectFrom("task").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  // The test defines its contents.
  return { status: row.status, data: JSON.parse(row.data_json) as Record<string, unknown> };
}
