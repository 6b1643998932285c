import type { WebSubRequestTable } from "../../store/subscription-schema.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { sealedIn } from "../../store/sealed-columns.ts";

/** Content of a pending request at the hub. */
export interface RequestDetail {
  readonly callback: string;
  readonly topicUrl: string;
  /** `null`: a request to unsubscribe, or a notice. */
  readonly leaseSeconds: number | null;
  readonly secret: string | null;
  /** Why a subscription is denied; `null`: it is not. */
  readonly reason: string | null;
}

type RequestRow = Pick<WebSubRequestTable, "topic_id" | "id">;

export function sealDetail(secretBox: Pick<SecretBox, "seal">, row: RequestRow, detail: RequestDetail): Uint8Array {
  return secretBox.seal(JSON.stringify(detail), placeOf(row));
}

export function openDetail(
  secretBox: Pick<SecretBox, "open">,
  row: RequestRow & Pick<WebSubRequestTable, "detail_sealed">,
): RequestDetail {
  return JSON.parse(secretBox.open(row.detail_sealed, placeOf(row))) as RequestDetail;
}

function placeOf({ topic_id: topic, id }: RequestRow): string {
  return sealedIn("websub_request.detail_sealed", topic, id);
}
