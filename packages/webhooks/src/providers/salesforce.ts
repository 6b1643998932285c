import type { Inbound } from "../provider/inbound.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";
import { xmlFields } from "../provider/xml.ts";

const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>' +
  "</soapenv:Body></soapenv:Envelope>";

/** Type of the changed record, from `xsi:type="sf:Account"`. */
function recordType(inbound: Inbound): string | undefined {
  return /<(?:\w+:)?sObject[^<>]*?\btype="(?:\w+:)?(\w+)"/.exec(inbound.text())?.[1];
}

/** SessionId is a valid credential. Parse the XML with DTDs and external entities disabled. */
export const salesforce: ProviderDefinition = {
  id: "salesforce",
  name: "Salesforce outbound messages",
  group: "business",
  schemes: [urlSecret()],
  unsigned: unsigned("a secret in the URL or mutual TLS, and check OrganizationId; fetch the record to confirm"),
  payload: xmlFields("Notification.Id"),
  event: recordType,
  delivery: "{body:NotificationId}",
  respond: {
    status: 200,
    contentType: "text/xml",
    body: ACK,
    within: 60,
  },
  retry: "for 24 h, at most 2 h apart, also when the Ack is missing",
  mask: ["xml:SessionId"],
};
