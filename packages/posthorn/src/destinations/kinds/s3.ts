import type { ConfigOf, Fields } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { ARCHIVE_FIELDS, ARCHIVE_RULES, archiveObject, checkArchive, keyPath, sharesObjects } from "./archive.ts";
import { AWS_FIELDS, awsAuth, awsFailure, awsSetup, suffixOf } from "./aws.ts";
import { forAll, isSuccess } from "./cloud-result.ts";

const TITLE = "Amazon S3";

const FIELDS = {
  bucket: {
    type: "text",
    label: "Bucket",
    help: "Name of the bucket.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 63,
    pattern: "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    example: "acme-webhook-archive",
  },
  ...ARCHIVE_FIELDS,
  ...AWS_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Writes messages as objects into a bucket of Amazon S3. */
export const S3 = httpKind({
  family: "http",
  title: TITLE,
  summary:
    "Archives events as objects in a bucket of Amazon S3, or of a service with its API. Each event is stored exactly once.",
  ...ARCHIVE_RULES,
  fields: FIELDS,
  setup: [
    "In the S3 console, create a bucket. Leave public access blocked.",
    ...awsSetup("s3:PutObject"),
    "Enter the name of the bucket, and change the object key if you want other folders.",
  ],

  check: (config) => checkArchive(config),
  sharesRequests: (config) => sharesObjects(config),
  target: (config) => bucketUrl(config),

  request(config, messages) {
    const object = archiveObject(config, messages);
    if (object.kind === "refused") return object;
    return {
      method: "PUT",
      url: `${bucketUrl(config)}/${keyPath(object.key)}`,
      headers: ["content-type", object.contentType, "if-none-match", "*"],
      secretHeaders: [],
      body: object.body,
      auth: awsAuth(config, "s3"),
    };
  },

  classify(response, messages) {
    if (isSuccess(response)) return forAll(messages, { kind: "ok", reference: response.headers["etag"] ?? null });
    // The object exists: an earlier attempt has written it.
    if (response.status === 412) return forAll(messages, { kind: "ok", reference: null, isDuplicate: true });
    return forAll(messages, awsFailure(TITLE, response));
  },
});

/** Other services, and buckets with a dot in their name, are addressed by path: their certificates do not cover the name of the bucket. */
export function bucketUrl({ bucket, region, endpointUrl }: Pick<Config, "bucket" | "region" | "endpointUrl">): string {
  if (endpointUrl !== null) return `${endpointUrl.replace(/\/+$/, "")}/${bucket}`;
  const host = `s3.${region}.${suffixOf(region)}`;
  return bucket.includes(".") ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}
