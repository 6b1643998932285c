/** English texts. Their keys define the type of all translations. */
import { privacy } from "./en/privacy.ts";
import { share } from "./en/share.ts";
import { audit } from "./en/audit.ts";
import { capture } from "./en/capture.ts";
import { causes } from "./en/causes.ts";
import { cluster } from "./en/cluster.ts";
import { destinations } from "./en/destinations.ts";
import { bulk } from "./en/bulk.ts";
import { compose } from "./en/compose.ts";
import { editor } from "./en/editor.ts";
import { endpointList } from "./en/endpoint-list.ts";
import { endpointState } from "./en/endpoint-state.ts";
import { feed } from "./en/feed.ts";
import { firstRun } from "./en/first-run.ts";
import { frame } from "./en/frame.ts";
import { home } from "./en/home.ts";
import { alerts } from "./en/alerts.ts";
import { incidents } from "./en/incidents.ts";
import { ingest } from "./en/ingest.ts";
import { messages } from "./en/messages.ts";
import { network } from "./en/network.ts";
import { applications } from "./en/applications.ts";
import { palette } from "./en/palette.ts";
import { policy } from "./en/policy.ts";
import { portal } from "./en/portal.ts";
import { sources } from "./en/sources.ts";
import { subscriptions } from "./en/subscriptions.ts";
import { redaction } from "./en/redaction.ts";
import { settings } from "./en/settings.ts";
import { sourceKinds } from "./en/source-kinds.ts";
import { templates } from "./en/template-gallery.ts";
import { signInMethods } from "./en/sign-in-methods.ts";
import { users } from "./en/users.ts";
import { watches } from "./en/watches.ts";

export const en = {
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
  ...policy,
  ...portal,
  ...sources,
  ...redaction,
  ...settings,
  ...subscriptions,
  ...sourceKinds,
  ...templates,
  ...signInMethods,
  ...users,
  ...watches,
};
