import type { ConfigOf, Fields } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { ARCHIVE_FIELDS, ARCHIVE_RULES, archiveObject, checkArchive, encodeSegment, sharesObjects } from "./archive.ts";
import { asText, bodyObject, forAll, isSuccess } from "./cloud-result.ts";
import { checkCredentials, GOOGLE_FIELDS, googleAuth, googleFailure, googleSetup } from "./google.ts";

const TITLE = "Google Cloud Storage";
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

const FIELDS = {
  bucket: {
    type: "text",
    label: "Bucket",
    help: "Name of the bucket.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 222,
    pattern: "[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]",
    example: "acme-webhook-archive",
  },
  ...ARCHIVE_FIELDS,
  ...GOOGLE_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Writes messages as objects into a bucket of Google Cloud Storage. */
export const GOOGLE_CLOUD_STORAGE = httpKind({
  family: "http",
  title: TITLE,
  summary: "Archives events as objects in a bucket of Google Cloud Storage. Each event is stored exactly once.",
  ...ARCHIVE_RULES,
  fields: FIELDS,
  setup: [
    "In the Google Cloud console, open Cloud Storage → Buckets and create a bucket with public access prevention.",
    ...googleSetup("Storage Object Creator", "bucket"),
    "Enter the name of the bucket, and change the object key if you want other folders.",
  ],

  check: (config) => checkArchive(config) ?? checkCredentials(config),
  sharesRequests: (config) => sharesObjects(config),
  target: (config) => `${baseOf(config)}/${config.bucket}`,

  request(config, messages) {
    const object = archiveObject(config, messages);
    if (object.kind === "refused") return object;
    const bucket = encodeURIComponent(config.bucket);
    const query = `uploadType=media&name=${encodeSegment(object.key)}&ifGenerationMatch=0`;
    return {
      method: "POST",
      url: `${baseOf(config)}/upload/storage/v1/b/${bucket}/o?${query}`,
      headers: ["content-type", object.contentType],
      secretHeaders: [],
      body: object.body,
      auth: googleAuth(config, SCOPE),
    };
  },

  classify(response, messages) {
    if (isSuccess(response)) {
      return forAll(messages, { kind: "ok", reference: asText(bodyObject(response)["generation"]) || null });
    }
    // The object exists: an earlier attempt has written it.
    if (response.status === 412) return forAll(messages, { kind: "ok", reference: null, isDuplicate: true });
    return forAll(messages, googleFailure(TITLE, response));
  },
});

function baseOf({ endpointUrl }: Config): string {
  return endpointUrl?.replace(/\/+$/, "") ?? "https://storage.googleapis.com";
}
