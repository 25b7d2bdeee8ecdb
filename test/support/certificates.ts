/** Certificates for tests of TLS: an authority of their own, and what it signs. Nothing is kept. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1000;

export interface Identity {
  /** PEM texts. */
  cert: string;
  key: string;
}

export interface Authority {
  cert: string;
  /** A certificate for a server or a client, also for 127.0.0.1; valid for a day. */
  issue(name: string): Promise<Identity>;
}

x509.cryptoProvider.set(webcrypto as never);

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const validity = () => ({
  notBefore: new Date(Date.now() - dayMs),
  notAfter: new Date(Date.now() + dayMs),
});
const serial = () => `00${randomBytes(8).toString('hex')}`;

/** A new authority: nobody trusts it who is not given `cert`. */
export async function certificateAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    serialNumber: serial(),
    name: `CN=${name}`,
    keys: keys as never,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const issue = async (subject: string): Promise<Identity> => {
    const own = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      ...validity(),
      serialNumber: serial(),
      subject: `CN=${subject}`,
      issuer: ca.subject,
      publicKey: own.publicKey as never,
      signingKey: keys.privateKey as never,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: subject },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    });
    const der = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    return { cert: cert.toString('pem'), key: x509.PemConverter.encode(der, 'PRIVATE KEY') };
  };
  return { cert: ca.toString('pem'), issue };
}
