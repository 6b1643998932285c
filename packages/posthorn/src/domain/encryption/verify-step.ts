/** Steps of the check that opens every encrypted value. */
import { keyIdOf } from "../../lib/secret-box.ts";
import { readSealed } from "../../store/sealed-values.ts";
import type { Services } from "../context.ts";
import type { Step } from "../task/step.ts";
import type { Task } from "../task/task.ts";
import { COLUMNS, type VerifyData } from "./progress.ts";

/** Places of values that do not open which the result lists. */
const MAX_FAILURES = 20;

export async function verifyStep({ secretBox, store }: Services, task: Task): Promise<Step> {
  const data = task.data as VerifyData;
  const name = COLUMNS[data.column];
  if (name === undefined) {
    if (data.failed === 0) return { kind: "write", write: async () => ({ data, end: "finished", waitMs: 0 }) };
    const error = `${data.failed} values cannot be decrypted.`;
    const result = { ...data, error, shown: { ...data.shown, error } };
    return { kind: "write", write: async () => ({ data: result, end: "failed", waitMs: 0 }) };
  }
  const { values, next } = await readSealed(store.db, name, data.after);
  const counts: Record<string, number> = { ...data.counts[name] };
  const failures = [...data.failures];
  let { failed } = data;
  for (const { position, sealed, context } of values) {
    const keyId = String(keyIdOf(sealed));
    counts[keyId] = (counts[keyId] ?? 0) + 1;
    if (secretBox.opens(sealed, context)) continue;
    failed++;
    if (failures.length < MAX_FAILURES) failures.push(`${name} of row ${position.join(" ")}`);
  }
  const scanned = data.scanned + values.length;
  const all = Object.keys(counts).length === 0 ? data.counts : { ...data.counts, [name]: counts };
  const position = next === null ? { column: data.column + 1, after: null } : { column: data.column, after: next };
  const shown = { scanned, failed, counts: all, failures };
  const changed = { ...data, ...position, scanned, counts: all, failed, failures, shown };
  return { kind: "write", write: async () => ({ data: changed, end: null, waitMs: 0 }) };
}
