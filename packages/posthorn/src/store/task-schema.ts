/** Tables of tasks that run in the background, such as replays. */
import type { Generated } from "kysely";

export interface TaskTable {
  id: number;
  public_id: string;
  org_id: number;
  /** `null`: a task of the whole organisation. */
  app_id: number | null;
  kind: string;
  status: string;
  /** Parameters of the request. Never changes. */
  params_json: string;
  /** Progress, and the position to continue from where the parts do not have it. */
  data_json: string;
  /** Who requested it, as text for display. */
  requested_by: string;
  updated_at: number;
  /** `null` while the task is not finished. */
  ended_at: number | null;
}

/** The progress of a task at one endpoint. */
export interface TaskPartTable {
  task_id: number;
  endpoint_id: number;
  /** The last message key that was examined. */
  cursor: number;
  done: Generated<number>;
  scanned: Generated<number>;
  matched: Generated<number>;
  /** Matched, and made due. */
  sent: Generated<number>;
  /** Matched, but the payload no longer exists. */
  payload_gone: Generated<number>;
  /** Matched, but already due. */
  already_due: Generated<number>;
  /** The endpoint was deleted before the end. */
  endpoint_gone: Generated<number>;
}
