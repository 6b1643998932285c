import type { Route } from "../route.ts";
import { dryRunTemplate } from "./dry-run.ts";
import { getTemplate } from "./get.ts";
import { createFromTemplate } from "./instantiate.ts";
import { listTemplates } from "./list.ts";

export const templateRoutes: readonly Route[] = [listTemplates, getTemplate, createFromTemplate, dryRunTemplate];
