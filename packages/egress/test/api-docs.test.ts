import { describeApiDocs } from "../../../scripts/api-docs-suite.ts";

describeApiDocs("egress", 55);
