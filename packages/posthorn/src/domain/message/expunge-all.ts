/** Deletes the contents of all messages of an application that were published before the request. */
import { getApplication } from "../application/find.ts";
import type { Call, Services } from "../context.ts";
import { keyAfterTime } from "../../lib/id.ts";
import { startTask } from "../task/start.ts";
import type { Task, TaskData } from "../task/task.ts";
import { expungeContents } from "./expunge.ts";
import type { Step } from "../task/step.ts";

/** Messages per transaction. Small, because payloads can be large and freeing their pages takes time. */
const CHUNK = 50;

interface PurgeParams {
  /** Key of the last message to expunge. */
  readonly to: number;
}

interface PurgeData extends TaskData {
  readonly cursor: number;
  readonly expunged: number;
}

export async function expungeAllContents({ ctx, input }: Call<{ readonly app: string }>): Promise<Task> {
  const application = await getApplication(ctx, input.app);
  const params: PurgeParams = { to: keyAfterTime(ctx.services.now()) - 1 };
  const data: PurgeData = { messagesSent: 0, cursor: 0, expunged: 0 };
  return startTask(ctx, { kind: "application.purge_content", appKey: application.key, params, data });
}

export async function purgeStep({ store }: Services, task: Task): Promise<Step> {
  const { to } = task.params as PurgeParams;
  const data = task.data as PurgeData;
  const rows = await store.db
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", task.appKey)
    .where("id", ">", data.cursor)
    .where("id", "<=", to)
    .orderBy("id")
    .limit(CHUNK)
    .execute();
  const keys = rows.map((row) => row.id);
  const last = keys.at(-1);
  if (last === undefined) {
    return { kind: "write", write: async () => ({ data, end: "finished", waitMs: 0 }) };
  }
  return {
    kind: "write",
    write: async (tx) => {
      await expungeContents(tx, keys);
      return { data: { ...data, cursor: last, expunged: data.expunged + keys.length }, end: null, waitMs: 0 };
    },
  };
}
