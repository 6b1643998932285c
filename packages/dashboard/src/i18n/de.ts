/** German texts. */
import type { en } from "./en.ts";
import { privacy } from "./de/privacy.ts";
import { share } from "./de/share.ts";
import { apiReference } from "./de/api-reference.ts";
import { audit } from "./de/audit.ts";
import { capture } from "./de/capture.ts";
import { causes } from "./de/causes.ts";
import { cluster } from "./de/cluster.ts";
import { destinations } from "./de/destinations.ts";
import { bulk } from "./de/bulk.ts";
import { compose } from "./de/compose.ts";
import { editor } from "./de/editor.ts";
import { endpointList } from "./de/endpoint-list.ts";
import { endpointState } from "./de/endpoint-state.ts";
import { feed } from "./de/feed.ts";
import { filterRun } from "./de/filter-run.ts";
import { firstRun } from "./de/first-run.ts";
import { frame } from "./de/frame.ts";
import { home } from "./de/home.ts";
import { alerts } from "./de/alerts.ts";
import { incidents } from "./de/incidents.ts";
import { ingest } from "./de/ingest.ts";
import { messages } from "./de/messages.ts";
import { network } from "./de/network.ts";
import { applications } from "./de/applications.ts";
import { palette } from "./de/palette.ts";
import { pick } from "./de/pick.ts";
import { policy } from "./de/policy.ts";
import { portal } from "./de/portal.ts";
import { portalLook } from "./de/portal-look.ts";
import { quarantine } from "./de/quarantine.ts";
import { recipients } from "./de/recipients.ts";
import { sources } from "./de/sources.ts";
import { subscriptions } from "./de/subscriptions.ts";
import { redaction } from "./de/redaction.ts";
import { settings } from "./de/settings.ts";
import { sourceKinds } from "./de/source-kinds.ts";
import { templates } from "./de/template-gallery.ts";
import { signInMethods } from "./de/sign-in-methods.ts";
import { users } from "./de/users.ts";
import { views } from "./de/views.ts";
import { watches } from "./de/watches.ts";

export const de: typeof en = {
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
  ...frame,
  ...home,
  ...alerts,
  ...incidents,
  ...ingest,
  ...messages,
  ...network,
  ...applications,
  ...palette,
  ...pick,
  ...policy,
  ...portal,
  ...portalLook,
  ...quarantine,
  ...recipients,
  ...sources,
  ...redaction,
  ...settings,
  ...subscriptions,
  ...sourceKinds,
  ...templates,
  ...signInMethods,
  ...users,
  ...views,
  ...watches,
};
