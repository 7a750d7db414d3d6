/** The endpoint's TLS identity: an authority and a certificate made at start, kept in memory. */
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { X509Certificate as X509 } from '@peculiar/x509';

/** Signs certificates; the same for all clusters that clients may be led to by one name. */
export interface Authority {
  readonly certificate: X509;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface Identity {
  /** PEM of the authority, for clients that verify. */
  readonly caPem: string;
  readonly authority: Authority;
  /** What clients may verify. */
  readonly names: readonly string[];
  readonly secureContext: SecureContext;
  /** SHA-256 of the certificate, for SCRAM channel binding (tls-server-end-point). */
  readonly certificateHash: Buffer;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const validityMs = 30 * 24 * 3600 * 1000;

/**
 * Makes an identity.
 * @param names the DNS names that clients may verify; `localhost` and 127.0.0.1 are added
 * @param wallClock the time it becomes valid from, ISO 8601
 * @param signedBy default: an authority of its own
 */
export async function makeIdentity(
  names: readonly string[],
  wallClock: string,
  signedBy?: Authority,
): Promise<Identity> {
  // Loaded here: it takes a while, and only a run that opens an endpoint needs it.
  // The library's own need.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  const notBefore = new Date(Date.parse(wallClock) - 3600_000);
  const notAfter = new Date(notBefore.getTime() + validityMs);
  const validity = { notBefore, notAfter };
  const authority = signedBy ?? (await makeAuthority(x509, validity));
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Rehearse endpoint',
    issuer: authority.certificate.subject,
    ...validity,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.SubjectAlternativeNameExtension([
        ...[...names, 'localhost'].map((value) => ({ type: 'dns' as const, value })),
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  });
  const certificatePem = certificate.toString('pem');
  const keyBytes = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const keyPem = x509.PemConverter.encode(keyBytes, 'PRIVATE KEY');
  return {
    caPem: authority.certificate.toString('pem'),
    authority,
    names,
    secureContext: createSecureContext({ cert: certificatePem, key: keyPem }),
    certificateHash: createHash('sha256').update(new X509Certificate(certificatePem).raw).digest(),
  };
}

async function makeAuthority(
  x509: typeof import('@peculiar/x509'),
  validity: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Rehearse local authority',
    ...validity,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(usages, true),
    ],
  });
  return { certificate, keys };
}
