/** Props of the parts of an endpoint page. */
import type { components } from "../api/schema.ts";

export type Endpoint = components["schemas"]["EndpointOut"];

export interface EndpointActionsProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}
