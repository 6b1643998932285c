import { describeApiDocs } from "../../../scripts/api-docs-suite.ts";

describeApiDocs("webhooks", 150);
