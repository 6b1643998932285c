/** English texts of all other pages. See `loadTexts`. */
import { apiReference } from "./api-reference.ts";
import { audit } from "./audit.ts";
import { privacy } from "./privacy.ts";
import { share } from "./share.ts";
import { capture } from "./capture.ts";
import { causes } from "./causes.ts";
import { cluster } from "./cluster.ts";
import { destinations } from "./destinations.ts";
import { bulk } from "./bulk.ts";
import { compose } from "./compose.ts";
import { editor } from "./editor.ts";
import { endpointList } from "./endpoint-list.ts";
import { endpointState } from "./endpoint-state.ts";
import { feed } from "./feed.ts";
import { filterRun } from "./filter-run.ts";
import { firstRun } from "./first-run.ts";
import { alerts } from "./alerts.ts";
import { incidents } from "./incidents.ts";
import { network } from "./network.ts";
import { pick } from "./pick.ts";
import { policy } from "./policy.ts";
import { portal } from "./portal.ts";
import { portalLook } from "./portal-look.ts";
import { quarantine } from "./quarantine.ts";
import { recipients } from "./recipients.ts";
import { settings } from "./settings.ts";
import { sources } from "./sources.ts";
import { redaction } from "./redaction.ts";
import { subscriptions } from "./subscriptions.ts";
import { sourceKinds } from "./source-kinds.ts";
import { templates } from "./template-gallery.ts";
import { signInMethods } from "./sign-in-methods.ts";
import { users } from "./users.ts";
import { views } from "./views.ts";
import { watches } from "./watches.ts";

export const rest = {
  ...apiReference,
  ...audit,
  ...privacy,
  ...share,
  ...capture,
  ...causes,
  ...cluster,
  ...destinations,
  ...bulk,
  ...compose,
  ...editor,
  ...endpointList,
  ...endpointState,
  ...feed,
  ...filterRun,
  ...firstRun,
  ...alerts,
  ...incidents,
  ...network,
  ...pick,
  ...policy,
  ...portal,
  ...portalLook,
  ...quarantine,
  ...recipients,
  ...settings,
  ...sources,
  ...redaction,
  ...subscriptions,
  ...sourceKinds,
  ...templates,
  ...signInMethods,
  ...users,
  ...views,
  ...watches,
};
