/**
 * Why an HTTP request got no answer, as a sentence with what helps. The cause is what the system
 * said; a cause that is not known here is shown as it is, never replaced by a likely one.
 */

interface Address {
  value: string;
  /** `ASGARD_API`, or the file that `npm start` wrote. */
  from: string;
}

type Explanation = (address: Address) => string;

const host = ({ value }: Address): string => new URL(value).hostname;

const unknownName: Explanation = (a) => `the name \`${host(a)}\` is not known; look at ${a.from}`;
const broken: Explanation = ({ value }) =>
  `${value} closed the connection before it answered; it may be restarting, or speak another` +
  ' protocol (http, https)';
const slow: Explanation = ({ value }) =>
  `${value} did not answer in time; it may be overloaded, or a firewall drops the traffic`;
const untrusted: Explanation = ({ value }) =>
  `the certificate of ${value} is not signed by anybody this machine trusts;` +
  ' give its CA with NODE_EXTRA_CA_CERTS=FILE';
const notTls: Explanation = ({ value }) => `${value} does not speak TLS; is it an http:// address?`;

const explanations: Record<string, Explanation> = {
  ECONNREFUSED: ({ value, from }) =>
    from === 'ASGARD_API'
      ? `nothing listens at ${value}; start the API, or correct ASGARD_API`
      : `nothing listens at ${value}; start the stack with \`npm start\``,
  ENOTFOUND: unknownName,
  EAI_AGAIN: (a) => `the name \`${host(a)}\` could not be looked up; is the name service away?`,
  ECONNRESET: broken,
  EPIPE: broken,
  UND_ERR_SOCKET: broken,
  ETIMEDOUT: slow,
  UND_ERR_CONNECT_TIMEOUT: slow,
  UND_ERR_HEADERS_TIMEOUT: slow,
  UND_ERR_BODY_TIMEOUT: slow,
  TimeoutError: slow,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: ({ value }) => `the certificate of ${value} has expired; renew it`,
  ERR_TLS_CERT_ALTNAME_INVALID: (a) => `the certificate of ${a.value} is not for \`${host(a)}\``,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
};

/** One sentence; the system's own code stands at its end. */
export function causeText(error: unknown, address: Address): string {
  const causes = causesOf(error);
  const known = causes.find((c) => c.code in explanations);
  if (known) return `${explanations[known.code]?.(address)} (${known.code})`;
  const last = causes.at(-1);
  return `no answer from ${address.value}: ${last?.message ?? String(error)}`;
}

interface Cause {
  /** The system's code; the error's name where there is none. */
  code: string;
  message: string;
}

/** The error, what caused it, and the tries of a name with several addresses. */
function causesOf(error: unknown): Cause[] {
  if (!(error instanceof Error)) return [];
  const { code, name, message, cause } = error as NodeJS.ErrnoException;
  const tries = error instanceof AggregateError ? error.errors : [];
  // A time-out's code is a number of the DOM's, which says nothing.
  const own = { code: typeof code === 'string' ? code : name, message };
  return [own, ...causesOf(cause), ...tries.flatMap(causesOf)];
}
