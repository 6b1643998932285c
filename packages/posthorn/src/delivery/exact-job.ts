/** Jobs of redacted messages, which deliver the exact body. */
import type { ExactBodies } from "../domain/redaction/exact-body.ts";
import type { Job } from "../store/delivery.ts";

/** The job with the exact body of its message; `null`: the body was destroyed. The redacted payload is never sent in its place. */
export async function withExactBody(exact: ExactBodies, job: Job): Promise<Job | null> {
  if (job.payload !== null && job.spans !== undefined) return job;
  const found = await exact.read(job.messageId, job.bytes ?? 0);
  return found === null ? null : { ...job, payload: found.body, spans: found.spans };
}
