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

export function sealDetail(secretBox: Pick<SecretBox, "seal">, topicKey: number, detail: RequestDetail): Uint8Array {
  return secretBox.seal(JSON.stringify(detail), sealedIn("websub_request.detail_sealed", topicKey));
}

export function openDetail(
  secretBox: Pick<SecretBox, "open">,
  { topic_id, detail_sealed }: Pick<WebSubRequestTable, "topic_id" | "detail_sealed">,
): RequestDetail {
  const place = sealedIn("websub_request.detail_sealed", topic_id);
  return JSON.parse(secretBox.open(detail_sealed, place)) as RequestDetail;
}
