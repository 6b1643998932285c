import type { ConfigOf, Fields } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { ARCHIVE_FIELDS, ARCHIVE_RULES, archiveObject, checkArchive, keyPath, sharesObjects } from "./archive.ts";
import { azureFailure } from "./azure.ts";
import { bodyText, forAll, isSuccess } from "./cloud-result.ts";

const TITLE = "Azure Blob Storage";
const VERSION = "2021-12-02";

const FIELDS = {
  account: {
    type: "text",
    label: "Storage account",
    help: "Name of the storage account.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 24,
    pattern: "[a-z0-9]{3,24}",
    example: "acmearchive",
  },
  accessKey: {
    type: "text",
    label: "Access key",
    help: "Key 1 or key 2 of the storage account, from Security + networking → Access keys.",
    required: true,
    secret: true,
    maxLength: 256,
    pattern: "[A-Za-z0-9+/]+={0,2}",
  },
  container: {
    type: "text",
    label: "Container",
    help: "Name of the container.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 63,
    pattern: "[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]",
    example: "webhook-archive",
  },
  ...ARCHIVE_FIELDS,
  endpointUrl: {
    type: "url",
    label: "Endpoint URL",
    help: "URL of the Blob service in another cloud, or of an emulator. Leave empty for https://ACCOUNT.blob.core.windows.net.",
    required: false,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
    example: "https://acmearchive.blob.core.chinacloudapi.cn",
  },
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Writes messages as block blobs into a container of Azure Blob Storage. */
export const AZURE_BLOB = httpKind({
  family: "http",
  title: TITLE,
  summary: "Archives events as block blobs in a container of Azure Blob Storage. Each event is stored exactly once.",
  ...ARCHIVE_RULES,
  fields: FIELDS,
  setup: [
    "In the Azure portal, open the storage account, choose Data storage → Containers, and create a container without anonymous access.",
    "Choose Security + networking → Access keys, and copy key 1. Storage account key access must be enabled under Settings → Configuration.",
    "Enter the names of the account and the container, and the key.",
  ],

  check: (config) => checkArchive(config),
  sharesRequests: (config) => sharesObjects(config),
  target: (config) => containerUrl(config),

  request(config, messages) {
    const object = archiveObject(config, messages);
    if (object.kind === "refused") return object;
    return {
      method: "PUT",
      url: `${containerUrl(config)}/${keyPath(object.key)}`,
      headers: [
        "content-type",
        object.contentType,
        "if-none-match",
        "*",
        "x-ms-version",
        VERSION,
        "x-ms-blob-type",
        "BlockBlob",
      ],
      secretHeaders: [],
      body: object.body,
      auth: { type: "azure-shared-key", account: config.account, key: config.accessKey },
    };
  },

  classify(response, messages) {
    if (isSuccess(response)) return forAll(messages, { kind: "ok", reference: response.headers["etag"] ?? null });
    const code = response.headers["x-ms-error-code"] ?? bodyText(response);
    // The blob exists: an earlier attempt has written it.
    const isDuplicate = response.status === 409 && code.includes("BlobAlreadyExists");
    return forAll(messages, isDuplicate ? { kind: "ok", reference: null, isDuplicate } : azureFailure(TITLE, response));
  },
});

function containerUrl({ account, container, endpointUrl }: Config): string {
  const base = endpointUrl?.replace(/\/+$/, "") ?? `https://${account}.blob.core.windows.net`;
  return `${base}/${container}`;
}
